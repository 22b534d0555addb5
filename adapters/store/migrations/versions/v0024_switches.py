"""Keep the read-only switch, which an admin sets in a chat."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import keys, texts, times

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table("switches", *keys("name"), *times("at"), *texts("actor", "by"))
