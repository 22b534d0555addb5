"""Two tenants and one channel: everything that is asked, launched and shown is of the right one, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from adapters.store.store import open_store
from bot.access import Policy, Role
from bot.cards import Card, FieldKind, Reply, plain
from bot.command import Parameter, Services
from bot.commands.registry import text_of
from bot.handler import Handler
from bot.home import Channels
from bot.model import RunRef, Secret
from bot.replies.wording import short_id
from bot.state import Invocation, Place, Subscription
from bot.suggest import Limits, Typing
from tests.fakes.stage import ANN, CHANNEL, silent
from tests.unit.commands.door import told

ONLY = {"prod": "checkout nightly", "staging": "search canary"}


@dataclass
class Pair:
    """A handler over two tenants; `down` ends one of them."""

    handler: Handler
    tenants: Mapping[str, SimulatedTenant]
    ending: Mapping[str, AsyncExitStack]
    acts: Iterable[int] = field(default_factory=count)

    async def say(self, text: str) -> Reply:
        """Say something in the one channel."""
        key = f"act-{next(iter(self.acts))}"
        act = Invocation(actor=ANN, place=Place(channel=CHANNEL), text=text, key=key, at=SystemClock().now())
        return await self.handler.handle(act, silent)

    async def down(self, name: str) -> None:
        """Let a tenant answer nobody any more."""
        await self.ending[name].aclose()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Start two tenants that have a launcher in common and one each, with a run of both."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(f"sqlite:///{tmp_path / 'clew.db'}"))
        tenants, endings, platforms = {}, {}, {}
        for number, name in enumerate(ONLY):
            endings[name] = await stack.enter_async_context(AsyncExitStack())
            tenant = await endings[name].enter_async_context(
                simulated_tenant(world=empty_world, speed=1.0, seed=number)
            )
            tenant.add_run(
                status="completed", age=600 - number, launcher="shared", failing=["No write is lost"]
            )
            tenant.add_run(
                status="completed", age=300 - number, launcher=ONLY[name], failing=[f"only in {name}"]
            )
            http = await stack.enter_async_context(open_http())
            address = Tenant(
                name=name, tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key)
            )
            tenants[name] = tenant
            platforms[name] = AntithesisService(http, address, spool=tmp_path, now=tenant.now).platform
        keys = count(0xA11CE)
        services = Services(
            platforms=platforms,
            store=store,
            clock=SystemClock(),
            policy=Policy(roles={Role.LAUNCH: frozenset({ANN.id})}),
            new_key=lambda: f"{next(keys):032x}",
        )
        yield Pair(Handler(services), tenants, endings)


def pressable(card: Card) -> list[str]:
    """Return what can be pressed on a card, as a person would type it."""
    buttons = [*card.buttons, *(button for item in card.items for button in item.buttons)]
    return [text_of(button.command) for button in buttons if button.command]


def run_of(reply: Reply) -> RunRef:
    """Return the run that an answer is about."""
    assert reply.card.context is not None
    assert reply.card.context.run is not None
    return reply.card.context.run


async def test_two__are_listed_together_and_every_button_says_whose_run_it_is(pair: Pair) -> None:
    """The newest of both come first, each with its connection; whatever is pressed goes to the right tenant."""
    listed = (await pair.say("status")).card
    whose = [next(name for name in ONLY if f"connection {name}" in told(Card(title=(), text=(), items=(i,))))
             for i in listed.items]  # fmt: skip
    pressed = [run_of(await pair.say(words)) for words in pressable(listed)]

    assert whose == ["staging", "prod", "staging", "prod"]
    assert all(ref.text in words for ref, words in zip(pressed, pressable(listed), strict=True))
    for item, name in zip(listed.items, whose, strict=True):
        assert item.context is not None
        assert item.context.run is not None
        assert item.context.run.connection == name


@pytest.mark.parametrize("name", list(ONLY))
async def test_two__a_name_or_id_of_one_of_them_finds_its_run(pair: Pair, name: str) -> None:
    """A launcher that one of them has, a whole id, its beginning and a number in its list are all of that one."""
    by_name = run_of(await pair.say(f"status {ONLY[name]}"))
    by_id = run_of(await pair.say(f"status {by_name.run_id}"))
    alone = run_of(await pair.say(by_name.run_id))
    begun = run_of(await pair.say(f"status {short_id(by_name.run_id)}"))
    failing = (await pair.say(f"failing {by_name.run_id} 1")).card

    assert {by_name, by_id, alone, begun} == {RunRef(name, by_name.run_id)}
    assert plain(failing.title) == f"Failing: only in {name}"


@pytest.mark.parametrize("name", list(ONLY))
async def test_two__a_launch_goes_to_the_tenant_that_has_the_launcher(pair: Pair, name: str) -> None:
    """What only one of them has is launched there, without a word on the connection; the card says where."""
    asked = (await pair.say(f"launch {ONLY[name]} 30")).card
    confirmed = (await pair.say(pressable(asked)[0])).card
    launched = run_of(Reply(card=confirmed))

    assert f"connection {name}:" in told(asked)
    assert "No run of the launcher" not in told(asked)
    assert launched.connection == name
    assert pair.tenants[name].run(launched.run_id).launcher == ONLY[name]


async def test_two__what_both_have_is_the_channels_else_the_first_ones(pair: Pair) -> None:
    """Nobody has to name a connection in a channel that watches one of them."""
    first = run_of(await pair.say("status latest shared")).connection
    wanted = Subscription(channel=CHANNEL, connection="staging")
    await pair.handler.services.store.subscribe(wanted, SystemClock().now())
    of_channel = run_of(await pair.say("status latest shared")).connection
    named = run_of(await pair.say("status latest shared connection=prod")).connection
    launched = told((await pair.say("launch shared 30")).card)

    assert (first, of_channel, named) == ("prod", "staging", "prod")
    assert "connection staging:" in launched


async def test_two__one_that_does_not_answer_takes_nothing_from_the_other(pair: Pair) -> None:
    """Lists and runs of the other are shown, with whose are missing; what is not found is known of it alone."""
    lost = run_of(await pair.say(f"status {ONLY['staging']}"))
    await pair.down("staging")
    listed = told((await pair.say("status")).card)
    found = await pair.say(f"status {ONLY['prod']}")
    unknown = told((await pair.say(f"status {lost.run_id}")).card)

    assert ONLY["prod"] in listed
    assert "The connection staging could not be asked" in listed
    assert run_of(found).connection == "prod"
    assert "This is known of prod only: staging did not answer." in unknown


async def test_two__home_and_suggestions_are_of_both(pair: Pair) -> None:
    """What a person sees at a glance, and what is offered while typing, says whose it is."""

    async def no_channels() -> Channels:
        return Channels(names={})

    home = "\n".join([told(card) for card in await pair.handler.home(ANN, no_channels)])
    launcher = Parameter(name="launcher", summary="", kind=FieldKind.LAUNCHER)
    typing = Typing(actor=ANN, place=Place(channel=CHANNEL), parameter=launcher, verb="launch")
    offered = {s.text: s.label for s in await pair.handler.suggest(typing, Limits())}

    assert all(launcher in home for launcher in ONLY.values())
    assert set(offered) >= {*ONLY.values(), "shared"}
    assert all(name in offered[launcher] for name, launcher in ONLY.items())
    assert all(name in offered["shared"] for name in ONLY)


async def test_two__are_asked_only_what_they_document(pair: Pair) -> None:
    """Neither tenant is sent anything that its description does not know."""
    for words in ("status", "status latest", "failing latest", "find shared", "status 123456", "version"):
        await pair.say(words)

    assert [tenant.violations() for tenant in pair.tenants.values()] == [[], []]
