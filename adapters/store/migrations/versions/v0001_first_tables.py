"""Lay the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.store.columns import counters, flags, keys, numbers, row_id, texts, times

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Lay the first tables."""
    _commands()
    _watching()
    _delivering()
    _talking()
    _deciding()
    _auditing()


def _commands() -> None:
    op.create_table(
        "inbox",
        row_id(),
        *texts("source", "dedupe_id"),
        *times("received_at"),
        *flags("finished"),
        *texts("invocation"),
        sa.UniqueConstraint("source", "dedupe_id", name="inbox_once"),
    )
    op.create_index("inbox_waiting", "inbox", ["source", "finished", "received_at"])


def _watching() -> None:
    op.create_table("watermarks", *keys("connection"), *times("created_at"))
    op.create_table(
        "runs",
        *keys("connection", "run_id"),
        *texts("status", "launcher", "source", "test_name"),
        *flags("ephemeral"),
        *times("created_at", nullable=True),
        *times("listed_at"),
        *times("terminal_since", nullable=True),
        *texts("announced", nullable=True),
        *flags("results_known", "settled"),
    )
    op.create_index("runs_launchers", "runs", ["connection", "launcher", "listed_at"])
    op.create_index("runs_listed", "runs", ["connection", "listed_at"])
    op.create_index("runs_unsettled", "runs", ["connection", "settled"])
    op.create_table(
        "results",
        *keys("connection", "run_id"),
        *texts("launcher", "source", "test_name"),
        *flags("ephemeral"),
        *texts("status"),
        *times("created_at", nullable=True),
        *texts("failing"),
        *numbers("passing_count", "unknown_count"),
    )
    op.create_index(
        "results_series", "results", ["connection", "launcher", "source", "test_name", "created_at"]
    )
    op.create_table(
        "subscriptions",
        row_id(),
        *texts("wants", unique=True),
        *texts("channel"),
        *texts("connection", "launcher", "source", nullable=True),
        *texts("outcomes"),
        *texts("report_links", nullable=True),
        *flags("from_settings"),
        *texts("problem"),
        *times("created_at"),
    )
    op.create_index("subscriptions_channel", "subscriptions", ["channel"])


def _delivering() -> None:
    op.create_table(
        "outbox",
        row_id(),
        *texts("key", unique=True),
        *texts("provider_key", "chat", "channel"),
        *texts("thread", "after_key", nullable=True),
        *texts("payload"),
        *texts("context", "report_connection", "report_run_id", nullable=True),
        *texts("report_links", "state"),
        *numbers("attempts"),
        *times("attempt_at", nullable=True),
        *times("next_at"),
        *numbers("faults"),
        *texts("error"),
        *texts("message_id", nullable=True),
        *times("recorded_at"),
        *times("settled_at", nullable=True),
    )
    op.create_index("outbox_due", "outbox", ["state", "id"])
    op.create_index(
        "outbox_in_flight",
        "outbox",
        ["channel", sa.text("coalesce(thread, '')")],
        unique=True,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_table("parked", *keys("channel"), *times("until"))


def _talking() -> None:
    op.create_table("threads", *keys("channel", "thread"), *texts("context"))
    op.create_table(
        "live_cards",
        row_id(),
        *texts("intent_id", "channel", "message_id"),
        *texts("thread", nullable=True),
        *texts("shown"),
        sa.UniqueConstraint("intent_id", "channel", "message_id", name="live_cards_once"),
    )
    op.create_table("words", *keys("token"), *texts("words"))


def _deciding() -> None:
    op.create_table(
        "intents",
        *keys("id"),
        *texts("kind", "connection", "actor", "channel"),
        *texts("thread", nullable=True),
        *texts("request", "subject", "state"),
        *times("created_at", "changed_at"),
        *times("posted_at", nullable=True),
        *texts("run_id", nullable=True),
        *texts("reason"),
    )
    op.create_index("intents_run", "intents", ["connection", "run_id"])
    op.create_index("intents_state", "intents", ["state", "created_at"])
    op.create_index("intents_subject", "intents", ["connection", "subject", "created_at"])


def _auditing() -> None:
    op.create_table(
        "audit",
        *counters("seq", primary_key=True, autoincrement=False),
        *times("at"),
        *texts("actor", "channel", "action", "decision", "detail", "prev_hash", "hash"),
    )
    op.create_table(
        "audit_head",
        *numbers("id", primary_key=True, autoincrement=False),
        *counters("seq"),
        *texts("hash"),
    )
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
