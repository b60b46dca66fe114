"""Runs know their key and their place in its queue; keys take turns; an audit log; an index to derive jobs from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AGEING_SECONDS = 3600.0


def upgrade() -> None:
    op.add_column("runs", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("rank", sa.Double(), nullable=True))
    runs = sa.table("runs", *(sa.column(n) for n in ("job_id", "owner", "rank", "created_at", "priority")))
    jobs = sa.table("jobs", sa.column("id"), sa.column("owner"))
    of_job = sa.select(jobs.c.owner).where(jobs.c.id == runs.c.job_id).scalar_subquery()
    op.execute(
        runs.update().values(
            owner=sa.func.coalesce(of_job, ""), rank=runs.c.created_at - runs.c.priority * AGEING_SECONDS
        )
    )
    op.drop_index("ix_runs_queue", table_name="runs")
    with op.batch_alter_table("runs") as batch:
        batch.alter_column("owner", existing_type=sa.Text(), nullable=False)
        batch.alter_column("rank", existing_type=sa.Double(), nullable=False)
    op.create_index("ix_runs_queue", "runs", ["state", "owner", "rank", "id"], unique=False)
    op.create_index("ix_runs_derived", "runs", ["job_id", "replaced", "state", "requested", "progress"], unique=False)
    op.create_table(
        "owners",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("turn_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("key_name", sa.Text(), nullable=True),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_audit_at", table_name="audit")
    op.drop_table("audit")
    op.drop_table("owners")
    op.drop_index("ix_runs_derived", table_name="runs")
    op.drop_index("ix_runs_queue", table_name="runs")
    with op.batch_alter_table("runs") as batch:
        batch.drop_column("rank")
        batch.drop_column("owner")
    op.create_index("ix_runs_queue", "runs", ["state", "priority", "id"], unique=False)
