"""The process that predicts for a service: `python -m lplcore.predict FOLDER`, once, on the CPU.

The folder holds `request.json` (see `Request`) and what it names; `answer.json` is written there. The exit status is 0
for predictions, and `REFUSED` where the answer says what is wrong with the request. It ends with its standard input.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch

from lplcore.data.raw import RegisteredDataset
from lplcore.device import is_out_of_memory
from lplcore.errors import CheckpointError, DatasetError, InputError, SpecError
from lplcore.plugin import nearest
from lplcore.training.predictor import Prediction, Predictor

REFUSED = 3
PR_SET_PDEATHSIG = 1
MIB = 2**20
TOO_MANY = "too_many"


class Refusal(Exception):
    """Why there are no predictions.

    Attributes:
        reason: a word for programs.
        errors: path and message of everything that is wrong.
    """

    def __init__(self, reason: str, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.reason, self.errors = reason, errors


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
    memory_bytes: int
    threads: int


def main(folder: Path) -> int:
    """Answer the request of a folder, within its limits."""
    end_with_parent()
    request = Request(**json.loads((folder / "request.json").read_text()))
    limit_memory(request.memory_bytes)
    return reply(request, folder)


def reply(request: Request, folder: Path) -> int:
    """Write the answer; the exit status that goes with it."""
    status, answer = 0, dict[str, Any]()
    try:
        answer = answered(request, folder)
    except Exception as error:
        refusal = refused(error, request.memory_bytes)
        if refusal is None:
            raise
        status, answer = REFUSED, {"reason": refusal.reason, "message": str(refusal), "errors": refusal.errors}
    (folder / "answer.json").write_text(json.dumps(answer, allow_nan=False))
    return status


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


def refused(error: Exception, memory_bytes: int) -> Refusal | None:
    """An error as what is wrong with the request; None where it is a fault of this program."""
    if is_out_of_memory(error):
        needed = f"the prediction needs more than {memory_bytes // MIB} MiB of memory"
        return Refusal("out_of_memory", f"{needed}; send fewer or smaller inputs")
    if isinstance(error, Refusal):
        return error
    if isinstance(error, InputError | SpecError):
        return Refusal("bad_input", str(error), error.errors)
    if isinstance(error, DatasetError):
        return Refusal("no_data", f"the run's data set is needed for its preprocessing, and cannot be read: {error}")
    return Refusal("bad_checkpoint", str(error)) if isinstance(error, CheckpointError) else None


def limit_memory(limit: int) -> None:
    """Let this process have no more memory of its own, where the kernel can hold it to that.

    RLIMIT_DATA counts what is really its own; RLIMIT_AS would also count the libraries and all that torch reserves.
    """
    if sys.platform == "linux":
        resource = importlib.import_module("resource")  # which Windows lacks
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def end_with_parent() -> None:
    """End when the starting process does: its end of the standard input closes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def leave(status: int) -> NoReturn:
    """End this process at once, without taking apart what torch has loaded."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    leave(main(Path(sys.argv[1])))
