"""What is stored: submissions at most once, checkpoints in chunks, lists by cursor, keys as hashes."""

import hashlib
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from store import checkpoints, cursors, datasets, jobs, keys, metrics, queue, workers
from store.database.engine import Database
from store.database.records import Claim, NewRun, Submitted
from store.database.tables import ChunkRow
from store.errors import BadCursor, Conflict, CorruptCheckpoint, LeaseLost, NotFound, StoreError
from store.lifecycle import claims, requests, sweeper
from tests.history import leftovers
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import LEASE, SPEC, claim, epoch, submit


def upload(db: Database, held: Claim, path: Path, *, number: int, kind: str = "last", keep_last: int = 2) -> str:
    return checkpoints.upload(db.write, held, path, epoch=number, step=0, kind=kind, keep_last=keep_last).id


def test_one_idempotency_key_makes_one_job(db: Database) -> None:
    made: list[Submitted] = []

    def post() -> None:
        new = [NewRun(0, {}, SPEC, 1)]
        made.append(
            writing(
                db, jobs.submit, jobs.new_job(spec=SPEC, runs=new, method="lpl"), idempotency_key="k", request_hash="h"
            )
        )

    threads = [threading.Thread(target=post) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.job.id for answer in made}) == 1
    assert sum(answer.created for answer in made) == 1
    assert reading(db, queue.run_counts)["queued"] == 1
    with pytest.raises(Conflict):
        writing(
            db, jobs.submit, jobs.new_job(spec=SPEC, runs=[], method="lpl"), idempotency_key="k", request_hash="other"
        )


