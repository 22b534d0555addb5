"""Runs that are stopped and launched again, in Slack and in Discord: a simulated tenant judges what is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from bot import grammar
from bot.access import Policy, Role
from bot.command import Preset
from bot.model import Secret
from bot.redact import MASK
from bot.watch.live import LiveCards
from tests.fakes import discord_bot, slack_bot
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_world import ALICE, BOB, TEAM
from tests.fakes.store import MemoryStore
from tests.walk.test_testhide_chats import Channel, in_discord, in_slack

TOKEN = "xoxb-" + "1" * 12 + "-" + "a" * 24


@dataclass(kw_only=True)
class Walk:
    """A tenant and a channel, and what looks by itself."""

    tenant: SimulatedTenant
    service: AntithesisService
    channel: Channel

    async def passes(self, seconds: float) -> None:
        """Let the tenant's time pass, and the living messages look."""
        self.tenant.advance(seconds)
        channel = self.channel
        await LiveCards(platforms={"demo": self.service.platform}, store=channel.store, clock=channel.clock,
                        chats={channel.chat.name: channel.chat}).tick()  # fmt: skip

    def sent(self, path: str) -> int:
        """Return how many requests of that path were made."""
        return len(self.tenant.requests(path=path))

    async def launched(self) -> str:
        """Launch a run, and return its id when it is at work."""
        await self.channel.say("launch basic_test duration=30 source=main")
        await self.channel.press("Launch")
        await self.passes(120)
        return next(iter(self.tenant.world.runs.newest_first())).run_id


@pytest.fixture(params=[in_slack, in_discord], ids=["slack", "discord"])
async def walk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Walk]:
    """Open everything; at the end nothing was sent that the tenant minds."""
    async with simulated_tenant(world=empty_world, speed=1.0) as tenant, open_http() as http:
        address = Tenant(name="demo", tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        service = AntithesisService(http, address, spool=tmp_path, now=tenant.now)
        async with request.param(service) as channel:
            yield Walk(tenant=tenant, service=service, channel=channel)
        assert tenant.violations() == []


def has(text: str, *parts: str) -> bool:
    """Whether all parts stand in a text, whatever marks and breaks are between the words."""
    flat = " ".join(text.replace("\\", "").replace("`", "").replace("*", "").split())
    return all(part in flat for part in parts)


async def test_cancel__asked_then_stopped(walk: Walk) -> None:
    """The living message offers it, asks, says that it was asked while the run goes on, and how it ended."""
    run_id = await walk.launched()
    (living,) = [text for text in walk.channel.shown() if "in progress" in text]
    await walk.channel.say(f"cancel {run_id}")
    before = walk.sent(".*/cancel")
    asked = await walk.channel.press("Stop")
    await walk.passes(5)
    going, status = walk.channel.shown(), await walk.channel.say(f"status {run_id}")
    again = await walk.channel.say(f"cancel {run_id}")
    await walk.passes(30)
    ended = [text for text in walk.channel.shown() if has(text, "cancelled")]

    assert not has(living, "it has not ended yet")
    assert before == 0
    assert has(asked, "Antithesis was asked to stop basic_test", "It has not ended yet")
    assert any(has(text, "is in progress", "to stop it at", "and it has not ended yet.") for text in going)
    assert has(status, "to stop it at", "and it has not ended yet.")
    assert has(again, "to stop it at", "and it has not ended yet.")
    assert walk.sent(".*/cancel") == 1
    assert walk.tenant.run(run_id).status(walk.tenant.now()) == "cancelled"
    assert len(ended) >= 2, "the message of the launch and that of the question"


async def test_cancel__too_late(walk: Walk) -> None:
    """It ended between the question and the yes: the platform says so, and nothing claims that it was stopped."""
    run_id = walk.tenant.add_run(parameters={"antithesis.duration": "15"})
    await walk.channel.say(f"cancel {run_id}")
    walk.tenant.finish_run(run_id)
    late = await walk.channel.press("Stop")

    assert has(
        late, "Nothing was stopped.", "The run has already ended (completed), so there is nothing to stop."
    )
    assert walk.sent(".*/cancel") == 1


async def test_cancel__of_an_older_release(walk: Walk) -> None:
    """It is not offered, and said at once; the platform is not asked."""
    run_id = walk.tenant.add_run(release="63.2")
    status = await walk.channel.say(f"status {run_id}")
    with pytest.raises((AssertionError, LookupError, StopIteration)):
        await walk.channel.press("Stop")
    refused = ""
    with suppress(IndexError):  # Discord tells the person alone
        refused = await walk.channel.say(f"cancel {run_id}")

    assert has(status, "running")
    assert has(refused, "Antithesis can stop runs from release 64 on.") or not refused
    assert walk.sent(".*/cancel") == 0


async def test_launch_again__says_what_differs_and_sends_no_mask(walk: Walk) -> None:
    """A run from elsewhere: what cannot be read of it is named, and only what is known is sent."""
    given = {"antithesis.duration": "15", "antithesis.source": "main", "custom.note": f"see {TOKEN}",
             "antithesis.integrations.slack.token": TOKEN, "vcs.pr_id": "12"}  # fmt: skip
    run_id = walk.tenant.add_run(status="completed", age=3_600, parameters=given)
    await walk.channel.say(f"status {run_id}")
    await walk.channel.press("Launch again")
    asked = await walk.channel.say(f"rerun {run_id}")  # Discord answers a press in the run's thread
    await walk.channel.press("Rerun")
    (request,) = walk.tenant.requests(path=".*/launch/basic_test")
    started = next(iter(walk.tenant.world.runs.newest_first()))

    assert has(
        asked, "Clew cannot read custom.note and antithesis.integrations.slack.token, so those are not sent."
    )
    assert has(asked, "Unlike that run: vcs.pr_id is not given, it was 12.")
    assert (started.parameters or {}).keys() - {"clew.request_id"} == {
        "antithesis.duration",
        "antithesis.source",
        "antithesis.test_name",
    }
    assert MASK not in repr(request)
    assert TOKEN not in "".join(walk.channel.shown())


OF_ALICE = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, free=frozenset())
REGISTRIES = frozenset({grammar.registry("registry.example.com", "image_registries")})


