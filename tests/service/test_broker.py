"""The bundled broker, and a service whose broker comes and goes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from api.process.broker import bundled_binary, free_port, start_broker
from store.doorbell import QUEUE, TASK, Doorbell, celery_app
from tests.service.processes import find, gone, serving, until

BINARY = bundled_binary()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BINARY is None, reason="no bundled broker on this platform")]


def test_the_bundled_broker_lets_nobody_in_without_its_password() -> None:
    broker = start_broker()
    assert broker is not None
    try:
        with redis.Redis.from_url(broker.url) as known:
            assert known.ping()
        port = urlsplit(broker.url).port
        assert port is not None
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    finally:
        broker.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_the_bundled_broker_dies_with_its_parent() -> None:
    program = (
        "from api.process import broker; running = broker.start_broker();"
        "print(running._process.pid, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    gone([pid], timeout=5)


def test_the_watchdog_of_other_systems_ends_the_broker_too() -> None:
    program = (
        "import subprocess; from api.process import broker; child = subprocess.Popen(['sleep', '600']);"
        "broker.watchdog(child.pid); print(child.pid, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    gone([pid], timeout=5)


@contextlib.contextmanager
def server_on(port: int) -> Iterator[None]:
    """A Redis protocol server on that port."""
    process = subprocess.Popen(
        [str(BINARY), "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.campaign
@pytest.mark.timeout(300)
def test_wake_ups_work_again_whenever_the_broker_comes_back(tmp_path: Path) -> None:
    port = free_port()
    environment = {"LPL_BROKER_URL": f"redis://127.0.0.1:{port}/0", "LPL_POLL_SECONDS": "3600"}
    with serving(tmp_path / "data", **environment) as service:
        until(lambda: "training on" in service.output, bool, timeout=60)
        time.sleep(1)  # past the one poll
        for _ in range(2):  # absent at the start, then lost
            (run_id,) = service.submit(epochs=1)
            assert service.get(f"/v1/runs/{run_id}")["state"] == "queued"
            with server_on(port):
                service.succeeded(run_id)


def test_a_killed_broker_is_started_again_at_its_address() -> None:
    broker = start_broker()
    assert broker is not None
    try:
        with redis.Redis.from_url(broker.url) as client:
            for _ in range(3):
                first = broker._process.pid
                os.kill(first, signal.SIGKILL)
                until(lambda: answering(client) and broker._process.pid != first, bool, timeout=60)  # noqa: B023
    finally:
        broker.stop()
    with pytest.raises(redis.ConnectionError), redis.Redis.from_url(broker.url) as client:
        client.ping()


def answering(client: redis.Redis) -> bool:
    """Whether the server lets its users in."""
    with contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False


@pytest.mark.timeout(300)
def test_wake_ups_are_heard_again_after_the_bundled_broker_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path / "data", LPL_POLL_SECONDS="3600") as service:
        until(lambda: "training on" in service.output, bool, timeout=60)
        (run_id,) = service.submit(epochs=1)
        service.succeeded(run_id)
        killed = until(lambda: find(service.pid, "valkey") or 0, bool, timeout=30)
        os.kill(killed, signal.SIGKILL)
        until(lambda: find(service.pid, "valkey") not in (None, killed), bool, timeout=60)
        (run_id,) = service.submit(epochs=1)
        service.succeeded(run_id)
        assert service.http.get("/readyz").status_code == 200


DEAFENED = """
import logging, os, signal, sys, time
from kombu.message import Message
from worker import celery_app

logging.basicConfig()
url, broker = sys.argv[1], int(sys.argv[2])
acknowledge = Message.ack

def kill_first(message, multiple=False):
    Message.ack = acknowledge
    os.kill(broker, signal.SIGKILL)
    return acknowledge(message, multiple)

def wake():
    print("heard", flush=True)
    time.sleep(0.3)  # every slot is taken as the acknowledgement fails

Message.ack = kill_first
celery_app.LISTEN_SECONDS = 0.5
consumer = celery_app.Consumer(celery_app.worker_app(url, wake), concurrency=1)
time.sleep(600)
"""


@pytest.mark.timeout(60)
def test_a_broker_that_is_lost_as_a_message_is_acknowledged_is_heard_again(tmp_path: Path) -> None:
    broker = start_broker()
    assert broker is not None
    first = broker._process.pid
    program = [sys.executable, "-c", DEAFENED, broker.url, str(first)]
    log = tmp_path / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(program, stdout=subprocess.PIPE, stderr=errors, text=True) as deafened,
    ):
        assert deafened.stdout is not None
        try:
            ring = partial(celery_app(broker.url).send_task, TASK, queue=QUEUE, ignore_result=True, retry=False)
            ring()
            assert deafened.stdout.readline() == "heard\n"
            with redis.Redis.from_url(broker.url) as client:
                until(lambda: answering(client) and broker._process.pid != first, bool, timeout=60)
            ring()
            assert deafened.stdout.readline() == "heard\n"
        finally:
            deafened.kill()
            broker.stop()
    said = log.read_text()
    assert "Couldn't ack" in said
    assert "Traceback" not in said


WOKEN = """
import sys, time
from worker import celery_app

def wake():
    print("woken", flush=True)
    time.sleep(600)

consumer = celery_app.Consumer(celery_app.worker_app(sys.argv[1], wake), concurrency=1)
while consumer.state() != "listening":
    time.sleep(0.05)
print("listening", flush=True)
time.sleep(600)
"""


@pytest.mark.timeout(60)
def test_a_ring_wakes_as_many_workers_as_it_asks_for() -> None:
    broker = start_broker()
    assert broker is not None
    with contextlib.ExitStack() as ending:
        ending.callback(broker.stop)
        workers = []
        for _ in range(2):
            program = [sys.executable, "-c", WOKEN, broker.url]
            worker = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            ending.enter_context(worker)
            ending.callback(worker.kill)
            workers.append(worker.stdout)
        for said in workers:
            assert said is not None
            assert said.readline() == "listening\n"
        doorbell = Doorbell(broker.url)
        doorbell.ring(2)
        for said in workers:
            assert said is not None
            assert said.readline() == "woken\n"
        doorbell.close()


def test_a_consumer_says_whether_it_hears() -> None:
    broker = start_broker()
    assert broker is not None
    with consuming(broker.url) as states:
        assert "listening" in states
        broker.stop()
        assert "away" in states
    with consuming("redis://127.0.0.1:1/no-number") as states:
        assert "dead" in states


@contextlib.contextmanager
def consuming(url: str) -> Iterator[Iterator[str]]:
    """The states of a consumer in a process of its own, as they change."""
    program = (
        "import sys, time; from worker import celery_app; celery_app.RESTART_SECONDS = 0.2;"
        "heard = celery_app.Consumer(celery_app.worker_app(sys.argv[1], lambda: None), concurrency=1)\n"
        "while True: print(heard.state(), flush=True); time.sleep(0.2)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        with process.stdout as said:
            yield (line.strip() for line in said)
    finally:
        process.kill()
        process.wait()
