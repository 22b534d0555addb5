"""Keep how many checks of a run failed that are in no count, so that a list does not say that all of them pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the column; of runs on record nobody knows."""
    with op.batch_alter_table("results") as table:
        table.add_column(sa.Column("advisory_count", sa.Integer(), nullable=True))
