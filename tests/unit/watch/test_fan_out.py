"""One run's end that very many channels are notified of: as few questions and drawings as for one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from bot.cards import Card
from bot.state import DeliveryState, MentionRule, Mute, Outcome, Subscription
from tests.fakes.runs import some_results
from tests.fakes.store import MemoryStore
from tests.fakes.watching import Watching

MANY = 300


class Counting(MemoryStore):
    """A store that counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if callable(found) and not name.startswith("_"):
            super().__getattribute__("asked")[name] += 1
        return found


@dataclass(kw_only=True)
class FanOut(Watching):
    """A watcher that counts what is drawn."""

    store: Counting = field(default_factory=Counting)
    drawn: int = 0

    @property
    def renderers(self) -> dict[str, object]:  # type: ignore[override]  # counted
        """The only chat."""

        def render(card: Card) -> str:
            self.drawn += 1
            return self.chat.render(card)

        return {self.chat.name: render}


def channel(number: int) -> str:
    return f"fake:channel:C{number}"


async def _ended(channels: int) -> FanOut:
    """Let a run end of which so many channels are notified."""
    it = FanOut()
    await it.begin(*(Subscription(channel=channel(n)) for n in range(channels)))
    run = it.starts()
    await it.tick()
    await it.store.add_mention(
        MentionRule(channel=channel(0), who="fake:user:U1", outcomes=frozenset({Outcome.ALL})), it.clock.now()
    )
    it.store.asked.clear()
    it.service.finish(run, some_results(run, failing=("No lost writes",)))
    await it.tick()
    return it


async def test_end__for_many_channels_asks_and_draws_as_for_two() -> None:
    """What a channel asked for is read for all of them at once, and what they are told is drawn once."""
    few, many = await _ended(2), await _ended(MANY)

    assert few.store.asked == many.store.asked
    assert (few.drawn, many.drawn) == (2, 2)  # the channel that mentions somebody is told of it
    assert len(many.store.outbox) == MANY
    payloads = Counter(row.delivery.payload for row in many.store.outbox.values())
    assert sorted(payloads.values()) == [1, MANY - 1]


async def test_end__for_many_channels_holds_what_each_wants_held() -> None:
    """What one channel has muted is held for it alone."""
    it = FanOut()
    await it.begin(*(Subscription(channel=channel(n)) for n in range(3)))
    now = it.clock.now()
    mute = Mute(channel=channel(1), since=now, until=now + timedelta(hours=1), by="fake:user:U1")
    await it.store.mute(mute, now)
    run = it.starts()
    await it.tick()
    it.service.finish(run, some_results(run, failing=("No lost writes",)))
    await it.tick()

    rows = [row.delivery for row in it.store.outbox.values()]
    held = {row.channel for row in rows if row.state is DeliveryState.HELD}
    assert held == {channel(1)}
