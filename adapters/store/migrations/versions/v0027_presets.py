"""Keep by which preset something was asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add the column; of what was asked for before, no preset is known."""
    with op.batch_alter_table("intents") as table:
        table.add_column(sa.Column("preset", sa.Text()))
    op.execute(sa.table("intents", sa.column("preset")).update().values(preset=""))
    with op.batch_alter_table("intents") as table:
        table.alter_column("preset", existing_type=sa.Text(), nullable=False)
