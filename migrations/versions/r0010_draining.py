"""A worker's device has memory, and may be draining: it takes nothing new until it is resumed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
MEMORY = ("memory_total_bytes", "memory_free_bytes")


def upgrade() -> None:
    op.add_column("workers", sa.Column("draining", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in MEMORY:
        op.add_column("workers", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("workers") as workers:
        for name in ("draining", *MEMORY):
            workers.drop_column(name)
