"""The presets of jobs with their published figures; names of studies to be found by, and which give an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("preset", sa.String(length=100), nullable=True))
    op.add_column("jobs", sa.Column("published", sa.JSON(), nullable=True))
    op.add_column("studies", sa.Column("name_key", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("studies", sa.Column("answers", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("studies") as studies:
        for name in ("answers", "name_key"):
            studies.drop_column(name)
    with op.batch_alter_table("jobs") as jobs:
        for name in ("published", "preset"):
            jobs.drop_column(name)
