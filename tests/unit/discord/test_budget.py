"""Sessions are counted over restarts, slowed down, and stopped long before Discord takes the token away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.chat.discord.budget import A_DAY, FREELY, GAP, Budget, TooManySessions
from bot.errors import StoreError
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore

APP = "1104000000000000008"


def a_budget(store: MemoryStore, clock: ManualClock) -> Budget:
    return Budget(store, clock, chance=lambda: 0.5)


async def test_spend__is_free_at_first_and_then_one_at_a_time() -> None:
    """A few restarts cost nothing; a crash loop begins a session every ninety seconds."""
    clock, store = ManualClock(), MemoryStore()
    budget = a_budget(store, clock)
    for _ in range(FREELY):
        await budget.spend(APP)

    with pytest.raises(TooManySessions) as many:
        await budget.spend(APP)
    clock.pass_time(GAP + 1)
    await budget.spend(APP)

    assert 0 < many.value.wait <= GAP


async def test_spend__is_known_to_the_next_process() -> None:
    """Who keeps dying does not begin anew."""
    clock, store = ManualClock(), MemoryStore()
    for _ in range(FREELY):
        await a_budget(store, clock).spend(APP)

    with pytest.raises(TooManySessions):
        await a_budget(store, clock).spend(APP)


async def test_spend__stops_below_discords_thousand() -> None:
    """Then it says so, and goes on when a day has passed."""
    clock, store = ManualClock(), MemoryStore()
    budget = a_budget(store, clock)
    for _ in range(A_DAY):
        clock.pass_time(GAP + 1)
        await budget.spend(APP)

    with pytest.raises(TooManySessions, match=f"{A_DAY} sessions"):
        await budget.spend(APP)
    clock.pass_time(timedelta(days=1, hours=1).total_seconds())

    await budget.spend(APP)


async def test_spend__without_a_database_counts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away neither stops the chat nor the counting."""
    clock, store = ManualClock(), MemoryStore()

    async def away(*_: object) -> None:
        raise StoreError("The database is away.")

    monkeypatch.setattr(store, "kept_text", away)
    monkeypatch.setattr(store, "keep_text", away)
    budget = a_budget(store, clock)
    for _ in range(FREELY):
        await budget.spend(APP)

    with pytest.raises(TooManySessions):
        await budget.spend(APP)


@pytest.mark.parametrize("kept", ["", "nonsense", "[]", "null", '{"a": "b"}'])
async def test_spend__what_cannot_be_read_counts_as_nothing(kept: str) -> None:
    """A damaged value is written anew."""
    clock, store = ManualClock(), MemoryStore()
    await store.keep_text(f"discord:sessions:{APP}", kept)

    await a_budget(store, clock).spend(APP)

    assert await store.kept_text(f"discord:sessions:{APP}") != kept


async def test_spend__counts_what_another_process_spent_meanwhile() -> None:
    """Two that take turns at the gateway spend what is left together, not each its own."""
    clock, store = ManualClock(), MemoryStore()
    both = a_budget(store, clock), a_budget(store, clock)
    for number in range(FREELY):
        await both[number % 2].spend(APP)

    for budget in both:
        with pytest.raises(TooManySessions):
            await budget.spend(APP)
