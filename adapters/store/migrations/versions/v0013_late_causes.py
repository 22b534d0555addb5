"""Keep which announcements are still to be edited by why their runs broke."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import keys, texts, times

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table(
        "late_causes",
        *keys("key"),
        *texts("connection", "run_id"),
        *texts("before", nullable=True),
        *times("since"),
    )
    op.create_index("late_causes_connection", "late_causes", ["connection", "since"])
