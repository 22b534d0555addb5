"""The business keys of announcements: one message per run, end and channel, however often it is decided."""

from __future__ import annotations

from datetime import datetime

from bot.model import RunRef, RunStatus
from bot.state import Delivery


def key_of(ref: RunRef, status: RunStatus, channel: str) -> str:
    """Return the business key of an announcement: one run, one end, one channel."""
    return f"{ref.connection}:{ref.run_id}:{status.value}:{channel}"


def results_key(ref: RunRef, status: RunStatus, channel: str) -> str:
    """Return the key of the reply that brings results which came late."""
    return f"{key_of(ref, status, channel)}:results"


def cause_key(key: str) -> str:
    """Return the key of the reply that says why a run broke whose announcement has that key and stands in a summary."""
    return f"{key}:cause"


def unfollowed_key(ref: RunRef, since: datetime, channel: str) -> str:
    """Return the key of the message that a run is no longer followed; `since`: when it changed last."""
    return f"unfollowed:{ref.connection}:{ref.run_id}:{since:%Y%m%d%H%M%S}:{channel}"


def announces_end(delivery: Delivery) -> bool:
    """Whether a message tells of a run's end, its correction or its late results: the run's line says it too.

    Seen by its key, which is made here; other messages about a run have words that no summary repeats.
    """
    ref = delivery.context.run if delivery.context else None
    keys = (
        key(ref, status, delivery.channel) for status in RunStatus for key in (key_of, results_key) if ref
    )
    return delivery.key in keys
