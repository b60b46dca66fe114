"""Event streams."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.streams import sse
from store import events
from store.database.engine import Database, Session
from store.database.records import Event
from store.lifecycle import claims, requests
from tests.api.service import Running, claim, keep_checkpoint, record, running, train
from tests.grids import every
from tests.store.databases import reading, writing

Received = tuple[str, dict[str, Any], int | None]


def read(answer: httpx.Response) -> Iterator[Received]:
    """(kind, data, id) of every event of a stream."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], json.loads(fields["data"]), int(fields["id"]) if "id" in fields else None
            fields = {}


def collected(service: Running, path: str, **headers: str) -> list[Received]:
    """All events of a stream that ends."""
    with service.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-cache"
        return list(read(answer))


def test_a_jobs_stream_tells_everything_and_ends(service: Running) -> None:
    job = service.submit()
    worker = threading.Timer(0.3, train, args=[service.db])
    worker.start()
    found = collected(service, f"/v1/jobs/{job['id']}/events")
    worker.join()
    kinds = [kind for kind, _, _ in found]
    assert kinds.count("epoch") == 3
    assert kinds[-1] == "end"
    assert found[-1][1]["state"] == "succeeded"
    epochs = [data for kind, data, _ in found if kind == "epoch"]
    assert [each["epoch"] for each in epochs] == [1, 2, 3]
    assert set(epochs[0]) == {"job", "run", "attempt", "epoch", "metrics"}
    ids = [number for _, _, number in found]
    assert ids == sorted(set(ids), key=ids.index)
    assert all(number is not None for number in ids)


def test_every_event_names_its_job(service: Running, tmp_path: Path) -> None:
    job = service.submit()
    held = claim(service.db)
    keep_checkpoint(service.db, held, b"content", tmp_path)
    writing(service.db, claims.log, held, "info", "a line")
    writing(service.db, claims.finish, held, outcome="released")
    train(service.db)
    events = collected(service, f"/v1/jobs/{job['id']}/events")
    assert {kind for kind, _, _ in events} == {"state", "checkpoint", "log", "rewind", "epoch", "end"}
    assert {data["job"] for _, data, _ in events} == {job["id"]}


@pytest.mark.parametrize("path", ["/v1/jobs/{job}/events", "/v1/events?job={job}"])
def test_last_event_id_resumes_without_gap_or_repetition(service: Running, path: str) -> None:
    job = service.submit()
    train(service.db)
    path = path.format(job=job["id"])
    everything = collected(service, path)
    for position in range(len(everything)):
        last = str(everything[position][2])
        rest = collected(service, path, **{"Last-Event-ID": last})
        expected = everything[position + 1 :] or everything[-1:]
        assert rest == expected
    by_parameter = collected(service, f"{path}{'&' if '?' in path else '?'}after={everything[2][2]}")
    assert by_parameter == everything[3:]


def test_an_unknown_id_says_reset(service: Running) -> None:
    job = service.submit()
    train(service.db)
    for last in ("soon", "-1", "9" * 40, "99999999", "1.5", "\x7f"):
        found = collected(service, f"/v1/jobs/{job['id']}/events", **{"Last-Event-ID": last})
        assert [kind for kind, _, _ in found] == ["reset", "end"], last


def test_a_runs_stream_ends_with_the_run(service: Running) -> None:
    job = service.submit(seeds=[0, 1])
    run = train(service.db)
    found = collected(service, f"/v1/runs/{run}/events")
    assert {data["run"] for _, data, _ in found} == {run}
    assert found[-1][0] == "end"
    assert service.http.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued"


def test_a_retry_goes_on_beyond_an_earlier_end(service: Running) -> None:
    job = service.submit()
    held = claim(service.db)
    writing(service.db, claims.finish, held, outcome="failed", reason="diverged")
    writing(service.db, requests.request_run, held.run_id, "retry")
    worker = threading.Timer(0.3, train, args=[service.db])
    worker.start()
    found = collected(service, f"/v1/jobs/{job['id']}/events")
    worker.join()
    assert [kind for kind, _, _ in found].count("end") == 1
    assert found[-1][1]["state"] == "succeeded"
    assert [kind for kind, _, _ in found].count("epoch") == 3


def ended_run(service: Running, *, lines: int = 507) -> tuple[str, str]:
    """(job, run) of a run that has ended after many lines, while another job's events lie between and after."""
    job = service.submit()
    held = claim(service.db)
    for number in range(lines):
        writing(service.db, claims.log, held, "info", f"line {number}")
    service.submit()
    for epoch in (1, 2, 3):
        record(service.db, held, epoch)
    writing(service.db, claims.finish, held, outcome="succeeded")
    train(service.db)
    return job["id"], held.run_id


@pytest.mark.parametrize("path", every(3, ["/v1/jobs/{job}/events", "/v1/runs/{run}/events", "/v1/events?run={run}"]))
def test_the_stream_of_what_has_ended_is_complete_and_in_order_with_one_end(service: Running, path: str) -> None:
    job, run = ended_run(service)
    found = collected(service, path.format(job=job, run=run))
    assert [data["message"] for kind, data, _ in found if kind == "log"] == [f"line {number}" for number in range(507)]
    assert [data["epoch"] for kind, data, _ in found if kind == "epoch"] == [1, 2, 3]
    assert [kind for kind, _, _ in found].count("end") == 1
    assert (found[-1][0], found[-1][1]["state"]) == ("end", "succeeded")
    ids = [number for _, _, number in found if number is not None]
    assert ids == sorted(ids)


