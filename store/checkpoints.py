"""Checkpoints: content in chunks in the database, published in one small transaction, streamed in constant memory."""

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from store import events
from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import Checkpoint, Claim
from store.database.tables import CheckpointRow, ChunkRow
from store.errors import Conflict, CorruptCheckpoint, NotFound
from store.identifiers import new_id
from store.lifecycle.claims import fenced

CHUNK_BYTES = 1 << 20
SWEEP_CHUNKS = 64
BEST, LAST = "best", "last"
T = TypeVar("T")


class Write(Protocol):
    """A way to change the database in a transaction, such as `Database.write`."""

    def __call__(self, work: Callable[[Session], T]) -> T:
        """What `work` returns; it may run again."""


def upload(write: Write, claim: Claim, path: Path, *, epoch: int, step: int, kind: str, keep_last: int) -> Checkpoint:
    """Store a file as a checkpoint of the claimed run and publish it.

    Args:
        write: called for each chunk, so that a database that is away for a while repeats no more than that.
        epoch: completed epochs.
        step: steps done in the next epoch.
        kind: `last`, `periodic` or `best`.
        keep_last: checkpoints other than the best that stay.

    Raises:
        LeaseLost: another attempt owns the run.
        OSError: the file cannot be read.
    """
    opened = partial(begin, claim=claim, epoch=epoch, step=step, kind=kind)
    with path.open("rb") as file:
        first = file.read(CHUNK_BYTES)
        if len(first) < CHUNK_BYTES:
            return write(partial(at_once, claim=claim, opened=opened, content=first, keep_last=keep_last))
        checkpoint_id = write(opened)
        digest, size = hashlib.sha256(), 0
        for number, data in enumerate(chain([first], iter(lambda: file.read(CHUNK_BYTES), b""))):
            write(partial(append, claim=claim, checkpoint_id=checkpoint_id, number=number, data=data))
            digest.update(data)
            size += len(data)
    sha256 = digest.hexdigest()
    return write(
        lambda session: publish(session, claim, checkpoint_id, size_bytes=size, sha256=sha256, keep_last=keep_last)
    )


def at_once(
    session: Session, claim: Claim, opened: Callable[[Session], str], *, content: bytes, keep_last: int
) -> Checkpoint:
    """Store and publish what fits a chunk in one transaction."""
    checkpoint_id = opened(session)
    session.flush()
    append(session, claim, checkpoint_id, number=0, data=content)
    sha256 = hashlib.sha256(content).hexdigest()
    return publish(session, claim, checkpoint_id, size_bytes=len(content), sha256=sha256, keep_last=keep_last)


def begin(session: Session, claim: Claim, *, epoch: int, step: int, kind: str) -> str:
    """Open an unpublished checkpoint; returns its id."""
    checkpoint_id = new_id("c")
    fenced(session, claim, {})
    session.add(
        CheckpointRow(
            id=checkpoint_id,
            run_id=claim.run_id,
            attempt=claim.attempt,
            epoch=epoch,
            step=step,
            kind=kind,
            size_bytes=0,
            sha256="",
            published=False,
            superseded=False,
            created_at=database_time(session),
        )
    )
    return checkpoint_id


def append(session: Session, claim: Claim, checkpoint_id: str, *, number: int, data: bytes) -> None:
    """Add a chunk; the same number again replaces it."""
    fenced(session, claim, {})
    same = (ChunkRow.checkpoint_id == checkpoint_id) & (ChunkRow.number == number)
    session.execute(delete(ChunkRow).where(same))
    session.execute(insert(ChunkRow), [{"checkpoint_id": checkpoint_id, "number": number, "data": data}])


def publish(
    session: Session, claim: Claim, checkpoint_id: str, *, size_bytes: int, sha256: str, keep_last: int
) -> Checkpoint:
    """Make a checkpoint visible and those it replaces invisible; the run's count of losses starts anew.

    Raises:
        LeaseLost: another attempt owns the run.
    """
    fenced(session, claim, {"losses": 0})
    row = session.get_one(CheckpointRow, checkpoint_id)
    row.published, row.size_bytes, row.sha256 = True, size_bytes, sha256
    session.flush()
    supersede(session, claim.run_id, keep_last)
    data = {"run": claim.run_id, "attempt": claim.attempt, "checkpoint": row.id, "epoch": row.epoch}
    events.record(session, "checkpoint", {**data, "kind": row.kind}, job_id=claim.job_id, run_id=claim.run_id)
    return row


