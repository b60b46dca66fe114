"""Jobs have notes, can be archived, show a curve in lists, and are sorted by name, progress and their main metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_jobs_archived_id": ["archived", "id"],
    "ix_jobs_archived_name": ["archived", "name_key", "id"],
    "ix_jobs_archived_progress": ["archived", "progress", "id"],
}
BATCH, POINTS = 500, 24
CURVES = ("test/top1_error", "test/mean_average_precision")
jobs = sa.table("jobs", sa.column("id"), sa.column("results", sa.JSON()), sa.column("sparkline", sa.JSON()))
runs = sa.table(
    "runs",
    *(sa.column(name) for name in ("id", "job_id", "state", "epoch", "finished_at")),
    sa.column("last_metrics", sa.JSON()),
)
epochs = sa.table("epochs", sa.column("run_id"), sa.column("epoch"), sa.column("metrics", sa.JSON()))
job_metrics = sa.table("job_metrics", sa.column("job_id"), sa.column("name"), sa.column("value"))


def upgrade() -> None:
    op.add_column("jobs", sa.Column("notes", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("jobs", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("sparkline", sa.JSON(), nullable=True))
    for name, columns in INDEXES.items():
        op.create_index(name, "jobs", columns, unique=False)
    op.create_table(
        "job_metrics",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "name"),
    )
    op.create_index("ix_job_metrics_name_value_job_id", "job_metrics", ["name", "value", "job_id"], unique=False)
    fill()


def fill() -> None:
    """The main metrics and a curve of the jobs that have any, from their results and runs."""
    bind, last = op.get_bind(), ""
    query = sa.select(jobs.c.id, jobs.c.results).order_by(jobs.c.id).limit(BATCH)
    while batch := bind.execute(query.where(jobs.c.id > last)).all():
        last = batch[-1].id
        rows = [
            {"job_id": job_id, "name": name, "value": kept["mean"]}
            for job_id, results in batch
            for name, kept in results.items()
        ]
        if rows:
            bind.execute(job_metrics.insert(), rows)
        for job_id in dict.fromkeys(row["job_id"] for row in rows):
            bind.execute(jobs.update().where(jobs.c.id == job_id).values(sparkline=curve_of(job_id)))


def curve_of(job_id: str) -> list[float]:
    """A few points of the main test metric of the run that succeeded first."""
    first = sa.select(runs.c.id, runs.c.epoch, runs.c.last_metrics).where(
        runs.c.job_id == job_id, runs.c.state == "succeeded"
    )
    bind = op.get_bind()
    run = bind.execute(first.order_by(runs.c.finished_at, runs.c.id).limit(1)).first()
    name = next((name for name in CURVES if run and name in (run.last_metrics or {})), None)
    if run is None or name is None:
        return []
    wanted = (epochs.c.run_id == run.id) & epochs.c.epoch.in_(spaced(run.epoch))
    measured = bind.execute(sa.select(epochs.c.metrics).where(wanted).order_by(epochs.c.epoch)).scalars()
    values = [metrics.get(name) for metrics in measured]
    return [round(value, 4) for value in values if value is not None]


def spaced(epochs: int) -> list[int]:
    """Up to `POINTS` of the epochs from 1 on, evenly spaced."""
    steps = min(epochs, POINTS) - 1
    return [1 + (epochs - 1) * step // max(1, steps) for step in range(steps + 1)]


def downgrade() -> None:
    op.drop_index("ix_job_metrics_name_value_job_id", table_name="job_metrics")
    op.drop_table("job_metrics")
    for name in INDEXES:
        op.drop_index(name, table_name="jobs")
    with op.batch_alter_table("jobs") as batch:
        for column in ("notes", "archived", "sparkline"):
            batch.drop_column(column)
