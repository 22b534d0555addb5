"""Keep which program answers a command that came in."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import texts

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add the column; what was accepted before has no owner."""
    for column in texts("owner", nullable=True):
        op.add_column("inbox", column)
