"""What an operator can watch of Discord; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LATE = Counter("clew_discord_late", "Interactions whose initial response came too late")
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
