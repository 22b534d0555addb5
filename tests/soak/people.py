"""People who use Slack and Discord while replicas die: they ask, press and launch, and each is answered once.

Slack delivers again what was not acknowledged, to whichever socket is open then; Discord tells the person that the
application did not respond, who asks again.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.model import RunStatus
from tests.fakes.slack_gate import Ack
from tests.fakes.slack_world import MAIN, TEAM, Json, Message
from tests.soak.judge import WANTED, Stored, answers, launches, source
from tests.soak.world import BY_HAND, LAUNCHER, World

REDELIVERIES = 20
AGAIN = 0.3  # seconds until Slack delivers again; it takes longer itself
RESPONDS = 3.0  # seconds that Discord waits
QUESTION = 30.0  # seconds in which a person gives up waiting for the question behind a launch


@dataclass(kw_only=True)
class People:
    """Those who use a world. `readable`: runs that they ask about, each once."""

    world: World
    chance: random.Random
    readable: Iterator[str]
    asked_slack: dict[str, str] = field(
        default_factory=dict
    )  # who asked, by run: acknowledged, to be answered once
    asked_discord: dict[str, str] = field(default_factory=dict)  # the interaction, by run
    not_heard: list[str] = field(default_factory=list)  # nobody acknowledged it: it may be answered, once
    wanted: list[str] = field(default_factory=list)  # launches that were asked for, by source
    pressed: int = 0
    people: int = 0

    async def ask_slack(self) -> None:
        """Ask about a run by a mention or a slash command."""
        run, user = next(self.readable), self._somebody()
        slack = self.world.slack
        if self.chance.random() < 0.5:
            message = slack.world.say(user, MAIN, f"<@UBOT> status {run}")
            payload, kind = slack.event("app_mention", message), "events_api"
        else:
            payload, kind = slack.command_payload(f"status {run}", user=user), "slash_commands"
        ack = await self._delivered(kind, payload)
        if ack.taken:
            self.asked_slack[run] = user
        else:
            self.not_heard.append(run)

    async def ask_discord(self) -> None:
        """Ask about a run by a slash command, again and again until the application responds."""
        discord, there = self.world.discord, self.world.discord.gate
        for _ in range(REDELIVERIES):
            run = next(self.readable)
            await discord.until(lambda: there.open > 0, seconds=60.0)
            interaction = discord.slash("status", run=run, channel=self.world.questions)
            await asyncio.sleep(RESPONDS)
            if self.world.responded(interaction):
                self.asked_discord[run] = interaction
                return
            self.not_heard.append(run)

    async def launch(self) -> None:
        """Ask for a launch and confirm it, as often as Slack delivers that."""
        slack, user = self.world.slack, self._somebody()
        wanted = f"{WANTED}{self.people:06d}"
        begin = len(slack.world.messages)
        words = f"launch {LAUNCHER}-{self.people % BY_HAND} duration=30 source={wanted}"
        ack = await self._delivered("slash_commands", slack.command_payload(words, user=user))
        if not ack.taken:
            return
        self.wanted.append(wanted)
        question = await self._question(wanted, begin)
        if question is None:
            return
        press = slack.press_payload(question, question.button("Launch"), user=user)
        if (await self._delivered("interactive", press)).taken:
            self.pressed += 1

    def end_launched(self) -> None:
        """Let all runs end that people started: looked at for ever, they would be ever more to look at."""
        now = self.world.tenant.world.clock.now()
        for run_id, run in self.world.tenant.world.runs.by_id.items():
            if source(run).startswith(WANTED) and not RunStatus(run.status(now)).terminal:
                self.world.tenant.finish_run(run_id, status=RunStatus.COMPLETED.value)

    def wrong(
        self, there: list[Stored], accepted: frozenset[str] | None
    ) -> tuple[list[str], list[str], list[str]]:
        """Return what was not answered, what was answered more than once, and what was launched more than once.

        `accepted`: where the database was away, the ids of what it has: Discord may have been told that an answer comes
        before it was known that there is none.
        """
        heard = [run for run, what in self.asked_discord.items() if accepted is None or what in accepted]
        slack, discord = (
            f"slack:channel:{TEAM}:{MAIN}", f"discord:channel:{self.world.discord.guild}:{self.world.questions}",
        )  # fmt: skip
        started = launches(self.world)
        alone = defaultdict(list)
        for message in self.world.slack.world.ours():
            alone[message.only_for].append(f"{message.ts} to one person")
        times = {
            **{
                f"Slack, {run}": answers(there, slack, _short(run)) + alone.get(who, [])
                for run, who in self.asked_slack.items()
            },
            **{f"Discord, {run}": answers(there, discord, _short(run)) for run in heard},
        }
        maybe = {
            f"not heard, {run}": answers(there, slack, _short(run)) + answers(there, discord, _short(run))
            for run in [*self.not_heard, *self.asked_discord]
        }
        return (
            [what for what, found in times.items() if not found],
            [f"{what}: {', '.join(found)}" for what, found in (times | maybe).items() if len(found) > 1],
            [one for one in self.wanted if started[one] > 1],
        )

    def _somebody(self) -> str:
        """Return a person who asks for nothing else."""
        self.people += 1
        return f"U7{self.people:06d}"

    async def _question(self, wanted: str, begin: int) -> Message | None:
        """Wait for the question whether to launch, among the messages from one on."""

        def found() -> Message | None:
            lately = self.world.slack.world.messages[begin:]
            return next((m for m in lately if wanted in m.words and "Launch" in m.labels), None)

        try:
            question: Message = await self.world.slack.world.until(found, QUESTION)
        except TimeoutError:
            return None
        return question

    async def _delivered(self, kind: str, payload: Json) -> Ack:
        """Deliver something until it is acknowledged."""
        gate, ack = self.world.slack.gate, Ack(taken=False)
        for retry in range(REDELIVERIES):
            self.world.striker.happened("command")
            try:
                ack = await gate.deliver(kind, payload, retry=retry or None)
            except TimeoutError:  # no socket was open for long
                continue
            if ack.taken:
                break
            await asyncio.sleep(AGAIN)
        return ack


def _short(run: str) -> str:
    """Return how cards name a run."""
    return run.partition("-")[0][:8]