def test_lists_page_by_cursor_without_gaps(db: Database) -> None:
    made = [submit(db, name=f"job {i}").id for i in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        page = reading(db, jobs.list_jobs, limit=3, cursor=cursor)
        seen += [job.id for job in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == made[::-1]
    assert [job.name for job in reading(db, jobs.list_jobs, name="B 3").items] == ["job 3"]
    assert len(reading(db, jobs.list_jobs, tag="one").items) == 7
    assert reading(db, jobs.list_jobs, tag="three").items == []
    assert reading(db, jobs.list_jobs, name="%").items == []


@pytest.mark.parametrize("cursor", ["", "x", "ä", "AAAA", "/" * 50, cursors.encode("'; --")])
def test_a_made_up_cursor_is_refused(db: Database, cursor: str) -> None:
    with pytest.raises(BadCursor):
        reading(db, jobs.list_jobs, cursor=cursor)


def test_a_checkpoint_comes_back_byte_for_byte_in_constant_memory(db: Database, tmp_path: Path) -> None:
    submit(db)
    held = claim(db)
    content = tmp_path / "content"
    size = 24 * checkpoints.CHUNK_BYTES + 17
    with content.open("wb") as file:
        for i in range(25):
            file.write(bytes([i]) * min(checkpoints.CHUNK_BYTES, size - i * checkpoints.CHUNK_BYTES))
    tracemalloc.start()
    made = upload(db, held, content, number=1)
    checkpoints.download(db, made, tmp_path / "copy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * checkpoints.CHUNK_BYTES
    assert (tmp_path / "copy").read_bytes() == content.read_bytes()
    record = reading(db, checkpoints.get, made)
    assert (record.size_bytes, record.sha256) == (size, hashlib.sha256(content.read_bytes()).hexdigest())
    middle = b"".join(checkpoints.stream(db, made, start=checkpoints.CHUNK_BYTES - 3, end=checkpoints.CHUNK_BYTES + 2))
    assert middle == bytes([0] * 3 + [1] * 2)


def test_an_unpublished_checkpoint_is_nowhere_seen(db: Database) -> None:
    submit(db)
    held = claim(db)
    opened = writing(db, checkpoints.begin, held, epoch=1, step=0, kind="last")
    writing(db, checkpoints.append, held, opened, number=0, data=b"half")
    assert reading(db, checkpoints.list_for_run, held.run_id) == []
    with pytest.raises(NotFound):
        reading(db, checkpoints.get, opened)
    writing(db, claims.heartbeat, held, lease_seconds=-1)
    sweeper.sweep(db, lease_seconds=LEASE, sweep_seconds=10)
    assert claim(db, "w_2").resume is None
    with pytest.raises(LeaseLost):
        writing(db, checkpoints.publish, held, opened, size_bytes=4, sha256="", keep_last=2)


@pytest.mark.parametrize("end", ["fail", "lose three times", "cancel the run", "cancel the job"])
def test_a_run_that_ends_leaves_no_half_of_a_checkpoint(db: Database, end: str) -> None:
    submit(db)
    for loss in range(3 if end == "lose three times" else 1):
        held = claim(db)
        half = writing(db, checkpoints.begin, held, epoch=1, step=loss, kind="last")
        writing(db, checkpoints.append, held, half, number=0, data=b"half")
        if end != "fail":
            writing(db, sweeper.report_loss, held, "killed")
    if end == "fail":
        writing(db, claims.finish, held, outcome="failed", reason="storage_full")
    elif end == "cancel the run":
        writing(db, requests.request_run, held.run_id, "cancel")
    elif end == "cancel the job":
        writing(db, requests.request_job, held.job_id, "cancel")
    assert leftovers(db) == []


def test_superseded_content_is_swept_and_the_best_stays(db: Database, tmp_path: Path) -> None:
    submit(db)
    held = claim(db)
    file = tmp_path / "content"
    file.write_bytes(b"c" * (3 * checkpoints.CHUNK_BYTES))
    best = upload(db, held, file, number=1, kind="best")
    others = [upload(db, held, file, number=n) for n in range(2, 6)]
    assert [c.id for c in reading(db, checkpoints.list_for_run, held.run_id)] == [best, *others[-2:]]
    while checkpoints.sweep_superseded(db):
        pass
    with db.read() as session:
        assert session.query(ChunkRow).count() == 9


def test_a_damaged_checkpoint_gives_way_to_the_one_before(db: Database, tmp_path: Path) -> None:
    submit(db)
    held = claim(db)
    file = tmp_path / "content"
    made = []
    for number in (1, 2):
        epoch(db, held, number)
        file.write_bytes(bytes([number]) * 100)
        made.append(upload(db, held, file, number=number))
    db.write(
        lambda s: s.execute(
            text("UPDATE checkpoint_chunks SET data = :d WHERE checkpoint_id = :c"), {"d": b"?" * 100, "c": made[1]}
        )
    )
    with pytest.raises(CorruptCheckpoint):
        checkpoints.download(db, made[1], tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    before = writing(db, claims.reject_checkpoint, held, made[1])
    assert before is not None
    assert before.id == made[0]
    assert list(reading(db, metrics.series, held.run_id, "test/accuracy")) == [1]


def test_keys_are_stored_as_hashes_and_can_be_revoked(db: Database) -> None:
    assert not reading(db, keys.any_keys)
    assert not reading(db, keys.ever_any)
    made, secret = writing(db, keys.create, name="ci", scopes=["read"])
    assert secret.startswith("lpl_")
    with db.engine.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM api_keys")).all())
    assert secret not in stored
    verified = reading(db, keys.verify, secret)
    assert verified is not None
    assert verified.scopes == ("read",)
    assert reading(db, keys.list_keys)[0].last_used_at is None
    writing(db, keys.note_use, [made.id])
    assert reading(db, keys.list_keys)[0].last_used_at is not None
    writing(db, keys.revoke, made.id)
    writing(db, keys.revoke, made.id)
    assert reading(db, keys.verify, secret) is None
    assert not reading(db, keys.any_keys)
    assert reading(db, keys.ever_any)
    writing(db, keys.bootstrap, "a-first-key-from-outside")
    writing(db, keys.bootstrap, "a-first-key-from-outside")
    assert reading(db, keys.verify, "a-first-key-from-outside") is not None
    wrong: list[dict[str, Any]] = [
        {"scopes": ["root"]},
        {"scopes": []},
        {"secret": "short"},
        {"secret": "two words of one key"},
    ]
    wrong += [{"name": ""}, {"name": "x" * 101}, {"name": "a\nb"}]
    for bad in wrong:
        with pytest.raises(StoreError):
            writing(db, keys.create, **({"name": "x"} | bad))


def test_a_data_set_in_use_cannot_be_forgotten(db: Database) -> None:
    facts: dict[str, Any] = {"format": "arrays", "path": "/a.npz", "task": "single_label", "sha256": None, "info": {}}
    writing(db, datasets.add, name="digits", **facts)
    with pytest.raises(Conflict):
        writing(db, datasets.add, name="digits", **facts)
    job = submit(db)
    with pytest.raises(Conflict, match=job.id):
        writing(db, datasets.delete_dataset, "digits")
    writing(db, requests.request_job, job.id, "cancel")
    writing(db, datasets.delete_dataset, "digits")
    with pytest.raises(NotFound):
        reading(db, datasets.get, "digits")


def test_workers_are_alive_while_they_beat(db: Database) -> None:
    made = writing(db, workers.register, hostname="h", pid=1, device="cpu", device_name="CPU", version="0")
    writing(db, workers.beat, made, run_id="r_1")
    (seen,) = reading(db, workers.list_workers, silent_after=60)
    assert (seen.alive, seen.run_id) == (True, "r_1")
    db.clock_offset = 100
    assert not reading(db, workers.list_workers, silent_after=60)[0].alive
    writing(db, workers.leave, made)
    assert reading(db, workers.list_workers, silent_after=60) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM jobs ORDER BY id DESC LIMIT 50",
        "SELECT * FROM jobs WHERE state = 'running' ORDER BY id DESC LIMIT 50",
        "SELECT * FROM runs WHERE state = 'queued' ORDER BY priority DESC, id LIMIT 1",
        "SELECT id FROM runs WHERE state = 'running' AND lease_expires_at < 5",
        "SELECT * FROM runs WHERE job_id = 'j' ORDER BY id LIMIT 100",
        "SELECT * FROM events WHERE job_id = 'j' AND id > 5 ORDER BY id",
        "SELECT * FROM events WHERE run_id = 'r' AND id > 5 ORDER BY id",
        "SELECT * FROM checkpoints WHERE run_id = 'r' ORDER BY epoch, step",
        "SELECT * FROM epochs WHERE run_id = 'r' AND epoch > 3 ORDER BY epoch",
        "SELECT * FROM series WHERE run_id = 'r' AND name = 'n' ORDER BY epoch",
    ],
)
def test_frequent_queries_use_an_index(tmp_path: Path, statement: str) -> None:
    database = Database(f"sqlite:///{tmp_path / 'plan.sqlite3'}")
    database.migrate()
    with database.engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    database.dispose()
    assert "USING" in plan
    assert "SCAN runs" not in plan
