"""Keep at which time a channel gets a digest, and how far its digests are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, counters, keys, texts, times

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Lay the table, and add the columns; no channel has a digest yet."""
    op.create_table(
        "digests", *keys("channel"), *texts("schedule"), *times("after", "since"), *counters("upto")
    )
    with op.batch_alter_table("channels") as table:
        table.add_column(sa.Column("digest", CleanText(), nullable=True))
        table.add_column(
            sa.Column("digest_days", CleanText(), nullable=False, server_default="0,1,2,3,4,5,6")
        )
        table.add_column(sa.Column("digest_empty", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("channels") as table:
        table.alter_column("digest_days", server_default=None)
        table.alter_column("digest_empty", server_default=None)
