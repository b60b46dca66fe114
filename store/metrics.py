"""What a run measures: scalars and per-class float32 arrays per epoch."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Text, bindparam, delete, insert, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from store import events
from store.characters import from_json
from store.database.engine import is_sqlite
from store.database.records import Claim, Series
from store.database.tables import EpochRow, RunRow, SeriesRow
from store.errors import NotFound
from store.lifecycle import job_state
from store.lifecycle.claims import fenced

PLAIN = re.compile(r"[A-Za-z][\w./@-]*", re.ASCII)
PICKING_SQLITE = (3, 38)
"""The first version that has `->`."""
LATER = (EpochRow.run_id == bindparam("run_id")) & (EpochRow.epoch > bindparam("after_epoch"))
PICKED = EpochRow.metrics.op("->")(bindparam("key", type_=Text))
ALL_METRICS = select(EpochRow.epoch, sql_cast(EpochRow.metrics, Text)).where(LATER).order_by(EpochRow.epoch)
ONE_METRIC = select(EpochRow.epoch, sql_cast(PICKED, Text)).where(LATER).order_by(EpochRow.epoch)
SERIES = (
    select(SeriesRow.name, SeriesRow.epoch, SeriesRow.shape, SeriesRow.data)
    .where(
        SeriesRow.run_id == bindparam("run_id"),
        SeriesRow.name.in_(bindparam("names", expanding=True)),
        SeriesRow.epoch > bindparam("after_epoch"),
    )
    .order_by(SeriesRow.name, SeriesRow.epoch)
)
SAME_EPOCH = (
    delete(EpochRow).where(EpochRow.run_id == bindparam("run"), EpochRow.epoch == bindparam("at")),
    delete(SeriesRow).where(SeriesRow.run_id == bindparam("run"), SeriesRow.epoch == bindparam("at")),
)
CONFUSION = ("confusion_matrix", "confusion_entries")
"""Series that are not of a value per class: a matrix [C, C], or with many classes rows [K, 3] of cells."""
CALIBRATION = "calibration"
"""Series of the calibration's bins [B, 3]: examples, mean confidence, accuracy."""
LABEL_COUNTS = "label_counts"
"""Series of multi-label test data [C, 3]: examples with each label, those for which it is predicted, with both."""
MOST_WRONG = "most_wrong"
"""Series of the test examples that are most wrong [K, 5]: index, true and predicted class, confidence, probability."""
NOT_BY_CLASS = (*CONFUSION, CALIBRATION, MOST_WRONG, LABEL_COUNTS)
Curves = dict[str, dict[str, list[Any]]]


def record_start(session: Session, claim: Claim, info: Mapping[str, Any]) -> None:
    """Keep what the trainer said at its start: class names and counts, device, notes.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    fenced(session, claim, {"info": dict(info)})


def record_epoch(
    session: Session,
    claim: Claim,
    *,
    epoch: int,
    epochs: int,
    metrics: Mapping[str, float | None],
    series: Mapping[str, Series],
) -> None:
    """Record one epoch; the same epoch again replaces what was there.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    values = dict(metrics)
    progress = epoch / max(1, epochs)
    fenced(session, claim, {"epoch": epoch, "epochs": epochs, "progress": progress, "last_metrics": values})
    connection = session.connection()
    for again in SAME_EPOCH:
        connection.execute(again, {"run": claim.run_id, "at": epoch})
    row = {"run_id": claim.run_id, "epoch": epoch, "attempt": claim.attempt, "metrics": values}
    connection.execute(insert(EpochRow), row)
    rows = [
        {"run_id": claim.run_id, "name": name, "epoch": epoch, "shape": list(array.shape), "data": array.data}
        for name, array in series.items()
    ]
    if rows:
        connection.execute(insert(SeriesRow), rows)
    data = {"run": claim.run_id, "attempt": claim.attempt, "epoch": epoch, "metrics": values}
    events.record(session, "epoch", data, job_id=claim.job_id, run_id=claim.run_id)
    job_state.note_progress(session, claim.job_id)


def metrics(session: Session, run_id: str, *, names: Sequence[str] | None = None, after_epoch: int = 0) -> Curves:
    """`{name: {"epoch": [...], "value": [...]}}` of a run; undefined values are None.

    Raises:
        NotFound: no such run.
    """
    rows = {"run_id": run_id, "after_epoch": after_epoch}
    if names is not None and len(names) == 1 and can_pick(session, names[0]):
        curves = picked(session, names[0], rows)
    else:
        curves = whole(session, names, rows)
    if not curves and session.get(RunRow, run_id) is None:
        raise NotFound(f"there is no run {run_id}")
    return curves


