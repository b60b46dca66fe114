"""The command line against a server whose answers are written down."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from client.cli import status
from client.complaints import clean
from client.late_commands import ABOUT, real_commands
from tests.client.scripted import PROBLEM, Answers, Asked, Reply, in_turn, scripted

RUNS = [
    {"id": "r_1", "job": "j_1", "seed": 0, "point": {"method": "lpl"}, "state": "succeeded", "epoch": 2, "epochs": 2},
    {"id": "r_2", "job": "j_1", "seed": 1, "point": {"method": "lpl"}, "state": "succeeded", "epoch": 2, "epochs": 2},
]
SUMMARY = [
    {
        "point": {"method": "lpl"},
        "metrics": {
            "test/top1_error": {"mean": 0.123, "std": 0.01, "n": 2, "values": [0.113, 0.133], "seeds": [0, 1]},
            "test/top1_error.few": {"mean": None, "std": None, "n": 0, "values": [], "seeds": []},
        },
        "missing_seeds": [2],
    }
]
JOB: dict[str, Any] = {
    "id": "j_1",
    "name": "A job",
    "state": "succeeded",
    "progress": 1.0,
    "runs": RUNS,
    "runs_total": 2,
    "summary": SUMMARY,
}
NOT_FOUND = Reply({"title": "Not found", "status": 404, "detail": "there is none"}, 404, PROBLEM)


ID = "j_0123456789abcdef01234567"
RUN_ID = "r_0123456789abcdef01234567"


def by_path(replies: dict[str, Reply]) -> Answers:
    return lambda asked: replies.get(asked.path.partition("?")[0], NOT_FOUND)


def test_a_list_is_asked_for_in_an_order_and_within_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(in_turn(Reply({"items": [], "next": "abc"}))) as server:
        options = ["--sort", "-name", "--metric", "test/top1_error<0.2", "--metric", "a>1", "--archived"]
        assert status(["--url", server.url, "list", *options]) == 0
    query = parse_qsl(urlsplit(server.asked[0].path).query)
    bounds = [("metric", "test/top1_error<0.2"), ("metric", "a>1")]
    assert query == [("sort", "-name"), *bounds, ("archived", "true"), ("limit", "50")]
    assert "lpl list --sort -name --cursor abc" in capsys.readouterr().out


def test_an_edit_sends_what_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(in_turn(Reply({**JOB, "id": ID}))) as server:
        assert status(["--url", server.url, "edit", ID, "--tag", "a", "--tag", "b", "--unarchive"]) == 0
    assert (server.asked[0].method, server.asked[0].path) == ("PATCH", f"/v1/jobs/{ID}")
    assert json.loads(server.asked[0].body) == {"tags": ["a", "b"], "archived": False}
    assert f"{ID} is changed" in capsys.readouterr().out


def test_submitting_sends_the_spec_and_names_the_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("dataset: digits\nmethod: lpl\n")
    with scripted(in_turn(Reply({**JOB, "state": "queued"}, 201))) as server:
        assert status(["--url", server.url, "submit", str(file), "-o", "epochs=7"]) == 0
    assert json.loads(server.asked[0].body) == {"dataset": "digits", "method": "lpl", "epochs": 7}
    assert "j_1" in capsys.readouterr().out


@pytest.mark.parametrize(("state", "expected"), [("succeeded", 0), ("failed", 1), ("cancelled", 1)])
def test_watching_ends_with_status_0_only_if_every_run_succeeded(
    state: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = {**RUNS[1], "state": state, "reason": "diverged", "message": "the loss is infinite\x1b[2J"}
    running = Reply({**JOB, "state": "running", "runs": [RUNS[0], {**RUNS[1], "state": "running"}]})
    last = Reply({**JOB, "state": state, "runs": [RUNS[0], ended]})
    with scripted(in_turn(running, last)) as server:
        assert status(["--url", server.url, "watch", "j_1"]) == expected
    said = capsys.readouterr()
    assert "lpl seed 1: running" in said.out
    assert f"lpl seed 1: {state}" in said.out
    assert "12.30 ± 1.00" in said.out
    assert "2 of 3" in said.out
    assert ("r_2" in said.err) == (state != "succeeded")
    assert "\x1b" not in said.out + said.err


@pytest.mark.usefixtures("short_pauses")
def test_a_watch_outlives_a_moment_without_database(capsys: pytest.CaptureFixture[str]) -> None:
    away = Reply({"title": "away", "status": 503}, 503, PROBLEM)
    with scripted(in_turn(away, Reply(JOB, cut=3), away, Reply(JOB))) as server:
        assert status(["--url", server.url, "watch", "j_1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "j_1"


def test_runs_whose_place_a_retry_took_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    first = {**RUNS[0], "state": "failed", "reason": "worker_lost"}
    again = {**RUNS[0], "id": "r_3", "retry_of": "r_1"}
    with scripted(in_turn(Reply({**JOB, "runs": [first, RUNS[1], again]}))) as server:
        assert status(["--url", server.url, "watch", "j_1"]) == 0
    assert "worker_lost" not in "".join(capsys.readouterr())


def test_wrong_fields_are_one_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("epochs: 0")
    errors = [{"path": "epochs", "message": "must be\nat least 1"}, {"path": "method", "message": "is missing"}]
    with scripted(in_turn(Reply({"title": "Bad spec", "status": 422, "errors": errors}, 422, PROBLEM))) as server:
        assert status(["--url", server.url, "submit", str(file)]) == 1
    said = capsys.readouterr()
    assert said.err == "error: epochs: must be at least 1\nerror: method: is missing\n"
    assert not said.out


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    ("arguments", "expected", "message"),
    [
        (["list", "--nonsense"], 2, "--nonsense"),
        (["nonsense"], 2, "nonsense"),
        (["submit"], 1, "--preset"),
        (["submit", "a.yaml", "--preset", "b"], 1, "--preset"),
        (["submit", "absent.yaml"], 1, "absent.yaml: No such file"),
        (["--url", "nowhere", "list"], 1, "LPL_URL"),
        (["--url", "http://127.0.0.1:9", "list"], 1, "lpl serve"),
        (["show"], 2, "ID"),
    ],
)
def test_errors_are_one_line_without_a_trace(
    arguments: list[str], expected: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(arguments) == expected
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not said.out


def test_an_identifier_may_name_a_job_or_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    replies = {
        "/v1/jobs/j_1/cancel": Reply({**JOB, "state": "running", "requested": "cancel"}, 202),
        "/v1/runs/r_1/cancel": Reply({**RUNS[0], "state": "running", "requested": "cancel"}, 202),
    }
    with scripted(by_path(replies)) as server:
        assert status(["--url", server.url, "cancel", "j_1"]) == 0
        assert status(["--url", server.url, "cancel", "r_1"]) == 0
        assert status(["--url", server.url, "cancel", "x_1"]) == 1
    said = capsys.readouterr()
    assert said.out == "j_1: running, cancel requested\nr_1: running, cancel requested\n"
    assert "no job or run x_1" in said.err


def test_every_page_of_runs_is_watched(capsys: pytest.CaptureFixture[str]) -> None:
    many = [{**RUNS[0], "id": f"r_{number}", "seed": number} for number in range(150)]

    def answers(asked: Asked) -> Reply:
        if asked.path.startswith("/v1/jobs/j_1/runs"):
            first = "cursor" not in asked.path
            return Reply({"items": many[:100] if first else many[100:], "next": "more" if first else None})
        return Reply({**JOB, "runs": many[:100], "runs_total": 150})

    with scripted(answers) as server:
        assert status(["--url", server.url, "watch", "j_1"]) == 0
    assert "lpl seed 149: succeeded" in capsys.readouterr().out


@pytest.mark.parametrize("lines", [0, 99, 100, 101, 900])
@pytest.mark.parametrize("as_json", [False, True])
def test_every_line_of_a_log_is_printed_once(lines: int, as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    log = [{"id": number, "level": "info", "message": f"line {number}."} for number in range(1, lines + 1)]

    def answers(asked: Asked) -> Reply:
        if not asked.path.startswith("/v1/runs/r_1/logs"):
            return Reply(RUNS[0])
        query = dict(parse_qsl(urlsplit(asked.path).query))
        assert set(query) <= {"limit", "cursor"}
        start = int(query.get("cursor", "0"))
        end = start + int(query["limit"])
        return Reply({"items": log[start:end], "next": str(end) if end < len(log) else None})

    with scripted(answers) as server:
        assert status(["--url", server.url, "logs", "r_1", *(["--json"] if as_json else [])]) == 0
    said = capsys.readouterr().out
    assert [int(number) for number in re.findall(r"line (\d+)\.", said)] == list(range(1, lines + 1))


def test_a_file_is_replaced_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    checkpoint = {"id": "c_1", "kind": "last", "epoch": 2, "size_bytes": 5, "sha256": digest}
    replies = {
        "/v1/runs/r_1": Reply(RUNS[0]),
        "/v1/runs/r_1/checkpoints": Reply([checkpoint]),
        "/v1/checkpoints/c_1/content": Reply(b"hello"),
    }
    with scripted(by_path(replies)) as server:
        download = ["--url", server.url, "download", "r_1"]
        assert status(download) == 0
        assert Path("r_1-last.safetensors").read_bytes() == b"hello"
        assert status(download) == 1
        assert status([*download, "--force"]) == 0
        Path("folder").mkdir()
        assert status([*download, "-o", "folder"]) == 0
        assert status([*download, "-o", "folder"]) == 1
        assert status([*download, "-o", "folder", "--force"]) == 0
        assert [path.name for path in Path("folder").iterdir()] == ["r_1-last.safetensors"]
        Path("r_1-last.safetensors").unlink()
        Path("r_1-last.safetensors").mkdir()
        assert status([*download, "--force"]) == 1
        assert status([*download, "--kind", "best"]) == 1


def test_commands_of_other_packages_get_their_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["settings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["LPL_LEASE_SECONDS"]["default"] == 60
    assert status(["db", "nonsense"]) == 2
    assert "lpl db" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lpl ")


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("away", [False, True])
def test_errors_of_a_command_that_prints_json_are_json(
    away: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("epochs: 0")
    errors = [{"path": "epochs", "message": "must be at least 1"}, {"path": "method", "message": "is required"}]
    refusal = Reply({"title": "Bad spec", "status": 422, "detail": "2 fields", "errors": errors}, 422, PROBLEM)
    with scripted(in_turn(refusal)) as server:
        url = "http://127.0.0.1:9" if away else server.url
        assert status(["--url", url, "submit", str(file), "--json"]) == 1
    said = capsys.readouterr()
    assert not said.out
    document = json.loads(said.err)
    if away:
        assert "lpl serve" in document["detail"]
    else:
        assert document == {"title": "Bad spec", "status": 422, "detail": "2 fields", "errors": errors}


@pytest.mark.parametrize("arguments", [["list", "--nonsense"], ["show"], ["submit"], ["db", "nonsense"]])
def test_errors_in_the_usage_are_json_too(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status([*arguments, "--json"]) in (1, 2)
    assert json.loads(capsys.readouterr().err)["detail"]


def test_watching_as_json_streams_a_line_per_change_and_the_job_last(capsys: pytest.CaptureFixture[str]) -> None:
    def at(epoch: int) -> Reply:
        runs = [RUNS[0], {**RUNS[1], "state": "running", "epoch": epoch}]
        return Reply({**JOB, "state": "running", "runs": runs})

    seen: list[str] = []

    def answers(_: Asked) -> Reply:
        seen.append(capsys.readouterr().out)
        return [at(0), at(0), at(0), at(1), Reply(JOB)][min(len(seen), 5) - 1]

    with scripted(answers) as server:
        assert status(["--url", server.url, "watch", "j_1", "--json"]) == 0
    lines = [json.loads(line) for line in ("".join(seen) + capsys.readouterr().out).splitlines()]
    assert [(line["id"], line.get("epoch")) for line in lines] == [("r_1", 2), ("r_2", 0), ("r_2", 1), ("j_1", None)]
    assert any(seen)  # came while the job went on


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_command_says_so_in_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    def answers(_: Asked) -> Reply:
        os.kill(os.getpid(), signal.SIGINT)
        return Reply({**JOB, "state": "running"})

    with scripted(answers) as server:
        assert status(["--url", server.url, "show", "j_1"]) == 130
        assert capsys.readouterr().err == "interrupted\n"
        assert status(["--url", server.url, "submit", "--preset", "x", "--json"]) == 130
        assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_watch_says_that_the_job_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Asked] = []

    def answers(request: Asked) -> Reply:
        asked.append(request)
        if len(asked) > 1:
            os.kill(os.getpid(), signal.SIGINT)
        return Reply({**JOB, "state": "running"})

    with scripted(answers) as server:
        assert status(["--url", server.url, "watch", "j_1"]) == 130
    assert capsys.readouterr().err == "stopped watching; the job goes on: lpl watch j_1\n"


ITEM: dict[str, Any] = {
    "id": ID,
    "name": "A job",
    "state": "succeeded",
    "progress": 1.0,
    "dataset": "cifar10",
    "imbalance_factor": 100.0,
    "methods": ["cross_entropy", "lpl"],
    "runs": {"succeeded": 3},
    "metrics": {"test/top1_error": {"mean": 0.25, "std": 0.01, "n": 3}},
    "created_at": "2026-01-15T10:00:00Z",
}


def test_a_list_shows_data_set_methods_and_result(capsys: pytest.CaptureFixture[str]) -> None:
    older = {
        "id": RUN_ID.replace("r_", "j_"),
        "state": "queued",
        "dataset": "digits",
        "method": "ldam",
        "runs_total": 2,
    }
    with scripted(in_turn(Reply({"items": [ITEM, older], "next": None}))) as server:
        assert status(["--url", server.url, "list"]) == 0
    said = capsys.readouterr().out
    for text in (ID, "cifar10 100:1", "cross_entropy, lpl", "25.00 ± 1.00 %", "digits", "ldam"):
        assert text in said


def test_identifiers_stand_whole_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("client.output.PLAIN_WIDTH", 80)
    run = {**RUNS[0], "id": RUN_ID, "state": "failed", "reason": "diverged", "message": "the loss is infinite " * 5}
    job = {**JOB, "id": ID, "runs": [run], "runs_total": 1}
    with scripted(
        by_path({f"/v1/jobs/{ID}": Reply(job), "/v1/jobs": Reply({"items": [ITEM], "next": None})})
    ) as server:
        assert status(["--url", server.url, "show", ID]) == 0
        assert status(["--url", server.url, "list"]) == 0
    said = capsys.readouterr().out
    assert RUN_ID in said
    assert said.count(ID) == 2
    assert max(map(len, said.splitlines())) <= 80


def test_every_time_is_told_with_its_zone_and_the_same_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    created = {"created_at": "2026-01-15T10:00:00Z"}
    replies = {
        "/v1/jobs": Reply({"items": [ITEM], "next": None}),
        "/v1/jobs/j_1": Reply({**JOB, **created}),
        "/v1/runs/r_1": Reply({**RUNS[0], "started_at": "2026-01-15T10:00:00Z"}),
        "/v1/runs/r_1/logs": Reply({"items": [{"message": "x", **created}], "next": None}),
        "/v1/datasets/mine": Reply({"name": "mine", **created}),
        "/v1/workers": Reply({"items": [{"id": "w", "last_seen_at": "2026-01-15T10:00:00Z"}], "next": None}),
    }
    try:
        with scripted(by_path(replies)) as server:
            for command in (
                ["list"],
                ["show", "j_1"],
                ["show", "r_1"],
                ["logs", "r_1"],
                ["dataset", "show", "mine"],
                ["workers"],
            ):
                assert status(["--url", server.url, *command]) == 0
                assert "2026-01-15 15:30:00+05:30" in capsys.readouterr().out, command
    finally:
        monkeypatch.undo()
        time.tzset()


def test_validating_shows_the_examples_of_every_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("dataset: digits\nmethod: lpl\n")
    counts = [1000 - number for number in range(100)]
    names = [f"class {number:02}" for number in range(100)]
    few = Reply({"runs_total": 1, "classes": ["cat", "dog"], "class_counts": [170, 9]})
    with scripted(in_turn(few, Reply({"classes": names, "class_counts": counts}))) as server:
        assert status(["--url", server.url, "validate", str(file)]) == 0
        assert re.search(r"cat +170\ndog +9\n", capsys.readouterr().out)
        assert status(["--url", server.url, "validate", str(file)]) == 0
        said = capsys.readouterr().out
    assert re.search(r"class 00 +1000\n", said)
    assert "(60 more)" in said
    assert re.search(r"class 99 +901\n", said)


CATALOG = {
    "methods": [
        {
            "name": "lpl",
            "title": "LPL",
            "schema": {"properties": {"name": {}}},
            "compositions": {
                "single_label": {
                    "alias": "lpl",
                    "loss": {"name": "cross_entropy"},
                    "perturbations": [{"name": "lpl", "epsilon": 0.0, "threshold": 0.4}],
                    "weighting": None,
                }
            },
        }
    ],
    "losses": [{"name": "cross_entropy", "schema": {"properties": {}}}],
    "perturbations": [{"name": "lpl", "schema": {"properties": {"epsilon": {"description": "the smallest bound"}}}}],
    "datasets": [{"name": "digits", "title": "Digits", "schema": {}}],
}


def test_the_catalogue_shows_a_methods_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(by_path({"/v1/catalog": Reply(CATALOG)})) as server:
        assert status(["--url", server.url, "catalog", "methods", "lpl"]) == 0
        said = capsys.readouterr().out
        assert status(["--url", server.url, "catalog", "methods", "lpl", "--json"]) == 0
        parameters = json.loads(capsys.readouterr().out)["parameters"]
    assert re.search(r"epsilon +0.0 +lpl +the smallest bound", said)
    assert re.search(r"threshold +0.4 +lpl", said)
    assert [(each["name"], each["default"]) for each in parameters] == [("epsilon", 0.0), ("threshold", 0.4)]


@pytest.mark.parametrize("arguments", [["catalog", "datasets"], ["catalog"], ["catalog", "datasets", "mine"]])
def test_the_catalogue_shows_registered_data_sets(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    known = [{"name": "digits", "builtin": True}, {"name": "mine", "builtin": False, "task": "multi_label"}]
    replies = {"/v1/catalog": Reply(CATALOG), "/v1/datasets": Reply({"items": known, "next": None})}
    with scripted(by_path(replies)) as server:
        assert status(["--url", server.url, *arguments]) == 0
        assert "mine" in capsys.readouterr().out
        assert status(["--url", server.url, *arguments, "--json"]) == 0
        assert "mine" in capsys.readouterr().out


def test_text_of_others_cannot_steer_the_terminal() -> None:
    assert clean("a\x1b[31mb\x9bc\x07\r") == "a [31mb c  "


def test_the_smallest_class_of_a_validated_spec_is_one_with_examples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("dataset: mine\nmethod: lpl\n")
    answer = {"spec": {}, "runs_total": 1, "class_counts": [0, 40, 7], "notes": []}
    with scripted(in_turn(Reply(answer))) as server:
        assert status(["--url", server.url, "validate", str(file)]) == 0
    assert "largest class 40, smallest 7, 1 without any" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("module", sorted(ABOUT))
def test_the_list_says_of_every_command_what_the_command_says_itself(module: str) -> None:
    commands = real_commands(module)
    assert {name: command.get_short_help_str(limit=200) for name, command in commands.items()} == ABOUT[module]
