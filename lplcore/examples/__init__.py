"""The process that shows test examples of a run for a service, as `lplcore.child_process` says: `main`."""

from pathlib import Path
from typing import Any

from lplcore.child_process import Refusal
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.raw import RegisteredDataset
from lplcore.data.shown import shown
from lplcore.errors import DatasetError, SpecError
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import usable_data


def main(_: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Some test examples, each an image or its first values.

    Args:
        request: `spec` of a run, `data_dir`, `cache_dir`, `datasets` (registered ones), `places` in the test split.

    Raises:
        Refusal: `no_data`, the data cannot be read; `bad_input`, there are not so many test examples.
    """
    registered = {each["name"]: RegisteredDataset(**each) for each in request["datasets"]}
    try:
        dataset = parse_spec(request["spec"], datasets=registered).dataset
        if "download" in type(dataset).model_fields:
            dataset = dataset.model_copy(update={"download": False})
        pipeline = InputPipeline(cache_dir=Path(request["cache_dir"]))
        raw = usable_data(dataset, data_dir=request["data_dir"], datasets=registered, pipeline=pipeline)
        inputs = raw.x_test
        beyond = [place for place in request["places"] if place >= len(inputs)]
        if beyond:
            message = f"must be below {len(inputs)}, the number of test examples, got {beyond[0]}"
            raise Refusal("bad_input", message, [{"path": "index", "message": message}])
        examples = {place: shown(inputs, place) for place in set(request["places"])}
        return {"examples": [{"index": place, **examples[place]} for place in request["places"]]}
    except (DatasetError, SpecError) as error:
        raise Refusal("no_data", f"the run's data set cannot be read: {error}") from error
