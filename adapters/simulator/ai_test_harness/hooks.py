"""Who is told what happens: receivers register here, and nobody can list or remove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.simulator.ai_test_harness.execution import Told
from adapters.simulator.common.ids import opaque_id, timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.common.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address, the events that it wants, and the secret that its deliveries are signed with."""

    url: str
    events: frozenset[str]
    secret: str | None


class Hooks:
    """The receivers, and what they are sent. `out`: how it goes out."""

    def __init__(self, out: Webhooks) -> None:
        self.receivers: list[Receiver] = []
        self._out = out

    def register(self, url: str, events: Sequence[str], secret: str | None) -> Json:
        """Add a receiver; return what the answer says of it."""
        self.receivers.append(Receiver(url, frozenset(events), secret))
        return {"id": opaque_id("hook", url, len(self.receivers)), "url": url, "events": list(events)}

    def tell(self, told: Told, now: datetime) -> None:
        """Send an event to each receiver that wants it, stamped with the time at which it is sent."""
        body = {"event": told.event, "timestamp": timestamp(now), "data": told.data}
        for receiver in self.receivers:
            if told.event in receiver.events:
                self._out.send(receiver.url, receiver.secret, body)
