"""`lpl start` and `lpl open` against a server whose answers are written down."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from client.cli import status
from client.commands.starting import name_of
from tests.client.scripted import PROBLEM, Asked, Reply, scripted

ID, RUN_ID = "j_0123456789abcdef01234567", "r_0123456789abcdef01234567"
RUN: dict[str, Any] = {"id": RUN_ID, "job": ID, "seed": 0, "point": {"method": "lpl"}, "state": "succeeded"}
ERROR = {"test/top1_error": {"mean": 0.25, "std": None, "n": 1, "values": [0.25], "seeds": [0]}}
JOB: dict[str, Any] = {"id": ID, "state": "succeeded", "runs": [RUN], "runs_total": 1}
JOB |= {"summary": [{"point": {"method": "lpl"}, "metrics": ERROR}]}
WARNING = "3 examples of test are in train too"
DATASET = {"name": "photos", "task": "single_label", "warnings": [WARNING]}
PLAN: dict[str, Any] = {
    "spec": {"epochs": 5, "method": {"alias": "lpl"}, "sweep": {"method": ["cross_entropy", {"alias": "lpl", "q": 1}]}},
    "runs_total": 2,
    "classes": ["cat", "dog"],
    "class_counts": [90, 10],
    "imbalance_factor": 9.0,
    "num_test": 20,
    "notes": ["no method is named"],
}
TAKEN = Reply({"title": "Conflict", "status": 409, "detail": "a data set photos exists"}, 409, PROBLEM)


def service(asked: Asked) -> Reply:
    """A service that takes everything in and has trained at once."""
    replies = {
        "/v1/datasets": Reply(DATASET, 201),
        "/v1/datasets/photos": Reply(DATASET),
        "/v1/jobs/validate": Reply(PLAN),
        "/v1/jobs": Reply({**JOB, "state": "queued", "summary": []}, 201) if asked.method == "POST" else listed(asked),
        f"/v1/jobs/{ID}": Reply(JOB),
        f"/v1/runs/{RUN_ID}": Reply(RUN),
    }
    refusal = Reply({"title": "Not found", "status": 404, "detail": "there is none"}, 404, PROBLEM)
    return replies.get(asked.path.partition("?")[0], refusal)


def listed(asked: Asked) -> Reply:
    """The list of jobs: one, without a name."""
    return Reply({"items": [] if "name=" in asked.path else [{**JOB, "runs": {}}], "next": None})


def refusing(path: str, reply: Reply) -> Callable[[Asked], Reply]:
    return lambda asked: reply if (asked.method, asked.path) == ("POST", path) else service(asked)


def sent(asked: list[Asked]) -> list[tuple[str, Any]]:
    return [(each.path, json.loads(each.body)) for each in asked if each.method == "POST"]


def test_a_path_becomes_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(service) as server:
        assert status(["--url", server.url, "start", "my/photos.v2/"]) == 0
    spec = {"dataset": "photos"}
    assert sent(server.asked) == [
        ("/v1/datasets", {"name": "photos.v2", "path": "my/photos.v2"}),
        ("/v1/jobs/validate", spec),
        ("/v1/jobs", spec),
    ]
    said = " ".join(capsys.readouterr().out.split())
    for text in (
        "single label",
        "100 (largest class 90, smallest 10)",
        "imbalance factor 9",
        "test examples 20",
        "cross_entropy, lpl q=1",
        "epochs 5",
        "runs 2",
        "cat 90 dog 10",
        f"warning: {WARNING}",
        "note: no method is named",
        f"Submitted {ID}: 1 run",
        "lpl 25.00",
        f"Dashboard: {server.url}/#/jobs/{ID}",
    ):
        assert text in said


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--method", "lpl", "--epochs", "3", "--seeds", "0,1"], {"method": "lpl", "epochs": 3, "seeds": [0, 1]}),
        (["--method", "lpl", "--method", "ldam"], {"method": "lpl", "sweep": {"method": ["lpl", "ldam"]}}),
        (["--name", "other", "--task", "multi_label"], {}),
    ],
)
def test_options_are_fields_of_the_spec(options: list[str], expected: dict[str, Any]) -> None:
    with scripted(service) as server:
        assert status(["--url", server.url, "start", "photos", *options]) == 0
    (_, added), *others = sent(server.asked)
    assert added["name"] == ("other" if "other" in options else "photos")
    assert added.get("task") == ("multi_label" if "multi_label" in options else None)
    assert [spec for _, spec in others] == [{"dataset": "photos", **expected}] * 2


def test_a_path_below_the_data_directory_is_registered_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "datasets" / "my photos"
    folder.mkdir(parents=True)
    monkeypatch.setenv("LPL_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(folder)
    with scripted(service) as server:
        for path in (str(folder), "."):
            assert status(["--url", server.url, "start", path, "--json"]) == 0
    added = [body for path, body in sent(server.asked) if path == "/v1/datasets"]
    assert added == [{"name": "my_photos", "path": "my photos"}] * 2


def test_a_taken_name_is_refused_with_two_ways_on(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(refusing("/v1/datasets", TAKEN)) as server:
        assert status(["--url", server.url, "start", "photos"]) == 1
        error = capsys.readouterr().err
        assert status(["--url", server.url, "start", "photos", "--reuse"]) == 0
    assert "a data set photos exists; --name" in error
    assert "--reuse" in error
    assert [path for path, _ in sent(server.asked)] == ["/v1/datasets", "/v1/jobs/validate", "/v1/jobs"]


@pytest.mark.parametrize("refused", ["/v1/datasets", "/v1/jobs/validate"])
def test_nothing_is_submitted_of_what_is_refused(refused: str, capsys: pytest.CaptureFixture[str]) -> None:
    errors = [{"path": "path", "message": "there is no such file"}]
    reply = Reply({"title": "Bad spec", "status": 422, "errors": errors}, 422, PROBLEM)
    with scripted(refusing(refused, reply)) as server:
        assert status(["--url", server.url, "start", "photos"]) == 1
    assert capsys.readouterr().err == "error: path: there is no such file\n"
    assert sent(server.asked)[-1][0] == refused


def test_a_failed_run_is_status_1_and_json_is_only_json(capsys: pytest.CaptureFixture[str]) -> None:
    failed = {**JOB, "state": "failed", "runs": [{**RUN, "state": "failed", "reason": "diverged"}], "summary": []}
    with scripted(lambda asked: Reply(failed) if asked.path == f"/v1/jobs/{ID}" else service(asked)) as server:
        assert status(["--url", server.url, "start", "photos"]) == 1
        said = capsys.readouterr()
        assert f"Dashboard: {server.url}" in said.out
        assert "diverged" in said.err
        assert status(["--url", server.url, "start", "photos", "--json"]) == 1
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == [ID]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("command", "look"), [(["start", "photos"], 1), (["watch", "last"], 2)])
def test_who_stops_watching_is_told_how_to_go_on_with_this_job(
    command: list[str], look: int, capsys: pytest.CaptureFixture[str]
) -> None:
    looks: list[Asked] = []

    def answers(asked: Asked) -> Reply:
        if asked.path != f"/v1/jobs/{ID}":
            return service(asked)
        looks.append(asked)
        if len(looks) == look:
            os.kill(os.getpid(), signal.SIGINT)
        return Reply({**JOB, "state": "running"})

    with scripted(answers) as server:
        assert status(["--url", server.url, *command]) == 130
    assert capsys.readouterr().err == f"stopped watching; the job goes on: lpl watch {ID}\n"


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "submitted"), [(b"n\n", False), (b"\n", True)])
def test_on_a_terminal_it_asks_first(answer: bytes, submitted: bool) -> None:
    controller, terminal = pty.openpty()
    with scripted(service) as server:
        command = [sys.executable, "-m", "client", "--url", server.url, "start", "photos"]
        os.write(controller, answer)
        process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        said = b"".join(iter(lambda: part_of(controller), b"")).decode()
        assert process.wait() == 0
    assert "Start? [Y/n]" in said
    assert ("the data set photos stays" in said) != submitted
    assert ("/v1/jobs" in [path for path, _ in sent(server.asked)]) == submitted


def part_of(terminal: int) -> bytes:
    """What a program wrote to its terminal; nothing once it has ended."""
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/photos/", "photos"),
        ("photos.tar.gz", "photos"),
        ("fraud 2024.csv", "fraud_2024"),
        ("Käfer & Wespen.zip", "Kafer_Wespen"),
        ("x" * 100, "x" * 64),
        ("../..hidden", "hidden"),
        ("v1.5-final.npz", "v1.5-final"),
    ],
)
def test_a_name_is_made_from_a_path(path: str, name: str) -> None:
    assert name_of(path) == name


@pytest.mark.parametrize("path", ["/", "蝶", "..."])
def test_a_path_without_letters_needs_a_name(path: str) -> None:
    with pytest.raises(typer.BadParameter, match="--name"):
        name_of(path)


@pytest.mark.slow
@pytest.mark.parametrize("display", [True, False])
def test_a_page_is_opened_where_there_is_a_display(display: bool, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > "$0.opened"\n')
    browser.chmod(0o755)
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"BROWSER": str(browser)} | ({"DISPLAY": ":77"} if display else {})
    with scripted(service) as server:
        command = [sys.executable, "-m", "client", "--url", server.url, "open", ID]
        printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed == f"{server.url}/#/jobs/{ID}\n"
    opened = tmp_path / "browser.opened"
    assert opened.exists() == display
    assert not display or opened.read_text() == printed


@pytest.mark.parametrize(
    ("named", "place"), [([], ""), (["last"], f"#/jobs/{ID}"), ([ID], f"#/jobs/{ID}"), ([RUN_ID], f"#/runs/{RUN_ID}")]
)
def test_an_address_is_printed(named: list[str], place: str, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(service) as server:
        assert status(["--url", server.url, "open", *named, "--print"]) == 0
        assert capsys.readouterr().out == f"{server.url}/{place}\n"
        assert status(["--url", server.url, "open", *named, "--print", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"url": f"{server.url}/{place}"}
        assert status(["--url", server.url, "open", "x_nobody", "--print"]) == 1
    assert "no job or run x_nobody" in capsys.readouterr().err
