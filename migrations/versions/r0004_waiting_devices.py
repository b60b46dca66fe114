"""Which kind of device a run waits for, whether a worker hears wake-ups, and the version that wrote the schema.

Runs that wait or are paused also lose the worker and the device of an attempt that is over.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 500
QUEUE = ["state", "owner", "rank", "id"]


def upgrade() -> None:
    op.create_table(
        "program",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("workers", sa.Column("consumer", sa.String(16), nullable=True))
    op.add_column("runs", sa.Column("wants", sa.String(16), nullable=False, server_default="auto"))
    names = ("id", "wants", "state")
    fill(sa.table("runs", *map(sa.column, names), sa.column("spec", sa.JSON)))
    op.execute("UPDATE runs SET worker = NULL, device = NULL WHERE state IN ('queued', 'paused')")
    op.drop_index("ix_runs_queue", table_name="runs")
    op.create_index("ix_runs_queue", "runs", [*QUEUE, "wants"], unique=False)


def fill(runs: sa.TableClause) -> None:
    """Write down what the specs of runs that can still run ask for."""
    connection = op.get_bind()
    unended = runs.c.state.in_(("queued", "running", "paused"))
    rows = connection.execute(sa.select(runs.c.id, runs.c.spec).where(unended).execution_options(yield_per=BATCH))
    kinds: dict[str, list[str]] = {}
    for row in rows:
        kind = str((row.spec or {}).get("device") or "auto").partition(":")[0]
        if kind != "auto":
            kinds.setdefault(kind[:16], []).append(row.id)
    for kind, members in kinds.items():
        for start in range(0, len(members), BATCH):
            connection.execute(sa.update(runs).where(runs.c.id.in_(members[start : start + BATCH])).values(wants=kind))


def downgrade() -> None:
    op.drop_index("ix_runs_queue", table_name="runs")
    op.create_index("ix_runs_queue", "runs", QUEUE, unique=False)
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("wants")
    with op.batch_alter_table("workers") as workers:
        workers.drop_column("consumer")
    op.drop_table("program")
