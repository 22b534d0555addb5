"""Clew at a glance: each connection by itself, and no word beyond what is known."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.cards import Card, Command, plain
from bot.errors import StoreError, Unreachable
from bot.home import Channels
from bot.model import RunRef, RunStatus
from bot.state import Actor, Subscription
from tests.fakes.runs import EPOCH, a_run, run_id
from tests.fakes.service import FakeRunService
from tests.fakes.stage import READER, Stage
from tests.fakes.store import MemoryStore

STRANGER = Actor(id="fake:user:MALLORY", principals=frozenset({"fake:user:MALLORY"}))
MAIN: Mapping[str, str] = {"C1": "main"}


async def home(stage: Stage, *, whole: bool = True) -> tuple[Card, ...]:
    """Return what somebody who may read sees."""

    async def channels() -> Channels:
        return Channels(names=MAIN, whole=whole)

    return await stage.handler.home(READER, channels)


def said(card: Card) -> str:
    """Return all that a card says."""
    return " | ".join(map(plain, (card.title, *card.body, *(item.title for item in card.items))))


async def test_home__one_connection_down_leaves_the_other() -> None:
    """What could not be asked is named, and what is there is shown with whose it is."""
    other = FakeRunService(connection="other")
    other.add_run(a_run(2, connection="other", status=RunStatus.IN_PROGRESS))
    stage = Stage(others=(other,))
    stage.service.fail("runs", Unreachable("No connection to acme."), times=9)

    first, *_, running, ended, _ = await home(stage)

    assert "The runs of demo cannot be listed: No connection to acme." in said(first)
    assert "running" in said(running)
    assert said(running).endswith("other")
    assert "Nothing is running" not in said(running)
    assert said(ended) == "Recent verdicts | Unknown, because not all runs can be listed."


async def test_home__buttons_name_the_connection() -> None:
    """The same number of two tenants is two runs."""
    other = FakeRunService(connection="other")
    other.add_run(a_run(2, connection="other", status=RunStatus.IN_PROGRESS))

    *_, running, _, _ = await home(Stage(others=(other,)))

    assert running.items[0].buttons[0].command == Command("status", {"run": RunRef("other", run_id(2)).text})


async def test_home__says_that_more_may_be_running() -> None:
    """A list that was cut is no list of all."""
    stage = Stage()
    for number in range(9):
        stage.service.add_run(a_run(number, status=RunStatus.IN_PROGRESS))

    *_, running, _, _ = await home(stage)

    assert len(running.items) == 8
    assert "“Recent runs” lists more" in said(running)


@pytest.mark.parametrize(
    ("whole", "expected"), [(True, "None of your channels"), (False, "Unknown, because")]
)
async def test_home__claims_nothing_of_channels_that_were_not_listed(whole: bool, expected: str) -> None:
    """A chat may not tell which channels somebody is in."""
    await (stage := Stage()).memory.subscribe(Subscription(channel="fake:channel:C9"), EPOCH)

    assert expected in said((await home(stage, whole=whole))[-1])


async def test_home__counts_the_subscriptions_that_have_no_room() -> None:
    """A person with many channels knows that there are more."""
    stage = Stage()
    for number in range(17):
        await stage.memory.subscribe(Subscription(channel="fake:channel:C1", launcher=f"l{number}"), EPOCH)

    *_, subscriptions = await home(stage)

    assert (len(subscriptions.items), subscriptions.items_left_out) == (15, 2)


async def test_home__a_database_that_fails_is_said() -> None:
    """Somebody who opens the home sees a sentence, not what stood there before."""

    class Down(MemoryStore):
        async def subscriptions(self, *channels: str, of: str | None = None) -> tuple[Subscription, ...]:
            raise StoreError("The database does not answer.")

    (card,) = await home(Stage(memory=Down()))

    assert "The database does not answer." in said(card)


async def test_home__asks_nothing_for_those_who_may_not_read() -> None:
    """Neither a platform nor the chat is asked, and the refusal stands in the audit trail."""
    stage = Stage()

    async def channels() -> Channels:
        raise AssertionError

    (card,) = await stage.handler.home(STRANGER, channels)

    assert "needs the role “read”" in said(card)
    assert stage.service.calls == []
    assert [entry.action for entry in stage.memory.trail] == ["home"]
