"""Keep what people say of single properties: who owns one, what is known of it, for how long it is snoozed."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import counters, keys, numbers, texts, times

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table(
        "property_states",
        *keys("connection", "launcher_key", "digest"),
        *texts("name", "owner"),
        *times("owned_at", nullable=True),
        *texts("word", nullable=True),
        *texts("said_by"),
        *times("said_at", nullable=True),
        *texts("ticket"),
        *times("until", nullable=True),
        *numbers("runs", nullable=True),
        *texts("places"),
        *texts("ratio", nullable=True),
        *times("counts_from", nullable=True),
        *texts("reopened_why", nullable=True),
        *texts("reopened_run_id", "reopened_now"),
        *counters("version"),
    )
