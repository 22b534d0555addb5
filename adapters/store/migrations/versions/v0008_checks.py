"""Keep what platforms say beside names: skipped and excused checks, their own word, a launcher's id, and the list's order.

Runs on record were all listed, but for those that were launched here and not seen since.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, UtcTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add columns, those without a default of their own filled at once, and index a series by its launcher's id."""
    runs = sa.table("runs", sa.column("launcher"), sa.column("launcher_key"), sa.column("listed"))
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("launcher_key", CleanText()))
        table.add_column(sa.Column("listed", sa.Boolean()))
    op.execute(runs.update().values(launcher_key=runs.c.launcher, listed=runs.c.launcher != ""))
    with op.batch_alter_table("runs") as table:
        table.alter_column("launcher_key", existing_type=CleanText(), nullable=False)
        table.alter_column("listed", existing_type=sa.Boolean(), nullable=False)
    op.drop_index("runs_series", "runs")
    op.create_index("runs_series", "runs", ["connection", "launcher_key", "source", "test_name", "listed_at"])
    results = sa.table("results", sa.column("skipped_count"), sa.column("excused"))
    with op.batch_alter_table("results") as table:
        table.add_column(sa.Column("skipped_count", sa.Integer()))
        table.add_column(sa.Column("excused", CleanText()))
        table.add_column(sa.Column("says", CleanText()))
        table.add_column(sa.Column("seen_at", UtcTime()))
    op.execute(results.update().values(skipped_count=0, excused="[]"))
    with op.batch_alter_table("results") as table:
        table.alter_column("skipped_count", existing_type=sa.Integer(), nullable=False)
        table.alter_column("excused", existing_type=CleanText(), nullable=False)
