"""Keep how channels want to be notified, what they are not notified of for a while, and what a summary says of an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, flags, keys, row_id, texts, times

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Lay two tables, and add the column; messages on record have no short ending."""
    op.create_table(
        "channels",
        *keys("channel"),
        *texts("zone"),
        *texts("quiet_from", "quiet_to", nullable=True),
        *flags("from_settings"),
    )
    op.create_table(
        "mutes",
        row_id(),
        *texts("scope", unique=True),
        *texts("channel"),
        *texts("connection", "launcher", "source", nullable=True),
        *times("until", "since"),
        *texts("by"),
    )
    op.create_index("mutes_channel", "mutes", ["channel"])
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("ending", CleanText(), nullable=True))
