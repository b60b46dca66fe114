"""A job knows the job whose specification it was made from."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("parent", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "parent")
