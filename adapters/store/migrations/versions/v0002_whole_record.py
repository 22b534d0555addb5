"""Say how far back the record is whole, and tell results that were told from those only read.

Nothing says how far an older record is whole, so it begins with the next look. What an older program kept
counts as told.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import keys, times

revision = "0002"
down_revision = "0001"

DROPPED = ("source", "test_name", "ephemeral")  # the runs know them


def upgrade() -> None:
    """Bring the tables to the new form."""
    op.create_table("coverage", *keys("connection"), *times("since", "until"))
    op.create_index("runs_series", "runs", ["connection", "launcher", "source", "test_name", "listed_at"])
    op.drop_index("results_series", "results")
    with op.batch_alter_table("results") as results:
        for name in DROPPED:
            results.drop_column(name)
        results.add_column(sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("results") as results:
        results.alter_column("told", server_default=None)
