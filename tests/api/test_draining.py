"""Workers are drained and resumed over HTTP, by administrators."""

from pathlib import Path
from typing import Any

import pytest

from store import keys, workers
from store.database.engine import Database
from store.database.records import Memory
from tests.api.service import Running, running
from tests.api.test_audit import lines
from tests.api.test_security import bearer
from tests.store.databases import claimed, writing

FACTS: dict[str, Any] = {"hostname": "h", "pid": 1, "device_name": "a card", "version": "1"}


def present(service: Running, device: str = "cpu") -> str:
    """A worker that has just been heard of."""
    return writing(service.db, workers.register, **FACTS, device=device, memory=Memory(4096, None))


def test_a_worker_is_drained_and_resumed(service: Running) -> None:
    worker = present(service)
    service.submit(seeds=[0])
    for _ in range(2):
        answer = service.http.post(f"/v1/workers/{worker}/drain")
        assert answer.status_code == 202
        assert (answer.json()["id"], answer.json()["draining"], answer.json()["alive"]) == (worker, True, True)
    assert claimed(service.db, worker_id=worker, device="cpu", lease_seconds=60) is None
    (listed,) = service.http.get("/v1/workers").json()["items"]
    assert listed == answer.json()
    assert (listed["memory_total_bytes"], listed["memory_free_bytes"]) == (4096, None)
    queue = service.http.get("/v1/queue").json()
    assert (queue["workers_alive"], queue["waiting"][0]["reason"]) == (1, "waits for a worker")
    assert service.http.post(f"/v1/workers/{worker}/resume").json()["draining"] is False
    assert service.http.get("/v1/queue").json()["waiting"][0]["reason"] == "waits for its turn"
    assert claimed(service.db, worker_id=worker, device="cpu", lease_seconds=60) is not None


def test_only_administrators_drain_and_the_audit_log_names_them(sqlite: Database, tmp_path: Path) -> None:
    admin = writing(sqlite, keys.create, name="the admin")[1]
    other = writing(sqlite, keys.create, name="a program", scopes=["read", "submit"])[1]
    with running(sqlite, tmp_path) as service:
        worker = present(service)
        for action in ("drain", "resume"):
            answer = service.http.post(f"/v1/workers/{worker}/{action}", headers=bearer(other))
            assert answer.status_code == 403
            assert "admin" in answer.json()["detail"]
            assert service.http.post(f"/v1/workers/{worker}/{action}", headers=bearer(admin)).status_code == 202
        said = [
            (name, "POST", f"/v1/workers/{worker}/{action}", status)
            for action in ("drain", "resume")
            for name, status in (("a program", 403), ("the admin", 202))
        ]
        assert lines(service.http, admin, number=4) == said


@pytest.mark.parametrize("action", ["drain", "resume"])
def test_a_worker_that_is_not_there_is_said(service: Running, action: str) -> None:
    answer = service.http.post(f"/v1/workers/w_none/{action}")
    assert answer.status_code == 404
    assert "w_none" in answer.json()["detail"]