async def test_slack__rules_of_presets_and_registries() -> None:
    """Typed, by a form and by a press of the card that somebody else's rules were changed under."""
    service, store = FakeRunService(), MemoryStore()
    async with serve() as slack, slack_bot.running_bot(slack, service=service, store=store) as bot:
        whole = bot.handler.services
        slack.world.usergroups["S01"].append(BOB)
        mine = replace(OF_ALICE, people=frozenset({f"slack:user:{TEAM}:{ALICE}"}))
        bot.handler.services = replace(whole, presets={"nightly": mine}, image_registries=REGISTRIES)

        async def said(words: str, user: str = ALICE) -> str:
            count = bot.handler.count
            await slack.mention(words, user=user)
            await bot.answered(count + 1)
            return slack.world.messages[-1].words

        other = await said("launch nightly", BOB)
        fixed = await said("launch nightly duration=60")
        image = await said("launch basic_test 30 images=evil.example/app:1")
        await said("launch nightly")
        bot.handler.services = replace(
            whole, presets={"nightly": replace(mine, people=frozenset({"slack:user:T1:X"}))}
        )
        count = bot.handler.count
        await slack.press(slack.world.ours()[-1], "Launch")
        await bot.answered(count + 1)
        late = slack.world.messages[-1].words

    _all_were_refused([other, fixed, image, late], store, service)


async def test_discord__rules_of_presets_and_registries() -> None:
    """The same by subcommands and a press."""
    service, store = FakeRunService(), MemoryStore()
    async with discord_bot.simulated(service=service, store=store) as world:
        both = frozenset({f"discord:user:{world.alice.id}", f"discord:user:{world.bob.id}"})
        mine = replace(OF_ALICE, people=frozenset({f"discord:user:{world.alice.id}"}))
        whole = replace(world.handler.services, policy=Policy(roles={Role.LAUNCH: both}))
        world.handler.services = replace(whole, presets={"nightly": mine}, image_registries=REGISTRIES)

        async def said(by: Any = None, **options: str) -> str:
            return _whole(discord_bot.answer(await world.say("launch", by=by, **options)))

        other = await said(world.bob, preset="nightly")
        fixed = await said(preset="nightly", duration="60")
        image = await said(launcher="basic_test", duration="30", images="evil.example/app:1")
        await said(preset="nightly")
        world.handler.services = replace(whole, presets={"nightly": replace(mine, people=both - mine.people)})
        late = _whole(discord_bot.answer(await world.press(world.ours(world.main)[-1], "Launch")))

    _all_were_refused([other, fixed, image, late], store, service)


def _whole(message: Any) -> str:
    return " ".join([discord_bot.said(message), *(embed.footer.text or "" for embed in message.embeds)])


def _all_were_refused(said: list[str], store: MemoryStore, service: FakeRunService) -> None:
    """Each is told by which rule, and noted; nothing was started."""
    other, fixed, image, late = said
    assert has(other, "The preset “nightly” is not for you", "Rule preset:nightly")
    assert has(fixed, "sets duration= to “30”")
    assert has(image, "that is from evil.example", "Rule image_registries")
    assert has(late, "The preset “nightly” is not for you")
    assert service.launches == []
    denied = [entry.detail for entry in store.trail if entry.decision == "denied"]
    assert denied[:3] == [
        "preset:nightly: people", "preset:nightly: free, duration", "image_registries: evil.example",
    ]  # fmt: skip
    assert denied[3].endswith(": preset:nightly: people")
