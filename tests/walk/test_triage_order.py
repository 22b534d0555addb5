"""The order in which practitioners triage, walked by presses in both chats: what each step costs a person and the platform.

`-s` prints the table. The platform is the simulated tenant over HTTP. What its API has no call for is held here too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from bot.delivery.deliver import Deliverer, Pace
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Chat, Clock
from bot.remembered import remembering
from bot.state import Subscription
from bot.watch.poll import Poller
from tests.fakes import discord_bot, slack_bot
from tests.fakes.slack import serve
from tests.fakes.slack_world import MAIN, TEAM
from tests.fakes.store import MemoryStore

KNOWN, NEW, HEALTH = (
    "An order is shipped at most once",
    "The cart total equals its items",
    "All containers joined",
)
TESTED = {
    "vcs.version_id": "0123456789abcdef0123456789abcdef01234567",
    "vcs.version_link": "https://github.com/acme/shop/commit/0123456789abcdef0123456789abcdef01234567",
    "vcs.pr_id": "412",
    "vcs.pr_owner": "mira.okafor",
}

MOST = {
    "0 digest": (0, 2),
    "1 find the run": (1, 2),
    "2 what it is": (0, 7),
    "3 why it did not complete": (0, 11),
    "4 health gate": (0, 7),
    "5 what is new, and how rare": (0, 0),
    "5 how often before": (1, 0),
    "6 log before the failure": (1, 3),
    "6 error lines": (1, 0),
    "6 one container": (1, 0),
    "6 compare with a passing example": (1, 1),
    "7 more instances": (1, 3),
    "8 debugging session": (2, 3),
    "9 hand it over for the record": (1, 2),
    "10 rerun": (2, 3),
    "10 is it resolved": (0, 7),
}
"""The most presses and requests that each step may take; of a post, those of the look that brought it, its lists
included."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step took. `typed`: commands that were written."""

    name: str
    typed: int
    presses: int
    requests: int


