"""Keys while the database is busy, full or away, the last key of all, and streams whose key goes."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from api.middleware import key_ring
from api.middleware.key_ring import KeyRing
from api.streams import sse
from store import keys
from store.database.engine import Database, Session
from store.errors import DatabaseUnavailable, StorageFull
from tests.api.service import Running, running
from tests.api.test_security import bearer
from tests.store.databases import reading, writing

SECRET = "hush-hush"
THREADS = 40
"""In which handlers work at the same time."""


def until_used(db: Database, key_id: str) -> None:
    """Wait until a key's last use is written down."""
    until(lambda: any(key.last_used_at for key in reading(db, keys.list_keys) if key.id == key_id))


def until(written: Callable[[], bool]) -> None:
    """Wait until a use is written down."""
    deadline = time.monotonic() + 10
    while not written():
        assert time.monotonic() < deadline, "the use is not written down"
        time.sleep(0.02)


def test_a_key_reads_while_another_holds_the_write_lock(service: Running, tmp_path: Path) -> None:
    made, secret = writing(service.db, keys.create, name="reader")
    with closing(sqlite3.connect(tmp_path / "lpl.sqlite3", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert service.http.get("/v1/jobs", headers=bearer(secret)).status_code == 200
        assert time.monotonic() - began < 5
        assert reading(service.db, keys.list_keys)[0].last_used_at is None
        holder.execute("ROLLBACK")
    until_used(service.db, made.id)


def test_a_key_reads_while_nothing_can_be_written(
    service: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise StorageFull("the disk is full")

    made, secret = writing(service.db, keys.create, name="reader")
    monkeypatch.setattr(key_ring, "RETRY_SECONDS", 0.0)
    with monkeypatch.context() as patched, caplog.at_level(logging.DEBUG, "api.middleware.key_ring"):
        patched.setattr(keys, "note_use", full)
        assert service.http.get("/v1/jobs", headers=bearer(secret)).status_code == 200
        deadline = time.monotonic() + 10
        while "is not written" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert service.http.get("/v1/jobs", headers=bearer(secret)).status_code == 200
    until_used(service.db, made.id)


def test_a_use_is_written_once_a_minute_for_each_key(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = keys.note_use

    def counted(session: Session, key_ids: set[str]) -> None:
        written.extend(key_ids)
        real(session, key_ids)

    monkeypatch.setattr(keys, "note_use", counted)
    made = [writing(sqlite, keys.create, name=str(number)) for number in range(5)]
    now = 0.0
    ring = KeyRing(sqlite, host="127.0.0.1", clock=lambda: now)
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(ring.verify, [secret for _, secret in made] * 20))
    assert all(found)
    for key, _ in made:
        until_used(sqlite, key.id)
    assert sorted(written) == sorted(key.id for key, _ in made)
    now = 59.0
    assert ring.verify(made[0][1])
    now = 61.0
    assert ring.verify(made[1][1])
    until(lambda: len(written) > len(made))
    assert written[len(made) :] == [made[1][0].id]


def test_the_service_stays_closed_when_all_keys_are_revoked(sqlite: Database, tmp_path: Path) -> None:
    made, _ = writing(sqlite, keys.create, name="only")
    writing(sqlite, keys.revoke, made.id)
    with running(sqlite, tmp_path) as service:
        assert service.http.get("/v1/jobs").status_code == 401
        assert service.http.post("/v1/keys", json={"name": "me", "scopes": ["admin"]}).status_code == 401
        _, secret = writing(sqlite, keys.create, name="the way back in")
        assert service.http.get("/v1/jobs", headers=bearer(secret)).status_code == 200


def test_keys_come_in_pages(service: Running) -> None:
    secret = writing(service.db, keys.create, name="0")[1]
    for number in range(1, 5):
        writing(service.db, keys.create, name=str(number))
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = service.http.get("/v1/keys", params={"limit": 2, **cursor}, headers=bearer(secret)).json()
        names += [key["name"] for key in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert names == ["0", "1", "2", "3", "4"]
    assert service.http.get("/v1/keys?cursor=x", headers=bearer(secret)).status_code == 422


@pytest.mark.parametrize("with_key", [True, False])
def test_a_stream_ends_with_its_key(service: Running, monkeypatch: pytest.MonkeyPatch, with_key: bool) -> None:
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.1)
    monkeypatch.setattr(key_ring, "CACHE_SECONDS", 0.1)
    headers, reader = {}, ""
    if with_key:
        writing(service.db, keys.create, name="admin")
        made, secret = writing(service.db, keys.create, name="reader", scopes=["read"])
        headers, reader = bearer(secret), made.id
    with service.http.stream("GET", "/v1/events", headers=headers) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith(":")
        if with_key:
            writing(service.db, keys.revoke, reader)
        else:
            writing(service.db, keys.create, name="the first key makes keys necessary")
        began = time.monotonic()
        assert all(line.startswith(":") or not line for line in lines)
        assert time.monotonic() - began < 5


def test_a_stream_outlives_a_database_that_is_away(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bool:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.05)
    monkeypatch.setattr(key_ring, "CACHE_SECONDS", 0.0)
    secret = writing(service.db, keys.create, name="reader")[1]
    with service.http.stream("GET", "/v1/events", headers=bearer(secret)) as answer:
        monkeypatch.setattr(keys, "is_valid", away)
        lines = answer.iter_lines()
        assert sum(next(lines).startswith(":") for _ in range(20)) == 10


@pytest.mark.parametrize("path", ["/readyz", "/v1/jobs"])
def test_strangers_do_not_read_where_the_database_is(
    sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    away = Database(f"postgresql://127.0.0.1:1/lpl?user=me&password={SECRET}")
    with running(away, tmp_path) as service:
        answer = service.http.get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    for part in (SECRET, "127.0.0.1", "postgresql", "me&", str(tmp_path)):
        assert part not in answer.text
    assert "does not answer" in answer.json()["detail"]
    assert "127.0.0.1:1" in caplog.text
    assert SECRET not in caplog.text


def test_a_database_without_tables_says_the_remedy(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with running(empty, tmp_path) as service:
        answer = service.http.get("/readyz")
    empty.dispose()
    assert answer.status_code == 503
    assert "lpl db upgrade" in answer.json()["detail"]
    assert str(tmp_path) not in answer.text


def test_health_is_answered_while_all_threads_are_busy(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    occupied = threading.Semaphore(0)

    def wait(*_: object) -> None:
        occupied.release()
        release.wait(30)

    monkeypatch.setattr("store.jobs.get", wait)

    def occupy(_: int) -> None:
        with httpx.Client(base_url=service.url, timeout=40, verify=False) as http:
            http.get("/v1/jobs/j_1")

    with ThreadPoolExecutor(45) as pool:
        try:
            for number in range(45):
                pool.submit(occupy, number)
            for _ in range(THREADS):
                assert occupied.acquire(timeout=20)
            for path in ("/healthz", "/readyz"):
                assert service.http.get(path, timeout=5).status_code == 200
        finally:
            release.set()
