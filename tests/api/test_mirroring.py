"""Metrics mirrored to a tracking server: everything arrives, whatever happens to either side, and nothing waits."""

import contextlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from api.mirroring import translation
from api.mirroring.outage import Outage
from api.mirroring.process import Mirroring
from store import deletion, jobs, metrics
from store.database.engine import Database, Session
from store.database.records import Claim, NewRun, Run
from store.lifecycle import claims, runs, sweeper
from store.lifecycle.states import State
from store.settings import Settings
from tests.api.mirror_process import QUICK
from tests.api.service import running
from tests.api.tracking_server import Kept, tracking_server
from tests.client.scripted import Reply
from tests.grids import every
from tests.service.processes import until
from tests.store.databases import SQLITE_FIRST, reading, writing
from tests.store.test_life_cycle import SPEC, claim, submit

SECONDS = 60.0
pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[Kept]:
    """A tracking server."""
    with tracking_server() as kept:
        yield kept


@contextlib.contextmanager
def mirroring(db: Database, server: Kept, **settings: Any) -> Iterator[Mirroring]:
    """Mirror for as long as the context lasts."""
    with Mirroring(Settings(mlflow_url=server.url, **settings), db, **QUICK) as mirror:
        yield mirror


def record(db: Database, held: Claim, number: int, **values: float | None) -> None:
    """One epoch's metrics; `__` stands for a slash."""
    measured = {name.replace("__", "/"): value for name, value in values.items()}
    writing(db, metrics.record_epoch, held, epoch=number, epochs=10, metrics=measured, series={})


def train(db: Database, *errors: float) -> Run:
    """A run from its claim to its end."""
    held = claim(db)
    for number, error in enumerate(errors, start=1):
        record(db, held, number, test__top1_error=error, test__loss=error / 3)
    return writing(db, claims.finish, held, outcome="succeeded")


def in_database(db: Database, run_id: str) -> dict[tuple[str, int], float]:
    """A run's defined values by name and epoch."""
    curves = reading(db, metrics.metrics, run_id)
    return {
        (name, epoch): value
        for name, curve in curves.items()
        for epoch, value in zip(curve["epoch"], curve["value"], strict=True)
        if value is not None
    }


def same(db: Database, server: Kept, *run_ids: str) -> bool:
    """Whether the server has of these runs what the database has, and knows their state."""
    here = {run_id: reading(db, runs.get, run_id) for run_id in run_ids}
    there = {run.tags["lpl.run"]: run for run in server.runs.values()}
    return all(
        run_id in there
        and there[run_id].latest() == in_database(db, run_id)
        and there[run_id].tags["lpl.state"] == run.state
        and there[run_id].status == translation.STATUS[State(run.state)]
        for run_id, run in here.items()
    )


def arrives(db: Database, server: Kept, *run_ids: str) -> None:
    """Wait until the server has what the database has."""
    until(lambda: same(db, server, *run_ids), bool, timeout=SECONDS)


def forget_mirror(session: Session) -> None:
    """Let nothing have been told yet."""
    for table in ("mirrors", "mirrored_runs"):
        session.execute(text(f"DELETE FROM {table}"))


