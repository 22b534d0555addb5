"""What an operator can watch of Slack; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WAITED = Histogram(
    "clew_slack_post_wait_seconds",
    "Time that messages waited because of Slack's rate limits",
    buckets=(0.0, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
LIMITED = Counter("clew_slack_rate_limited", "Rate-limited responses", ["method"])
RATE_LIMITED = Gauge("clew_slack_rate_limited_channels", "Channels currently rate-limited by Slack")
SOCKETS = Gauge("clew_slack_sockets", "Open Socket Mode connections")
SILENCE = Gauge(
    "clew_slack_socket_silence_seconds", "Time since the last sign of life on the most recently active socket"
)
RENEWED = Counter("clew_slack_socket_renewals", "Connections that the watchdog renewed with a fresh address")
