"""Keep whom posts mention, and when they last did."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import flags, row_id, texts, times

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table(
        "mentions",
        row_id(),
        *texts("wants", unique=True),
        *texts("channel", "who", "name"),
        *texts("connection", "launcher", "source", "pattern", nullable=True),
        *texts("outcomes"),
        *flags("from_settings"),
        *times("since"),
        *times("matched_at", nullable=True),
    )
    op.create_index("mentions_channel", "mentions", ["channel"])
