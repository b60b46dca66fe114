"""Fills a database as years of use would: finished runs with all that they record, and runs that wait."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import JSON, Table, text

from store.database.engine import Database
from store.database.tables import (
    CheckpointRow,
    ChunkRow,
    EpochRow,
    EventRow,
    JobRow,
    JobTagRow,
    RunRow,
    SeriesRow,
)
from store.identifiers import new_id
from store.lifecycle.turns import rank

SIZES = (1, 10, 3, 40, 1, 8, 2, 20, 5, 10)
"""Runs of jobs, in turn; ten on average."""
BATCH = 2000
"""Runs of a transaction."""
OWNERS, EPOCHS, CLASSES, LINES, CHECKPOINT_BYTES = 5, 3, 10, 2, 2048
PAGE, RARE = 50, 100
"""Jobs that a list shows at once; one job in so many has the rare tag, data set and method."""
OLD, COMMON, SELDOM = "bench_old", "common", "rare"
"""A data set that only finished runs use; what many and what few jobs have."""
METRICS = json.dumps({"test/top1_error": 0.1, "train/loss": 0.2, "test/top1_error.few": None})
CURVE = np.linspace(-0.5, 0.5, CLASSES, dtype="<f4").tobytes()
MATRIX = np.eye(CLASSES, dtype="<f4").tobytes()
SERIES = (
    ("relative_loss_variation", f"[{CLASSES}]", CURVE),
    ("test/accuracy", f"[{CLASSES}]", CURVE),
    ("confusion_matrix", f"[{CLASSES}, {CLASSES}]", MATRIX),
)
TABLES = (JobRow, JobTagRow, RunRow, EpochRow, SeriesRow, CheckpointRow, ChunkRow, EventRow)
Rows = dict[str, list[dict[str, Any]]]
"""Table -> rows; JSON is text already."""


@dataclass(frozen=True)
class Template:
    """A job and its run as they were stored when they were submitted."""

    job: dict[str, Any]
    run: dict[str, Any]


def template(db: Database, job_id: str) -> Template:
    """Of a job of one run."""
    with db.read() as session:
        job = session.get_one(JobRow, job_id)
        run = session.query(RunRow).filter_by(job_id=job_id).one()
        return Template(
            *({c.name: stored(c, getattr(row, c.name)) for c in row.__table__.columns} for row in (job, run))
        )


def stored(column: Any, value: Any) -> Any:
    """A value with JSON as text."""
    return json.dumps(value) if isinstance(column.type, JSON) and value is not None else value


def fill(db: Database, jobs_made: Template, *, state: str, runs: int) -> None:
    """Add jobs of all sizes until there are so many more runs; of finished ones some have failed or were cancelled."""
    for sizes in batches(runs):
        rows: Rows = defaultdict(list)
        for number, size in sizes:
            ended = {1: "failed", 2: "cancelled"}.get(number % 20, state)
            add_rows(rows, jobs_made, state=state if state == "queued" else ended, runs=size, number=number)
        write(db, rows)


def batches(runs: int) -> Iterator[list[tuple[int, int]]]:
    """(number, runs) of jobs, for a transaction at a time."""
    number = 0
    while runs > 0:
        batch: list[tuple[int, int]] = []
        while runs > 0 and sum(size for _, size in batch) < BATCH:
            size = min(SIZES[number % len(SIZES)], runs)
            batch.append((number, size))
            number, runs = number + 1, runs - size
        yield batch


def fill_page(db: Database, jobs_made: Template) -> None:
    """Add as many common and as many rare jobs of one run as a list shows at once."""
    rows: Rows = defaultdict(list)
    for number in (0, RARE - 1) * PAGE:
        add_rows(rows, jobs_made, state="succeeded", runs=1, number=number)
    write(db, rows)


def add_job(db: Database, job_ids: Template, *, state: str, runs: int) -> str:
    """Add one job; returns its id."""
    rows: Rows = defaultdict(list)
    job_id = add_rows(rows, job_ids, state=state, runs=runs, number=0)
    write(db, rows)
    return job_id


def add_rows(rows: Rows, job_ids: Template, *, state: str, runs: int, number: int) -> str:
    """The rows of one job with everything its runs have recorded; returns its id."""
    job_id, owner, seldom = new_id("j"), f"k_{number % OWNERS}", number % RARE == RARE - 1
    ended = state not in ("queued", "paused")
    created = time.time() - (1e6 if ended else 1e4) + number
    tags = [COMMON, SELDOM] if seldom else [COMMON]
    changes = {
        "name": f"load {number}",
        "owner": owner,
        "state": state,
        "tags": json.dumps(tags),
        "progress": 1.0 if ended else 0.0,
        "method": SELDOM if seldom else job_ids.job["method"],
        "dataset": SELDOM if seldom else OLD if ended and number % 2 else job_ids.job["dataset"],
        "runs_total": runs,
        "created_at": created,
        "finished_at": created + 1 if ended else None,
    }
    rows["jobs"].append({**job_ids.job, **changes, "id": job_id})
    rows["job_tags"] += [{"job_id": job_id, "tag": tag} for tag in tags]
    rows["events"].append(event("state", job_id, None, {"job": job_id, "state": "queued"}))
    for position in range(runs):
        place = {"position": position, "seed": position, "owner": owner, "rank": rank(5, created)}
        same = {name: changes[name] for name in ("state", "progress", "dataset", "created_at", "finished_at")}
        run = {
            **job_ids.run,
            **same,
            **place,
            "id": new_id("r"),
            "job_id": job_id,
            "last_metrics": METRICS if ended else None,
        }
        rows["runs"].append(run)
        if ended:
            record(rows, job_id, run)
    if ended:
        rows["events"].append(event("end", job_id, None, {"job": job_id, "state": state}))
    return job_id


def record(rows: Rows, job_id: str, run: dict[str, Any]) -> None:
    """What a run that has ended has recorded."""
    run_id, checkpoint = run["id"], new_id("c")
    for epoch in range(1, EPOCHS + 1):
        measured = {"run_id": run_id, "epoch": epoch}
        rows["epochs"].append({**measured, "attempt": 1, "metrics": METRICS})
        rows["series"] += [{**measured, "name": name, "shape": shape, "data": data} for name, shape, data in SERIES]
        rows["events"].append(event("epoch", job_id, run_id, {"run": run_id, "attempt": 1, "epoch": epoch}))
    kept = {"run_id": run_id, "attempt": 1, "epoch": EPOCHS, "step": 0, "kind": "last", "sha256": "0" * 64}
    flags = {"size_bytes": CHECKPOINT_BYTES, "published": True, "superseded": False, "created_at": run["created_at"]}
    rows["checkpoints"].append({"id": checkpoint, **kept, **flags})
    rows["checkpoint_chunks"].append({"checkpoint_id": checkpoint, "number": 0, "data": bytes(CHECKPOINT_BYTES)})
    line = {"run": run_id, "attempt": 1}
    rows["events"].append(event("checkpoint", job_id, run_id, {**line, "checkpoint": checkpoint, "epoch": EPOCHS}))
    rows["events"] += [event("log", job_id, run_id, {**line, "level": "info", "message": "a line"})] * LINES
    rows["events"] += [event("state", job_id, run_id, {**line, "state": state}) for state in ("running", run["state"])]


def event(kind: str, job_id: str, run_id: str | None, data: dict[str, Any]) -> dict[str, Any]:
    """A line of the event log."""
    return {"job_id": job_id, "run_id": run_id, "kind": kind, "data": json.dumps(data), "created_at": time.time()}


def write(db: Database, rows: Rows) -> None:
    """Insert in one transaction, by COPY where there is one."""
    with db.engine.execution_options(write=True).begin() as connection:
        for row_type in TABLES:
            table = row_type.__table__
            assert isinstance(table, Table)
            if not (columns := rows.get(table.name)):
                continue
            names, values = list(columns[0]), [tuple(row.values()) for row in columns]
            if db.is_sqlite:
                marks = ", ".join("?" * len(names))
                connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)
            else:
                copy(connection.connection.driver_connection, table.name, names, values)


def copy(connection: Any, table: str, names: Sequence[str], values: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL's COPY."""
    with connection.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as stream:
        for row in values:
            stream.write_row(row)


def settle(db: Database) -> None:
    """What PostgreSQL does by itself after a while; SQLite never does anything of the kind."""
    if db.is_sqlite:
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM (ANALYZE)"))
