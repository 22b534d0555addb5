"""Keep launches that are made at times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import counters, flags, keys, texts, times

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table(
        "schedules",
        *keys("id"),
        *texts("channel", "connection", "actor", "principals", "request", "same"),
        *times("made_at", "done_until"),
        *texts("paused"),
        *times("last_due", nullable=True),
        *texts("last_intent", nullable=True),
        *texts("last"),
        *flags("told"),
        *counters("version"),
        sa.UniqueConstraint("channel", "same", name="schedules_once"),
    )
