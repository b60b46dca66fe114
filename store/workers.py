"""Workers: who is there, on which device, and what they train."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store.database.clock import database_time
from store.database.records import CONSUMER_DEAD, Worker
from store.database.tables import WorkerRow
from store.errors import ConsumersDead
from store.identifiers import new_id

FORGET_SECONDS = 86_400.0


def register(session: Session, *, hostname: str, pid: int, device: str, device_name: str, version: str) -> str:
    """Note a worker's slot; returns its id. Workers silent for a day are forgotten."""
    worker_id, now = new_id("w"), database_time(session)
    session.execute(delete(WorkerRow).where(WorkerRow.last_seen_at < now - FORGET_SECONDS))
    session.add(
        WorkerRow(
            id=worker_id,
            hostname=hostname,
            pid=pid,
            device=device,
            device_name=device_name,
            version=version,
            started_at=now,
            last_seen_at=now,
        )
    )
    return worker_id


def beat(session: Session, worker_id: str, *, run_id: str | None = None, consumer: str | None = None) -> None:
    """Record that the worker lives, what it trains and how its consumer is (None: it has no broker)."""
    values = {"last_seen_at": database_time(session), "run_id": run_id, "consumer": consumer}
    session.execute(update(WorkerRow).where(WorkerRow.id == worker_id).values(**values))


def leave(session: Session, worker_id: str) -> None:
    """Forget a worker that stops."""
    session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))


def list_workers(session: Session, *, silent_after: float, limit: int = 1000) -> list[Worker]:
    """Workers, newest first; alive are those seen within `silent_after` seconds."""
    now = database_time(session)
    rows = session.scalars(select(WorkerRow).order_by(WorkerRow.last_seen_at.desc()).limit(limit))
    return [
        Worker(
            id=row.id,
            hostname=row.hostname,
            pid=row.pid,
            device=row.device,
            device_name=row.device_name,
            version=row.version,
            run_id=row.run_id,
            started_at=row.started_at,
            last_seen_at=row.last_seen_at,
            alive=now - row.last_seen_at <= silent_after,
            consumer=row.consumer,
        )
        for row in rows
    ]


def refuse_deaf(session: Session, *, silent_after: float) -> None:
    """Refuse where no wake-up is heard.

    Raises:
        ConsumersDead: the consumer of every living worker that has a broker is dead.
    """
    alive = [worker for worker in list_workers(session, silent_after=silent_after) if worker.alive and worker.consumer]
    if alive and all(worker.consumer == CONSUMER_DEAD for worker in alive):
        hosts = ", ".join(sorted({worker.hostname for worker in alive}))
        reason = f"no worker hears wake-ups: on {hosts} the consumer ends as soon as it begins"
        raise ConsumersDead(f"{reason}; see the worker's log and LPL_BROKER_URL. Runs are found by polling meanwhile")
