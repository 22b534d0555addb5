"""A launch from chat and its end are one story: one top-level message, and whoever launched it is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.delivery.deliver import Deliverer, Pace
from bot.model import RunStatus
from bot.state import IntentState, Subscription
from bot.watch.poll import Poller
from tests.fakes.runs import some_results
from tests.fakes.service import Launching
from tests.fakes.stage import ANN, BO, CHANNEL, Stage, an_invocation, button_of, silent, texts

OTHER = "fake:channel:C2"


async def _nobody(_: str) -> None:
    """Notify no operator."""


class Story(Stage):
    """A stage that also polls and delivers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        chat = self.there
        self.poller = Poller(
            self.service.platform,
            self.memory,
            clock=self.clock,
            renderers={chat.name: chat.render},
            on_rows=lambda: None,
            notify_operator=_nobody,
        )
        self.deliverer = Deliverer(
            chat,
            self.memory,
            platforms={},
            clock=self.clock,
            notify_operator=_nobody,
            pace=Pace(per_channel=0),
        )

    async def watched(self, *channels: str) -> None:
        """Let channels hear of every run, and take the baseline."""
        for channel in channels:
            await self.memory.subscribe(Subscription(channel=channel), self.clock.now())
        await self.poller.tick()

    async def ends(self, *failing: str) -> None:
        """Let the run of the last intent end, and everything that follows from it happen."""
        intent = list(self.memory.intents.values())[-1]
        run = self.service._runs[intent.run_id or ""]
        run = self.service.change(run, creator="api", status=RunStatus.IN_PROGRESS)
        self.service.finish(run, some_results(run, failing=failing, passing=("reachable",)))
        await self.pass_time(60)
        await self.poller.tick()
        await self.pass_time(60)
        while (await self.memory.depth()).waiting:
            self.clock.pass_time(await self.deliverer.step())


@pytest.mark.parametrize("watched", [(CHANNEL, OTHER), (OTHER,)])
async def test_story__one_top_level_message(watched: tuple[str, ...]) -> None:
    """The end is told under the launch's card, once, whether the channel watches or not; others hear as ever."""
    story = Story()
    await story.watched(*watched)
    await story.launched()
    await story.ends("no lost update")

    here = [m for m in story.there.messages if m.channel == CHANNEL]
    top = [m for m in here if m.thread is None]
    below = [m for m in here if m.thread is not None]
    there = [m for m in story.there.messages if m.channel == OTHER]
    assert [m.id for m in top] == ["m1"]
    assert [m.thread for m in below] == ["m1"]
    assert [m.thread for m in there] == [None]
    assert story.there.violations == []


async def test_story__names_and_notifies_who_pressed_launch() -> None:
    """The platform says “api”; the person is named to all, and notified where they launched it."""
    story = Story()
    await story.watched(CHANNEL, OTHER)
    await story.launched()
    await story.ends()
    status = await story.say("status latest", thread="m1")

    here, there = (
        json.loads(next(m.payload for m in story.there.messages if m.channel == channel and m.id != "m1"))
        for channel in (CHANNEL, OTHER)
    )
    assert (here["mentions"], there["mentions"]) == ([{"who": ANN.id, "why": "Launched by"}], [])
    for card in (here, there):
        assert {"code": False, "text": "Ann"} in card["subtitle"]
    assert "Ann" in texts(status.card)


async def test_story__in_a_thread_stays_there() -> None:
    """A launch said in a thread has no top-level card: a channel that watches is told at the top."""
    story = Story()
    await story.watched(CHANNEL)
    await story.say("status")
    await story.say("launch basic_test duration=30", thread="m1")
    await story.say(
        button_of(story.replies[-1].card, "Launch").command, thread="m1", pressed=story.messages[-1]
    )
    await story.ends()

    assert [m.thread for m in story.there.messages] == [None, "m1", None]


@pytest.mark.parametrize("how", [Launching.LOST_REPLY, Launching.NORMAL])
async def test_story__goes_on_after_a_crash_in_the_middle(how: Launching) -> None:
    """Killed between sending and showing: the same press, taken up again, shows the card, and that lives on."""
    story = Story()
    await story.watched()
    await story.say("launch basic_test duration=30")
    words = button_of(story.replies[-1].card, "Launch").command
    story.service.next_launch(how)
    press = an_invocation(story, words)
    await story.handler.handle(press, silent)  # and the process dies before it shows the answer

    later = story.restarted()
    assert isinstance(later, Story)
    reply = await later.handler.handle(press, silent, resumed=True)
    message = await later._show(reply, CHANNEL, None, None)
    await later.handler.answered(press, reply, message)
    await later.pass_time(20)
    again = await later.handler.handle(replace(press, key="other"), silent)
    await later.ends()

    intent = list(later.memory.intents.values())[-1]
    assert intent.state is IntentState.ACCEPTED
    assert len(later.service.launches) == 1
    assert not reply.private
    assert "passed" in later.shown(message)
    assert again.private, "the card is there by now"


async def test_story__a_second_press_is_no_crash() -> None:
    """Whoever presses again while it is being sent, or after, gets the private answer as ever."""
    story = Story()
    await story.say("launch basic_test duration=30")
    words = button_of(story.replies[-1].card, "Launch").command
    press = an_invocation(story, words)
    first = await story.handler.handle(press, silent)
    second = await story.handler.handle(replace(press, key="second"), silent)
    stranger = await story.restarted().handler.handle(replace(press, key="third", actor=BO), silent)

    assert first.live is not None
    assert second.live is None
    assert second.private
    assert stranger.private
