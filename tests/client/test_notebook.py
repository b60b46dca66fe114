"""Jobs and runs as handles: what they ask their client, what they show in terminals and notebooks."""

import copy
import json
import pickle
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from client import ApiError, Client, DownloadError, ServiceUnreachable, SpecFileError
from client.answers import Curve, Curves, Job, Run
from client.notebook import Rows
from client.notebook_bars import MOST_BARS, NotebookBars, bars
from client.progress import Bars, Lines, display
from client.time_left import seconds_left, time_left
from tests.client.scripted import Answers, Asked, Reply, in_turn, scripted

ID = "j_0123456789abcdef01234567"
RUN_ID = "r_0123456789abcdef0123456%s"
NASTY = "<script>alert(1)</script>"


def run_of(number: int, state: str = "succeeded", **fields: Any) -> dict[str, Any]:
    return {"id": RUN_ID % number, "job": ID, "seed": number, "state": state, "point": {"method": "lpl"}, **fields}


def job_of(state: str, values: list[float], **fields: Any) -> dict[str, Any]:
    mean = sum(values) / len(values) if values else None
    error = {"mean": mean, "std": 0.02, "n": len(values), "values": values, "seeds": list(range(len(values)))}
    job: dict[str, Any] = {"id": ID, "name": "A job", "state": state, "method": "lpl", "dataset": "digits"}
    job |= {"runs": [run_of(0), run_of(1, state)], "runs_total": 2, "progress": 1.0 if values else 0.0}
    return {**job, "summary": [{"point": {"method": "lpl"}, "metrics": {"test/top1_error": error}}], **fields}


RUNNING, ENDED = job_of("running", []), job_of("succeeded", [0.25, 0.35])
METRICS = {
    "metrics": {"train/loss": {"epoch": [1, 2], "value": [1.5, None]}, "test/loss": {"epoch": [2], "value": [1]}}
}


def life(*looks: dict[str, Any]) -> Answers:
    """A service whose job is submitted as queued and looks so, one look after the other."""
    following = in_turn(*map(Reply, looks))

    def answers(asked: Asked) -> Reply:
        if asked.method == "POST":
            return Reply(job_of("queued", []), 201)
        return Reply(METRICS) if "/metrics" in asked.path else following(asked)

    return answers


def test_a_submitted_job_is_waited_for_and_then_shows_its_results(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with scripted(life(RUNNING, ENDED)) as server, Client(server.url) as client:
        job = client.submit("dataset: digits\nmethod: lpl\n")
        assert job.state == "queued"
        assert job.wait() is job
        assert job.state == "succeeded"
        assert "lpl seed 1: succeeded" in capsys.readouterr().out
        assert repr(job.table()) == "method  top-1 error %  seeds\nlpl     30.00 ± 2.00   2"
        assert repr(job.runs[0].curves()) == "epoch  train/loss  test/loss\n1      1.5\n2                  1"
    assert json.loads(server.asked[0].body) == {"dataset": "digits", "method": "lpl"}


def test_waiting_can_be_silent_and_end_before_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(life(RUNNING)) as server, Client(server.url) as client:
        job = client.submit({"dataset": "digits"})
        for progress in (True, False):
            with pytest.raises(TimeoutError, match="running after 0 seconds"):
                job.wait(timeout=0, progress=progress)
            assert bool(capsys.readouterr().out) == progress


def test_results_are_asked_for_until_the_job_has_ended() -> None:
    with scripted(life(RUNNING, ENDED)) as server, Client(server.url) as client:
        job = client.get_job(ID)
        assert [dict(row) for row in job.table()] == [
            {"method": "lpl", "top-1 error %": "30.00 ± 2.00", "seeds": "2"},
        ]
        asked = len(server.asked)
        job.table()
        assert len(server.asked) == asked
        job.refresh()
        assert len(server.asked) == asked + 1


class Frame(SimpleNamespace):
    """Stands for pandas' DataFrame, which is not among the tests' packages."""

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data=data, **options)


