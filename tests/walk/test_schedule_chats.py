"""A launch at times, in each chat: scheduled where people type, launched when it is due, and its maker asked for again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.chat.running import RunningChat
from adapters.main import app
from adapters.simulator.antithesis import simulated_tenant
from bot.access import Role
from bot.delivery.deliver import Deliverer, Pace
from bot.handler import Handler
from bot.ports import Clock, Store
from bot.state import Schedule
from bot.watch.schedules import Schedules
from tests.fakes import discord_bot, slack_bot
from tests.fakes.slack import serve
from tests.fakes.slack_world import MAIN
from tests.walk.discord.test_rights import Scene
from tests.walk.slack.test_rights import REMOVED
from tests.walk.terminal.served import reached, served, set_up

DUE = "Launched by the schedule of basic_test (every hour UTC) by "


class Works:
    """Looks at what is due and delivers, as `clew run` does, at the times that a test says."""

    def __init__(
        self,
        chat: RunningChat,
        handler: Handler,
        store: Store,
        clock: Clock,
        ahead: Callable[[timedelta], None],
    ) -> None:
        name = chat.chat.name
        self._schedules = Schedules(
            lambda: handler.services, people={name: chat.afresh}, renderers={name: chat.chat.render},
            on_rows=lambda: None,
        )  # fmt: skip
        self._deliverer = Deliverer(
            chat.chat, store, platforms={}, clock=clock, notify_operator=_nobody, pace=Pace(per_channel=0)
        )
        self._store, self._clock, self._ahead = store, clock, ahead

    async def when_due(self) -> None:
        """Let the next time of the one schedule come; a second look changes nothing."""
        schedule = await self.only()
        due = schedule.next(self._clock.now())
        assert due is not None
        self._ahead(due - self._clock.now() + timedelta(seconds=1))
        for _ in range(2):
            await self._schedules.tick()
            while (await self._store.depth()).waiting:
                await self._deliverer.step()

    async def only(self) -> Schedule:
        """Return the one schedule that there is."""
        (schedule,) = await self._store.schedules()
        return schedule


async def _nobody(_: str) -> None:
    """Notify no operator."""


@pytest.mark.parametrize("why", REMOVED)
async def test_slack__scheduled_launched_and_stopped(why: str) -> None:
    """Due it is launched and posted; once its maker may not, it is not, and they are asked for with Slack's own words."""
    async with serve() as slack, slack_bot.running_bot(slack) as bot:

        def ahead(by: timedelta) -> None:
            bot.clock.ahead += by

        works = Works(bot.chat, bot.handler, bot.store, bot.clock, ahead)
        await slack.command("launch basic_test duration=30 at=hourly")
        asked = await slack.world.answer("Schedule basic_test?")
        assert "Nothing has been scheduled yet" in asked.words
        await slack.press(asked, "Schedule")
        await slack.world.answer("The first time is")
        await works.when_due()
        posted = [m for m in slack.world.of(MAIN) if DUE in m.words]
        await slack.command("launch schedules")
        listed = await slack.world.answer("launched as run")
        REMOVED[why][0](slack)
        await works.when_due()
        stopped = [m for m in slack.world.of(MAIN) if "and was not launched." in m.words]

        assert len(posted) == len(stopped) == 1
        assert len(bot.service.launches) == 1
        assert "The schedule is paused" in stopped[0].words
        assert (await works.only()).paused != ""
        assert "Next:" in listed.words
        assert slack.world.violations == []


async def test_slack__paused_and_removed_by_its_buttons() -> None:
    """The buttons of the list name exactly their schedule."""
    async with serve() as slack, slack_bot.running_bot(slack) as bot:
        await slack.command('launch basic_test duration=30 at="weekdays 02:00 Europe/Berlin"')
        await slack.press(await slack.world.answer("Schedule basic_test?"), "Schedule")
        scheduled = await slack.world.answer("The first time is")
        await slack.press(scheduled, "Pause")
        paused = await slack.world.answer("any more, until it is resumed.")
        await slack.press(paused, "Resume")
        await slack.world.answer("on weekdays at 02:00 Europe/Berlin again.")
        await slack.press(scheduled, "Remove")
        await slack.world.answer("is no longer launched on weekdays at 02:00 Europe/Berlin.")

        assert await bot.store.schedules() == ()
        assert slack.world.violations == []


async def test_discord__scheduled_launched_and_stopped() -> None:
    """The same by options; a role that was taken away is asked for of Discord when it is due."""
    async with discord_bot.simulated() as world:
        role = world.guild.create_role("testers")
        world.env.backend.add_member_role(world.guild.id, world.alice.id, role.id)
        await world.env.settle()
        scene = Scene(world=world, role=role)
        scene.set_policy(roles={Role.LAUNCH: frozenset({f"discord:role:{world.guild.id}:{role.id}"})})

        def ahead(by: timedelta) -> None:
            world.clock.ahead += by.total_seconds()

        works = Works(world.chat, world.handler, world.store, world.clock, ahead)
        question = discord_bot.answer(
            await world.say("launch", launcher="basic_test", duration="30", at="hourly")
        )
        assert "Nothing has been scheduled yet" in discord_bot.said(question)
        await world.press(question, "Schedule")
        await works.when_due()
        posted = [m for m in world.ours(world.main) if DUE in discord_bot.said(m)]
        listed = discord_bot.said(discord_bot.answer(await world.say("launch", schedules=True)))
        scene.take_away()
        await works.when_due()
        stopped = [m for m in world.ours(world.main) if "and was not launched." in discord_bot.said(m)]
        assert len(posted) == len(stopped) == 1
        await world.press(stopped[0], "Remove", by=world.alice)

    assert len(world.service.launches) == 1
    assert "launched as run" in listed
    assert "The schedule is paused" in discord_bot.said(stopped[0])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--yes", "launch", "basic_test", "duration=30", "at=weekdays 02:00 Europe/Berlin"], 0, "The first time is"),
        (["--yes", "launch basic_test duration=30 at=1st of the month 04:00"], 0, "on the 1st of the month at 04:00 UTC"),
        (["launch", "basic_test", "duration=30", "at=hourly"], 1, "Run it again with --yes to confirm it."),
        (["--yes", "launch", "basic_test", "duration=30", "at=0 2 31 2 *"], 1, "no day of the next eight years"),
        (["--yes", "launch", "basic_test", "duration=30", "at=*/5 * * * *"], 1, "12 times an hour"),
    ],
)  # fmt: skip
def test_terminal__schedules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    """From a shell as from a chat; what was not confirmed is not kept, and `clew channels` tells of what is."""
    with (
        served(lambda: simulated_tenant(speed=1.0)) as tenant,
        set_up(reached(tenant), tmp_path, monkeypatch),
    ):
        answer = CliRunner().invoke(app, ["ask", *words])
        channels = CliRunner().invoke(app, ["channels"])
        gone = CliRunner().invoke(app, ["ask", "launch", "basic_test", "at=off"])

    assert answer.exit_code == code, answer.output
    assert said in " ".join(answer.output.split())
    assert ("launches basic_test on" in channels.output) is (code == 0)
    assert ("is no longer launched" in " ".join(gone.output.split())) is (code == 0)
