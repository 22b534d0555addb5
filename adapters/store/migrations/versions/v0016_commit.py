"""Keep the commit that a run tested with its results, so that the next run can name what was changed since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the column; of runs on record the commit is not known."""
    with op.batch_alter_table("results") as table:
        table.add_column(sa.Column("commit", CleanText(), nullable=True))
