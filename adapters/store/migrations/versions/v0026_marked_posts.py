"""Keep which announcements are edited since people said something of what fails in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Add the column; all that wait now wait for a cause."""
    with op.batch_alter_table("late_causes") as table:
        table.add_column(sa.Column("marked", sa.Boolean()))
    op.execute(sa.table("late_causes", sa.column("marked")).update().values(marked=False))
    with op.batch_alter_table("late_causes") as table:
        table.alter_column("marked", existing_type=sa.Boolean(), nullable=False)
