"""Server-sent events and downloads, over connections that break."""

import hashlib
import threading
from pathlib import Path

import pytest

from client import ApiError, Client, DownloadError
from client.answers import Checkpoint
from client.streams import parse
from tests.client.scripted import PROBLEM, Asked, Reply, in_turn, scripted

STREAM = {"Content-Type": "text/event-stream"}
CONTENT = bytes(range(256)) * 1000
CHECKPOINT = Checkpoint(id="c_1", size_bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())


def test_events_are_parsed_as_the_standard_says() -> None:
    lines = [": hello", "", "id: 7", "event: epoch", 'data: {"epoch":', "data: 3}", "", "data: plain", "", "data: cut"]
    first, second = parse(lines)
    assert (first.id, first.kind, first.data) == ("7", "epoch", {"epoch": 3})
    assert (second.id, second.kind, second.data) == (None, "message", {"value": "plain"})


@pytest.mark.usefixtures("short_pauses")
def test_a_broken_stream_goes_on_after_the_last_event() -> None:
    away = Reply({"title": "away", "status": 503}, 503, PROBLEM)
    answers = in_turn(
        Reply(b'id: 1\nevent: state\ndata: {"state": "running"}\n\nid: 2\nevent: ep', headers=STREAM),
        away,
        Reply(b"id: 2\nevent: epoch\ndata: {}\n\nid: 3\nevent: end\ndata: {}\n\nid: 4\ndata: {}\n\n", headers=STREAM),
    )
    with scripted(answers) as server, Client(server.url) as client:
        assert [event.kind for event in client.events(job="j_1")] == ["state", "epoch", "end"]
    assert [asked.headers.get("Last-Event-ID") for asked in server.asked] == [None, "1", "1"]
    assert server.asked[0].path == "/v1/events?job=j_1"


PAGE = Reply(b"<html>Bad Gateway</html>", 502, {"Content-Type": "text/html"})
BUSY = Reply(b"<html>busy</html>", 503, {"Content-Type": "text/html", "Retry-After": "0"})


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_stream_outlives_a_proxy_whose_service_is_away(status: int) -> None:
    away = Reply(PAGE.body, status, PAGE.headers)
    answers = in_turn(away, away, Reply(b"id: 1\nevent: end\ndata: {}\n\n", headers=STREAM))
    with scripted(answers) as server, Client(server.url) as client:
        assert [event.kind for event in client.events()] == ["end"]
    assert len(server.asked) == 3


def test_a_quiet_stream_that_breaks_off_late_is_taken_up() -> None:
    quiet, started = threading.Event(), threading.Event()

    def answers(_: Asked) -> Reply:
        if started.is_set():
            return Reply(b"id: 1\nevent: end\ndata: {}\n\n", headers=STREAM)
        started.set()
        quiet.wait(1.0)  # longer than the time for retries; the connection then closes without an event
        return Reply(b": nothing has happened\n\n", headers=STREAM, cut=10)

    with scripted(answers) as server, Client(server.url, retry_seconds=0.6) as client:
        assert [event.kind for event in client.events()] == ["end"]


def test_a_page_in_place_of_a_stream_is_an_error() -> None:
    page = Reply(b"<html>hello</html>", headers={"Content-Type": "text/html"})
    wrong = pytest.raises(ApiError, match="address of the service")
    with scripted(in_turn(page)) as server, Client(server.url) as client, wrong:
        list(client.events())


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("away", [PAGE, BUSY], ids=["502", "503"])
@pytest.mark.parametrize("cut", [0, 1000])
def test_a_download_outlives_a_proxy_whose_service_is_away(away: Reply, cut: int, tmp_path: Path) -> None:
    rest = Reply(CONTENT[cut:], 206 if cut else 200)
    with scripted(in_turn(Reply(CONTENT, cut=cut), away, away, rest)) as server, Client(server.url) as client:
        path = client.download_checkpoint(CHECKPOINT, tmp_path / "model.safetensors")
    assert path.read_bytes() == CONTENT


def test_a_refused_stream_is_not_asked_for_again() -> None:
    gone = Reply({"title": "Not found", "status": 404, "detail": "no job"}, 404, PROBLEM)
    with scripted(in_turn(gone)) as server, Client(server.url) as client, pytest.raises(ApiError, match="no job"):
        list(client.events(job="j_" + "0" * 24))
    assert len(server.asked) == 1


def ranged(cut: int) -> list[str]:
    """The ranges a download asks for where its first connection breaks after `cut` bytes."""
    ranges: list[str] = []

    def answers(asked: Asked) -> Reply:
        ranges.append(asked.headers.get("Range", ""))
        if len(ranges) == 1:
            return Reply(CONTENT, cut=cut)
        start = int(ranges[-1].removeprefix("bytes=").removesuffix("-") or 0)
        return Reply(CONTENT[start:], 206 if start else 200)

    with scripted(answers) as server, Client(server.url) as client:
        client.download_checkpoint(CHECKPOINT, Path("model.safetensors"))
    return ranges


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("cut", [0, 1000, len(CONTENT) - 1])
def test_a_broken_download_goes_on_where_it_was(cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ranges = ranged(cut)
    assert Path("model.safetensors").read_bytes() == CONTENT
    assert ranges == ["", f"bytes={cut}-" if cut else ""]
    assert list(tmp_path.iterdir()) == [tmp_path / "model.safetensors"]


def test_a_damaged_download_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "model.safetensors"
    target.write_bytes(b"old")
    damaged = Reply(b"x" + CONTENT[1:])
    with scripted(in_turn(damaged)) as server, Client(server.url) as client, pytest.raises(DownloadError, match="SHA"):
        client.download_checkpoint(CHECKPOINT, target)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("model.safetensors", b"old")]


def test_a_server_that_cannot_resume_is_named(tmp_path: Path) -> None:
    answers = in_turn(Reply(CONTENT, cut=1000), Reply(CONTENT))
    with scripted(answers) as server, Client(server.url) as client, pytest.raises(DownloadError, match="again"):
        client.download_checkpoint(CHECKPOINT, tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())
