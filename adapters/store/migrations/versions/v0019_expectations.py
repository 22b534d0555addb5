"""Keep which runs channels expect to start, and where somebody was notified of what is not over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, flags, row_id, texts, times

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Lay one more table, and add the column; until now it was the operator's channel alone."""
    op.create_table(
        "expectations",
        row_id(),
        *texts("wants", unique=True),
        *texts("channel", "connection", "launcher"),
        *texts("source", "by", "begins", nullable=True),
        *texts("zone", "days"),
        *flags("from_settings"),
        *times("since"),
    )
    op.create_index("expectations_channel", "expectations", ["channel"])
    with op.batch_alter_table("notices") as table:
        table.add_column(sa.Column("channel", CleanText()))
    op.execute(sa.table("notices", sa.column("channel")).update().values(channel=""))
    with op.batch_alter_table("notices") as table:
        table.alter_column("channel", existing_type=CleanText(), nullable=False)
