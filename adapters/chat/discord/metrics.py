"""What an operator can watch of Discord; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ACKED = Histogram(
    "clew_discord_ack_seconds",
    "From reading an interaction to its first response, durable write included",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
REPEATED = Counter("clew_discord_redeliveries", "Interactions and messages that had been taken before")
UNSTORED = Counter("clew_discord_not_taken", "Commands that could not be stored; the person was told")
LATE = Counter("clew_discord_late", "Interactions whose first response came too late")
ANSWERED = Histogram(
    "clew_discord_answer_seconds",
    "From taking a command to its first visible answer",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
WAITED = Histogram(
    "clew_discord_post_wait_seconds",
    "How long messages waited for Discord's pace or for a pause it asked for",
    buckets=(0.0, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
LIMITED = Counter("clew_discord_rate_limited", "Answers that asked for a pause")
RATE_LIMITED = Gauge(
    "clew_discord_rate_limited_channels", "Channels that wait because Discord asked for a pause"
)
MALFORMED = Counter("clew_discord_malformed_events", "Gateway events that could not be read and were skipped")
STARTS = Counter("clew_discord_starts", "Gateway connections that were built anew")
IDENTIFIES = Gauge(
    "clew_discord_identifies_today", "Sessions begun in the last 24 hours; Discord allows 1,000"
)
EVENT_AGE = Gauge("clew_discord_event_age_seconds", "Age of the last event or heartbeat answer")
