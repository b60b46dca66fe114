"""Workers: who is there, on which device, what they train, and whether they take more."""

from collections.abc import Iterable
from dataclasses import fields

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store import devices
from store.database.clock import database_time
from store.database.records import CONSUMER_DEAD, Memory, Worker
from store.database.tables import WorkerRow
from store.errors import ConsumersDead, NotFound
from store.identifiers import new_id

FORGET_SECONDS = 86_400.0
UNKNOWN = Memory()


def register(
    session: Session,
    *,
    hostname: str,
    pid: int,
    device: str,
    device_name: str,
    version: str,
    memory: Memory = UNKNOWN,
) -> str:
    """Note a device of a worker; returns its id. Those silent for a day are forgotten."""
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
            memory_total_bytes=memory.total_bytes,
            memory_free_bytes=memory.free_bytes,
            started_at=now,
            last_seen_at=now,
        )
    )
    return worker_id


def beat(
    session: Session,
    worker_id: str,
    *,
    run_id: str | None = None,
    consumer: str | None = None,
    memory: Memory = UNKNOWN,
) -> bool:
    """Record that the worker lives; returns whether it is draining.

    Args:
        run_id: what it trains.
        consumer: the state of its consumer; None where it has no broker.
    """
    values = {
        "last_seen_at": database_time(session),
        "run_id": run_id,
        "consumer": consumer,
        "memory_total_bytes": memory.total_bytes,
        "memory_free_bytes": memory.free_bytes,
    }
    session.execute(update(WorkerRow).where(WorkerRow.id == worker_id).values(**values))
    return bool(session.scalar(select(WorkerRow.draining).where(WorkerRow.id == worker_id)))


def leave(session: Session, worker_id: str) -> None:
    """Forget a worker that stops."""
    session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))


def set_draining(session: Session, worker_id: str, *, draining: bool, silent_after: float) -> Worker:
    """Let a worker claim nothing new, or let it claim again; the same once more is harmless.

    Raises:
        NotFound: there is no such worker.
    """
    row = session.get(WorkerRow, worker_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no worker {worker_id}")
    row.draining = draining
    return worker_of(row, now=database_time(session), silent_after=silent_after)


def is_draining(session: Session, worker_id: str) -> bool:
    """Whether a worker may claim nothing, as it stays until this transaction ends."""
    draining = select(WorkerRow.draining).where(WorkerRow.id == worker_id).with_for_update(read=True)
    return bool(session.scalar(draining))


def list_workers(session: Session, *, silent_after: float, limit: int = 1000) -> list[Worker]:
    """Workers, those seen last first; alive are those seen within `silent_after` seconds."""
    now = database_time(session)
    rows = session.scalars(select(WorkerRow).order_by(WorkerRow.last_seen_at.desc()).limit(limit))
    return [worker_of(row, now=now, silent_after=silent_after) for row in rows]


def worker_of(row: WorkerRow, *, now: float, silent_after: float) -> Worker:
    """A row as a record."""
    kept = {each.name: getattr(row, each.name) for each in fields(Worker) if each.name != "alive"}
    return Worker(**kept, alive=now - row.last_seen_at <= silent_after)


def kinds_that_claim(listed: Iterable[Worker]) -> set[str]:
    """Kinds of the devices that take runs: of living workers that are not draining."""
    return {devices.kind(worker.device) for worker in listed if worker.alive and not worker.draining}


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
