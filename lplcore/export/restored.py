"""A run as it was when a checkpoint was written, to predict with."""

from collections.abc import Mapping
from pathlib import Path

import torch

from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.raw import RegisteredDataset
from lplcore.errors import CheckpointError
from lplcore.spec.experiment import parse_spec
from lplcore.spec.identity import refuse_reordered, stored_spec
from lplcore.training import checkpoint as checkpoints
from lplcore.training.run import TrainingRun


def restored(
    checkpoint: str | Path,
    *,
    data_dir: str | Path,
    weights_dir: str | Path | None,
    datasets: Mapping[str, RegisteredDataset],
) -> TrainingRun:
    """The run of a checkpoint on the CPU, its network in float32; image files stay on disk.

    Raises:
        CheckpointError: damaged, or of other data.
        DatasetError: the data set is absent or has changed.
        SpecError: the experiment cannot be read any more, or a file that it names is absent.
    """
    saved = checkpoints.load(checkpoint)
    with checkpoints.unusable_is_damaged():
        written = stored_spec(saved.metadata["spec"])
    spec = parse_spec(written, datasets=datasets).model_copy(update={"precision": "float32"})
    cpu = torch.device("cpu")
    run = TrainingRun(
        spec,
        device=cpu,
        data_dir=data_dir,
        weights_dir=weights_dir,
        datasets=datasets,
        pipeline=InputPipeline(memory_bytes=0),
    )
    refuse_reordered(saved.metadata.get("class_names"), run.info.classes)
    if saved.metadata.get("class_counts") != list(run.info.class_counts):
        raise CheckpointError("the data set has other class counts than the run was trained with")
    checkpoints.load_module(run.state.model, saved.group("model"), what="model")
    run.state.model.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return run
