"""The audit log: who changed what, and no more lines than that takes."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event
from typer.testing import CliRunner

from api.middleware.audit import REFUSALS_PER_MINUTE, Refusals
from api.process.command import key
from api.process.serve import make_first_key
from store import audit, keys
from store.audit import Line
from store.database.engine import Database
from store.settings import Settings
from tests.api.service import SPEC, running, stopped_clock
from tests.api.test_security import bearer
from tests.store.databases import reading, writing


@pytest.fixture
def admin(sqlite: Database) -> str:
    return writing(sqlite, keys.create, name="the admin")[1]


def lines(http: httpx.Client, secret: str, *, number: int) -> list[tuple[str | None, str, str, int]]:
    """(key, method, path, status) of the audit log, oldest first, once it has so many lines.

    A line is written after its answer is sent, so that the next request may come first.
    """
    deadline = time.monotonic() + 20
    while len(items := http.get("/v1/audit", headers=bearer(secret)).json()["items"]) < number:
        assert time.monotonic() < deadline, items
        time.sleep(0.02)
    return [(line["key_name"], line["method"], line["path"], line["status"]) for line in reversed(items)]


def test_the_audit_log_says_who_changed_what(sqlite: Database, tmp_path: Path, admin: str) -> None:
    reader = writing(sqlite, keys.create, name="a reader", scopes=["read"])[1]
    with running(sqlite, tmp_path) as service:
        made = service.http.post("/v1/jobs", json=SPEC, headers=bearer(admin)).json()["id"]
        service.http.post(f"/v1/jobs/{made}/cancel", headers=bearer(admin))
        service.http.post("/v1/jobs", json=SPEC, headers=bearer(reader))
        service.http.post("/v1/jobs", json=SPEC, headers=bearer("lpl_wrong_secret_of_nobody"))
        service.http.get("/v1/jobs", headers=bearer(admin))
        service.http.post("/v1/jobs/validate", json=SPEC, headers=bearer(admin))
        service.http.delete("/v1/jobs/%00%E2%82%AC%0a", headers=bearer(admin))
        assert lines(service.http, admin, number=5) == [
            ("the admin", "POST", f"/v1/jobs/{made}", 201),
            ("the admin", "POST", f"/v1/jobs/{made}/cancel", 202),
            ("a reader", "POST", "/v1/jobs", 403),
            (None, "POST", "/v1/jobs", 401),
            ("the admin", "DELETE", "/v1/jobs/\\x00\\u20ac\\n", 404),
        ]
        whole = service.http.get("/v1/audit", headers=bearer(admin)).json()
        assert all(line["address"] == "127.0.0.1" for line in whole["items"])
        assert admin not in json.dumps(whole)
        assert "wrong_secret" not in json.dumps(whole)
        assert service.http.get("/v1/audit", headers=bearer(reader)).status_code == 403


def test_the_audit_log_is_filtered(sqlite: Database, tmp_path: Path, admin: str) -> None:
    for status, name, path in ((201, "one", "/v1/jobs/j_1"), (403, "two", "/v1/jobs"), (204, "one", "/v1/keys/k_%")):
        line = Line(method="DELETE" if status == 204 else "POST", path=path, status=status, key_id="k", key_name=name)
        writing(sqlite, audit.record, [line])
    with running(sqlite, tmp_path) as service:

        def found(**wanted: str) -> list[int]:
            answer = service.http.get("/v1/audit", params=wanted, headers=bearer(admin))
            return [line["status"] for line in answer.json()["items"]]

        assert found() == [204, 403, 201]
        assert found(key="one") == [204, 201]
        assert found(key="k", method="POST") == [403, 201]
        assert found(path="%") == [204]
        assert found(path="jobs", refused="true") == [403]


def test_the_audit_log_has_pages(sqlite: Database) -> None:
    for number in range(5):
        writing(sqlite, audit.record, [Line(method="POST", path=f"/{number}", status=201)])
    first = reading(sqlite, audit.entries, limit=3)
    assert [entry.path for entry in first.items] == ["/4", "/3", "/2"]
    rest = reading(sqlite, audit.entries, limit=3, cursor=first.next)
    assert [entry.path for entry in rest.items] == ["/1", "/0"]
    assert rest.next is None


def test_what_is_old_is_forgotten_by_the_index(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "FORGET_BATCH", 2)
    for number in range(7):
        writing(sqlite, audit.record, [Line(method="POST", path=f"/{number}", status=201)])
        sqlite.clock_offset += 1000
    asked: list[str] = []
    event.listen(sqlite.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert audit.forget(sqlite, older_than_seconds=3500) == 4
    assert [entry.path for entry in reading(sqlite, audit.entries).items] == ["/6", "/5", "/4"]
    (looked, *_) = (statement for statement in asked if "audit.at <" in statement)
    with sqlite.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {looked}", (0.0, 2, 0)).all()
    assert "ix_audit_at" in str(plan)
    asked.clear()
    assert audit.forget(sqlite, older_than_seconds=3500) == 0
    assert "BEGIN IMMEDIATE" not in asked
    assert not [statement for statement in asked if "DELETE" in statement]


def test_strangers_fill_only_some_lines(sqlite: Database, tmp_path: Path, admin: str) -> None:
    with running(sqlite, tmp_path, clock=stopped_clock) as service:
        for number in range(REFUSALS_PER_MINUTE + 30):
            service.http.request("POST" if number % 2 else "FROB", "/v1/jobs")
        service.http.delete("/v1/jobs/none", headers=bearer(admin))
        seen = lines(service.http, admin, number=REFUSALS_PER_MINUTE + 1)
        assert len(seen) == REFUSALS_PER_MINUTE + 1
        assert seen[-1] == ("the admin", "DELETE", "/v1/jobs/none", 404)
    kept = [(line.method, line.path, line.status) for line in reading(sqlite, audit.entries).items]
    assert kept[0] == ("*", "(30 more refused)", 401)
    assert len(kept) == REFUSALS_PER_MINUTE + 2


def test_a_key_beyond_its_rate_fills_only_some_lines(sqlite: Database, tmp_path: Path, admin: str) -> None:
    with running(sqlite, tmp_path, clock=stopped_clock, requests_per_minute=5) as service:
        for _ in range(REFUSALS_PER_MINUTE + 30):
            service.http.delete("/v1/jobs/none", headers=bearer(admin))
    kept = [(line.key_name, line.status) for line in reversed(reading(sqlite, audit.entries).items)]
    assert kept.count(("the admin", 429)) == REFUSALS_PER_MINUTE
    assert kept[-1] == (None, 429)
    assert len(kept) == 5 + REFUSALS_PER_MINUTE + 1


def test_refusals_are_counted_by_the_minute() -> None:
    now = 0.0
    refusals = Refusals(2, clock=lambda: now)
    refused = Line(method="POST", path="/", status=401)
    assert [refusals.admits(refused) for _ in range(4)] == [True, True, False, False]
    assert refusals.admits(Line(method="POST", path="/", status=201))
    assert refusals.admits(Line(method="POST", path="/", status=404, key_id="k_1"))
    assert not refusals.admits(Line(method="POST", path="/", status=429, key_id="k_1"))
    assert refusals.summary() == []
    now = 61.0
    assert [(line.path, line.status) for line in refusals.summary()] == [
        ("(2 more refused)", 401),
        ("(1 more refused)", 429),
    ]
    assert refusals.summary() == []
    assert refusals.admits(refused)


def test_foreign_pages_that_are_refused_are_seen(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path) as service:
        service.http.post("/v1/jobs", json=SPEC, headers={"Origin": "http://evil.example"})
        service.http.post("/v1/jobs", json=SPEC, headers={"Host": "evil.example"})
        service.http.get("/v1/jobs", headers={"Host": "evil.example"})
    assert [(line.method, line.status) for line in reading(sqlite, audit.entries).items] == [("POST", 403)] * 2


def test_an_address_cannot_be_forged(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path) as service:
        service.http.post("/v1/jobs", json=SPEC, headers={"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6"})
    writing(sqlite, audit.record, [Line(method="POST", path="/", status=201, address="a" * 5000)])
    long, real = reading(sqlite, audit.entries).items
    assert real.address == "127.0.0.1"
    assert len(long.address or "") == audit.MAX_ADDRESS


@contextlib.contextmanager
def locked(db: Database) -> Iterator[None]:
    """Somebody else writes, and does not end; the pool has connections enough."""
    for held in [db.engine.connect() for _ in range(5)]:
        held.close()
    connection = sqlite3.connect(str(db.url.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_lines_that_cannot_be_written_hold_up_nobody(sqlite: Database, tmp_path: Path, admin: str) -> None:
    with running(sqlite, tmp_path) as service:
        assert service.http.get("/v1/jobs").status_code == 401
        with locked(sqlite), ThreadPoolExecutor(20) as many:
            began = time.monotonic()
            posts = [many.submit(service.http.post, "/v1/jobs", json=SPEC) for _ in range(60)]
            assert {post.result().status_code for post in posts} == {401}
            assert service.http.get("/readyz").status_code == 200
            assert service.http.get("/v1/jobs", headers=bearer(admin)).status_code == 200
            assert time.monotonic() - began < 8
        deadline = time.monotonic() + 20
        while len(reading(sqlite, audit.entries).items) < REFUSALS_PER_MINUTE:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_line_that_cannot_be_written_is_in_the_processs_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    db = Database("postgresql://nobody@127.0.0.1:9/none")
    with running(db, tmp_path) as service:
        assert service.http.post("/v1/jobs", json=SPEC).status_code == 503
    db.dispose()
    assert "not in the audit log: POST '/v1/jobs' -> 503" in caplog.text


def test_commands_are_seen_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPL_DATA_DIR", str(tmp_path))
    made = json.loads(CliRunner().invoke(key, ["create", "ci", "--json"]).output)["id"]
    assert CliRunner().invoke(key, ["revoke", made]).exit_code == 0
    db = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    revoked, created = reading(db, audit.entries).items
    assert (created.method, created.path, created.status) == ("lpl", f"key create /v1/keys/{made}", 201)
    assert (revoked.method, revoked.path, revoked.status) == ("lpl", f"key revoke /v1/keys/{made}", 204)
    assert "@" in (created.address or "")
    db.dispose()


def test_the_first_key_is_seen_once(sqlite: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, admin_key="a-first-key-from-outside")
    for _ in range(2):
        make_first_key(settings, sqlite)
    (line,) = reading(sqlite, audit.entries).items
    (made,) = reading(sqlite, keys.list_keys)
    assert (line.method, line.path, line.status) == ("lpl", f"first key /v1/keys/{made.id}", 201)
