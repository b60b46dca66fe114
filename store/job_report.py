"""What a report says of a job beside its figures: which runs did not succeed and why, and where they ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import jobs
from store.database.records import Run
from store.database.tables import RunRow, WorkerRow
from store.lifecycle.states import State

UNSUCCESSFUL = (State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class Machine:
    """What some of a job's runs were trained on; what is no longer known of a worker is None."""

    device: str | None
    device_name: str | None
    hostname: str | None
    version: str | None
    runs: int


def failures(session: Session, job_id: str, *, limit: int) -> Sequence[Run]:
    """Current runs that failed or were cancelled, in the order of submission; a pruned trial is no failure."""
    unsuccessful = jobs.counted(job_id) & RunRow.state.in_(UNSUCCESSFUL)
    return session.scalars(select(RunRow).where(unsuccessful).order_by(RunRow.position).limit(limit)).all()


def machines(session: Session, job_id: str, *, limit: int) -> list[Machine]:
    """Devices and workers of current runs that have started, most runs first."""
    columns = (RunRow.device, WorkerRow.device_name, WorkerRow.hostname, WorkerRow.version)
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False) & RunRow.device.is_not(None)
    query = select(*columns, func.count()).outerjoin(WorkerRow, WorkerRow.id == RunRow.worker).where(current)
    rows: Any = session.execute(query.group_by(*columns).order_by(func.count().desc(), *columns).limit(limit))
    return [Machine(*row) for row in rows]
