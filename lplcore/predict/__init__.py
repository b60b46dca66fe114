"""The process that predicts for a service, on the CPU, as `lplcore.child_process` says; see `Request`."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lplcore.child_process import Refusal
from lplcore.data.raw import RegisteredDataset
from lplcore.errors import CheckpointError, DatasetError, InputError, SpecError
from lplcore.plugin import nearest
from lplcore.training.predictor import Prediction, Predictor

TOO_MANY = "too_many"


@dataclass(frozen=True)
class Request:
    """What is to be predicted; paths of inputs are within the folder."""

    checkpoint: str
    data_dir: str
    weights_dir: str | None
    datasets: list[dict[str, Any]]
    preprocessing: dict[str, Any]
    thresholds: list[float] | None
    posthoc: str | dict[str, Any] | None
    body: str | None
    """File of JSON with `inputs`."""
    files: list[str]
    """Image files, where there is no body."""
    names: list[str]
    """What messages call them."""
    most_inputs: int
    threads: int


def main(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The classes and the predictions.

    Raises:
        Refusal: there are none.
    """
    try:
        return answered(Request(**request), folder)
    except (InputError, SpecError) as error:
        raise Refusal("bad_input", str(error), error.errors) from error
    except DatasetError as error:
        message = f"the run's data set is needed for its preprocessing, and cannot be read: {error}"
        raise Refusal("no_data", message) from error
    except CheckpointError as error:
        raise Refusal("bad_checkpoint", str(error)) from error


def answered(request: Request, folder: Path) -> dict[str, Any]:
    """The classes and the predictions.

    Raises:
        Refusal: there are too many inputs, or they are none.
        InputError, SpecError, DatasetError, CheckpointError: what else is wrong.
    """
    inputs = [] if request.body is None else inputs_of(folder / request.body)
    refuse_many(len(inputs) or len(request.files), request.most_inputs)
    predictor = Predictor.load(
        folder / request.checkpoint,
        data_dir=request.data_dir,
        weights_dir=request.weights_dir,
        datasets={each["name"]: RegisteredDataset(**each) for each in request.datasets},
        preprocessing=request.preprocessing,
        thresholds=request.thresholds,
        posthoc=request.posthoc,
    )
    torch.set_num_threads(request.threads if predictor.spec.model.parallel else 1)
    if request.body is None:
        predictions = predictor.predict_files([folder / name for name in request.files], names=request.names)
    else:
        predictions = predictor.predict(inputs)
    single = predictor.preprocessing.task == "single_label"
    return {
        "classes": list(predictor.classes),
        "predictions": [said(prediction, single=single) for prediction in predictions],
    }


def said(prediction: Prediction, *, single: bool) -> dict[str, Any]:
    """A prediction in JSON types."""
    decided = {"label": prediction.label} if single else {"labels": list(prediction.labels)}
    return {**decided, "probabilities": prediction.probabilities.tolist()}


def inputs_of(path: Path) -> list[Any]:
    """The inputs in a body of JSON.

    Raises:
        Refusal: it is not like that.
    """
    try:
        body = json.loads(path.read_bytes(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise wrong("", f"the body is not JSON: {reason}") from error
    if not isinstance(body, dict):
        raise wrong("", 'the body must be an object: {"inputs": [[...], ...]}')
    unknown = [{"path": key[:100], "message": f"unknown field; {nearest(key, ['inputs'])}"} for key in body]
    unknown = [each for each in unknown if each["path"] != "inputs"][:100]
    if unknown:
        raise Refusal("bad_input", unknown[0]["message"], unknown)
    if "inputs" not in body:
        raise wrong("inputs", "is required")
    inputs = body["inputs"]
    if not isinstance(inputs, list) or not inputs:
        raise wrong("inputs", "must be a list of examples, at least one")
    return inputs


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each.

    Raises:
        Refusal: one stands twice.
    """
    value = dict(pairs)
    if len(value) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise wrong(name[:100], "stands twice; keep one of them")
    return value


def wrong(path: str, message: str) -> Refusal:
    """The refusal of one field."""
    return Refusal("bad_input", message, [{"path": path, "message": message}])


def refuse_many(number: int, most: int) -> None:
    """More inputs than are predicted at a time.

    Raises:
        Refusal: there are.
    """
    if number > most:
        raise Refusal(TOO_MANY, f"{number} inputs, at most {most} are predicted at a time; send them in parts")