def test_a_data_frame_has_a_row_per_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=Frame))
    point = {"method": {"alias": "lpl", "epsilon": 0.5}}
    lost, again = run_of(1, "failed", point=point), run_of(2, point=point, retry_of=RUN_ID % 1, seed=1, epoch=3)
    error = {"values": [0.5], "seeds": [1]}
    summary = [{"point": point, "metrics": {"test/top1_error": error, "test/loss": {"values": [], "seeds": []}}}]
    job = Job(**job_of("succeeded", [], runs=[run_of(0), lost, again], runs_total=2, summary=summary))
    assert job.to_pandas() == Frame(
        [
            {"run": RUN_ID % 0, "method": "lpl", "seed": 0, "state": "succeeded", "epoch": 0},
            {
                "run": RUN_ID % 2,
                "method": '{"alias": "lpl", "epsilon": 0.5}',
                "seed": 1,
                "state": "succeeded",
                "epoch": 3,
                "test/top1_error": 0.5,
            },
        ]
    )
    (row,) = Job(**ENDED).to_pandas(by="point").data
    assert (row["test/top1_error"], row["test/top1_error.std"], row["test/top1_error.n"]) == (0.3, 0.02, 2)
    assert Job(**ENDED).table().data[0]["top-1 error %"] == "30.00 ± 2.00"


def test_a_data_frame_has_all_runs_of_a_large_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=Frame))
    many = [run_of(0, id=f"r_{number:024x}", seed=number) for number in range(150)]

    def answers(asked: Asked) -> Reply:
        if not urlsplit(asked.path).path.endswith("/runs"):
            return Reply(job_of("succeeded", [], runs=many[:100], runs_total=150))
        first = "cursor" not in dict(parse_qsl(urlsplit(asked.path).query))
        return Reply({"items": many[:100] if first else many[100:], "next": "more" if first else None})

    with scripted(answers) as server, Client(server.url) as client:
        assert len(client.get_job(ID).to_pandas().data) == 150


def test_a_record_without_client_says_where_to_get_one() -> None:
    with scripted(life(ENDED)) as server, Client(server.url) as client:
        job = client.get_job(ID)
        assert copy.deepcopy(job).refresh() == job.model_copy() == Job(**ENDED)
        sent = pickle.loads(pickle.dumps(job))
    assert sent == job
    for record in (sent, sent.runs[0], Job(**ENDED)):
        with pytest.raises(ValueError, match=r"client\.get_(job|run)"):
            record.refresh()


def test_a_run_is_brought_up_to_date() -> None:
    answers = in_turn(Reply(run_of(1, "running", newer="field")), Reply(run_of(1, newest="field")))
    with scripted(answers) as server, Client(server.url) as client:
        run = client.get_run(RUN_ID % 1)
        assert run.refresh() is run
        assert (run.state, run.model_extra) == ("succeeded", {"newest": "field"})


@pytest.mark.parametrize("text", ["dataset: digits", '{"dataset": "digits"}', "dataset: digits\n"])
def test_a_text_is_a_spec(text: str) -> None:
    with scripted(in_turn(Reply(ENDED, 201))) as server, Client(server.url) as client:
        client.submit(text)
        with pytest.raises(SpecFileError, match="the text: a spec is a mapping"):
            client.submit("- digits\n")
        with pytest.raises(SpecFileError, match="absent"):
            client.submit("absent.yaml")
    assert json.loads(server.asked[0].body) == {"dataset": "digits"}