@dataclass(kw_only=True)
class Desk:
    """A channel, and a person at it. `say` and `press` return the card that came; `read` what stands on one."""

    saying: Callable[[str], Awaitable[Any]]
    pressing: Callable[[Any, str], Awaitable[Any]]
    read: Callable[[Any], str]
    newest: Callable[[], Any]
    tenant: SimulatedTenant
    watching: Callable[[], Awaitable[None]]
    typed: int = 0
    presses: int = 0
    steps: dict[str, Step] = field(default_factory=dict)

    async def say(self, words: str) -> Any:
        """Write a command."""
        self.typed += 1
        return await self.saying(words)

    async def press(self, card: Any, *labels: str) -> Any:
        """Press one button after the other, each on the card that came of the one before."""
        for label in labels:
            self.presses += 1
            card = await self.pressing(card, label)
        return card

    async def ends(self, run_id: str, **how: Any) -> Any:
        """End a run; return its post."""
        self.tenant.finish_run(run_id, **how)
        await self.watching()
        return self.newest()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note what is typed, pressed and requested meanwhile."""
        typed, presses, requests = self.typed, self.presses, len(self.tenant.requests())
        yield
        asked = len(self.tenant.requests()) - requests
        self.steps[name] = Step(name, self.typed - typed, self.presses - presses, asked)

    def table(self) -> str:
        """Return the steps as a table."""
        rows = [("step", "typed", "presses", "requests")]
        rows += [
            (s.name, str(s.typed), str(s.presses), str(s.requests)) for s in map(self.steps.__getitem__, MOST)
        ]
        return "\n".join(
            f"{name:34} {typed:>5} {presses:>7} {asked:>8}" for name, typed, presses, asked in rows
        )


@asynccontextmanager
async def in_slack(platform: Platform, store: MemoryStore, tenant: SimulatedTenant) -> AsyncIterator[Desk]:
    """Sit in Slack."""
    async with serve() as slack, slack_bot.running_bot(slack, store=store, beside={"sim": platform}) as bot:

        async def say(words: str) -> Any:
            count = bot.handler.count
            await slack.mention(words)
            await bot.answered(count + 1)
            return slack.world.ours()[-1]

        async def press(card: Any, label: str) -> Any:
            count = bot.handler.count
            await slack.press(card, label)
            await bot.answered(count + 1)
            return slack.world.ours()[-1]

        place = f"slack:channel:{TEAM}:{MAIN}"
        watching = await _watching(bot.chat.chat, platform, store, bot.clock, place)
        yield Desk(saying=say, pressing=press, read=lambda card: card.words, newest=lambda: slack.world.ours()[-1],
                   tenant=tenant, watching=watching)  # fmt: skip
        assert slack.world.violations == []


@asynccontextmanager
async def in_discord(platform: Platform, store: MemoryStore, tenant: SimulatedTenant) -> AsyncIterator[Desk]:
    """Sit in Discord."""
    async with discord_bot.simulated(store=store, beside={"sim": platform}) as world:
        world.clock.ahead = (tenant.now() - world.clock.now()).total_seconds()  # one time for both

        def newest() -> Any:
            places = [world.main, *world.main.threads]
            return max((m for place in places for m in world.ours(place)), key=lambda m: m.id)

        async def say(words: str) -> Any:
            (card,) = await world.mention(words)
            return card

        async def press(card: Any, label: str) -> Any:
            entry = _entry(card, label)
            if entry is None:
                await world.press(card, label)
            else:
                await world.alice.select(card, [entry[1]], custom_id=entry[0])
                await world.env.settle()
            return newest()

        watching = await _watching(world.chat.chat, platform, store, world.clock, world.place)
        yield Desk(
            saying=say, pressing=press, read=discord_bot.said, newest=newest, tenant=tenant, watching=watching
        )


def _entry(card: Any, label: str) -> tuple[str, str] | None:
    """Return the menu that an entry stands on, and its value; None where there is none.

    Discord shows one menu of buttons that read the same, and names what an entry stands beside instead of its number:
    the first is meant.
    """
    word = label.removesuffix(" 1")
    for menu in (part for row in card.components for part in row.children):
        for option in getattr(menu, "options", ()):
            if (
                option.label == label
                or option.label.startswith(f"{word}: ")
                or menu.placeholder == f"{word}…"
            ):
                return str(menu.custom_id), str(option.value)
    return None


async def _watching(
    chat: Chat, platform: Platform, store: MemoryStore, clock: Clock, place: str
) -> Callable[[], Awaitable[None]]:
    """Let a channel hear of every run; return what looks once and posts what there is to post."""

    async def hear(sentence: str) -> None:
        raise AssertionError(sentence)

    poller = Poller(platform, store, clock=clock, renderers={chat.name: chat.render}, on_rows=lambda: None,
                    notify_operator=hear)  # fmt: skip
    deliverer = Deliverer(chat, store, platforms={"sim": platform}, clock=clock, notify_operator=hear,
                          pace=Pace(per_channel=0))  # fmt: skip

    async def look() -> None:
        await poller.tick()
        while (await store.depth()).waiting:
            await deliverer.step()

    await store.subscribe(Subscription(channel=place), clock.now())
    return look


@pytest.mark.parametrize("chat", [in_slack, in_discord], ids=["slack", "discord"])
async def test_triage_order__each_step_by_its_presses(chat: Any, tmp_path: Path) -> None:
    """From the digest to the rerun that shows a failure resolved; no step takes more than it may."""
    async with simulated_tenant(world=empty_world, speed=1.0) as tenant, open_http() as http:
        address = Tenant(name="sim", tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        store = MemoryStore()
        service = AntithesisService(http, address, spool=tmp_path, now=tenant.now)
        platform = remembering(service.platform, store)
        for age in (9000, 7200):
            tenant.add_run(status="completed", age=age, failing=[KNOWN], parameters=TESTED)
        crashed, unwell, run = (tenant.add_run(age=age, parameters=TESTED) for age in (4000, 3500, 3000))
        async with chat(platform, store, tenant) as desk:
            await desk.watching()
            await _what_the_posts_say(desk, crashed, unwell)
            post = await _one_failure(desk, run)
            await _looked_into(desk, post)
            await _fixed(desk, post)
        assert tenant.violations() == []
    assert set(desk.steps) == set(MOST)
    print(f"\n{chat.__name__}\n{desk.table()}")  # noqa: T201 - the table is wanted with `-s`
    over = [s for s in desk.steps.values() if s.presses > MOST[s.name][0] or s.requests > MOST[s.name][1]]
    assert over == []
    assert platform.classifies is None  # step 9 where the issue is: no call for it here, so it is handed over


async def _what_the_posts_say(desk: Desk, crashed: str, unwell: str) -> None:
    """Read why a run did not complete, and that another is not to be relied on."""
    with desk.step("3 why it did not complete"):
        post = desk.read(await desk.ends(crashed, status="incomplete", pinned="real"))
    assert "did not complete: crashed" in post
    assert "fatal error" in post
    with desk.step("4 health gate"):
        post = desk.read(await desk.ends(unwell, failing=[HEALTH, NEW]))
    assert "environment problem" in post
    assert HEALTH in post
    assert "1 new" not in post


async def _one_failure(desk: Desk, run: str) -> Any:
    """Read of a run with a new failure, in its post and in the list of runs; return the post."""
    with desk.step("2 what it is"):
        post = await desk.ends(run, failing=[KNOWN, NEW])
    with desk.step("5 what is new, and how rare"):
        said = desk.read(post)
    assert "1 new failure" in said
    assert "26 of 28 pass" in said
    assert said.index(NEW) < said.rindex(KNOWN)
    assert "01234567" in said
    assert "by mira.okafor" in said
    assert "rare: likely a real bug" in said
    with desk.step("0 digest"):
        digest = await desk.say("status")
    assert run[:8] in desk.read(digest)
    with desk.step("1 find the run"):
        found = await desk.press(digest, "Status")
    assert "2 of 28 properties fail" in desk.read(found)
    return post


async def _looked_into(desk: Desk, post: Any) -> None:
    """From the post of a failure to a session at its moment, and to a file for who takes it over."""
    with desk.step("5 how often before"):
        before = await desk.press(post, "History 1")
    assert "failed in 1 of" in desk.read(before)
    with desk.step("6 log before the failure"):
        logs = await desk.press(post, "Logs 1")
    assert "Faults active then" in desk.read(logs)
    with desk.step("6 error lines"):
        errors = await desk.press(logs, "Error lines")
    assert "errors and stack traces" in desk.read(errors)
    with desk.step("6 one container"):
        only = await desk.press(logs, "Only cart")
    assert "Only from" in desk.read(only)
    with desk.step("6 compare with a passing example"):
        compared = await desk.press(logs, "Compare")
    assert "before the passing example" in desk.read(compared)
    with desk.step("7 more instances"):
        instances = await desk.press(post, "More instances 1")
    assert "sample in no order" in desk.read(instances)
    with desk.step("9 hand it over for the record"):
        handed = await desk.press(logs, "Hand over")
    assert "is in the file" in desk.read(handed)
    with desk.step("8 debugging session"):
        session = await desk.press(post, "Debug 1", "Open session")
    assert "debugging session" in desk.read(session).lower()


async def _fixed(desk: Desk, post: Any) -> None:
    """Start the run again, and read that nothing fails any more."""
    with desk.step("10 rerun"):
        await desk.press(post, "Launch again", "Rerun")
    again = next(iter(desk.tenant.world.runs.newest_first())).run_id
    with desk.step("10 is it resolved"):
        said = desk.read(await desk.ends(again))
    assert "passed, 2 passing again" in said
    assert NEW in said
