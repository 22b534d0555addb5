"""Keep what is written into other platforms: how far each publication is, and a ledger of what cannot be read back."""

from __future__ import annotations

from alembic import op

from adapters.store.columns import flags, keys, numbers, texts, times

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Lay four more tables."""
    op.create_table(
        "publications",
        *keys("key"),
        *texts("source_connection", "source_run_id", "target", "state"),
        *texts("intent_id", nullable=True),
        *flags("by_rule"),
        *times("created_at", "changed_at"),
        *texts("reason"),
    )
    op.create_index("publications_state", "publications", ["state", "created_at"])
    op.create_table(
        "publication_results",
        *keys("key"),
        *numbers("position", primary_key=True, autoincrement=False),
        *texts("content"),
        *numbers("tries"),
        *texts("result_id", nullable=True),
        *flags("told"),
        *texts("file_id", nullable=True),
        *flags("attached"),
        *texts("trouble"),
    )
    op.create_table(
        "ledger_runs",
        *keys("connection", "run_id"),
        *texts("project", "label", "series", "status"),
        *times("created_at"),
        *times("ended_at", nullable=True),
        *texts("origin"),
    )
    op.create_table(
        "ledger_results",
        *keys("connection", "result_id"),
        *texts("run_id", "name", "status"),
        *flags("excused"),
        *times("written_at"),
        *times("ended_at", nullable=True),
    )
    op.create_index("ledger_results_run", "ledger_results", ["connection", "run_id", "written_at"])
