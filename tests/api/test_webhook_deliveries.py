"""Deliveries to real endpoints: what arrives, what is tried again, what is refused, who waits for whom."""

import contextlib
import hashlib
import hmac
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from api.webhooks import delivering, sending
from api.webhooks.addresses import Addresses, Resolver, system_addresses
from api.webhooks.delivering import Delivering
from store import deliveries, webhooks
from store.database.engine import Database
from store.database.records import Delivery
from store.deliveries import DELAYS, Outcome
from tests.api.endpoint import answering, listening
from tests.api.test_webhook_addresses import PUBLIC_V4, leading_to
from tests.store.databases import SQLITE_FIRST, reading, writing

LOOPBACK = ["127.0.0.0/8"]
SCRIPT = Path(__file__).with_name("deliverer_script.py")


def deliverer(db: Database, *, allow: list[str] = LOOPBACK, resolve: Resolver = system_addresses) -> Delivering:
    """What delivers, often."""
    return Delivering(db, Addresses(allow, resolve=resolve), lease_seconds=60, poll_seconds=0.02)


def hook(db: Database, url: str) -> str:
    """A webhook with a test to be delivered; its id."""
    webhook = writing(db, webhooks.add, url=url, events=["job.failed"])[0].id
    writing(db, webhooks.test, webhook)
    return webhook


def newest(db: Database, webhook: str) -> Delivery:
    return reading(db, webhooks.list_deliveries, webhook).items[0]


def attempted(db: Database, webhook: str, attempts: int = 1, timeout: float = 30) -> Delivery:
    """A webhook's newest delivery, once it has been tried so often."""
    deadline = time.monotonic() + timeout
    while (delivery := newest(db, webhook)).attempts < attempts:
        assert time.monotonic() < deadline, "it is not delivered"
        time.sleep(0.01)
    return delivery


def outcome(db: Database, url: str, **options: Any) -> tuple[str, int | None, str | None]:
    """State, status and message of the first attempt at an address."""
    webhook = hook(db, url)
    with deliverer(db, **options):
        delivery = attempted(db, webhook)
    return delivery.state, delivery.last_status, delivery.message


