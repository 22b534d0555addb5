"""Keep which ids are one person's, and the codes that say so."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import keys, texts, times

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Lay two more tables."""
    op.create_table("link_codes", *keys("digest"), *texts("actor"), *times("until"))
    op.create_table("links", *keys("actor"), *texts("person"))