def supersede(session: Session, run_id: str, keep_last: int) -> None:
    """Keep the newest `keep_last` checkpoints and the newest best one."""
    usable = (CheckpointRow.run_id == run_id) & CheckpointRow.published & CheckpointRow.superseded.is_(False)
    order = (CheckpointRow.epoch.desc(), CheckpointRow.step.desc(), CheckpointRow.id.desc())
    rows = session.execute(select(CheckpointRow.id, CheckpointRow.kind).where(usable).order_by(*order)).all()
    best = [row.id for row in rows if row.kind == "best"]
    others = [row.id for row in rows if row.kind != "best"]
    old = [*best[1:], *others[keep_last:]]
    if old:
        session.execute(update(CheckpointRow).where(CheckpointRow.id.in_(old)).values(superseded=True))


def list_for_run(session: Session, run_id: str) -> list[Checkpoint]:
    """Published checkpoints of a run, oldest first."""
    query = (
        select(CheckpointRow)
        .where(CheckpointRow.run_id == run_id, CheckpointRow.published, CheckpointRow.superseded.is_(False))
        .order_by(CheckpointRow.epoch, CheckpointRow.step, CheckpointRow.id)
    )
    return list(session.scalars(query))


def choose(session: Session, run_id: str, wanted: str | None) -> Checkpoint:
    """A run's checkpoint by `best`, `last` or its id; None: the best where one is kept, else the last.

    Raises:
        NotFound: it is not kept.
        Conflict: none is.
    """
    kept = list_for_run(session, run_id)
    if not kept:
        raise Conflict(f"run {run_id} has no checkpoint yet, or none is kept; wait for its first one, or retry the run")
    best = [each for each in kept if each.kind == BEST]
    if wanted not in (None, BEST, LAST):
        fitting = [each for each in kept if each.id == wanted]
    elif wanted == BEST or (wanted is None and best):
        fitting = best
    else:
        fitting = [each for each in kept if each.kind != BEST]
    if not fitting:
        have = ", ".join(f"{each.id} ({each.kind}, epoch {each.epoch})" for each in kept)
        raise NotFound(f"run {run_id} has no checkpoint {wanted or LAST}; it has: {have}")
    return fitting[-1]


def get(session: Session, checkpoint_id: str) -> Checkpoint:
    """A published checkpoint.

    Raises:
        NotFound: no such checkpoint, or it is no longer kept.
    """
    row = session.get(CheckpointRow, checkpoint_id)
    if row is None or not row.published or row.superseded:
        raise NotFound(f"there is no checkpoint {checkpoint_id}")
    return row


def stream(db: Database, checkpoint_id: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Content from byte `start` up to (not including) `end`, a chunk at a time.

    Raises:
        NotFound: the content is gone.
    """
    with db.read() as session:
        size = get(session, checkpoint_id).size_bytes
    stop = size if end is None else min(end, size)
    for number in range(start // CHUNK_BYTES, -(-stop // CHUNK_BYTES)):
        with db.read() as session:
            data = session.scalar(
                select(ChunkRow.data).where(ChunkRow.checkpoint_id == checkpoint_id, ChunkRow.number == number)
            )
        if data is None:
            raise NotFound(f"checkpoint {checkpoint_id} is no longer kept")
        offset = number * CHUNK_BYTES
        yield data[max(start - offset, 0) : stop - offset]


def download(db: Database, checkpoint_id: str, path: Path) -> None:
    """Write a checkpoint's content to a file, checked.

    Raises:
        CorruptCheckpoint: the content does not match its sha256.
        NotFound: no such checkpoint.
        OSError: the file cannot be written.
    """
    digest = hashlib.sha256()
    with db.read() as session:
        expected = get(session, checkpoint_id).sha256
    with path.open("wb") as file:
        for data in stream(db, checkpoint_id):
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != expected:
        path.unlink()
        raise CorruptCheckpoint(f"checkpoint {checkpoint_id} does not match its sha256")


def sweep_superseded(db: Database) -> int:
    """Delete superseded checkpoints and give their space back; returns how many rows went. Call again until 0."""

    def work(session: Session) -> int:
        old = session.scalars(select(CheckpointRow.id).where(CheckpointRow.superseded).limit(1)).first()
        if old is None:
            return 0
        numbers = list(
            session.scalars(select(ChunkRow.number).where(ChunkRow.checkpoint_id == old).limit(SWEEP_CHUNKS))
        )
        mine = (ChunkRow.checkpoint_id == old) & ChunkRow.number.in_(numbers)
        session.execute(delete(ChunkRow).where(mine))
        if len(numbers) < SWEEP_CHUNKS:
            session.execute(delete(CheckpointRow).where(CheckpointRow.id == old))
        return max(1, len(numbers))

    gone = db.write(work)
    if gone and db.is_sqlite:
        reclaim(db)
    return gone


def reclaim(db: Database) -> None:
    """Give free pages of SQLite's file back to the disk, a few megabytes at a time."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        cursor = connection.connection.cursor()
        try:
            cursor.execute("PRAGMA incremental_vacuum(1000)")
            cursor.fetchall()  # every row fetched frees a page
        finally:
            cursor.close()
