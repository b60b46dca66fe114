"""Retries, errors, addresses and keys."""

import json
import socket
import time
from pathlib import Path

import pytest

from client import ApiError, Client, ServiceUnreachable
from client.cli import status
from tests.client.scripted import PROBLEM, Asked, Reply, in_turn, scripted

JOB = {"id": "j_1", "state": "queued", "runs_total": 3}
AWAY = Reply({"title": "Service Unavailable", "status": 503}, 503, {"Retry-After": "0", **PROBLEM})


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.usefixtures("short_pauses")
def test_a_database_that_is_away_for_a_moment_is_waited_for() -> None:
    with scripted(in_turn(AWAY, AWAY, Reply(JOB))) as server, Client(server.url) as client:
        assert client.get_job("j_1").runs_total == 3
    assert len(server.asked) == 3


@pytest.mark.usefixtures("short_pauses")
def test_a_submission_is_repeated_under_the_same_idempotency_key() -> None:
    with scripted(in_turn(AWAY, Reply(JOB, cut=0), Reply(JOB, 201))) as server, Client(server.url) as client:
        client.submit({"dataset": "digits"})
        client.submit({"dataset": "digits"})
    keys = [asked.headers["Idempotency-Key"] for asked in server.asked]
    assert len(keys) == 4
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_a_retry_whose_answer_was_lost_is_not_sent_twice() -> None:
    with scripted(in_turn(Reply(JOB, cut=0), Reply(JOB))) as server, Client(server.url) as client:
        with pytest.raises(ServiceUnreachable):
            client.retry("j_1")
        client.cancel("j_1")
    assert [asked.path for asked in server.asked] == ["/v1/jobs/j_1/retry", "/v1/jobs/j_1/cancel"]


def test_a_data_set_is_waited_for_while_the_service_reads_it() -> None:
    """The service answers once it has seen every image."""

    def after_a_while(asked: Asked) -> Reply:
        time.sleep(0.5)
        return Reply({"name": "birds", "task": "single_label", "num_classes": 2}, 201)

    with scripted(after_a_while) as server, Client(server.url, timeout_seconds=0.1, retry_seconds=0) as client:
        assert client.add_dataset("birds", "birds").name == "birds"
        with pytest.raises(ServiceUnreachable):
            client.get_dataset("birds")


@pytest.mark.usefixtures("short_pauses")
def test_more_seeds_are_asked_for_again_where_the_answer_was_lost(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(in_turn(Reply(JOB, 202, cut=0), Reply(JOB, 202))) as server:
        assert status(["--url", server.url, "extend", "j_1", "--seeds", "3, 4,5"]) == 0
        assert [(asked.path, json.loads(asked.body)) for asked in server.asked] == [
            ("/v1/jobs/j_1/extend", {"seeds": [3, 4, 5]})
        ] * 2
        assert capsys.readouterr().out == "j_1: queued, 3 runs\n"
        assert status(["--url", server.url, "extend", "j_1", "--seeds", "3-5"]) == 2
        assert "'3-5' is not a list of whole numbers" in capsys.readouterr().err


PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
GATEWAY = [Reply(PAGE, status, {"Content-Type": "text/html"}) for status in (502, 503, 504)]


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("away", GATEWAY, ids=lambda reply: str(reply.status))
def test_what_can_be_repeated_outlives_a_proxy_whose_service_is_away(away: Reply) -> None:
    with scripted(in_turn(away, away, Reply({**JOB, "state": "failed"}))) as server, Client(server.url) as client:
        assert client.wait("j_1").state == "failed"
    assert len(server.asked) == 3
    with scripted(in_turn(away, away, Reply(JOB, 201))) as server, Client(server.url) as client:
        assert client.submit({"dataset": "digits"}).id == "j_1"
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_what_a_proxy_may_have_passed_on_is_not_sent_twice(status: int) -> None:
    gateway = Reply(PAGE, status, {"Content-Type": "text/html"})
    with scripted(in_turn(gateway, Reply(JOB))) as server, Client(server.url) as client, pytest.raises(ApiError):
        client.retry("j_1")
    assert len(server.asked) == 1


@pytest.mark.parametrize("away", GATEWAY, ids=lambda reply: str(reply.status))
@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/json"])
def test_no_page_of_a_proxy_is_printed(away: Reply, kind: str) -> None:
    page = Reply(away.body, away.status, {"Content-Type": kind})
    away_error = pytest.raises(ApiError, match="try again later")
    with scripted(in_turn(page)) as server, Client(server.url, retry_seconds=0) as client, away_error as caught:
        client.queue()
    assert "<" not in str(caught.value)


def test_the_time_for_retries_is_used_to_its_end() -> None:
    started: list[float] = []

    def answers(_: Asked) -> Reply:
        started.append(time.monotonic())
        return AWAY if time.monotonic() < started[0] + 0.9 else Reply(JOB)

    with scripted(answers) as server, Client(server.url, retry_seconds=1.2) as client:
        assert client.get_job("j_1").id == "j_1"


def test_the_pause_that_a_service_asks_for_is_kept() -> None:
    busy = Reply({"title": "Busy", "status": 503}, 503, {"Retry-After": "1", **PROBLEM})
    times: list[float] = []

    def answers(_: Asked) -> Reply:
        times.append(time.monotonic())
        return busy if len(times) == 1 else Reply(JOB)

    with scripted(answers) as server, Client(server.url) as client:
        client.get_job("j_1")
    assert times[1] - times[0] >= 1.0


def test_no_list_is_asked_with_what_its_route_does_not_take() -> None:
    with scripted(in_turn(Reply({"items": [], "next": None}))) as server, Client(server.url) as client:
        assert not client.workers()
        assert not client.checkpoints("r_1")
    assert [asked.path for asked in server.asked] == ["/v1/workers", "/v1/runs/r_1/checkpoints"]


def test_a_pause_longer_than_the_time_for_retries_is_not_waited_for() -> None:
    busy = Reply({"title": "Too Many Requests", "status": 429}, 429, {"Retry-After": "3600", **PROBLEM})
    with scripted(in_turn(busy)) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.queue()
    assert caught.value.status == 429
    assert caught.value.retry_after_seconds == 3600
    assert len(server.asked) == 1


def test_a_refusal_is_not_repeated_and_names_fields_and_remedies() -> None:
    errors = [{"path": "epochs", "message": "must be at least 1"}, {"path": "method.epsilon", "message": "use 0"}]
    refusal = Reply({"title": "Bad spec", "status": 422, "detail": "2 fields", "errors": errors}, 422, PROBLEM)
    with scripted(in_turn(refusal)) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.submit({})
    assert str(caught.value) == "epochs: must be at least 1\nmethod.epsilon: use 0"
    assert (caught.value.status, caught.value.title) == (422, "Bad spec")
    assert len(server.asked) == 1


def test_nobody_there_names_the_address_and_the_remedy() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    with Client(url, retry_seconds=0) as client, pytest.raises(ConnectionError, match="lpl serve") as caught:
        client.queue()
    assert url in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>hello</html>", headers={"Content-Type": "text/html"}),
        Reply(b"{", headers={"Content-Type": "application/json"}),
        Reply(b"", 302, {"Location": "/elsewhere"}),
        Reply({"state": 5}),
        Reply([1, 2]),
    ],
)
def test_an_answer_of_something_else_is_a_clear_error(reply: Reply) -> None:
    with scripted(in_turn(reply)) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.get_job("j_1")
    assert "service" in str(caught.value)


