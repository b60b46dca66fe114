"""Jobs show what their runs are about and how they stand; names are found in either case; runs know their data."""

import math
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MAIN_METRICS = [
    f"{name}{group}"
    for name in ("test/top1_error", "test/mean_average_precision")
    for group in ("", ".many", ".medium", ".few")
]
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "name_key": sa.Text(),
    "methods": sa.JSON(),
    "datasets": sa.JSON(),
    "models": sa.JSON(),
    "imbalance_factors": sa.JSON(),
    "run_states": sa.JSON(),
    "results": sa.JSON(),
}
FILTERS = {
    "ix_jobs_name_id": ["name", "id"],
    "ix_jobs_dataset_id": ["dataset", "id"],
    "ix_jobs_method_id": ["method", "id"],
}
jobs = sa.table(
    "jobs",
    sa.column("id"),
    sa.column("name"),
    sa.column("method"),
    sa.column("progress"),
    *(sa.column(name, kind) for name, kind in COLUMNS.items()),
)
runs = sa.table(
    "runs",
    *(
        sa.column(name)
        for name in ("id", "job_id", "position", "state", "replaced", "progress", "dataset", "created_at")
    ),
    sa.column("data_sha256"),
    sa.column("spec", sa.JSON()),
    sa.column("last_metrics", sa.JSON()),
)
datasets = sa.table("datasets", *(sa.column(name) for name in ("name", "sha256", "created_at")))
facets = sa.table("job_facets", sa.column("job_id"), sa.column("kind"), sa.column("value"))


def upgrade() -> None:
    op.create_table(
        "job_facets",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "kind", "value"),
    )
    op.create_index("ix_job_facets_kind_value_job_id", "job_facets", ["kind", "value", "job_id"], unique=False)
    op.add_column("runs", sa.Column("data_sha256", sa.String(length=64), nullable=True))
    for name, kind in COLUMNS.items():
        op.add_column("jobs", sa.Column(name, kind, nullable=True))
    note_hashes()
    for job_id, name, method in op.get_bind().execute(sa.select(jobs.c.id, jobs.c.name, jobs.c.method)).all():
        describe_job(job_id, name, method)
    for name in FILTERS:
        op.drop_index(name, table_name="jobs")
    with op.batch_alter_table("jobs") as batch:
        for name, kind in COLUMNS.items():
            batch.alter_column(name, existing_type=kind, nullable=False)


def note_hashes() -> None:
    """Runs made after the data set that is registered under its name now were made with it: it was not replaced since.

    A data set with runs that may still run cannot be deleted, and without that its name is not free.
    """
    current = sa.select(datasets.c.sha256).where(
        datasets.c.name == runs.c.dataset, datasets.c.created_at <= runs.c.created_at
    )
    op.execute(runs.update().values(data_sha256=current.scalar_subquery()))


def describe_job(job_id: str, name: str, method: str) -> None:
    """Fill a job's new columns from its runs."""
    done: list[float] = []
    values: dict[str, Any] = {"methods": [], "datasets": [], "models": [], "imbalance_factors": []}
    states: dict[str, int] = {}
    results: dict[str, Any] = {}
    for run in runs_of(job_id):
        told = {
            "methods": method_label(run.spec.get("method")) or method,
            "datasets": run.dataset,
            "models": (run.spec.get("model") or {}).get("name"),
            "imbalance_factors": (run.spec.get("dataset") or {}).get("imbalance_factor"),
        }
        for column, value in told.items():
            if value is not None and value not in values[column]:
                values[column].append(value)
        if not run.replaced:
            done.append(run.progress)
            states[run.state] = states.get(run.state, 0) + 1
            if run.state == "succeeded":
                add_result(results, run.last_metrics or {})
    values["methods"] = values["methods"] or [method]
    progress = sum(done) / max(1, len(done))
    bind = op.get_bind()
    bind.execute(
        jobs.update()
        .where(jobs.c.id == job_id)
        .values(
            **values,
            name_key=name_key(name),
            run_states=states,
            results=results,
            progress=progress,
            method=values["methods"][0],
        )
    )
    rows = [
        {"job_id": job_id, "kind": kind, "value": value}
        for kind, column in (("method", "methods"), ("dataset", "datasets"))
        for value in values[column]
    ]
    if rows:
        bind.execute(facets.insert(), rows)


def runs_of(job_id: str) -> Iterator[Any]:
    """The runs of a job in the order of submission."""
    columns = (runs.c.progress, runs.c.state, runs.c.replaced, runs.c.dataset, runs.c.spec, runs.c.last_metrics)
    query = sa.select(*columns).where(runs.c.job_id == job_id).order_by(runs.c.position, runs.c.id)
    yield from op.get_bind().execute(query.execution_options(yield_per=200))


def method_label(method: Any) -> str | None:
    """The alias, or the names of the loss and the perturbations."""
    if not isinstance(method, dict):
        return method if isinstance(method, str) else None
    if method.get("alias"):
        return str(method["alias"])
    parts = [method.get("loss"), *(method.get("perturbations") or [])]
    return "+".join(str(part["name"]) for part in parts if isinstance(part, dict) and "name" in part) or None


def add_result(results: dict[str, Any], last_metrics: dict[str, Any]) -> None:
    """One more run in the numbers of a job (Welford's update)."""
    for name in MAIN_METRICS:
        value = last_metrics.get(name)
        if value is None or not math.isfinite(value):
            continue
        kept = results.setdefault(name, {"n": 0, "mean": 0.0, "squares": 0.0})
        deviation = value - kept["mean"]
        kept["n"] += 1
        kept["mean"] += deviation / kept["n"]
        kept["squares"] += deviation * (value - kept["mean"])


def name_key(name: str) -> str:
    """The name as filters compare it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def downgrade() -> None:
    with op.batch_alter_table("jobs") as batch:
        for name in COLUMNS:
            batch.drop_column(name)
    for name, columns in FILTERS.items():
        op.create_index(name, "jobs", columns, unique=False)
    op.drop_column("runs", "data_sha256")
    op.drop_index("ix_job_facets_kind_value_job_id", table_name="job_facets")
    op.drop_table("job_facets")
