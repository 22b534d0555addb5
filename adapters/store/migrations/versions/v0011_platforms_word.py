"""Keep the platform's own word for a run, and whether it is from a row of a list that says less than the run alone.

Of the runs on record no word is known, and they were read as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add both columns, the second one filled at once."""
    runs = sa.table("runs", sa.column("brief"))
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("says", CleanText()))
        table.add_column(sa.Column("brief", sa.Boolean()))
    op.execute(runs.update().values(brief=False))
    with op.batch_alter_table("runs") as table:
        table.alter_column("brief", existing_type=sa.Boolean(), nullable=False)
