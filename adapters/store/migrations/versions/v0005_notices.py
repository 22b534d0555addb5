"""Remember what an operator was told, until it is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Lay one more table."""
    op.create_table(
        "notices",
        sa.Column("cause", CleanText(), nullable=False),
        sa.Column("subject", CleanText(), nullable=False),
        sa.Column("problem", CleanText(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("cause", "subject"),
    )
