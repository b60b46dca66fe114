"""What `Client.predict` and `lpl predict` send, and what they make of the answers."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client import ApiError, Client
from client.cli import status
from client.example_files import rows_in
from tests.client.scripted import PROBLEM, Asked, Reply, scripted

RUN = "r_" + "0" * 24


def service(asked: Asked) -> Reply:
    """Answers the first number of every row as its label; a row that begins with -13 is refused."""
    if asked.method == "GET":
        return Reply({"id": RUN, "state": "succeeded"})
    if asked.headers.get("Content-Type", "").startswith("multipart/form-data"):
        names = re.findall(rb'name="files"; filename="([^"]*)"', asked.body)
        return answered([name.decode() for name in names])
    inputs = json.loads(asked.body)["inputs"]
    errors = [{"path": f"inputs.{n}", "message": "no luck"} for n, row in enumerate(inputs) if row[0] == -13]
    if errors:
        return Reply({"title": "Unprocessable", "detail": "no luck", "errors": errors}, 422, PROBLEM)
    return answered([f"{row[0]:g}" for row in inputs])


def answered(labels: list[str]) -> Reply:
    """Predictions of two classes."""
    predictions = [{"label": label, "probabilities": [0.25, 0.75]} for label in labels]
    return Reply({"classes": ["a", "b"], "predictions": predictions})


def test_many_rows_go_in_requests_of_256() -> None:
    with scripted(service) as server, Client(server.url) as client:
        found = client.predict(RUN, np.arange(600.0)[:, None], checkpoint="best", posthoc="none")
        sent = [json.loads(each.body)["inputs"] for each in server.asked if each.method == "POST"]
    assert [len(each) for each in sent] == [256, 256, 88]
    assert server.asked[-1].path == f"/v1/runs/{RUN}/predict?checkpoint=best&posthoc=none"
    assert [each.label for each in found.predictions] == [str(number) for number in range(600)]
    frame = found.to_pandas() if has_pandas() else None
    assert frame is None or list(frame.columns) == ["predicted", "a", "b"]


def has_pandas() -> bool:
    try:
        __import__("pandas")
    except ModuleNotFoundError:
        return False
    return True


def test_large_examples_go_in_smaller_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.predictions.MOST_BYTES", 100)
    with scripted(service) as server, Client(server.url) as client:
        client.predict(RUN, [[1.0, *[2.0] * 10]] * 5)
        sent = [json.loads(each.body)["inputs"] for each in server.asked if each.method == "POST"]
    assert [len(each) for each in sent] == [1, 1, 1, 1, 1]


def test_a_wrong_row_is_named_by_its_place_among_all() -> None:
    rows = [[-13.0 if number == 300 else 1.0] for number in range(400)]
    with scripted(service) as server, Client(server.url) as client, pytest.raises(ApiError) as refused:
        client.predict(RUN, rows)
    assert [each.path for each in refused.value.errors] == ["inputs.300"]


@pytest.mark.parametrize("given", [{}, {"inputs": [[1]], "files": ["a.png"]}])
def test_inputs_or_files_are_given(given: dict[str, Any]) -> None:
    with Client("http://127.0.0.1:9", retry_seconds=0) as client, pytest.raises(ValueError, match="either"):
        client.predict(RUN, **given)


def test_what_json_cannot_carry_is_refused_here() -> None:
    with scripted(service) as server, Client(server.url) as client:
        for inputs in ([[float("nan")]], [object()]):
            with pytest.raises(ApiError, match="cannot be written as JSON"):
                client.predict(RUN, inputs)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, expected: int = 0) -> str:
    """What the command printed."""
    with scripted(service) as server:
        assert status(["--url", server.url, "predict", RUN, *arguments]) == expected
    captured = capsys.readouterr()
    return captured.err if expected else captured.out


def test_images_are_sent_as_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg"):
        (tmp_path / name).write_bytes(b"image")
    text = said(capsys, str(tmp_path / "a.png"), str(tmp_path / "b.jpg"))
    assert "b 75.0, a 25.0" in text
    lines = said(capsys, "--csv", str(tmp_path / "a.png")).splitlines()
    assert lines == ["input,predicted,a,b", f"{tmp_path / 'a.png'},a.png,0.25,0.75"]
    assert "No such file" in said(capsys, str(tmp_path / "none.png"), expected=1)


def test_rows_come_from_csv_with_or_without_header_and_from_npz(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("width,height\n1,2\n3,4.5\n\n", encoding="utf-8-sig")
    (tmp_path / "b.csv").write_text("5,6\n")
    np.savez(tmp_path / "c.npz", x_test=np.array([[7, 8]], dtype=np.uint8), y_test=np.array([0]))
    files = [str(tmp_path / name) for name in ("a.csv", "b.csv", "c.npz")]
    assert [line.split(",")[:2] for line in said(capsys, "--csv", *files).splitlines()[1:]] == [
        ["a.csv:1", "1"],
        ["a.csv:2", "3"],
        ["b.csv:1", "5"],
        ["c.npz:1", "7"],
    ]
    (tmp_path / "a.png").write_bytes(b"image")
    assert "give either" in said(capsys, files[0], str(tmp_path / "a.png"), expected=1)


def of_table(asked: Asked) -> Reply:
    """Answers the country of every row of a table as its label."""
    if asked.method == "GET":
        return Reply({"id": RUN, "state": "succeeded", "inputs": "table"})
    return answered([str(row["country"]) for row in json.loads(asked.body)["inputs"]])


def test_rows_of_a_table_are_sent_by_column(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text('\n;amount; country\n0;1.5;"C;H"\n\n1;;DE\n', encoding="utf-8-sig")
    with scripted(of_table) as server:
        assert status(["--url", server.url, "predict", RUN, str(path), "--csv"]) == 0
        (sent,) = [json.loads(each.body)["inputs"] for each in server.asked if each.method == "POST"]
    assert sent == [{"amount": "1.5", "country": "C;H"}, {"amount": "", "country": "DE"}]
    assert "new.csv:2,DE,0.25,0.75" in capsys.readouterr().out.splitlines()
    for text, words in (("a,b\n1\n", "line 2: 1 fields, but the header has 2"), ("", "no header"), ("a,a\n", "once")):
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            rows_in(path, by_column=True)


def test_rows_of_a_table_from_python_have_null_where_a_value_is_missing() -> None:
    rows: Any = [{"country": "CH", "amount": np.float32(1.5)}, {"country": None, "amount": float("nan")}]
    if has_pandas():
        rows = importlib.import_module("pandas").DataFrame(rows)
    with scripted(of_table) as server, Client(server.url) as client:
        client.predict(RUN, rows)
        (sent,) = [json.loads(each.body)["inputs"] for each in server.asked if each.method == "POST"]
    assert sent == [{"country": "CH", "amount": 1.5}, {"country": None, "amount": None}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"a,b\n1,x\n", "line 2: 'x' is no number"),
        ("a.npz", b"no archive", "is no .npz of plain arrays"),
        ("two.npz", None, "holds a, b; name the examples x_test or x"),
    ],
)
def test_files_without_rows_are_refused(name: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is None:
        np.savez(path, a=np.zeros(2), b=np.zeros(2))
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(words)):
        rows_in(path)
