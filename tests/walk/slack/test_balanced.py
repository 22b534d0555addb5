"""Slack's deliveries of one thing reach different replicas, and it is done once: signed HTTP behind a balancer, Socket Mode."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from adapters.store.replicas import Replica
from adapters.store.store import open_store
from bot.state import Owner
from tests.fakes.runs import EPOCH, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_gate import Ack, Json
from tests.fakes.slack_world import ALICE, BOT_USER, MAIN


class Balanced:
    """Two whole bots over one database, and Slack's way to each."""

    def __init__(self, slack: FakeSlack, replicas: list[Bot], urls: list[str]) -> None:
        self.slack, self.replicas, self.urls = slack, replicas, urls
        self._stamp = int(time.time()) - 100

    def to(self, number: int) -> FakeSlack:
        """Let what Slack sends next go to one of them."""
        self.slack.gate.http = self.urls[number]
        return self.slack

    async def deliver(self, number: int, kind: str, payload: Json, *, stamp: str | None = None) -> Ack:
        """Send a request to one of them; each time with a signature of its own, as Slack does."""
        self._stamp += 1
        return await self.to(number).gate.post(kind, payload, stamp=stamp or str(self._stamp))

    async def answered(self, count: int) -> None:
        """Wait until so many commands were answered, by whomever."""
        async with asyncio.timeout(20):
            while sum(each.handler.count for each in self.replicas) < count:  # noqa: ASYNC110 - two conditions
                await asyncio.sleep(0.005)


@pytest.fixture
async def both(slack: FakeSlack, postgresql: str) -> AsyncIterator[Balanced]:
    async with _two(slack, postgresql, http=True) as replicas:
        yield replicas


@pytest.fixture
async def on_sockets(slack: FakeSlack, postgresql: str) -> AsyncIterator[Balanced]:
    async with _two(slack, postgresql, http=False) as replicas:
        yield replicas


@asynccontextmanager
async def _two(slack: FakeSlack, postgresql: str, *, http: bool) -> AsyncIterator[Balanced]:
    service = FakeRunService()
    service.add_run(a_run(1))
    replicas, urls = [], []
    async with AsyncExitStack() as stack:
        for name in ("one", "two"):
            store = await stack.enter_async_context(open_store(postgresql))
            await store.join(Replica(id=name, host="h", place="", pid=1, born="", since=EPOCH))
            bot = await stack.enter_async_context(running_bot(slack, http=http, store=store, service=service))
            await bot.conversation.begin()
            assert bot.conversation._resuming_later is not None
            await (
                bot.conversation._resuming_later
            )  # on a clock on which nobody waits it would look without a pause
            bot.handler.owner = Owner(id=name, listed=True)
            replicas.append(bot)
            urls.append(slack.gate.http or "")
        yield Balanced(slack, replicas, urls)


@pytest.mark.parametrize("at_once", [True, False])
async def test_command__delivered_to_both_is_answered_once(both: Balanced, at_once: bool) -> None:
    """Slack sends it again, the balancer to the other one: one answer, and both deliveries are acknowledged."""
    payload = both.slack.command_payload("status latest")
    if at_once:
        acks = await asyncio.gather(*(both.deliver(n % 2, "slash_commands", payload) for n in range(4)))
    else:
        acks = [await both.deliver(n % 2, "slash_commands", payload) for n in range(4)]
    await both.answered(1)

    assert [ack.status for ack in acks] == [200] * 4
    assert len(both.slack.world.ours()) == 1


async def test_event__with_its_retries_at_two_replicas_is_answered_once(both: Balanced) -> None:
    """Slack tells of a mention up to four times, the balancer each time somebody else: one answer."""
    message = both.slack.world.say(ALICE, MAIN, f"<@{BOT_USER}> status latest")
    mention = both.slack.event("app_mention", message)
    acks = [await both.deliver(n % 2, "events_api", mention) for n in range(4)]
    await both.answered(1)

    assert [ack.status for ack in acks] == [200] * 4
    assert len(both.slack.world.ours()) == 1


async def test_command__the_first_replica_could_not_keep_is_answered_by_the_other(both: Balanced) -> None:
    """One that the others found dead acknowledges nothing; the retry is answered elsewhere."""
    payload = both.slack.command_payload("status latest")
    both.replicas[0].handler.owner = Owner(id="gone", listed=True, sure=lambda: False)
    refused = await both.deliver(0, "slash_commands", payload)
    taken = await both.deliver(1, "slash_commands", payload)
    await both.answered(1)

    assert (refused.status, taken.status) == (500, 200)
    assert len(both.slack.world.ours()) == 1


async def test_form__opened_filled_in_and_sent_to_different_replicas(both: Balanced) -> None:
    """What a form and a button hold is in Slack and the database: a card of one is pressed at the other, and it is launched once."""
    await both.to(0).command("launch")
    view = await both.slack.view("Launch")
    ack = await both.to(1).submit(view, {"launcher": "basic_test", "duration": "30"})
    card = await both.slack.world.answer("Launch basic_test?")
    await both.to(0).press(card, "Launch")
    await both.answered(3)

    assert ack.status == 200
    assert len(both.replicas[0].service.launches) == 1


async def test_request__replayed_to_the_other_replica_does_nothing_more(both: Balanced) -> None:
    """Which signatures were taken each replica remembers for itself; what the inbox knows is done by nobody again."""
    payload = both.slack.command_payload("status latest")
    stamp = str(int(time.time()))
    acks = [await both.deliver(n, "slash_commands", payload, stamp=stamp) for n in (0, 0, 1)]
    await both.answered(1)

    assert [ack.status for ack in acks] == [200, 401, 200]
    assert len(both.slack.world.ours()) == 1


async def test_commands__spread_over_the_sockets_of_both(on_sockets: Balanced) -> None:
    """Slack gives each envelope to any connection of the app: each command is answered once, by whoever got it."""
    commands = [on_sockets.slack.command("status latest", user=f"U7{n}") for n in range(12)]
    acks = await asyncio.gather(*commands)
    await on_sockets.answered(12)

    assert all(ack.taken for ack in acks)
    assert len(on_sockets.slack.world.ours()) == 12
    assert all(each.handler.count for each in on_sockets.replicas)


async def test_event__with_its_retries_over_sockets_of_both_is_answered_once(on_sockets: Balanced) -> None:
    """Slack tells of a mention again where it missed the acknowledgement, over whichever connection: one answer."""
    message = on_sockets.slack.world.say(ALICE, MAIN, f"<@{BOT_USER}> status latest")
    mention = on_sockets.slack.event("app_mention", message)
    acks = [await on_sockets.slack.gate.deliver("events_api", mention, retry=n) for n in range(1, 5)]
    await on_sockets.answered(1)

    assert all(ack.taken for ack in acks)
    assert len(on_sockets.slack.world.ours()) == 1
    assert sum(each.handler.count for each in on_sockets.replicas) == 1
