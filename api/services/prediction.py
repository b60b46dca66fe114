"""Predictions of a run's checkpoint, computed by a process of their own."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from api.problems import Problem, refusal
from api.services.child import Children, Limits
from api.services.submission import entry_of
from lplcore import predict
from lplcore.child_process import Refusal
from lplcore.spec.fields import TUNED
from lplcore.training.evaluation.multi_label import THRESHOLDS
from store import checkpoints, datasets, metrics
from store.data_identity import change_of
from store.database.engine import Database, Session
from store.database.records import DatasetRecord, Run
from store.errors import NotFound
from store.lifecycle import runs
from store.settings import Settings

MOST_INPUTS = 256
MODULE = "lplcore.predict"
PREDICTIONS = Children()
STATUSES = {"too_many": 413, "no_data": 409}


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
        Conflict: it has none.
        Problem: its data set would be needed and is not what it was.
    """
    with db.read() as session:
        run = runs.get(session, run_id)
        kept = checkpoints.choose(session, run_id, checkpoint)
        record = registered(session, run.dataset)
        recorded = dict(run.info.get("preprocessing") or {})
        refuse_changed(run, record, needed=not recorded)
        return Model(kept.id, recorded, thresholds_of(session, run, kept.epoch), entries(record))


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
        threads=settings.cores or usable_cores(),
    )
    limits = Limits(settings.predict_seconds, settings.predict_memory_bytes, settings="LPL_PREDICT")
    download = partial(checkpoints.download, db, model.checkpoint_id, folder / request.checkpoint)
    try:
        return PREDICTIONS.run(MODULE, asdict(request), folder=folder, limits=limits, prepare=download)
    except Refusal as refused:
        raise problem_of(refused) from refused


def problem_of(refused: Refusal) -> Problem:
    """What a process refused."""
    if refused.errors:
        return refusal(refused.errors)
    return Problem(STATUSES.get(refused.reason, 422), str(refused))


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