@contextlib.contextmanager
def speaking(reply: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that says what it likes to the first who connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection = server.accept()[0]
                with connection:
                    connection.recv(65536)
                    reply(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_a_delivery_is_signed_and_says_what_it_is(sqlite: Database) -> None:
    with listening() as endpoint, deliverer(sqlite):
        webhook, secret = writing(sqlite, webhooks.add, url=endpoint.url("/a?b=%20"), events=["job.failed"])
        made = writing(sqlite, webhooks.test, webhook.id)
        (received,) = endpoint.wait(1)
        delivered = attempted(sqlite, webhook.id)
    assert (delivered.state, delivered.last_status, delivered.message) == ("delivered", 204, None)
    assert received.path == "/a?b=%20"
    assert received.headers["Host"] == f"127.0.0.1:{endpoint.port}"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["User-Agent"].startswith("lpl-service/")
    assert received.headers["Lpl-Delivery"] == made.id
    digest = hmac.new(secret.encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers["Lpl-Signature"] == f"sha256={digest}"
    assert set(received.content) == {"event", "id", "created_at"}
    assert (received.content["event"], received.content["id"]) == ("test", made.id)
    assert received.content["created_at"].endswith("Z")


def test_what_fails_is_delivered_again_under_the_same_id(sqlite: Database) -> None:
    with listening(answering(500), answering(404), answering(200)) as endpoint:
        webhook = hook(sqlite, endpoint.url())
        with deliverer(sqlite):
            for attempt, status in ((1, 500), (2, 404)):
                failed = attempted(sqlite, webhook, attempt)
                assert (failed.state, failed.last_status) == ("pending", status)
                assert failed.message == f"it answered {status}"
                sqlite.clock_offset += DELAYS[attempt - 1]
            assert attempted(sqlite, webhook, 3).state == "delivered"
        bodies = {(each.headers["Lpl-Delivery"], each.body) for each in endpoint.received}
    assert (len(endpoint.received), len(bodies)) == (3, 1)


def test_redirects_are_not_followed(sqlite: Database) -> None:
    with listening() as elsewhere, listening(answering(307, {"Location": elsewhere.url()})) as endpoint:
        state, status, message = outcome(sqlite, endpoint.url())
    assert (state, status) == ("pending", 307)
    assert "redirects are not followed" in str(message)
    assert elsewhere.received == []


@pytest.mark.parametrize(
    ("host", "resolved"),
    [
        ("127.0.0.1", []),
        ("10.0.0.1", []),
        ("[::ffff:127.0.0.1]", []),
        ("[64:ff9b::7f00:1]", []),
        ("hooks.example", ["127.0.0.1"]),
        ("hooks.example", [PUBLIC_V4, "127.0.0.1"]),
        ("hooks.example", ["::ffff:7f00:1"]),
        ("localhost", []),
    ],
)
def test_what_is_not_public_is_not_connected_to(sqlite: Database, host: str, resolved: list[str]) -> None:
    with listening() as endpoint:
        resolve = leading_to(resolved) if resolved else system_addresses
        state, status, message = outcome(sqlite, endpoint.url(host=host), allow=[], resolve=resolve)
    assert (state, status) == ("pending", None)
    assert "is not a public address" in str(message)
    assert endpoint.received == []


def test_a_name_is_connected_to_as_it_was_checked(sqlite: Database) -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with listening() as endpoint:
        state, status, _ = outcome(sqlite, endpoint.url(host="hooks.example"), resolve=resolve)
    assert (state, status, asked) == ("delivered", 204, ["hooks.example"])
    assert endpoint.received[0].headers["Host"] == f"hooks.example:{endpoint.port}"


def test_the_next_address_of_a_name_is_tried(sqlite: Database) -> None:
    with listening() as endpoint:
        resolve = leading_to(["127.0.0.9", "127.0.0.1"])  # nobody listens at the first
        state, status, _ = outcome(sqlite, endpoint.url(host="hooks.example"), resolve=resolve)
    assert (state, status) == ("delivered", 204)


def test_proxies_of_the_environment_are_not_asked(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy, listening() as endpoint:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        assert outcome(sqlite, endpoint.url())[0] == "delivered"
    assert proxy.received == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"", "what it answers is not HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "what it answers is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + 200_000 * b"x", "what it answers is not HTTP"),
    ],
)
def test_what_is_no_answer_is_said(sqlite: Database, said: bytes, message: str) -> None:
    with speaking(lambda connection: connection.sendall(said)) as url:
        assert outcome(sqlite, url) == ("pending", None, message)


def test_nobody_there_is_said(sqlite: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    state, status, message = outcome(sqlite, f"http://127.0.0.1:{port}/")
    assert (state, status) == ("pending", None)
    assert "cannot be reached" in str(message)
    _, _, message = outcome(sqlite, "http://hooks.example/", resolve=leading_to([]))
    assert "hooks.example has no address" in str(message)


def test_an_endless_answer_is_read_to_64_kib(sqlite: Database) -> None:
    sent = 0

    def reply(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                sent += connection.send(65536 * b"x")

    with speaking(reply) as url:
        assert outcome(sqlite, url) == ("delivered", 200, None)
    assert sent < 50_000_000  # what lies in the buffers of both sides


def test_slow_endpoints_end_in_time_and_keep_no_other_waiting(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.0)
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not stop.wait(0.05):
                connection.send(b"H")

    def wait(connection: socket.socket) -> None:
        stop.wait(30)

    with speaking(drip) as dripping, speaking(wait) as silent, listening() as endpoint:
        slow = [hook(sqlite, url) for url in (dripping, silent)]
        quick = hook(sqlite, endpoint.url())
        for _ in range(9):
            writing(sqlite, webhooks.test, quick)
        with deliverer(sqlite):
            endpoint.wait(10)
            assert [newest(sqlite, webhook).attempts for webhook in slow] == [0, 0]
            failed = [attempted(sqlite, webhook) for webhook in slow]
        stop.set()
    assert {each.message for each in failed} == {"no answer within 1 s"}


def test_what_is_under_way_at_a_stop_is_written_down(sqlite: Database) -> None:
    stopping = threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        stopping.wait(30)
        answering(200)(handler)

    with listening(reply) as endpoint:
        webhook = hook(sqlite, endpoint.url())
        with deliverer(sqlite):
            endpoint.wait(1)
            threading.Timer(0.2, stopping.set).start()
        assert newest(sqlite, webhook).state == "delivered"
    with deliverer(sqlite), listening() as another:  # the lease is free again
        attempted(sqlite, hook(sqlite, another.url()))


def test_what_is_given_up_is_said_without_address_or_secret(sqlite: Database, caplog: pytest.LogCaptureFixture) -> None:
    with listening(answering(500)) as endpoint, caplog.at_level(logging.DEBUG):
        url = endpoint.url("/a-secret-of-its-own?token=hidden")
        webhook, secret = writing(sqlite, webhooks.add, url=url, events=["job.failed"])
        writing(sqlite, webhooks.test, webhook.id)
        for _ in DELAYS:
            due = reading(sqlite, deliveries.next_due, webhook.id)
            assert due is not None
            writing(sqlite, deliveries.record_attempt, due, Outcome(message="no answer"))
            sqlite.clock_offset += DELAYS[-1]
        with deliverer(sqlite):
            over = attempted(sqlite, webhook.id, len(DELAYS) + 1)
    assert (over.state, over.message, over.next_attempt_at) == ("given_up", "it answered 500", None)
    assert f"delivery {over.id} to webhook {webhook.id} is given up after 13 attempts: it answered 500" in caplog.text
    for hidden in ("a-secret-of-its-own", "hidden", secret):
        assert hidden not in caplog.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hooks.example with its key, in one file; it is its own authority."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subject = ["-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    files = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run(["openssl", "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def test_certificates_are_held_against_the_name(
    sqlite: Database, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    resolve = leading_to(["127.0.0.1"])
    with listening(tls=server) as endpoint:
        own, other = (endpoint.url(host=host, scheme="https") for host in ("hooks.example", "other.example"))
        assert "certificate is refused" in str(outcome(sqlite, own, resolve=resolve)[2])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
        delivering.usual_trust.cache_clear()
        assert outcome(sqlite, own, resolve=resolve) == ("delivered", 204, None)
        assert "certificate is refused" in str(outcome(sqlite, other, resolve=resolve)[2])
        assert "certificate is refused" in str(outcome(sqlite, endpoint.url(scheme="https"))[2])
        delivering.usual_trust.cache_clear()
    assert len(endpoint.received) == 1


@contextlib.contextmanager
def process(db: Database, *, lease_seconds: float) -> Iterator["subprocess.Popen[str]"]:
    """A process that delivers."""
    command = [sys.executable, str(SCRIPT), db.url.render_as_string(hide_password=False), str(lease_seconds)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=SCRIPT.parents[2], **pipes) as started:
        try:
            yield started
        finally:
            started.kill()


@pytest.mark.slow
@SQLITE_FIRST
def test_a_process_killed_between_delivery_and_its_note_delivers_again(db: Database) -> None:
    killed = threading.Event()

    def too_late(handler: BaseHTTPRequestHandler) -> None:
        killed.wait(30)

    with listening(too_late, answering(200)) as endpoint:
        webhook = hook(db, endpoint.url())
        with process(db, lease_seconds=1) as first:
            endpoint.wait(1)
            first.kill()
            first.wait()
            killed.set()
        assert newest(db, webhook).attempts == 0
        with deliverer(db):  # once the lease of the dead has run out
            assert attempted(db, webhook).state == "delivered"
        assert len({each.headers["Lpl-Delivery"] for each in endpoint.received}) == 1
    assert len(endpoint.received) == 2


@pytest.mark.slow
@SQLITE_FIRST
def test_of_two_processes_each_event_comes_once(db: Database) -> None:
    with listening() as endpoint, process(db, lease_seconds=60) as one, process(db, lease_seconds=60) as two:
        for started in (one, two):
            assert started.stdout is not None
            assert started.stdout.readline() == "delivering\n"
        hooks = [hook(db, endpoint.url(f"/{number}")) for number in range(4)]
        made = {writing(db, webhooks.test, webhook).id for _ in range(8) for webhook in hooks}
        received = endpoint.wait(36)
        ended = [attempted(db, webhook) for webhook in hooks]
        for started in (one, two):
            started.communicate(timeout=30)
            assert started.returncode == 0
    assert {each.state for each in ended} == {"delivered"}
    ids = [each.headers["Lpl-Delivery"] for each in endpoint.received]
    assert made <= set(ids)
    assert len(ids) == len(set(ids)) == len(received) == 36
