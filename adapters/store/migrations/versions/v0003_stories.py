"""Remember where a launch is told, who asked for it, what a summary stands for, and who works on the database."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import counters, keys, numbers, texts, times

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Lay five more tables."""
    op.create_table(
        "stories",
        *keys("intent_id", "channel"),
        *texts("message_id"),
        *texts("thread", nullable=True),
    )
    op.create_table("names", *keys("actor"), *texts("name"))
    op.create_table("folded", *keys("key"), *texts("digest"))
    op.create_index("folded_digest", "folded", ["digest"])
    op.create_table("repeats", *keys("key"))
    op.create_table(
        "workers",
        *keys("name"),
        *texts("holder", "host", "place"),
        *numbers("pid"),
        *texts("born"),
        *times("since"),
        *counters("beats"),
    )
