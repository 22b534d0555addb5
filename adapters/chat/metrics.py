"""What an operator can watch of conversations, by chat; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ACCEPTED = Counter(
    "clew_chat_accepted", "Commands accepted into the inbox, by kind of input", ["chat", "kind"]
)
REPEATED = Counter("clew_chat_redeliveries", "Redelivered commands that were already accepted", ["chat"])
NOT_ACCEPTED = Counter(
    "clew_chat_not_accepted", "Commands that the database did not accept in time, or at all", ["chat"]
)
ACKNOWLEDGED = Histogram(
    "clew_chat_acknowledge_seconds",
    "Time from reading a command to acknowledging it, including the durable write",
    ["chat"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
ANSWERED = Histogram(
    "clew_chat_answer_seconds",
    "Time from accepting a command to answering it",
    ["chat"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
