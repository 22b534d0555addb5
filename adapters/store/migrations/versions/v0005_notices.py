"""Remember what an operator was told, until it is over."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import keys, texts, times

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table("notices", *keys("cause", "subject"), *texts("problem"), *times("since"))
