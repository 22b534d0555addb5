"""What the views read from, and what they all need: pages of a list, words for a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlencode

from adapters.cli.parts import KeptStore, Parts
from adapters.settings import Settings
from adapters.web.health import Health
from adapters.web.page.app import Query
from bot.access import Policy

if TYPE_CHECKING:
    from adapters.store.by_channel import OfChannel
    from adapters.store.outbox_admin import Entry
    from bot.state import Per, PropertyState

BEGIN = "from"  # which entry a page begins with, counted from 1
HIGHEST = 10**9

Kind = Literal["good", "odd", "bad", ""]


class PageStore(KeptStore, Protocol):
    """The store with what only operators read, a page at a time. Raises `StoreError`."""

    async def entries(self, limit: int, *, skip: int = 0) -> tuple[tuple[Entry, ...], int]:
        """Return messages that are not delivered."""
        ...

    async def most_reserved(self, per: Per, since: datetime, until: datetime, limit: int) -> tuple[str, ...]:
        """Return by which names quotas of a kind count most runs."""
        ...

    async def of_channels(
        self, now: datetime, *, naming: str = "", skip: int = 0, limit: int
    ) -> tuple[tuple[OfChannel, ...], int]:
        """Return channels with all that is kept of them."""
        ...

    async def all_property_states(
        self, *, naming: str = "", skip: int, limit: int
    ) -> tuple[tuple[tuple[PropertyState, str], ...], int]:
        """Return what people said of properties, each with the name of its launcher."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A running program, as far as the page tells of it. `started`: when it was; `in_force`: the settings now."""

    parts: Parts
    store: PageStore
    health: Health
    started: datetime
    in_force: Callable[[], Settings]

    @property
    def now(self) -> datetime:
        """The wall clock's time."""
        return self.parts.clock.now()

    @property
    def policy(self) -> Policy:
        """Who may do what, as it is in force."""
        return self.parts.handler.services.policy


@dataclass(frozen=True, slots=True)
class State:
    """A state in a word, and how good that is."""

    word: str
    kind: Kind = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """A page of a list: it shows `shown` entries from `first` on, of `total`. `query`: what the list was asked for."""

    first: int
    shown: int
    size: int
    total: int
    query: Query

    @property
    def last(self) -> int:
        """The number of its last entry."""
        return self.first + self.shown - 1

    @property
    def before(self) -> str:
        """The query of the page before, "" where there is none."""
        return self._at(max(1, self.first - self.size)) if self.first > 1 else ""

    @property
    def after(self) -> str:
        """The query of the next page, "" where there is none."""
        return self._at(self.first + self.size) if self.last < self.total and self.shown else ""

    def _at(self, first: int) -> str:
        asked = {name: value for name, value in self.query.items() if value and name != BEGIN}
        return "?" + urlencode({**asked, BEGIN: str(first)})


def begin_of(query: Query) -> int:
    """Return which entry is asked for as the first one; whatever is no number means the first of all."""
    text = query.get(BEGIN, "")
    return (
        min(max(1, int(text)), HIGHEST)
        if text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST))
        else 1
    )


def asked_for(query: Query, *names: str) -> dict[str, str]:
    """Return what was asked for by name, without white space around it; "" for what was not."""
    return {name: query.get(name, "").strip() for name in names}
