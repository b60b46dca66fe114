"""Indexes for filters of the list of jobs, for jobs that are being deleted, and for who uses a data set."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_jobs_dataset_id": ("jobs", ["dataset", "id"]),
    "ix_jobs_method_id": ("jobs", ["method", "id"]),
    "ix_jobs_requested": ("jobs", ["requested"]),
    "ix_runs_dataset": ("runs", ["dataset", "state"]),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns, unique=False)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
