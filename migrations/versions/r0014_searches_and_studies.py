"""Searches, whose trials wait at rungs, and studies: jobs that make one table."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("trial", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("stop_epoch", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("search_open", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("study_id", sa.String(length=40), nullable=True))
    op.create_index("ix_jobs_search_open", "jobs", ["search_open", "id"])
    op.create_index("ix_jobs_study_id", "jobs", ["study_id", "id"])
    op.create_table(
        "studies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("preset", sa.String(length=40), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested", sa.String(length=16), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_studies_state_id", "studies", ["state", "id"])
    op.add_column("webhook_deliveries", sa.Column("study_id", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("webhook_deliveries") as deliveries:
        deliveries.drop_column("study_id")
    op.drop_table("studies")
    op.drop_index("ix_jobs_study_id", "jobs")
    op.drop_index("ix_jobs_search_open", "jobs")
    with op.batch_alter_table("jobs") as jobs:
        for name in ("study_id", "search_open"):
            jobs.drop_column(name)
    with op.batch_alter_table("runs") as runs:
        for name in ("stop_epoch", "trial"):
            runs.drop_column(name)
