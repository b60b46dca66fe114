"""Both shapes of the service as real processes: embedded (`lpl serve` on SQLite), and deployed."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import select

from api.process.broker import Broker, start_broker
from store.database.clock import db_now
from store.database.engine import Database
from store.database.tables import SweeperRow
from tests.service.processes import QUICK, Process, Service, find, until
from tests.worker.outage import Door

SPEED = {**QUICK, "LPL_LEASE_SECONDS": "3", "LPL_SWEEP_SECONDS": "0.4", "LPL_POLL_SECONDS": "1"}
LONG: dict[str, Any] = {"epochs": 40, "checkpoints": {"every_epochs": 2}}
ENDLESS: dict[str, Any] = {"epochs": 100_000, "checkpoints": {"every_epochs": 100_000}}


class Shape:
    """A running service whose parts can be killed, frozen and brought back."""

    service: Service
    workers: list[Process]
    url: str

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, {**SPEED, "LPL_DATA_DIR": str(folder / "data"), **environment}
        self.workers = []
        self.started = 0

    def process(self, kind: Callable[..., Any], *arguments: str) -> Any:
        """A process of the service with its log in the folder."""
        self.started += 1
        return kind(list(arguments), log_path=self.folder / f"{self.started}.log", environment=self.environment)

    def add_worker(self) -> Process:
        """One more worker."""
        worker: Process = self.process(Process, "worker", "--device", "cpu")
        self.workers.append(worker)
        until(lambda: [each["pid"] for each in self.alive()], lambda pids: worker.pid in pids, timeout=60)
        return worker

    def alive(self) -> list[dict[str, Any]]:
        """Workers that are."""
        return [worker for worker in self.service.get("/v1/workers")["items"] if worker["alive"]]

    def holder(self, run_id: str) -> int:
        """The process id of the worker that has the run."""
        worker = self.service.get(f"/v1/runs/{run_id}")["worker"]
        listed = self.service.get("/v1/workers")["items"]
        return int(next(each["pid"] for each in listed if each["id"] == worker))

    def trainer(self, run_id: str) -> int:
        """The process id of a run's trainer."""
        roots = [self.service.pid, *(worker.pid for worker in self.workers)]
        return int(
            until(lambda: next(filter(None, (find(root, f"train {run_id}") for root in roots)), 0), bool, timeout=30)
        )

    def halfway(self, run_id: str) -> int:
        """The trainer's process id, frozen where the run has a checkpoint and more to come."""
        trainer = self.trainer(run_id)
        run = self.service.run_once(run_id, lambda run: run["epoch"] >= 3)
        os.kill(trainer, signal.SIGSTOP)
        assert run["state"] == "running", "the run was too quick for this test"
        return trainer

    def restart(self) -> None:
        """Start what serves the API again after it was killed."""
        self.service.http.close()
        self.service = self.process(Service, *self.serving())

    def serving(self) -> tuple[str, ...]:
        """The command that serves the API."""
        raise NotImplementedError

    def forget_messages(self) -> None:
        """Empty the broker, where there is one to reach."""

    @contextlib.contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody can write to the database meanwhile."""
        raise NotImplementedError

    def broker_pid(self) -> int:
        """The process id of the message broker."""
        raise NotImplementedError

    @contextlib.contextmanager
    def broker_away(self) -> Iterator[None]:
        """The broker answers nobody meanwhile; connections to it stay open."""
        pid = self.broker_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def store(self) -> Database:
        """The database, past anything that is in the way."""
        return Database(self.url)

    def account(self) -> str:
        """How it stands, for whoever reads of a failure: the sweep's row beside the clock, the end of each log."""
        store = self.store()
        with store.engine.connect() as connection:
            row = connection.execute(select(SweeperRow.last_at, SweeperRow.patient_until, db_now())).first()
        store.dispose()
        logs = [f"{path.name}:\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log"))]
        return "\n".join([f"sweep at, patient until, now: {row}", *logs])

    def end(self) -> None:
        """End everything."""
        self.service.http.close()
        for process in [self.service, *self.workers]:
            process.end()


class Embedded(Shape):
    """`lpl serve`: API, bundled broker and worker on SQLite."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {})
        self.url = f"sqlite:///{folder / 'data' / 'lpl.sqlite3'}"
        self.service = self.process(Service, *self.serving())

    def serving(self) -> tuple[str, ...]:
        return ("serve", "--port", "0")

    def broker_pid(self) -> int:
        found = find(self.service.pid, "valkey-server")
        assert found is not None
        return found

    @contextlib.contextmanager
    def database_away(self) -> Iterator[None]:
        database = self.store()
        connection = database.engine.raw_connection()
        try:
            connection.driver_connection.execute("BEGIN EXCLUSIVE")  # type: ignore[union-attr]
            yield
        finally:
            connection.driver_connection.execute("ROLLBACK")  # type: ignore[union-attr]
            connection.close()
            database.dispose()


class Deployed(Shape):
    """`lpl api` and two `lpl worker` on PostgreSQL and a Redis protocol server."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.door = Door(url)
        self.door.open()
        broker = start_broker()
        assert broker is not None
        self.broker: Broker = broker
        super().__init__(folder, {"LPL_DATABASE_URL": self.door.url, "LPL_BROKER_URL": broker.url})
        self.service = self.process(Service, *self.serving())
        for _ in range(2):
            self.add_worker()

    def serving(self) -> tuple[str, ...]:
        return ("api", "--port", "0")

    def broker_pid(self) -> int:
        with contextlib.closing(redis.Redis.from_url(self.broker.url)) as client:
            return int(client.info("server")["process_id"])

    def forget_messages(self) -> None:
        with contextlib.closing(redis.Redis.from_url(self.broker.url)) as client:
            client.flushall()

    @contextlib.contextmanager
    def database_away(self) -> Iterator[None]:
        self.door.shut()
        try:
            yield
        finally:
            self.door.open()

    def end(self) -> None:
        super().end()
        self.broker.stop()
        self.door.shut()
