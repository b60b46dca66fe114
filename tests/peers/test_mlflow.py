"""A real MLflow server: it has what the database has, also after it was killed and came back."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from api.mirroring.process import Mirroring
from api.process.broker import die_with_parent, free_port
from store import metrics
from store.database.engine import Database
from store.database.records import Run
from store.lifecycle import claims, runs
from store.settings import Settings
from tests.api.mirror_process import QUICK
from tests.api.test_mirroring import forget_mirror, in_database
from tests.service.processes import until
from tests.store.databases import reading, writing
from tests.store.test_life_cycle import claim, submit

MLFLOW = os.environ.get("MLFLOW_PROGRAM") or shutil.which("mlflow")
START_SECONDS, SECONDS = 180.0, 90.0
pytestmark = [
    pytest.mark.peers,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(MLFLOW is None, reason="mlflow is neither on PATH nor named by MLFLOW_PROGRAM"),
]


@contextlib.contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[httpx.Client]:
    """A server on a database in the folder, killed without a warning afterwards; a connection to it."""
    assert MLFLOW is not None
    command = [MLFLOW, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder)]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(folder), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "mlflow.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"PATH": os.environ["PATH"], **quiet},
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            until(lambda: healthy(http, process), bool, timeout=START_SECONDS)
            yield http
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def healthy(http: httpx.Client, process: "subprocess.Popen[bytes]") -> bool:
    """Whether the server answers."""
    assert process.poll() is None, "the server ended"
    try:
        return http.get("/health").is_success
    except httpx.HTTPError:
        return False


def ask(http: httpx.Client, path: str, **body: Any) -> Any:
    """What MLflow's interface answers."""
    return http.post(f"/api/2.0/mlflow/{path}", json=body).raise_for_status().json()


def mirrored(http: httpx.Client, run: Run) -> Any:
    """The only run there that mirrors this one, None where there is none yet."""
    every = http.get("/api/2.0/mlflow/experiments/search", params={"max_results": 100}).raise_for_status().json()
    experiments = [each["experiment_id"] for each in every["experiments"]]
    query = f"tags.`lpl.run` = '{run.id}'"
    found = ask(http, "runs/search", experiment_ids=experiments, filter=query).get("runs", [])
    assert len(found) <= 1
    return found[0] if found else None


def history(http: httpx.Client, remote: Any) -> dict[tuple[str, int], list[float]]:
    """Every value that the server has kept, oldest first, by name and step."""
    values: dict[tuple[str, int], list[float]] = {}
    for metric in remote["data"].get("metrics", []):
        asked = {"run_id": remote["info"]["run_id"], "metric_key": metric["key"], "max_results": 1000}
        answer = http.get("/api/2.0/mlflow/metrics/get-history", params=asked).raise_for_status().json()
        for entry in sorted(answer["metrics"], key=lambda each: each["timestamp"]):
            values.setdefault((metric["key"], int(entry["step"])), []).append(entry["value"])
    return values


def arrived(http: httpx.Client, db: Database, run: Run) -> bool:
    """Whether the server has of a run what the database has, each value once."""
    remote, now = mirrored(http, run), reading(db, runs.get, run.id)
    if remote is None:
        return False
    tags = {tag["key"]: tag["value"] for tag in remote["data"]["tags"]}
    once = {place: [value] for place, value in in_database(db, run.id).items()}
    return tags["lpl.state"] == now.state and history(http, remote) == once


def train(db: Database, epochs: int) -> Run:
    """A run with so many epochs of twenty metrics."""
    held = claim(db)
    for epoch in range(1, epochs + 1):
        values = {f"test/metric.{number}": (epoch + number) / 7 for number in range(20)}
        writing(db, metrics.record_epoch, held, epoch=epoch, epochs=epochs, metrics=values, series={})
    return writing(db, claims.finish, held, outcome="succeeded")


def position(db: Database) -> int:
    """The last event that was told."""
    with db.read() as session:
        return int(session.execute(text("SELECT max(position) FROM mirrors")).scalar() or 0)


def test_the_server_has_what_the_database_has_also_after_an_outage_and_told_twice(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    settings = Settings(mlflow_url=f"http://127.0.0.1:{port}")
    submit(db, 3, name="Digits: ä/ö @ 1 %", optimizer={"name": "sgd", "lr": 0.1})
    with contextlib.ExitStack() as stack:
        stack.enter_context(Mirroring(settings, db, **QUICK))
        one = train(db, 60)  # 1,200 metrics: more than the server takes at once
        with mlflow_server(tmp_path, port) as http:
            until(lambda: arrived(http, db, one), bool, timeout=SECONDS)
            described(mirrored(http, one))
        two = train(db, 3)
        with mlflow_server(tmp_path, port) as http:
            until(lambda: arrived(http, db, two), bool, timeout=SECONDS)
            three = train(db, 2)
            until(lambda: arrived(http, db, three), bool, timeout=SECONDS)
            stack.close()  # the mirror ends, and another one tells all of it again
            told = position(db)
            writing(db, forget_mirror)
            with Mirroring(settings, db, **QUICK):
                until(lambda: position(db), lambda now: now >= told, timeout=SECONDS)
            assert all(arrived(http, db, run) for run in (one, two, three))
    lines = [line for line in caplog.messages if line.startswith("MLflow at")]
    assert ["again" in line for line in lines] == [False, True, False, True]


def described(remote: Any) -> None:
    """See that the run is described."""
    assert remote["info"]["run_name"] == "seed 0"
    assert remote["info"]["status"] == "FINISHED"
    params = {param["key"]: param["value"] for param in remote["data"]["params"]}
    expected = {"seed": "0", "method": "lpl", "dataset.name": "digits", "optimizer.name": "sgd", "optimizer.lr": "0.1"}
    assert params == expected
