"""Mirrors: how far the event log has been told to a tracking server, and which run there is which here."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mirrors",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "mirrored_runs",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("mirror", sa.String(length=40), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "mirror"),
    )


def downgrade() -> None:
    op.drop_table("mirrored_runs")
    op.drop_table("mirrors")
