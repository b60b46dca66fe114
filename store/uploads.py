"""Folders of uploaded data sets: received hidden, shown by one rename, removed after their record.

`uploads/u_...` below the folder of data sets holds an uploaded one, `uploads/.incoming/u_...` one that is being
received. While a folder comes or goes, `.incoming/u_....lock` is there, locked by the process at work. A lock that
nobody holds is left over: `sweep` removes it, and the folder too unless a record names it. A folder without a lock is
never removed, so that a service that is started with another database deletes nothing.
"""

import fcntl
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from store import datasets
from store.database.engine import Database
from store.errors import StoreError
from store.identifiers import new_id

UPLOADS, INCOMING = "uploads", ".incoming"
LOCK = ".lock"
OF_UPLOADS = re.compile(r"\.incoming|u_[0-9a-f]{24}")
"""The names in `uploads` that belong to this module; others are somebody's own data sets."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Incoming:
    """An upload that is being received: its hidden folder, and where that goes when it is complete."""

    id: str
    folder: Path
    place: Path

    def show(self) -> None:
        """Move all that was received to its place, once it is on the disk."""
        for folder, _, files in os.walk(self.folder):
            for name in files:
                flush(Path(folder, name))
            flush(Path(folder))
        self.folder.rename(self.place)
        flush(self.place.parent)


@contextmanager
def receiving(db: Database, datasets_dir: Path) -> Iterator[Incoming]:
    """A hidden folder for an upload; of what no record names at the end, nothing is left."""
    upload, root = new_id("u"), datasets_dir / UPLOADS
    with held(root, upload):
        incoming = Incoming(upload, root / INCOMING / upload, root / upload)
        try:
            incoming.folder.mkdir()
            yield incoming
        finally:
            settle(db, root, upload)


def delete(db: Database, datasets_dir: Path, name: str) -> None:
    """Forget a data set; the files of one that was uploaded go with it, those of others stay.

    Raises:
        NotFound: no such data set.
        Conflict: a run that has not ended uses it.
    """
    with db.read() as session:
        upload = datasets.get(session, name).info.get("upload")
    if upload is None:
        db.write(lambda session: datasets.delete_dataset(session, name))
        return
    root = datasets_dir / UPLOADS
    with held(root, upload["id"]):
        try:
            db.write(lambda session: datasets.delete_dataset(session, name))
        finally:
            settle(db, root, upload["id"])


def sweep(db: Database, datasets_dir: Path) -> None:
    """Remove what processes have left over that ended in the middle of an upload or of a deletion."""
    root = datasets_dir / UPLOADS
    for lock in (root / INCOMING).glob(f"u_*{LOCK}"):
        upload = lock.name.removesuffix(LOCK)
        with suppress(OSError), held(root, upload, wait=False):
            settle(db, root, upload)


def belongs_to_upload(datasets_dir: Path, path: Path) -> bool:
    """Whether a path below the (resolved) folder of data sets is part of an upload."""
    parts = path.relative_to(datasets_dir).parts
    return len(parts) > 1 and parts[0] == UPLOADS and OF_UPLOADS.fullmatch(parts[1]) is not None


@contextmanager
def held(root: Path, upload: str, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of an upload; `settle` removes it, or it is left to `sweep`.

    Raises:
        BlockingIOError: another holds it, and this one is not to wait.
    """
    (root / INCOMING).mkdir(parents=True, exist_ok=True)
    with locked(root / INCOMING / f"{upload}{LOCK}", fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)):
        yield


def locked(lock: Path, how: int) -> IO[bytes]:
    """The lock's file, locked until it is closed. One that was removed before it was locked holds off nobody."""
    while True:
        file = lock.open("ab")
        try:
            fcntl.flock(file, how)
            if os.fstat(file.fileno()).st_nlink:
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def settle(db: Database, root: Path, upload: str) -> None:
    """Remove an upload's files unless a record names them, then its lock; where that fails, `sweep` does it later."""
    try:
        hidden, shown = root / INCOMING / upload, root / upload
        if hidden.exists():
            shutil.rmtree(hidden)
        if shown.exists() and not recorded(db, upload):
            shutil.rmtree(shown)
        (root / INCOMING / f"{upload}{LOCK}").unlink(missing_ok=True)
    except (OSError, StoreError) as error:
        log.warning("upload %s is not settled yet: %s", upload, error)


def recorded(db: Database, upload: str) -> bool:
    """Whether a data set's files are those of an upload."""
    with db.read() as session:
        return datasets.has_upload(session, upload)


def flush(path: Path) -> None:
    """See that a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
