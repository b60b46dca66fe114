"""A full disk: jobs can still be deleted."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import checkpoints, deletion, jobs
from store.database.engine import Database
from store.database.reserve import Reserve
from store.errors import NotFound, StorageFull
from store.lifecycle import claims, requests
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import claim, submit

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "lpl-test", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a file system of one's own needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path) -> None:
    """Use up the last byte."""
    with contextlib.suppress(OSError), (folder / "others").open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass


def submit_for_ever(db: Database) -> None:
    """Submit jobs; SQLite's journal may have some room left."""
    while True:
        submit(db)


def test_on_a_full_disk_jobs_can_be_cancelled_and_deleted(small_disk: Path, tmp_path: Path) -> None:
    db = Database(f"sqlite:///{small_disk / 'lpl.sqlite3'}")
    db.migrate()
    db.reserve = Reserve(small_disk, size=4 * 2**20)
    db.reserve._make()
    large = tmp_path / "checkpoint"
    large.write_bytes(os.urandom(6 * 2**20))
    ended, waiting = submit(db), submit(db)
    held = claim(db)
    checkpoints.upload(db.write, held, large, epoch=1, step=0, kind="last", keep_last=2)
    writing(db, claims.finish, held, outcome="succeeded")
    fill(small_disk)
    with pytest.raises(StorageFull):
        submit_for_ever(db)
    assert db.reserve.path.exists()
    db.write(lambda session: requests.request_job(session, waiting.id, "cancel"), urgent=True)
    for job in (ended, waiting):
        deletion.delete_job(db, job.id)
        with pytest.raises(NotFound):
            reading(db, jobs.get, job.id)
    assert not db.reserve.path.exists()
    assert submit(db).state == "queued"
    db.dispose()


def test_the_reserve_is_made_where_there_is_room_and_given_back_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, size=1_000_000)
    reserve.fill()
    reserve.fill()
    assert reserve.path.stat().st_size == 1_000_000
    assert reserve.path.stat().st_blocks * 512 >= 1_000_000
    assert reserve.give_back()
    assert not reserve.give_back()
    Reserve(tmp_path, size=2**60).fill()
    Reserve(tmp_path / "absent").fill()
    assert list(tmp_path.iterdir()) == []
