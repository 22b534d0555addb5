"""Remember where a launch is told, who asked for it, what a summary stands for, and who works on the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import CleanText, UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Lay five more tables."""
    op.create_table(
        "stories",
        sa.Column("intent_id", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("message_id", CleanText(), nullable=False),
        sa.Column("thread", CleanText()),
        sa.PrimaryKeyConstraint("intent_id", "channel"),
    )
    op.create_table(
        "names",
        sa.Column("actor", CleanText(), nullable=False),
        sa.Column("name", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("actor"),
    )
    op.create_table(
        "folded",
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("digest", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("folded_digest", "folded", ["digest"])
    op.create_table("repeats", sa.Column("key", CleanText(), nullable=False), sa.PrimaryKeyConstraint("key"))
    op.create_table(
        "workers",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("holder", CleanText(), nullable=False),
        sa.Column("host", CleanText(), nullable=False),
        sa.Column("place", CleanText(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("born", CleanText(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
