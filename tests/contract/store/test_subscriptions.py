"""Which channels want to hear of what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cards import ReportLinks
from bot.ports import Store
from bot.state import CHANGES, Outcome, Subscription
from tests.contract.store.kit import CHANNEL, NOW

OTHER = "discord:channel:1:2"


async def test_subscribe__everything_comes_back(store: Store) -> None:
    """All fields are kept, in the order the subscriptions were made."""
    full = Subscription(
        channel=CHANNEL,
        connection="demo",
        launcher="Payments Nightly",
        source="main",
        outcomes=CHANGES,
        report_links=ReportLinks.PRIVATE,
        from_settings=True,
        problem="not invited",
    )
    plain = Subscription(channel=OTHER)
    silent = Subscription(channel=CHANNEL, outcomes=frozenset())
    made = [await store.subscribe(s, NOW) for s in (full, plain, silent)]

    assert made == [True, True, True]
    assert (full, plain, silent) == await store.subscriptions()
    assert (full, silent) == await store.subscriptions(CHANNEL)
    assert await store.subscriptions("slack:elsewhere") == ()


@pytest.mark.parametrize("field", ["connection", "launcher", "source"])
async def test_subscribe__any_is_a_value(store: Store, field: str) -> None:
    """None, which is "any", equals None and differs from every name, the empty one too."""
    some: dict[str | None, Subscription] = {None: Subscription(channel=CHANNEL)}
    for name in ("", "x", "null"):
        some[name] = Subscription(channel=CHANNEL, **{field: name})  # type: ignore[arg-type]  # one of three texts

    assert all([await store.subscribe(s, NOW) for s in some.values()])
    assert not any([await store.subscribe(s, NOW) for s in some.values()])
    assert tuple(some.values()) == await store.subscriptions()


async def test_subscribe__again(store: Store) -> None:
    """A second one for the same replaces the first, in its place."""
    first = Subscription(channel=CHANNEL, launcher="A", problem="not invited")
    second = Subscription(channel=CHANNEL, launcher="B")
    changed = Subscription(channel=CHANNEL, launcher="A", outcomes=frozenset({Outcome.RECOVERY}))
    await store.subscribe(first, NOW)
    await store.subscribe(second, NOW)

    assert not await store.subscribe(changed, NOW)
    assert (changed, second) == await store.subscriptions()


async def test_unsubscribe__exactly_one(store: Store) -> None:
    """Only the one that wants exactly this goes."""
    await store.subscribe(Subscription(channel=CHANNEL), NOW)
    await store.subscribe(Subscription(channel=CHANNEL, launcher="A"), NOW)

    assert await store.unsubscribe(CHANNEL, None, "A", None)
    assert not await store.unsubscribe(CHANNEL, None, "A", None)
    assert (Subscription(channel=CHANNEL),) == await store.subscriptions()


async def test_unsubscribe__from_settings(store: Store) -> None:
    """What the settings file asks for cannot be removed in chat."""
    fixed = Subscription(channel=CHANNEL, from_settings=True)
    await store.subscribe(fixed, NOW)

    assert not await store.unsubscribe(CHANNEL, None, None, None)
    assert (fixed,) == await store.subscriptions()


async def test_mark_channel__news_once(store: Store) -> None:
    """A problem is news once, and its end too; other channels keep theirs."""
    await store.subscribe(Subscription(channel=CHANNEL), NOW)
    await store.subscribe(Subscription(channel=CHANNEL, launcher="A"), NOW)
    await store.subscribe(Subscription(channel=OTHER), NOW)

    news = [await store.mark_channel(CHANNEL, problem) for problem in ("gone", "gone", "")]
    await store.mark_channel(CHANNEL, "gone")

    assert news == [True, False, True]
    assert [s.problem for s in await store.subscriptions()] == ["gone", "gone", ""]


async def test_mark_channel__without_subscription(store: Store) -> None:
    """A channel that hears of nothing has nothing to mark."""
    assert not await store.mark_channel(CHANNEL, "gone")


async def test_configure__exactly_these(store: Store) -> None:
    """What the settings file does not ask for any more goes; chat's own and known problems stay."""
    chat = Subscription(channel=CHANNEL, launcher="chat")
    dropped, kept, new = (
        Subscription(channel=OTHER, launcher=n, from_settings=True) for n in ("a", "b", "c")
    )
    await store.subscribe(chat, NOW)
    await store.configure((dropped, kept), NOW)
    await store.mark_channel(OTHER, "not invited")
    changed = replace(kept, outcomes=CHANGES)
    await store.configure((changed, new, new), NOW)

    assert (chat, replace(changed, problem="not invited"), new) == await store.subscriptions()

    await store.configure((), NOW)

    assert (chat,) == await store.subscriptions()


async def test_configure__what_chat_made_already(store: Store) -> None:
    """A subscription that chat made becomes the file's when the file asks for it too."""
    await store.subscribe(Subscription(channel=CHANNEL), NOW)
    await store.configure((Subscription(channel=CHANNEL, from_settings=True),), NOW)

    assert (Subscription(channel=CHANNEL, from_settings=True),) == await store.subscriptions()
    assert not await store.unsubscribe(CHANNEL, None, None, None)


async def test_subscriptions__of_some_channels_and_of_a_connection(store: Store) -> None:
    """Those of several channels come in the order they were made; `of` leaves out what names another connection."""
    here = Subscription(channel=CHANNEL, connection="demo")
    any_run = Subscription(channel=OTHER)
    elsewhere = Subscription(channel=CHANNEL, connection="qa")
    third = Subscription(channel="slack:third", connection="demo")
    for subscription in (here, any_run, elsewhere, third):
        await store.subscribe(subscription, NOW)

    assert await store.subscriptions(OTHER, CHANNEL) == (here, any_run, elsewhere)
    assert await store.subscriptions(of="demo") == (here, any_run, third)
    assert await store.subscriptions(CHANNEL, of="qa") == (elsewhere,)
    assert await store.subscriptions(of="nowhere") == (any_run,)
