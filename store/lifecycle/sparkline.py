"""A few points of a curve, which lists of jobs draw beside a job's name."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.database.tables import EpochRow
from store.lifecycle.results import MAIN

POINTS = 24


def sparkline(session: Session, run: Any) -> list[float]:
    """The main test metric of a run at up to `POINTS` epochs, the first and the last among them; empty without one."""
    name = next((name for name in MAIN if name in (run.last_metrics or {})), None)
    if name is None:
        return []
    wanted = (EpochRow.run_id == run.id) & EpochRow.epoch.in_(spaced(run.epoch))
    measured = session.scalars(select(EpochRow.metrics).where(wanted).order_by(EpochRow.epoch))
    values = [metrics.get(name) for metrics in measured]
    return [round(value, 4) for value in values if value is not None]


def spaced(epochs: int) -> list[int]:
    """Up to `POINTS` of the epochs from 1 on, evenly spaced."""
    steps = min(epochs, POINTS) - 1
    return [1 + (epochs - 1) * step // max(1, steps) for step in range(steps + 1)]
