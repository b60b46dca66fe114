"""Studies from Python and from the command line, against a server whose answers are written down."""

import json
from typing import Any

import pytest

from client import ApiError, Client
from client.cli import status
from client.studies import Study, table_rows
from tests.client.scripted import PROBLEM, Answers, Asked, Reply, in_turn, scripted

ID = "s_0123456789abcdef01234567"
CELL = {"job": "j_1", "metric": "test/top1_error", "mean": 0.3, "std": 0.1, "n": 3, "missing": [], "published": 0.2233}
DIFFERENCE = {**CELL, "job": None, "mean": -0.01, "std": None, "n": 1, "missing": [1, 2], "published": None}
STUDY: dict[str, Any] = {
    "id": ID,
    "name": "Table IV",
    "preset": "table4",
    "state": "succeeded",
    "progress": 1.0,
    "jobs": [{"id": "j_1", "name": "LA", "state": "succeeded", "progress": 1.0, "runs_total": 3}],
    "columns": [{"key": "a", "title": "100:1", "metric": "test/top1_error"}],
    "rows": [
        {"label": "LA", "method": "logit_adjustment", "cells": {"a": CELL}},
        {"label": "LPL - LA", "method": "lpl", "cells": {"a": DIFFERENCE}},
        {"label": "failed", "method": "lpl", "cells": {"a": {**DIFFERENCE, "mean": None, "waiting": []}}},
        {"label": "waits", "method": "lpl", "cells": {"a": {**DIFFERENCE, "mean": None, "waiting": [1]}}},
        {"label": "dash", "method": "lpl", "cells": {}},
    ],
    "answer_due": False,
    "answer": None,
}
RUNNING = {**STUDY, "state": "running", "progress": 0.5, "jobs": [{**STUDY["jobs"][0], "state": "running"}]}
NOT_FOUND = Reply({"title": "Not found", "status": 404, "detail": "there is none"}, 404, PROBLEM)


def by_path(replies: dict[str, Any]) -> Answers:
    return lambda asked: Reply(replies[place]) if (place := asked.path.partition("?")[0]) in replies else NOT_FOUND


def body_of(asked: Asked) -> Any:
    return json.loads(asked.body)


def test_a_preset_is_submitted_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(in_turn(Reply(RUNNING, 201))) as server:
        assert status(["--url", server.url, "study", "table4", "--scale", "cpu"]) == 0
        assert status(["--url", server.url, "study", "submit", "best_method", "--dataset", "d", "--runs", "60"]) == 0
    assert [(asked.method, asked.path) for asked in server.asked] == [("POST", "/v1/studies")] * 2
    budget = {"preset": "best_method", "dataset": "d", "budget": {"runs": 60}}
    assert [body_of(asked) for asked in server.asked] == [{"preset": "table4", "scale": "cpu"}, budget]
    assert f"{ID}  1 job; follow with: lpl study watch {ID}" in capsys.readouterr().out


def test_experiments_are_submitted_in_one_table() -> None:
    with scripted(in_turn(Reply(RUNNING, 201))) as server, Client(server.url) as client:
        study = client.study(
            name="mine", jobs=[{"dataset": "digits"}, "dataset: scene\nepochs: 2"], idempotency_key="k"
        )
    assert isinstance(study, Study)
    assert body_of(server.asked[0]) == {
        "name": "mine",
        "jobs": [{"dataset": "digits"}, {"dataset": "scene", "epochs": 2}],
    }
    assert server.asked[0].headers["Idempotency-Key"] == "k"


@pytest.mark.parametrize(("state", "expected"), [("succeeded", 0), ("failed", 1)])
def test_watching_ends_with_the_table(state: str, expected: int, capsys: pytest.CaptureFixture[str]) -> None:
    due = {**STUDY, "state": state, "answer_due": True}
    ended = {**STUDY, "state": state, "answer": {"text": "LA is ahead"}}
    with scripted(in_turn(Reply(RUNNING), Reply(RUNNING), Reply(due), Reply(ended))) as server:
        assert status(["--url", server.url, "study", "watch", ID]) == expected
    said = capsys.readouterr().out
    assert said.index("LA: running") < said.index("the answer is worked out") < said.index("LA is ahead")
    assert "30.00 ± 10.00" in said


def test_a_record_waits_and_shows_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(in_turn(Reply(RUNNING), Reply(STUDY), Reply(b"a table"))) as server, Client(server.url) as client:
        study = client.get_study(ID)
        assert study.wait(progress=False) is study
        assert study.ended
        assert len(study.table()) == 5
        assert [list(row.values()) for row in table_rows(study)] == [
            ["LA", "30.00 ± 10.00", "22.33"],
            ["LPL - LA", "-1.00 (1 of 3)", "-"],
            ["failed", "missing", "-"],
            ["waits", "waits", "-"],
            ["dash", "-", "-"],
        ]
        assert study.table("latex") == "a table"
    assert server.asked[-1].path == f"/v1/studies/{ID}/table?format=latex"
    assert "Table IV" in study._repr_html_()
    assert capsys.readouterr().out == ""


def test_a_study_is_found_by_its_name_its_beginning_and_as_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    other = {**STUDY, "id": "s_1123456789abcdef01234567", "name": "Table"}
    listed = {"items": [other, {**STUDY}], "next": None}
    replies = {f"/v1/studies/{each['id']}": each for each in (STUDY, other)} | {"/v1/studies": listed}
    with scripted(by_path(replies)) as server, Client(server.url) as client:
        assert [client.get_study(text).id for text in ("Table IV", "s_01", "last")] == [ID, ID, other["id"]]
        with pytest.raises(ApiError, match="2 studies are meant by 's_'"):
            client.get_study("s_")
        with pytest.raises(ApiError) as refused:
            client.get_study("none")
        assert refused.value.status == 404
        assert [study.id for study in client.studies(limit=1)] == [other["id"]]
        assert status(["--url", server.url, "study", "show", ID]) == 0
        assert status(["--url", server.url, "studies"]) == 0
    said = capsys.readouterr().out
    assert "LPL - LA" in said
    assert ID in said


@pytest.mark.parametrize("action", ["cancel", "pause", "resume", "retry"])
def test_a_study_is_steered_as_one(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked_for = {**RUNNING, "requested": "cancel"}
    with scripted(in_turn(Reply(asked_for, 202))) as server:
        assert status(["--url", server.url, "study", action, ID]) == 0
    assert (server.asked[0].method, server.asked[0].path) == ("POST", f"/v1/studies/{ID}/{action}")
    assert f"{ID}: running, cancel requested" in capsys.readouterr().out


def test_a_table_is_printed_as_it_comes_and_a_study_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(in_turn(Reply(b"\\toprule\r\n"), Reply(STUDY), Reply(b"", 204))) as server:
        assert status(["--url", server.url, "study", "table", ID, "--latex"]) == 0
        assert status(["--url", server.url, "study", "delete", ID]) == 0
        assert status(["--url", server.url, "study", "table", ID, "--latex", "--csv"]) == 1
    asked = [(each.method, each.path) for each in server.asked]
    assert asked[0] == ("GET", f"/v1/studies/{ID}/table?format=latex")
    assert asked[-1] == ("DELETE", f"/v1/studies/{ID}")
    assert capsys.readouterr().out == f"\\toprule\n{ID} is deleted.\n"
