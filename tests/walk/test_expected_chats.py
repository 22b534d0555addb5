"""A launcher that does not start, in each chat: expected where people type, told in the channel, and over there too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.simulator.antithesis import simulated_tenant
from bot.delivery.deliver import Deliverer, Pace
from bot.model import RunStatus
from bot.ports import Chat, Clock, Store
from bot.watch.auditor import Polled
from bot.watch.expected import Expected
from bot.watch.poll import Poller
from tests.fakes import discord_bot, slack_bot
from tests.fakes.clock import ManualClock
from tests.fakes.runs import a_run
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_world import MAIN
from tests.walk.terminal.served import reached, served, set_up

EXPECT = "Payments Nightly by 03:00"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=3, minute=0, second=0, microsecond=0)
MISSED = f"Payments Nightly did not start by {TOMORROW:%d %b} 03:00 UTC."
LATE = f"It started at {TOMORROW:%d %b} 03:12 UTC, 12 min late."


class Nights:
    """Polls, looks and delivers as `clew run` does, at the times that a test says."""

    def __init__(self, chat: Chat, store: Store, service: FakeRunService, clock: Clock) -> None:
        self.service, self.store = service, store
        self.time = ManualClock(datetime.now(UTC))
        renderers = {chat.name: chat.render}
        self.poller = Poller(
            service.platform, store, clock=self.time, renderers=renderers,
            on_rows=lambda: None, notify_operator=_nobody,
        )  # fmt: skip
        self.expected = Expected(
            {"demo": service.platform}, store, self.time, renderers=renderers,
            polls=lambda: {"demo": Polled(age=0, allowed=300, looked=True, read_at=self.poller.read_at)},
            on_rows=lambda: None,
        )  # fmt: skip
        self.deliverer = Deliverer(
            chat, store, platforms={}, clock=clock, notify_operator=_nobody, pace=Pace(per_channel=0)
        )

    async def at(self, when: datetime) -> None:
        """Look at a time, and deliver what is to be told."""
        self.time.pass_time((when - self.time.now()).total_seconds())
        await self.poller.tick()
        await self.expected.tick()
        while (await self.store.depth()).waiting:
            await self.deliverer.step()

    async def misses(self) -> None:
        """Let the deadline pass; another look tells nothing more."""
        await self.at(TOMORROW + timedelta(minutes=3))
        await self.at(TOMORROW + timedelta(minutes=4))

    async def starts_late(self) -> None:
        """Let the run start after all."""
        when = TOMORROW + timedelta(minutes=12)
        run = a_run(2, status=RunStatus.IN_PROGRESS, created_at=when, started_at=when)
        self.service.add_run(run)
        await self.at(when + timedelta(minutes=1))
        await self.at(when + timedelta(minutes=2))


async def _nobody(_: str) -> None:
    """Notify no operator."""


def a_service() -> FakeRunService:
    """Return a platform on which the launcher has run before."""
    service = FakeRunService()
    service.add_run(a_run(1))
    return service


async def test_slack__a_run_that_does_not_start() -> None:
    """Told once with its buttons, over once; *Stop expecting* ends it."""
    service = a_service()
    async with serve() as slack, slack_bot.running_bot(slack, service=service) as bot:
        nights = Nights(bot.chat.chat, bot.store, service, bot.clock)
        await nights.poller.tick()
        await slack.command(f'watch expect="{EXPECT}"')
        await slack.world.answer(
            "This channel is notified when no run of Payments Nightly on demo starts by 03:00"
        )
        await nights.misses()
        told = [m for m in slack.world.of(MAIN) if MISSED in m.words]
        await nights.starts_late()
        over = [m for m in slack.world.of(MAIN) if LATE in m.words]
        assert len(told) == len(over) == 1
        await slack.press(told[0], "Stop expecting")
        await slack.world.answer("This channel is no longer notified when no run of Payments Nightly")
        assert await bot.store.expectations() == ()
        assert slack.world.violations == []


async def test_discord__a_run_that_does_not_start() -> None:
    """The same, as options are filled in; words behind the value need no quotes."""
    service = a_service()
    async with discord_bot.simulated(service=service) as world:
        nights = Nights(world.chat.chat, world.store, service, world.clock)
        await nights.poller.tick()
        answer = discord_bot.said(discord_bot.answer(await world.say("watch", expect=EXPECT)))
        await nights.misses()
        await nights.starts_late()
        posts = [(m, discord_bot.said(m)) for m in world.ours(world.main)]
        told = [m for m, text in posts if MISSED in text]
        assert len(told) == len([text for _, text in posts if LATE in text]) == 1
        await world.press(told[0], "Stop expecting")

    assert "notified when no run of Payments Nightly on demo starts by 03:00 UTC" in answer
    assert await world.store.expectations() == ()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["watch", "expect=Search Canary by 03:00 Europe/Berlin"], 0, "starts by 03:00 Europe/Berlin"),
        (["watch expect=Search Canary by 03:00 on weekdays"], 0, "starts by 03:00 UTC on weekdays"),
        (["watch", "expect=Serach Canary by 03:00"], 1, "Search Canary"),
        (["watch", "expect=Search Canary by 03:00 Europe/Berln"], 1, "Europe/Berlin"),
    ],
)
def test_terminal__expects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    """From a shell as from a chat; what is wrong says what was meant."""
    with (
        served(lambda: simulated_tenant(speed=1.0)) as tenant,
        set_up(reached(tenant), tmp_path, monkeypatch),
    ):
        answer = CliRunner().invoke(app, ["ask", *words])
        listed = CliRunner().invoke(app, ["ask", "watching"])

    assert answer.exit_code == code, answer.output
    assert said in " ".join(answer.output.split())
    assert ("Search Canary" in listed.output) is (code == 0)
