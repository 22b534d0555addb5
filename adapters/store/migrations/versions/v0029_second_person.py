"""Keep who else has to approve something, until when, and who decided it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import times

revision = "0029"
down_revision = "0028"

TEXTS = ("preset_mark", "second", "decided_by")


def upgrade() -> None:
    """Add the columns; nothing that was asked for before needs a second person."""
    with op.batch_alter_table("intents") as table:
        for name in TEXTS:
            table.add_column(sa.Column(name, sa.Text()))
        table.add_column(*times("approve_by", nullable=True))
    rows = sa.table("intents", *map(sa.column, TEXTS))
    op.execute(rows.update().values(dict.fromkeys(TEXTS, "")))
    with op.batch_alter_table("intents") as table:
        for name in TEXTS:
            table.alter_column(name, existing_type=sa.Text(), nullable=False)
