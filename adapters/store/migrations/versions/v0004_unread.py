"""Remember which parts of the platform's list were not read yet, so that listing goes on there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a column; nothing was left unread by an older program."""
    with op.batch_alter_table("coverage") as coverage:
        coverage.add_column(sa.Column("unread", CleanText(), nullable=False, server_default="[]"))
    with op.batch_alter_table("coverage") as coverage:
        coverage.alter_column("unread", server_default=None)
