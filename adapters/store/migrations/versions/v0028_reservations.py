"""Keep what confirmed runs take of quotas."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import keys, numbers, texts, times

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Lay one more table; what was confirmed before counts for no quota."""
    op.create_table(
        "reservations",
        *keys("intent_id"),
        *texts("actor", "channel", "launcher", "connection"),
        *numbers("minutes", nullable=True),
        *times("at"),
    )
    op.create_index("reservations_at", "reservations", ["at"])
