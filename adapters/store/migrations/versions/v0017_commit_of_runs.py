"""Keep the commit that a run tested with the run too, so that whoever reads its results later can keep it with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column; of runs on record it is known as soon as they are listed again."""
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("commit", CleanText(), nullable=True))
