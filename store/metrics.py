"""What a run measures: scalars and per-class float32 arrays per epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from store import events
from store.database.records import Claim, Series
from store.database.tables import EpochRow, RunRow, SeriesRow
from store.errors import NotFound
from store.lifecycle import job_state
from store.lifecycle.claims import fenced


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
    session.execute(delete(EpochRow).where(EpochRow.run_id == claim.run_id, EpochRow.epoch == epoch))
    session.execute(delete(SeriesRow).where(SeriesRow.run_id == claim.run_id, SeriesRow.epoch == epoch))
    session.execute(
        insert(EpochRow), [{"run_id": claim.run_id, "epoch": epoch, "attempt": claim.attempt, "metrics": values}]
    )
    rows = [
        {"run_id": claim.run_id, "name": name, "epoch": epoch, "shape": list(array.shape), "data": array.data}
        for name, array in series.items()
    ]
    if rows:
        session.execute(insert(SeriesRow), rows)
    data = {"run": claim.run_id, "attempt": claim.attempt, "epoch": epoch, "metrics": values}
    events.record(session, "epoch", data, job_id=claim.job_id, run_id=claim.run_id)
    job_state.refresh(session, claim.job_id)


def metrics(
    session: Session, run_id: str, *, names: Sequence[str] | None = None, after_epoch: int = 0
) -> dict[str, dict[str, list[Any]]]:
    """`{name: {"epoch": [...], "value": [...]}}` of a run; undefined values are None.

    Raises:
        NotFound: no such run.
    """
    query = select(EpochRow).where(EpochRow.run_id == run_id, EpochRow.epoch > after_epoch).order_by(EpochRow.epoch)
    curves: dict[str, dict[str, list[Any]]] = {}
    if session.get(RunRow, run_id) is None:
        raise NotFound(f"there is no run {run_id}")
    for row in session.scalars(query):
        add_scalars(curves, row, names)
    return curves


def add_scalars(curves: dict[str, dict[str, list[Any]]], row: EpochRow, names: Sequence[str] | None) -> int:
    """Take the scalars of an epoch into their curves; returns how many."""
    wanted = [name for name in row.metrics if names is None or name in names]
    for name in wanted:
        curve = curves.setdefault(name, {"epoch": [], "value": []})
        curve["epoch"].append(row.epoch)
        curve["value"].append(row.metrics[name])
    return len(wanted)


def series(session: Session, run_id: str, name: str, *, epoch: int | None = None) -> dict[int, Series]:
    """Epoch -> array of a run's series, of one epoch or of all."""
    query = select(SeriesRow).where(SeriesRow.run_id == run_id, SeriesRow.name == name).order_by(SeriesRow.epoch)
    if epoch is not None:
        query = query.where(SeriesRow.epoch == epoch)
    return {row.epoch: Series(tuple(row.shape), row.data) for row in session.scalars(query)}


def latest_series(session: Session, run_id: str, name: str) -> tuple[int, Series] | None:
    """(epoch, array) of the newest epoch that has the series."""
    query = (
        select(SeriesRow)
        .where(SeriesRow.run_id == run_id, SeriesRow.name == name)
        .order_by(SeriesRow.epoch.desc())
        .limit(1)
    )
    row = session.scalars(query).first()
    return None if row is None else (row.epoch, Series(tuple(row.shape), row.data))


def series_names(session: Session, run_id: str) -> list[str]:
    """Names of the series that a run has."""
    query = select(SeriesRow.name).where(SeriesRow.run_id == run_id).distinct().order_by(SeriesRow.name)
    return list(session.scalars(query))
