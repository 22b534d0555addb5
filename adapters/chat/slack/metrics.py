"""What an operator can watch of Slack; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ACKED = Histogram(
    "clew_slack_ack_seconds",
    "From reading a request to its acknowledgement, durable write included",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
SAID = Counter("clew_slack_said", "Commands taken, by the way they came in", ["way"])
REPEATED = Counter("clew_slack_redeliveries", "Requests that had been taken before")
UNSTORED = Counter("clew_slack_not_taken", "Requests not acknowledged because they could not be stored")
ANSWERED = Histogram(
    "clew_slack_answer_seconds",
    "From taking a command to its first visible answer",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
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
