"""Let a claim find the first row of each channel without going through the rows of channels that wait."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add an index."""
    op.create_index("outbox_lanes", "outbox", ["state", "channel", "id"])
