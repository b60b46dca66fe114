"""What a key may ask for, how often, and how much at once."""

import re
import socket
from pathlib import Path

from api.middleware.bodies import MAX_PARTS
from api.middleware.limiter import Limiter
from api.problems import Problem
from store import keys
from store.database.engine import Database
from tests.api.service import NOON, SPEC, running, stopped_clock
from tests.api.test_security import bearer
from tests.store.databases import writing


def test_a_key_that_asks_too_often_waits_and_others_do_not(sqlite: Database, tmp_path: Path) -> None:
    busy, quiet = (writing(sqlite, keys.create, name=name)[1] for name in ("busy", "quiet"))
    with running(sqlite, tmp_path, clock=stopped_clock, requests_per_minute=5) as service:
        answers = [service.http.get("/v1/jobs", headers=bearer(busy)) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[-1].headers["Retry-After"] == "61"
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert "LPL_REQUESTS_PER_MINUTE" in answers[-1].json()["detail"]
        assert service.http.get("/v1/jobs", headers=bearer(quiet)).status_code == 200
        assert service.http.get("/healthz").status_code == 200


def test_requests_are_counted_over_a_sliding_minute() -> None:
    now = NOON
    limiter = Limiter(6, clock=lambda: now)

    def served(times: int) -> int:
        return sum(not waits(limiter, "k_1") for _ in range(times))

    assert served(10) == 6
    assert waits(limiter, "k_1") == 61  # after exactly 60 seconds, all six still count
    assert not waits(limiter, "k_2")
    now += 60 + 15  # a quarter of the six are more than a minute old: floor(4.5) of them count
    assert served(10) == 2
    assert waits(limiter, "k_1") == 6  # after 5 seconds two thirds, four of the six, count; after 6 floor(3.9)
    now += 6
    assert served(10) == 1
    now += 120
    assert served(10) == 6


def waits(limiter: Limiter, key_id: str) -> int:
    """Seconds after which a request would be served; 0 where it was."""
    try:
        limiter.count(key_id)
    except Problem as problem:
        return int(problem.headers["Retry-After"])
    return 0


def test_without_keys_and_with_zero_nothing_is_counted(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, requests_per_minute=1) as service:
        assert [service.http.get("/v1/jobs").status_code for _ in range(3)] == [200] * 3
    secret = writing(sqlite, keys.create, name="some")[1]
    with running(sqlite, tmp_path, requests_per_minute=0) as service:
        assert [service.http.get("/v1/jobs", headers=bearer(secret)).status_code for _ in range(3)] == [200] * 3


def test_a_key_may_have_so_many_runs_waiting(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, max_queued_runs=3) as service:
        assert service.http.post("/v1/jobs", json={**SPEC, "seeds": [0, 1]}).status_code == 201
        answer = service.http.post("/v1/jobs", json={**SPEC, "seeds": [0, 1]})
        assert answer.status_code == 429
        assert "this key would have 4 runs waiting or paused and may have 3" in answer.json()["detail"]
        assert "Retry-After" in answer.headers
        assert len(service.http.get("/v1/jobs").json()["items"]) == 1


def test_a_body_that_does_not_come_is_not_waited_for(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, body_seconds=0.5) as service:
        address = service.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
            head = f"POST /v1/jobs HTTP/1.1\r\nHost: {':'.join(address)}\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"LPL_BODY_SECONDS" in answer
        assert service.http.post("/v1/jobs", json=SPEC).status_code == 201


def test_a_key_that_asks_too_often_gets_no_body_read(sqlite: Database, tmp_path: Path) -> None:
    headers = {**bearer(writing(sqlite, keys.create, name="busy")[1]), "Content-Type": "application/json"}
    with running(sqlite, tmp_path, clock=stopped_clock, requests_per_minute=3) as service:
        answers = [service.http.post("/v1/jobs", content=b"{bad", headers=headers).status_code for _ in range(5)]
        assert answers == [422, 422, 422, 429, 429]


def test_a_body_of_very_many_parts_is_too_large(sqlite: Database, tmp_path: Path) -> None:
    headers = {"Content-Type": "application/json"}
    with running(sqlite, tmp_path) as service:
        body = b'{"a": [' + b"{}," * MAX_PARTS + b"{}]}"
        answer = service.http.post("/v1/jobs", content=body, headers=headers)
        assert answer.status_code == 413
        assert str(MAX_PARTS) in answer.json()["detail"]
        assert service.http.post("/v1/jobs", json={**SPEC, "tags": ["[" * 90]}).status_code == 201


def test_invented_methods_are_one_label(sqlite: Database, tmp_path: Path) -> None:
    with running(sqlite, tmp_path) as service:
        for number in range(5):
            service.http.request(f"FROB{number}", "/v1/jobs")
        text = service.http.get("/metrics").text
    assert "FROB" not in text
    assert re.search(r'count\{method="other",route="[^"]*",status="405"\} 5.0', text)