def test_metrics_params_and_tags_of_every_run_arrive(db: Database, server: Kept) -> None:
    spec = {**SPEC, "optimizer": {"name": "sgd", "lr": 0.1}, "epochs": 10}
    points: list[dict[str, Any]] = [
        {"optimizer.lr": 0.1},
        {"optimizer.lr": 0.2, "method": {"alias": "ldam", "scale": 30}},
    ]
    new = [
        NewRun(seed=7, point=point, spec={**spec, "optimizer": {"name": "sgd", "lr": point["optimizer.lr"]}}, epochs=10)
        for point in points
    ]
    job = writing(db, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl")).job
    with mirroring(db, server, mlflow_token="s3cret"):
        one = train(db, 0.5, 0.25)
        held = claim(db)
        record(db, held, 1, train__loss=1 / 3, test__top1_error=None)
        arrives(db, server, one.id, held.run_id)
        assert server.run(held.run_id).status == "RUNNING"
        two = writing(db, claims.finish, held, outcome="failed", reason="diverged", message="the loss is not finite")
        arrives(db, server, one.id, two.id)
    first, second = server.run(one.id), server.run(two.id)
    assert server.experiments == ["a job"]
    assert (first.name, second.name) == ("lr=0.1 seed 7", 'lr=0.2 method={"alias": "ldam", "scale": 30} seed 7')
    tags = {"lpl.job": job.id, "lpl.seed": "7", "lpl.tags": "one, two", "lpl.state": "succeeded", "lpl.reason": ""}
    assert first.tags == {**tags, "lpl.run": one.id}
    assert second.tags["lpl.reason"] == "diverged: the loss is not finite"
    assert (
        first.params.items() >= {"seed": "7", "dataset.name": "digits", "epochs": "10", "optimizer.lr": "0.1"}.items()
    )
    assert second.params["optimizer.lr"] == "0.2"
    assert (first.status, second.status) == ("FINISHED", "FAILED")
    assert first.end_time == translation.milliseconds(one.finished_at or 0)
    assert server.tokens == {"Bearer s3cret"}


FAILURES = {
    "busy": Reply({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "later"}, 429),
    "broken": Reply({"error_code": "INTERNAL_ERROR", "message": "?"}, 500),
    "a proxy": Reply(b"<html>bad gateway</html>", 502),
    "another program": Reply(b"<html>not found</html>", 404),
    "no right": Reply({"error_code": "PERMISSION_DENIED", "message": "no"}, 403),
    "elsewhere": Reply(b"", 307, {"Location": "http://127.0.0.1:1/"}),
    "half an answer": Reply({"experiment": {"experiment_id": "0"}}, cut=9),
}


@pytest.mark.parametrize("kind", every(3, FAILURES))
def test_after_an_outage_everything_arrives_and_the_log_says_it_twice(
    sqlite: Database, server: Kept, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    db, server.failing = sqlite, FAILURES[kind]
    submit(db, 2)
    with caplog.at_level(logging.INFO, logger="api"), mirroring(db, server, mlflow_token="s3cret"):
        one = train(db, 0.5, 0.4)
        until(lambda: len(server.tokens) and len(caplog.messages), bool, timeout=SECONDS)
        two = train(db, 0.3, 0.2)
        server.failing = None
        arrives(db, server, one.id, two.id)
        until(lambda: len(caplog.messages), lambda lines: lines == 2, timeout=SECONDS)
    away, back = caplog.messages
    assert away.startswith(f"MLflow at {server.url}: ")
    assert "is mirrored to again after" in back
    assert "s3cret" not in caplog.text


def test_an_answer_that_is_lost_makes_no_second_run(db: Database, server: Kept) -> None:
    submit(db)
    with mirroring(db, server):
        run = train(db, 0.5, 0.4)
        arrives(db, server, run.id)
    before = {run_id: (set(kept.metrics), dict(kept.params)) for run_id, kept in server.runs.items()}
    writing(db, forget_mirror)  # as if all was told and the process died before it could note that
    with mirroring(db, server):
        until(lambda: server.requests.count("runs/update"), lambda told: told >= 2, timeout=SECONDS)
        arrives(db, server, run.id)
    assert {run_id: (kept.metrics, kept.params) for run_id, kept in server.runs.items()} == before
    assert server.requests.count("runs/create") == server.requests.count("experiments/create") == 1


@SQLITE_FIRST
def test_a_new_process_goes_on_where_the_last_one_stopped(db: Database, server: Kept) -> None:
    submit(db, 2)
    with mirroring(db, server):
        one = train(db, 0.5)
        arrives(db, server, one.id)
    told = len(server.requests)
    with mirroring(db, server):
        two = train(db, 0.25)
        arrives(db, server, two.id)
    assert server.requests[told:].count("runs/create") == 1
    assert len(server.runs) == 2


def test_of_two_processes_one_mirrors_and_the_other_takes_over(sqlite: Database, server: Kept) -> None:
    db = sqlite
    url = db.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.api.mirror_process", url, server.url]
    submit(db, 3)
    with contextlib.ExitStack() as stack:
        started = []
        for _ in range(2):
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == b"mirroring\n"
            started.append(process)
        one = train(db, 0.5, 0.4)
        arrives(db, server, one.id)
        started[0].kill()
        two = train(db, 0.3)
        arrives(db, server, one.id, two.id)
        with mirroring(db, server):
            started[1].kill()
            three = train(db, 0.2)
            arrives(db, server, one.id, two.id, three.id)
    assert server.requests.count("experiments/create") == 1
    assert server.requests.count("runs/create") == 3


def test_of_a_run_that_went_back_the_later_values_show(db: Database, server: Kept) -> None:
    submit(db)
    with mirroring(db, server):
        lost = claim(db)
        record(db, lost, 1, test__top1_error=0.5)
        record(db, lost, 2, test__top1_error=0.4)
        arrives(db, server, lost.run_id)
        writing(db, sweeper.report_loss, lost, "its trainer died")
        again = claim(db)
        assert again.run_id == lost.run_id
        record(db, again, 1, test__top1_error=0.45)
        record(db, again, 2, test__top1_error=0.35)
        writing(db, claims.finish, again, outcome="succeeded")
        arrives(db, server, lost.run_id)
    kept = server.run(lost.run_id)
    assert kept.latest() == {("test/top1_error", 1): 0.45, ("test/top1_error", 2): 0.35}
    assert {value for _, step, _, value in kept.metrics if step == 2} == {0.4, 0.35}


def test_what_the_server_refuses_for_good_keeps_nothing_else_back(
    db: Database, server: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    submit(db, 2)
    with caplog.at_level(logging.INFO, logger="api"), mirroring(db, server):
        held = claim(db)
        record(db, held, 1, test__top1_error=0.5)
        arrives(db, server, held.run_id)
        server.run(held.run_id).deleted = True
        record(db, held, 2, test__top1_error=0.5)
        record(db, held, 3, test__top1_error=0.5)
        other = train(db, 0.25)
        arrives(db, server, other.id)
        writing(db, claims.finish, held, outcome="succeeded")
        last = submit(db)
        later = train(db, 0.2)
        arrives(db, server, later.id)
    assert later.job_id == last.id
    assert [line for line in caplog.messages if "not mirrored further" in line] == [
        f"run {held.run_id} is not mirrored further: MLflow refuses "
        "(INVALID_PARAMETER_VALUE: INVALID_PARAMETER_VALUE in words)"
    ]


def test_runs_that_nobody_took_and_deleted_ones_are_left_alone(db: Database, server: Kept) -> None:
    job = submit(db, name="deleted later")
    with mirroring(db, server):
        run = train(db, 0.5)
        arrives(db, server, run.id)
        deletion.delete_job(db, job.id)
        waiting = submit(db, name="waits")
        last = submit(db, priority=9, name="last")
        later = train(db, 0.25)
        arrives(db, server, later.id)
    assert later.job_id == last.id != waiting.id
    assert server.run(run.id).latest()[("test/top1_error", 1)] == 0.5
    assert sorted(kept.experiment for kept in server.runs.values()) == ["deleted later", "last"]
    with db.read() as session:
        assert session.execute(text("SELECT count(*) FROM mirrored_runs")).scalar() == 1


def test_many_metrics_go_in_parts_and_odd_names_and_values_fit(sqlite: Database, server: Kept) -> None:
    submit(sqlite, name="ä" * 600)
    with mirroring(sqlite, server):
        held = claim(sqlite)
        odd = {"../up/./down//@1/": 1.0, "top1@5": 2.0, "": 3.0, "ü" * 300: 4.0}
        values = {f"metric/{number}": number / 7 for number in range(1201)} | odd
        writing(sqlite, metrics.record_epoch, held, epoch=1, epochs=10, metrics=values, series={})
        writing(sqlite, claims.finish, held, outcome="cancelled")
        until(lambda: server.runs and server.run(held.run_id).status, lambda s: s == "KILLED", timeout=SECONDS)
    latest = server.run(held.run_id).latest()
    assert len(latest) == 1205
    assert latest[("metric/1200", 1)] == 1200 / 7
    assert {name: latest[(translation.fit(name), 1)] for name in odd} == odd
    assert server.experiments == ["ä" * 500]


@pytest.mark.parametrize(
    ("name", "fitting"),
    [("test/top1_error.few", "test/top1_error.few"), ("/a", "a"), ("a/../b", "a/b"), ("..", "_"), ("a@b", "a_b")],
)
def test_names_lead_nowhere_else(name: str, fitting: str) -> None:
    assert translation.fit(name) == fitting


def test_pauses_grow_to_half_a_minute() -> None:
    outage, pauses = Outage("it", first_pause_seconds=1), []
    assert outage.pause_seconds(2) == 2
    for _ in range(100):
        outage.failed("away")
        pauses.append(outage.pause_seconds(2))
    assert 0.5 <= pauses[0] <= 1 <= pauses[1] <= 2
    assert all(15 <= pause <= 30 for pause in pauses[10:])
    outage.over()
    assert outage.pause_seconds(2) == 2


@pytest.mark.parametrize(
    "url",
    [
        "mlflow:5000",
        "ftp://h",
        "http://",
        "http://u:s3cret@h",
        "http://h/?a=b",
        "http://h:x",
        "http://[1",
        "http://h h",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(mlflow_url=url)
    message = caught.value.errors()[0]["msg"]
    assert "http://mlflow.example.org:5000" in message or "LPL_MLFLOW_TOKEN" in message
    assert "s3cret" not in message


@pytest.mark.parametrize("token", ["s3 cret", "s3cret\nX: y", "s3crét"])
def test_a_token_that_fits_no_header_is_refused_and_not_shown(token: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token)
    for given in ({"mlflow_token": token}, {"mlflow_token_file": tmp_path / "token"}):
        with pytest.raises(ValidationError) as caught:
            Settings(**given)
        message = caught.value.errors()[0]["msg"]
        assert "LPL_MLFLOW_TOKEN" in message
        assert "s3" not in message
    (tmp_path / "token").write_text("s3cret-of-its-own\n")
    kept = Settings(mlflow_token_file=tmp_path / "token").mlflow_token
    assert kept is not None
    assert kept.get_secret_value() == "s3cret-of-its-own"


def test_a_service_mirrors_where_its_settings_name_a_server(sqlite: Database, server: Kept, tmp_path: Path) -> None:
    with running(sqlite, tmp_path, mlflow_url=f"{server.url}/") as service:
        job = service.submit(name="over HTTP")
        run = train(sqlite, 0.5)
        arrives(sqlite, server, run.id)
        assert service.http.get(f"/v1/jobs/{job['id']}").json()["state"] == "succeeded"
    assert server.run(run.id).params["method"] == "lpl"
    with Mirroring(Settings(), sqlite) as mirror:
        assert not mirror.alive
