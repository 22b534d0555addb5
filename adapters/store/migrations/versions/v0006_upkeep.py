"""Remember when threads and buttons were kept, and give probes a row to write.

What is there already counts as kept now, so that nothing is forgotten too early.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import UtcTime, counters, keys

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Lay one more table, and two columns that are filled at once."""
    op.create_table("probes", *keys("name"), *counters("writes"))
    for name, column in (("threads", "context"), ("words", "words")):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("kept_at", UtcTime()))
        kept = sa.table(name, sa.column(column), sa.column("kept_at", UtcTime()))
        op.execute(kept.update().values(kept_at=datetime.now(UTC)))
        with op.batch_alter_table(name) as table:
            table.alter_column("kept_at", existing_type=UtcTime(), nullable=False)
        op.create_index(f"{name}_kept", name, ["kept_at"])
