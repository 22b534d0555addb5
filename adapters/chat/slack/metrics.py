"""What an operator can watch of Slack; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WAITED = Histogram(
    "clew_slack_post_wait_seconds",
    "How long messages waited for Slack's pace or for a pause it asked for",
    buckets=(0.0, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
LIMITED = Counter("clew_slack_rate_limited", "Answers that asked for a pause", ["method"])
RATE_LIMITED = Gauge("clew_slack_rate_limited_channels", "Channels that wait because Slack asked for a pause")
SOCKETS = Gauge("clew_slack_sockets", "Open Socket Mode connections")
SILENCE = Gauge("clew_slack_socket_silence_seconds", "Age of the last sign of life on the liveliest socket")
RENEWED = Counter("clew_slack_socket_renewals", "Connections that the watchdog gave a fresh address")
