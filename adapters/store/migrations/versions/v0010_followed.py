"""Keep how far a run is and since when it is so: one that no list shows and that stands still is no longer followed.

Of the runs on record nothing is known of that, so their time begins with their listing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add both columns, filled at once."""
    runs = sa.table("runs", sa.column("listed_at"), sa.column("progress"), sa.column("changed_at"))
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("progress", CleanText()))
        table.add_column(sa.Column("changed_at", UtcTime()))
    op.execute(runs.update().values(progress="", changed_at=runs.c.listed_at))
    with op.batch_alter_table("runs") as table:
        table.alter_column("progress", existing_type=CleanText(), nullable=False)
        table.alter_column("changed_at", existing_type=UtcTime(), nullable=False)
