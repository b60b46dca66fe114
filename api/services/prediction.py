"""Predictions of a run's checkpoint, computed by a process of their own."""

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from api.middleware.turnstile import Turnstile
from api.problems import Problem, refusal
from api.services import prediction_process
from api.services.submission import entry_of
from lplcore import predict
from lplcore.spec.fields import TUNED
from lplcore.training.evaluation.multi_label import THRESHOLDS
from store import checkpoints, datasets, metrics
from store.data_identity import change_of
from store.database.engine import Database, Session
from store.database.records import Checkpoint, DatasetRecord, Run
from store.errors import NotFound
from store.lifecycle import runs
from store.settings import Settings

MOST_INPUTS = 256
MIB = 2**20
PREDICTING = Turnstile(at_once=1, waiting=1, status=503)
BEST, LAST = "best", "last"
STATUSES = {"too_many": 413, "no_data": 409}
MEMORY_WORDS = ("MemoryError", "bad_alloc", "annot allocate memory", "can't allocate memory", "can't start new thread")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """What a prediction needs of a run."""

    checkpoint_id: str
    preprocessing: dict[str, Any]
    """As the run recorded it; empty: it has to be computed from the data set."""
    thresholds: list[float] | None
    """Multi label: those chosen on the validation split at the checkpoint's epoch."""
    datasets: list[dict[str, Any]]
    """The registered data set, where there is one."""


@dataclass(frozen=True)
class Inputs:
    """What is to be predicted: files in the request's folder."""

    body: str | None = None
    """One of JSON."""
    files: Sequence[str] = ()
    """Or images."""
    names: Sequence[str] = ()
    """What their sender calls them."""


def model_of(db: Database, run_id: str, *, checkpoint: str | None) -> Model:
    """What a prediction needs of a run, in one snapshot.

    Args:
        checkpoint: `best`, `last` or an id; None: the best where there is one, else the last.

    Raises:
        NotFound: no such run or checkpoint.
        Problem: its data set would be needed and is not what it was.
    """
    with db.read() as session:
        run = runs.get(session, run_id)
        kept = chosen(checkpoints.list_for_run(session, run_id), run_id, checkpoint)
        record = registered(session, run.dataset)
        recorded = dict(run.info.get("preprocessing") or {})
        refuse_changed(run, record, needed=not recorded)
        return Model(kept.id, recorded, thresholds_of(session, run, kept.epoch), entries(record))


def chosen(kept: Sequence[Checkpoint], run_id: str, wanted: str | None) -> Checkpoint:
    """The checkpoint that is asked for.

    Raises:
        NotFound: the run does not have it.
    """
    if not kept:
        raise NotFound(f"run {run_id} has no checkpoint yet; wait for its first one")
    best = [each for each in kept if each.kind == BEST]
    if wanted not in (None, BEST, LAST):
        fitting = [each for each in kept if each.id == wanted]
    elif wanted == BEST:
        fitting = best
    else:
        fitting = best if wanted is None and best else [each for each in kept if each.kind != BEST]
    if not fitting:
        have = ", ".join(f"{each.id} ({each.kind}, epoch {each.epoch})" for each in kept)
        raise NotFound(f"run {run_id} has no checkpoint {wanted or LAST}; it has: {have}")
    return fitting[-1]


def registered(session: Session, name: str) -> DatasetRecord | None:
    """The registered data set of that name."""
    try:
        return datasets.get(session, name)
    except NotFound:
        return None


def entries(record: DatasetRecord | None) -> list[dict[str, Any]]:
    """A registered data set as the process is told of it."""
    return [] if record is None else [asdict(entry_of(record))]


def refuse_changed(run: Run, record: Any, *, needed: bool) -> None:
    """See that the data set can be read where the run did not record what it needs of it.

    Raises:
        Problem: 409, it cannot.
    """
    change = change_of(run, record) if needed else None
    if change is not None:
        raise Problem(409, f"this run has not recorded its preprocessing, which its data would say: {change}")


def thresholds_of(session: Session, run: Run, epoch: int) -> list[float] | None:
    """The thresholds of a checkpoint's epoch, None where the spec has none chosen."""
    if run.spec.get("decision_threshold") != TUNED:
        return None
    series = metrics.series(session, run.id, THRESHOLDS, epoch=epoch).get(epoch)
    return None if series is None else [float(each) for each in np.frombuffer(series.data, dtype="<f4")]


def answer(
    db: Database, settings: Settings, model: Model, inputs: Inputs, folder: Path, *, posthoc: str | None
) -> bytes:
    """The answer in JSON.

    Raises:
        Problem: it is too much, takes too long, or something is wrong with it.
        NotFound: the checkpoint has just been replaced.
    """
    request = predict.Request(
        checkpoint="checkpoint.safetensors",
        data_dir=str(settings.data_dir),
        weights_dir=None if settings.weights_dir is None else str(settings.weights_dir),
        datasets=model.datasets,
        preprocessing=model.preprocessing,
        thresholds=model.thresholds,
        posthoc=correction(posthoc),
        body=inputs.body,
        files=list(inputs.files),
        names=list(inputs.names),
        most_inputs=MOST_INPUTS,
        memory_bytes=settings.predict_memory_bytes,
        threads=settings.cores or usable_cores(),
    )
    (folder / "request.json").write_text(json.dumps(asdict(request)))
    with PREDICTING.turn("predictions"):
        checkpoints.download(db, model.checkpoint_id, folder / request.checkpoint)
        try:
            ended = prediction_process.run("lplcore.predict", folder, seconds=settings.predict_seconds)
        except TimeoutError:
            limit = f"{settings.predict_seconds:g} s (LPL_PREDICT_SECONDS)"
            raise Problem(422, f"the prediction took more than {limit}; send fewer inputs at a time") from None
    return content(ended, folder, settings)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def correction(text: str | None) -> str | dict[str, Any] | None:
    """A post-hoc correction in place of the run's: its name, or an object.

    Raises:
        Problem: 422, an object that cannot be read.
    """
    if not text or not text.startswith("{"):
        return text or None
    try:
        value: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refusal([{"path": "posthoc", "message": f"is not JSON: {str(error)[:200]}"}]) from None
    return value


def content(ended: prediction_process.Ended, folder: Path, settings: Settings) -> bytes:
    """What a process has answered.

    Raises:
        Problem: what it refused, or why it ended without an answer.
    """
    if ended.status == 0:
        return (folder / "answer.json").read_bytes()
    if ended.status == predict.REFUSED:
        refused = json.loads((folder / "answer.json").read_text())
        status, errors = STATUSES.get(refused["reason"], 422), refused["errors"]
        raise refusal(errors) if errors else Problem(status, refused["message"])
    log.warning("a prediction ended with status %d: %s", ended.status, ended.words)
    if ended.status < 0 or any(word in ended.words for word in MEMORY_WORDS):
        limit = f"{settings.predict_memory_bytes // MIB} MiB of memory (LPL_PREDICT_MEMORY_BYTES)"
        raise Problem(422, f"the prediction needs more than {limit}; send fewer or smaller inputs")
    raise RuntimeError(f"a prediction ended with status {ended.status}")
