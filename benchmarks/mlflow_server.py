"""An MLflow server beside which this service is measured, in an environment of its own, spoken to in JSON over REST."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

from api.process.broker import end, free_port
from benchmarks.requests import Requests

ENVIRONMENT = Path(__file__).parent.parent / ".venv-mlflow"
PACKAGES = ("mlflow==3.17.2", "psycopg[binary]==3.3.9")
START_SECONDS = 120
API = "/api/2.0/mlflow"
OF_RUN = ("params", "tags", "latest_metrics", "metrics")
"""Tables whose rows belong to a run, beside `runs` itself."""


def installed() -> Path:
    """The environment with MLflow in it; made where it is not there."""
    program = ENVIRONMENT / "bin" / "mlflow"
    if not program.exists():
        print(f"installing {', '.join(PACKAGES)} into {ENVIRONMENT}...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        subprocess.run([str(ENVIRONMENT / "bin" / "pip"), "install", "-qq", *PACKAGES], check=True)
    return program


@contextmanager
def mlflow_serving(database: str, folder: Path) -> Iterator["MlflowSide"]:
    """A server on a database, which it makes its own tables in."""
    port = free_port()
    command = [str(installed()), "server", "--backend-store-uri", database, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--artifacts-destination", str(folder / "artifacts")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "mlflow.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        requests = Requests(port)
        requests.wait("/health", process, seconds=START_SECONDS)
        yield MlflowSide(database, requests)
    finally:
        end(process)


class MlflowSide:
    """A server with an experiment."""

    def __init__(self, database: str, requests: Requests) -> None:
        self._database, self._requests = database, requests
        self._experiment = self._post("experiments/create", {"name": "compared"})["experiment_id"]

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._requests.post(f"{API}/{path}", body)

    def submit(self, params: Mapping[str, str]) -> str:
        """A new run with its parameters, in two requests; its id."""
        made = self._post("runs/create", {"experiment_id": self._experiment, "start_time": milliseconds()})
        run = str(made["run"]["info"]["run_id"])
        self._post("runs/log-batch", {"run_id": run, "params": [{"key": k, "value": v} for k, v in params.items()]})
        return run

    def epoch(self, run: str, epoch: int, metrics: Mapping[str, float], classes: Mapping[str, Sequence[float]]) -> None:
        """Log an epoch; a value per class is a metric of its own, as MLflow has no arrays."""
        values = {**metrics, **{f"{name}/{i}": v for name, row in classes.items() for i, v in enumerate(row)}}
        now = milliseconds()
        logged = [{"key": name, "value": value, "timestamp": now, "step": epoch} for name, value in values.items()]
        self._post("runs/log-batch", {"run_id": run, "metrics": logged})

    def history(self, run: str, name: str) -> int:
        """Read a metric's history; how many values it has."""
        answer = self._requests.get(f"{API}/metrics/get-history?run_id={run}&metric_key={name}&max_results=1000")
        return len(answer["metrics"])

    def page(self) -> int:
        """Read the newest fifty runs; how many there are."""
        return len(self._post("runs/search", {"experiment_ids": [self._experiment], "max_results": 50})["runs"])

    def fill(self, run: str, copies: int) -> None:
        """Copy a run with all that belongs to it, past the server."""
        engine = create_engine(self._database.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(text("CREATE TEMPORARY TABLE copies (id VARCHAR(32), number BIGINT)"))
            new = [{"id": uuid.uuid4().hex, "number": number} for number in range(copies)]
            connection.execute(text("INSERT INTO copies VALUES (:id, :number)"), new)
            for table in ("runs", *OF_RUN):
                copy_rows(connection, table, run)
        engine.dispose()


def copy_rows(connection: Connection, table: str, run: str) -> None:
    """Copy a run's rows of a table; later copies start later."""
    columns = list(connection.execute(text(f"SELECT * FROM {table} WHERE 1 = 0")).keys())
    changed = {"run_uuid": "copies.id", "start_time": "start_time - 1 - copies.number"}
    values = ", ".join(changed.get(name, name) for name in columns)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, copies WHERE run_uuid = :run"
    connection.execute(text(statement), {"run": run})


def milliseconds() -> int:
    """The time as MLflow has it."""
    return int(1000 * time.time())
