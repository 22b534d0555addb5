"""Who is told what happens: receivers register here, and nobody can list or remove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.simulator.common.ids import opaque_id
from adapters.simulator.common.misbehave import Json


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address, the events that it wants, and the secret that its deliveries are signed with."""

    url: str
    events: frozenset[str]
    secret: str | None


class Hooks:
    """The receivers."""

    def __init__(self) -> None:
        self.receivers: list[Receiver] = []

    def register(self, url: str, events: Sequence[str], secret: str | None) -> Json:
        """Add a receiver; return what the answer says of it."""
        self.receivers.append(Receiver(url, frozenset(events), secret))
        return {"id": opaque_id("hook", url, len(self.receivers)), "url": url, "events": list(events)}
