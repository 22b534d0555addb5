"""What an operator can watch of conversations, by chat; no ids and no addresses as labels."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ACCEPTED = Counter(
    "clew_chat_accepted", "Commands accepted into the inbox, by how they came in", ["chat", "kind"]
)
REPEATED = Counter("clew_chat_redeliveries", "Commands that had been accepted before", ["chat"])
NOT_ACCEPTED = Counter(
    "clew_chat_not_accepted", "Commands that the database did not take, or not in time", ["chat"]
)
ACKNOWLEDGED = Histogram(
    "clew_chat_acknowledge_seconds",
    "From reading what came in to its acknowledgement, durable write included",
    ["chat"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
ANSWERED = Histogram(
    "clew_chat_answer_seconds",
    "From accepting a command to its answer",
    ["chat"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