def test_fields_that_a_newer_service_adds_are_kept() -> None:
    with scripted(in_turn(Reply({**JOB, "colour": "green"}))) as server, Client(server.url) as client:
        assert client.get_job("j_1").to_json()["colour"] == "green"


def test_identifiers_are_quoted() -> None:
    with scripted(in_turn(Reply(JOB))) as server, Client(server.url) as client:
        client.get_job("a/b?c")
    assert server.asked[0].path == "/v1/jobs/a%2Fb%3Fc"


def test_not_a_number_in_a_spec_is_refused_before_sending() -> None:
    with scripted(in_turn(Reply(JOB))) as server, Client(server.url) as client, pytest.raises(ApiError, match="JSON"):
        client.submit({"optimizer": {"lr": float("nan")}})
    assert not server.asked


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://here", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPL_URL", url)
    if not url:
        assert Client().url == "http://127.0.0.1:8000"
        return
    with pytest.raises(ValueError, match=r"LPL_URL|IPv6"):
        Client()


def test_the_key_comes_from_argument_environment_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("from-file\n")
    with scripted(in_turn(Reply({"items": []}))) as server:
        monkeypatch.setenv("LPL_API_KEY_FILE", str(file))
        Client(server.url).workers()
        monkeypatch.setenv("LPL_API_KEY", "from-environment")
        Client(server.url).workers()
        Client(server.url, key="from-argument").workers()
    sent = [asked.headers["Authorization"] for asked in server.asked]
    assert sent == ["Bearer from-file", "Bearer from-environment", "Bearer from-argument"]


def test_a_key_that_cannot_be_sent_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="LPL_API_KEY"):
        Client(key="two words")
    monkeypatch.setenv("LPL_API_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(ValueError, match="LPL_API_KEY_FILE"):
        Client()


@pytest.mark.parametrize(("name", "value"), [
    ("no_proxy", "[::1]"), ("NO_PROXY", "a.example,[fd00::1]:80"), ("HTTP_PROXY", "nonsense://x"),
    ("HTTPS_PROXY", "http://x:port"), ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
])  # fmt: skip
def test_an_environment_that_cannot_be_read_is_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    for other in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.upper(), raising=False)
    monkeypatch.setenv(name, value)
    assert status(["--url", "http://lpl.example:8000", "list"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert (name.upper() if "PROXY" in name.upper() else "SSL_CERT_FILE") in said
    assert len(said.strip().splitlines()) == 1
