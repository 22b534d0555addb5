"""What an operator can watch of Discord; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LATE = Counter("clew_discord_late", "Interactions whose initial response was too late")
WAITED = Histogram(
    "clew_discord_post_wait_seconds",
    "Time that messages waited because of Discord's rate limits",
    buckets=(0.0, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
LIMITED = Counter("clew_discord_rate_limited", "Rate-limited responses")
RATE_LIMITED = Gauge("clew_discord_rate_limited_channels", "Channels currently rate-limited by Discord")
MALFORMED = Counter(
    "clew_discord_malformed_events", "Gateway events skipped because they could not be parsed"
)
STARTS = Counter("clew_discord_starts", "Gateway connections that were opened anew")
IDENTIFIES = Gauge(
    "clew_discord_identifies_today", "Sessions started in the last 24 hours; Discord allows 1,000"
)