def test_the_stream_of_a_run_that_has_ended_goes_on_after_any_id(service: Running) -> None:
    _, run = ended_run(service, lines=3)
    path = f"/v1/runs/{run}/events"
    everything = collected(service, path)
    assert [data["epoch"] for kind, data, _ in everything if kind == "epoch"] == [1, 2, 3]
    for position, (_, _, number) in enumerate(everything):
        rest = collected(service, path, **{"Last-Event-ID": str(number)})
        assert rest == (everything[position + 1 :] or everything[-1:])
    assert collected(service, path, **{"Last-Event-ID": "1"}) == [each for each in everything if (each[2] or 0) > 1]


def test_the_stream_of_a_job_that_was_retried_and_has_ended_has_both_attempts(service: Running) -> None:
    job = service.submit()
    held = claim(service.db)
    record(service.db, held, 1)
    writing(service.db, claims.finish, held, outcome="failed", reason="diverged")
    writing(service.db, requests.request_job, job["id"], "retry")
    again = train(service.db)
    found = collected(service, f"/v1/jobs/{job['id']}/events")
    epochs = [(data["run"], data["epoch"]) for kind, data, _ in found if kind == "epoch"]
    assert epochs == [(held.run_id, 1), (again, 1), (again, 2), (again, 3)]
    assert [kind for kind, _, _ in found].count("end") == 1
    assert found[-1][1]["state"] == "succeeded"
    for position, (_, _, number) in enumerate(found):
        rest = collected(service, f"/v1/jobs/{job['id']}/events", **{"Last-Event-ID": str(number)})
        assert rest == (found[position + 1 :] or found[-1:])


def test_everything_is_followed_from_now_on(service: Running) -> None:
    service.submit()
    found: list[Received] = []
    opened = threading.Event()

    def follow() -> None:
        with service.http.stream("GET", "/v1/events") as answer:
            opened.set()
            for event in read(answer):
                found.append(event)
                if len(found) == 2:
                    return

    follower = threading.Thread(target=follow)
    follower.start()
    opened.wait(10)
    service.submit()
    service.submit()
    follower.join(timeout=20)
    assert [kind for kind, _, _ in found] == ["state", "state"]


def test_what_does_not_exist_is_refused_before_the_stream_begins(service: Running) -> None:
    for path in ("/v1/jobs/j_1/events", "/v1/runs/r_1/events", "/v1/events?job=j_1", "/v1/events?run=r_1"):
        answer = service.http.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert service.http.get("/v1/events?after=99999999999999999999").status_code == 422


def test_a_slow_reader_misses_nothing(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.streams.feed.QUEUE_SIZE", 2)
    job = service.submit()
    held = claim(service.db)
    seen: list[Received] = []
    with service.http.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        stream = read(answer)
        seen.append(next(stream))
        for number in range(40):
            writing(service.db, claims.log, held, "info", f"line {number}")
        writing(service.db, claims.finish, held, outcome="succeeded")
        seen.extend(stream)
    lines = [data["message"] for kind, data, _ in seen if kind == "log"]
    assert lines == [f"line {number}" for number in range(40)]
    assert seen[-1][0] == "end"


def test_a_service_that_stops_ends_its_streams(sqlite: Database, tmp_path: Any) -> None:
    began = 0.0
    with running(sqlite, tmp_path) as service:
        answer = service.http.send(service.http.build_request("GET", "/v1/events"), stream=True)
        assert answer.status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 4


def test_silence_is_bridged_by_comments(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEPALIVE_SECONDS", 0.1)
    with service.http.stream("GET", "/v1/events") as answer:
        assert next(answer.iter_lines()).startswith(":")


def test_numbers_that_json_lacks_become_null() -> None:
    assert b"NaN" not in sse.message("epoch", {"metrics": {"a": float("nan"), "b": [float("inf")]}}, 1)


def test_many_followers_cost_one_reader(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    job = service.submit()
    held = claim(service.db)
    _, latest = reading(service.db, events.bounds)
    reads: list[str | None] = []
    real = events.after

    def counted(session: Session, event_id: int, **which: Any) -> list[Event]:
        reads.append(which.get("job"))
        return real(session, event_id, **which)

    monkeypatch.setattr(events, "after", counted)
    path = f"/v1/jobs/{job['id']}/events"
    caught_up = threading.Barrier(11)
    with ThreadPoolExecutor(10) as pool:
        followers = [pool.submit(follow_alone, service, path, latest, caught_up) for _ in range(10)]
        caught_up.wait(20)
        reads.clear()
        for epoch in (1, 2, 3):
            record(service.db, held, epoch)
            time.sleep(0.4)
        while_following = [job for job in reads if job is not None]
        writing(service.db, claims.finish, held, outcome="succeeded")
        results = [follower.result(20) for follower in followers]
    assert while_following == []
    assert all(found == results[0] for found in results)
    assert [kind for kind, _, _ in results[0]].count("epoch") == 3


def follow_alone(service: Running, path: str, latest: int, caught_up: threading.Barrier) -> list[Received]:
    """A stream on a connection of its own; all wait for each other where they have seen what was there before."""
    found = []
    with httpx.Client(timeout=20, verify=False) as http, http.stream("GET", service.url + path) as answer:
        for event in read(answer):
            found.append(event)
            if event[2] == latest:
                caught_up.wait(20)
    return found