def can_pick(session: Session, name: str) -> bool:
    """Whether the database finds the name in a JSON text by itself: it needs no quoting, and SQLite is new enough."""
    return PLAIN.fullmatch(name) is not None and (
        not is_sqlite(session) or sqlite3.sqlite_version_info >= PICKING_SQLITE
    )


def curves_query(session: Session, metric: str) -> Select[str, int, str]:
    """Run, epoch and text of the metric, or of all where the database does not find it by itself."""
    if not can_pick(session, metric):
        return select(EpochRow.run_id, EpochRow.epoch, sql_cast(EpochRow.metrics, Text))
    key = f'$."{metric}"' if is_sqlite(session) else metric
    return select(EpochRow.run_id, EpochRow.epoch, sql_cast(EpochRow.metrics.op("->")(key), Text))


def picked(session: Session, name: str, rows: Mapping[str, Any]) -> Curves:
    """One curve. Only its numbers leave the database, as the texts that were written, so that no digit changes."""
    key = f'$."{name}"' if is_sqlite(session) else name
    found = session.connection().execute(ONE_METRIC, {**rows, "key": key})
    pairs = [(epoch, value) for epoch, value in found if value is not None]
    if not pairs:
        return {}
    values = from_json(f"[{','.join(value for _, value in pairs)}]")
    return {name: {"epoch": [epoch for epoch, _ in pairs], "value": values}}


def whole(session: Session, names: Sequence[str] | None, rows: Mapping[str, Any]) -> Curves:
    """Several curves or all, from the whole rows, which are parsed as one text: that takes two thirds of the time."""
    found = session.connection().execute(ALL_METRICS, rows).all()
    curves: Curves = {}
    for (epoch, _), measured in zip(found, from_json(f"[{','.join(text for _, text in found)}]"), strict=True):
        add_scalars(curves, epoch, measured, names)
    return curves


def add_scalars(curves: Curves, epoch: int, measured: Mapping[str, Any], names: Sequence[str] | None) -> int:
    """Take the scalars of an epoch into their curves; returns how many."""
    wanted = [name for name in measured if names is None or name in names]
    for name in wanted:
        curve = curves.setdefault(name, {"epoch": [], "value": []})
        curve["epoch"].append(epoch)
        curve["value"].append(measured[name])
    return len(wanted)


def series(
    session: Session, run_id: str, name: str, *, epoch: int | None = None, after_epoch: int = 0
) -> dict[int, Series]:
    """Epoch -> array of a run's series, of one epoch or of all after one."""
    return named_series(session, run_id, [name], epoch=epoch, after_epoch=after_epoch).get(name, {})


def named_series(
    session: Session, run_id: str, names: Sequence[str], *, epoch: int | None = None, after_epoch: int = 0
) -> dict[str, dict[int, Series]]:
    """Name -> epoch -> array of those of a run's series that it has, of one epoch or of all after one."""
    query, wanted = SERIES, {"run_id": run_id, "names": names, "after_epoch": after_epoch}
    if epoch is not None:
        query = query.where(SeriesRow.epoch == epoch)
    arrays: dict[str, dict[int, Series]] = {}
    for name, at, shape, data in session.connection().execute(query, wanted):
        arrays.setdefault(name, {})[at] = Series(tuple(shape), data)
    return arrays


def confusion(session: Session, run_id: str, *, epoch: int | None = None) -> tuple[int, str, Series] | None:
    """(epoch, name, array) of a run's confusion, of the newest epoch that has one or of the one asked for."""
    query = select(SeriesRow).where(SeriesRow.run_id == run_id, SeriesRow.name.in_(CONFUSION))
    if epoch is not None:
        query = query.where(SeriesRow.epoch == epoch)
    row = session.scalars(query.order_by(SeriesRow.epoch.desc()).limit(1)).first()
    return None if row is None else (row.epoch, row.name, Series(tuple(row.shape), row.data))


def calibration(session: Session, run_id: str) -> tuple[int, Series] | None:
    """(epoch, bins) of a run's calibration, of the newest epoch that has one."""
    return newest(session, run_id, CALIBRATION)


def newest(session: Session, run_id: str, name: str) -> tuple[int, Series] | None:
    """(epoch, array) of a run's series, of the newest epoch that has it."""
    arrays = series(session, run_id, name)
    return max(arrays.items(), default=None, key=lambda item: item[0])


def has_series(session: Session, run_id: str, name: str) -> bool:
    """Whether a run has measured this series."""
    query = select(SeriesRow.epoch).where(SeriesRow.run_id == run_id, SeriesRow.name == name).limit(1)
    return session.scalar(query) is not None


def series_names(session: Session, run_id: str) -> list[str]:
    """Names of the series that a run has."""
    query = select(SeriesRow.name).where(SeriesRow.run_id == run_id).distinct().order_by(SeriesRow.name)
    return list(session.scalars(query))