def test_html_is_a_small_table_without_markup_of_others() -> None:
    lost = run_of(1, "failed", reason="diverged", message=NASTY)
    job = Job(**{**ENDED, "name": NASTY, "runs": [lost] * 100, "verdict": {"text": f"best: {NASTY}"}})
    curves = Curves({NASTY: Curve(epoch=[1], value=[None])})
    for record in (job, job.runs[0], curves, Rows([{NASTY: NASTY}]), Rows()):
        html = record._repr_html_()
        assert "<script" not in html
        assert len(html) < 5000
    assert "30.00 ± 2.00" in job._repr_html_()
    assert "diverged" in job._repr_html_()
    progress = bars(job, [Run(**run_of(1, point={"method": NASTY}))])
    assert "script" in progress
    assert "<script" not in progress


def test_long_tables_are_cut_in_words() -> None:
    rows = Rows({"epoch": number} for number in range(1000))
    assert repr(rows).endswith("\nand 900 more")
    assert "and 900 more" in rows._repr_html_()
    assert repr(Rows()) == "nothing yet"


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "progress", "minutes", "expected"),
    [
        ("running", 0.25, 10, "about 30 min 0 s left"),
        ("running", 0.5, 90, "about 1 h 30 min left"),
        ("running", 0.5, 60 * 49, "about 2 d 1 h left"),
        ("running", 0.9999, 0.1, "about 0 s left"),
        ("running", 0.5, -1, "about 0 s left"),  # the service's clock is ahead of ours
        ("running", 0.01, 10, ""),
        ("running", 1.0, 10, ""),
        ("paused", 0.5, 10, ""),
        ("running", 0.5, None, ""),
    ],
)
def test_the_time_left_follows_from_the_pace_so_far(
    state: str, progress: float, minutes: float | None, expected: str
) -> None:
    started = None if minutes is None else NOW - timedelta(minutes=minutes)
    run = Run(id="r", state=state, progress=progress, started_at=started)
    assert time_left(run, now=NOW) == expected
    assert (seconds_left(run, now=NOW) is None) == (expected == "")


def started_job(progress: float) -> Job:
    started = datetime.now(UTC) - timedelta(minutes=10)
    return Job(**{**job_of("running", []), "progress": progress, "started_at": started})


def test_a_terminal_shows_bars_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    shown = display(lambda run: f"error of seed {run.seed}")
    assert isinstance(shown, Bars)
    job = started_job(0.25)
    job.runs[1].__dict__.update(epoch=1)
    with shown:
        shown.show(job, job.runs)
        titles = [task.fields["left"] for task in shown._progress.tasks]
        figures = [task.fields["figure"] for task in shown._progress.tasks]
    assert titles[-1].startswith("about 30 min")
    assert figures == ["", "error of seed 1", ""]


def test_lines_tell_the_time_left_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("client.progress.LINE_SECONDS", -1.0)
    shown = display(lambda _: "")
    assert isinstance(shown, Lines)
    shown.show(started_job(0.25), [])
    assert "25%, 0 of 0 runs ended, about 30 min" in capsys.readouterr().out


class Place:
    """Stands for the handle of IPython, which is not among the tests' packages."""

    def __init__(self, shown: list[str]) -> None:
        self._shown = shown

    def update(self, html: str) -> None:
        self._shown.append(html)


def test_a_notebook_shows_bars_that_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    module = ModuleType("IPython.display")
    vars(module).update(HTML=str, display=lambda *_, **__: Place(shown))
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    job = started_job(0.25)
    with NotebookBars() as notebook:
        notebook.show(job, job.runs)
        notebook.show(job, job.runs[:1] * (MOST_BARS + 1))
    assert 'value="0.2500"' in shown[0]
    assert shown[0].count("<tr>") == 3
    assert shown[1].count("<tr>") == 1


@pytest.mark.parametrize(
    "error",
    [
        ApiError(404, "Not found", detail="there is none"),
        ServiceUnreachable("http://x", "refused"),
        DownloadError("damaged"),
        SpecFileError("no file"),
    ],
)
def test_errors_in_a_notebook_are_words(error: Any) -> None:
    (line,) = error._render_traceback_()
    assert line == f"error: {error}"
