"""Jobs and runs by name, by the beginning of their ids, as the last one; records in notebooks."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from client import ApiError, Client, SpecFileError
from client.answers import Checkpoint, ClassMetrics, ConfusionMatrix, Curve, Curves, Job, LossVariations, Page, Run
from client.cli import status
from client.commands.results import choose
from tests.client.scripted import PROBLEM, Asked, Reply, in_turn, scripted

JOBS: list[dict[str, Any]] = [
    {"id": f"j_{number:024x}", "name": name, "state": "succeeded", "runs_total": 1}
    for number, name in ((0xC1, "newest"), (0xC0, "twin"), (0xB0, "twin"), (0xA0, "A job: α/β"))
]
RUN: dict[str, Any] = {"id": f"r_{0xABC:024x}", "job": JOBS[0]["id"], "seed": 0, "state": "succeeded"}
LOST: dict[str, Any] = {**RUN, "id": f"r_{0xABD:024x}", "seed": 7, "state": "failed"}
AGAIN: dict[str, Any] = {**LOST, "id": f"r_{0xABE:024x}", "retry_of": LOST["id"]}
RUNS = {JOBS[0]["id"]: [RUN], JOBS[1]["id"]: [LOST, AGAIN], JOBS[2]["id"]: [], JOBS[3]["id"]: [RUN, LOST]}
BY_ID = {job["id"]: job for job in JOBS} | {run["id"]: run for run in (RUN, LOST, AGAIN)}


def service(asked: Asked) -> Reply:
    """Jobs and runs as the service answers them, newest first."""
    path, query = urlsplit(asked.path).path.split("/")[2:], dict(parse_qsl(urlsplit(asked.path).query))
    if path == ["jobs"]:
        named = [job for job in JOBS if query.get("name", "") in str(job["name"])]
        return Reply({"items": named[: int(query["limit"])], "next": None})
    if path[1] in BY_ID and path[2:] == ["runs"]:
        return Reply({"items": RUNS[path[1]], "next": None})
    if path[1] in BY_ID and path[0] == ("jobs" if path[1] in RUNS else "runs"):
        if path[2:] == ["metrics"]:
            return Reply({"metrics": {}})
        return Reply(None, 204) if asked.method == "DELETE" else Reply(BY_ID[path[1]])
    return Reply({"title": "Not found", "status": 404, "detail": "there is none"}, 404, PROBLEM)


@pytest.mark.parametrize(
    ("text", "number"),
    [("last", 0), ("newest", 0), ("j_" + "0" * 22 + "a", 3), ("j_" + "0" * 22 + "c1", 0), ("A job: α/β", 3)],
)
def test_a_job_is_found_by_what_people_call_it(text: str, number: int) -> None:
    expected = JOBS[number]["id"]
    with scripted(service) as server, Client(server.url) as client:
        assert client.find_job(text) == expected
        assert client.get_job(text).id == client.cancel(text).id == client.wait(text).id == expected
        assert [run.id for run in client.runs(text)] == [run["id"] for run in RUNS[expected]]
        assert client.get_job(client.get_job(text)).id == expected
        client.delete(text)
        assert status(["--url", server.url, "show", text]) == 0


def test_an_id_needs_no_search() -> None:
    with scripted(service) as server, Client(server.url) as client:
        client.get_job(JOBS[2]["id"])
        with pytest.raises(ApiError, match="there is none"):
            client.get_job("j_" + "f" * 24)
        with pytest.raises(ApiError, match="there is none"):
            client.metrics("r_" + "f" * 24)
    assert len(server.asked) == 3


@pytest.mark.parametrize("text", ["twin", "j_" + "0" * 22 + "c", "j_"])
def test_what_several_are_called_is_refused_with_their_ids(text: str) -> None:
    with scripted(service) as server, Client(server.url) as client:
        with pytest.raises(ApiError, match=JOBS[1]["id"]) as caught:
            client.delete(text)
        assert caught.value.status == 409
    assert not [asked for asked in server.asked if asked.method == "DELETE" and asked.path.endswith(JOBS[1]["id"])]


@pytest.mark.parametrize("text", ["", "nobody", "r_nothing", "j_f", "twi"])
def test_what_nobody_is_called_is_not_found(text: str) -> None:
    with scripted(service) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.get_job(text)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("last", RUN),
        ("newest:0", RUN),
        ("newest/1", RUN),
        (JOBS[3]["id"] + "/2", LOST),
        ("A job: α/β:7", LOST),
        ("newest", RUN),
        (RUN["id"][:26], RUN),
        ("r_" + "0" * 21 + "abe", AGAIN),
        (JOBS[1]["id"], AGAIN),
    ],
)
def test_a_run_is_found_by_its_beginning_or_by_its_job(text: str, run: dict[str, Any]) -> None:
    with scripted(service) as server, Client(server.url) as client:
        assert client.find_run(text) == client.get_run(text).id == run["id"]
        assert client.metrics(text) == {}
        assert status(["--url", server.url, "metrics", text]) == 0


def test_a_job_of_several_runs_stands_for_none_of_them() -> None:
    with scripted(service) as server, Client(server.url) as client, pytest.raises(ApiError, match=str(LOST["id"])):
        client.metrics("A job: α/β")


@pytest.mark.parametrize(
    "text", ["newest:7", "newest/2", "newest/0", "newest:x", "nobody:0", "r_x/1", ":0", "newest:" + "9" * 30]
)
def test_a_run_that_a_job_does_not_have_is_not_found(text: str) -> None:
    with scripted(service) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.get_run(text)
    assert caught.value.status == 404


def test_of_several_runs_with_a_seed_none_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNS, JOBS[0]["id"], [RUN, {**AGAIN, "seed": 0}])
    with scripted(service) as server, Client(server.url) as client:
        with pytest.raises(ApiError, match=r"2 runs of job .* have seed 0: r_.*, r_.*; give an id"):
            client.get_run("newest:0")
        assert client.find_run("newest/2") == client.find_run("last") == AGAIN["id"]


def test_the_beginning_of_a_workers_id_is_enough() -> None:
    def answers(asked: Asked) -> Reply:
        if asked.path.startswith("/v1/workers?") or asked.path == "/v1/workers":
            return Reply({"items": [{"id": "w_ab"}, {"id": "w_ac"}], "next": None})
        known = asked.path == "/v1/workers/w_ab/drain"
        return Reply({"id": "w_ab"}) if known else Reply({"title": "Not found", "status": 404}, 404, PROBLEM)

    with scripted(answers) as server, Client(server.url) as client:
        assert client.drain_worker("w_ab").id == "w_ab"
        assert len(server.asked) == 1
        with pytest.raises(ApiError, match="2 workers are meant by 'w_a': w_ab, w_ac; give an id"):
            client.drain_worker("w_a")
        with pytest.raises(ApiError, match="Not found"):
            client.drain_worker("w_x")


def test_the_beginning_of_a_checkpoints_id_is_enough(tmp_path: Path) -> None:
    checkpoints = [Checkpoint(id="c_ab", epoch=1, kind="last"), Checkpoint(id="c_ac", epoch=2, kind="best")]
    assert choose(checkpoints, "r", kind=None, checkpoint_id="c_ab").epoch == 1
    with pytest.raises(ApiError, match="2 checkpoints"):
        choose(checkpoints, "r", kind=None, checkpoint_id="c_")
    with pytest.raises(ApiError, match="has no such checkpoint"):
        choose(checkpoints, "r", kind=None, checkpoint_id="c_x")


def test_nothing_is_the_last_where_there_is_nothing() -> None:
    with scripted(in_turn(Reply({"items": [], "next": None}))) as server, Client(server.url) as client:
        with pytest.raises(ApiError, match="there is no job yet"):
            client.get_job("last")
        with pytest.raises(ApiError, match="there is no run yet"):
            client.logs("last")


@pytest.mark.parametrize("as_path", [False, True])
def test_a_file_is_submitted_by_its_path(as_path: bool, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("dataset: digits\nmethod: lpl\n")
    with scripted(in_turn(Reply(JOBS[0], 201))) as server, Client(server.url) as client:
        client.submit(file if as_path else str(file))
        client.validate(file if as_path else str(file))
        with pytest.raises(SpecFileError, match="absent"):
            client.submit(tmp_path / "absent.yaml")
    assert [json.loads(asked.body) for asked in server.asked] == [{"dataset": "digits", "method": "lpl"}] * 2


LARGE = Job(
    id="j_1",
    name="<b>bold</b>" * 20,
    state="running",
    spec={"x": ["y"] * 5000},
    runs=[Run(id=f"r_{number}", state="queued", point={"method": "lpl"}) for number in range(100)],
    summary=[{"point": {"method": "lpl"}, "metrics": {"test/top1_error": {"mean": 0.25, "std": 0.01, "n": 3}}}],
)


@pytest.mark.parametrize(
    "record", [LARGE, Page(items=[LARGE] * 50), LARGE.runs[0], LossVariations(classes=["a"] * 999)]
)
def test_records_are_short_in_a_terminal_and_tables_in_a_notebook(record: Any) -> None:
    assert len(repr(record)) < 300
    html = record._repr_html_()
    assert html.startswith("<table>")
    assert "<b>" not in html
    assert len(html) < 50_000


class Frame(SimpleNamespace):
    """Stands for pandas' DataFrame, which is not among the tests' packages."""

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data=data, **options)


@pytest.mark.parametrize(
    ("record", "frame"),
    [
        (
            Curves({"a": Curve(epoch=[1, 2], value=[0.5, None]), "b": Curve(epoch=[2], value=[1.0])}),
            Frame({"a": [0.5, None], "b": [None, 1.0]}, index=[1, 2]),
        ),
        (
            ClassMetrics(classes=["cat", "dog"], epochs=[1], values=[[0.5, None]]),
            Frame([[0.5, None]], index=[1], columns=["cat", "dog"]),
        ),
        (
            ConfusionMatrix(classes=["cat", "dog"], matrix=[[1, 2], [3, 4]]),
            Frame([[1, 2], [3, 4]], index=["cat", "dog"], columns=["cat", "dog"]),
        ),
    ],
)
def test_records_become_data_frames(record: Any, frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=Frame))
    assert record.to_pandas() == frame


def test_a_jobs_sweep_points_become_a_data_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=Frame))
    figures = {"test/top1_error": 0.25, "test/top1_error.std": 0.01, "test/top1_error.n": 3}
    assert LARGE.to_pandas(by="point") == Frame([{"method": "lpl", **figures}])


def test_without_pandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        LARGE.to_pandas()
