"""Confirming and declining: by the right person, in time, once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from bot.access import Policy
from bot.cards import plain
from bot.errors import Unreachable
from bot.model import LaunchOutcome, LaunchRequest, Run, RunRef
from bot.state import Full, Intent, IntentState, Overtaken
from tests.fakes.service import FakeRunService, Launching
from tests.fakes.stage import ANN, BO, READER, Stage, an_invocation, silent, texts
from tests.fakes.store import MemoryStore

WORDS = "launch basic_test duration=30"


def the_intent(stage: Stage) -> Intent:
    """Return the last intent."""
    return list(stage.memory.intents.values())[-1]


def decisions(stage: Stage) -> list[tuple[str, str]]:
    """Return what the audit trail says of the intent, without the verb that started it."""
    return [(e.action, e.decision) for e in stage.memory.trail if ":" in e.detail and "role" not in e.detail]


async def test_confirm__launches_once_and_shows_the_live_card() -> None:
    """The request goes out once, the run is followed, and the card lives on in the pressed message."""
    stage = Stage()
    reply = await stage.launched()
    intent = the_intent(stage)

    assert len(stage.service.launches) == 1
    assert intent.state is IntentState.ACCEPTED
    assert (reply.live, reply.replace) == (intent.id, True)
    assert f"run {intent.run_id} is being set up" in plain(reply.card.text)
    assert intent.run_id is not None
    ref = RunRef("demo", intent.run_id)
    assert [ref] == [tracked.ref for tracked in await stage.memory.tracked("demo")]
    assert [stage.messages[0]] == [card.message for card in await stage.memory.live()]
    assert decisions(stage) == [("launch", "confirmed"), ("launch", "accepted")]
    context = await stage.memory.context("fake:channel:C1", "m1")
    assert context is not None
    assert ref == context.run


async def test_confirm__sends_what_was_shown() -> None:
    """The platform gets the request of the draft."""
    stage = Stage()
    await stage.launched('launch basic_test duration=30 source=main description="a b" custom.x=1')
    shown = {f.label: plain(f.value) for f in stage.replies[0].card.facts}
    sent = stage.service.parameters(stage.service.launches[0])

    assert dict(sent).items() <= shown.items()
    assert stage.service.launches[0].launcher == shown["Launcher"]


async def test_confirm__pressed_twice() -> None:
    """The second press hears what came of the first, alone, and changes nothing."""
    stage = Stage()
    await stage.say(WORDS)
    await stage.press("Launch")
    words = f"confirm {the_intent(stage).id}"
    reply = await stage.say(words, pressed=stage.messages[0])

    assert len(stage.service.launches) == 1
    assert (reply.private, reply.replace, reply.live) == (True, False, None)
    assert f"It is run {the_intent(stage).run_id}" in plain(reply.card.text)
    assert [b.label for b in reply.card.buttons] == ["Status"]


async def test_confirm__twenty_at_once() -> None:
    """Twenty presses at the same moment are one launch and nineteen answers."""
    stage = Stage()
    await stage.say(WORDS)
    words = f"confirm {the_intent(stage).id}"
    replies = await asyncio.gather(*(stage.say(words, pressed=stage.messages[0]) for _ in range(20)))

    assert len(stage.service.launches) == 1
    assert sum(reply.live is not None for reply in replies) == 1
    assert sum(reply.private for reply in replies) == 19
    assert stage.service.violations == []


@pytest.mark.parametrize("verb", ["confirm", "decline"])
async def test_confirm__by_somebody_else(verb: str) -> None:
    """Only the requester settles it, whatever the other's role; both are written down."""
    stage = Stage()
    await stage.say(WORDS)
    words = f"{verb} {the_intent(stage).id}"
    other = await stage.say(words, by=BO)
    elsewhere = await stage.say(words, channel="fake:channel:C2")

    assert "Only the requester can confirm or cancel this launch" in plain(other.card.text)
    assert "in the channel where it was requested" in plain(elsewhere.card.text)
    assert (other.private, other.replace) == (True, False)
    assert the_intent(stage).state is IntentState.DRAFT
    assert stage.service.launches == []
    denied = [(e.actor, e.channel) for e in stage.memory.trail if e.decision == "denied"]
    assert denied == [(BO.id, "fake:channel:C1"), (ANN.id, "fake:channel:C2")]


async def test_confirm__after_five_minutes() -> None:
    """Five minutes are enough, a second more is too late, and nothing is sent."""
    stage = Stage()
    await stage.say(WORDS)
    await stage.say(WORDS)
    late, in_time = list(stage.memory.intents)
    stage.clock.pass_time(stage.services.confirm_within.total_seconds())
    await stage.say(f"confirm {in_time}", pressed=stage.messages[1])
    stage.clock.pass_time(1)
    reply = await stage.say(f"confirm {late}", pressed=stage.messages[0])

    assert [in_time] == [request.key for request in stage.service.launches]
    assert stage.memory.intents[late].state is IntentState.EXPIRED
    assert "was not confirmed within 5 minutes" in plain(reply.card.text)
    assert (reply.replace, reply.failed) == (True, True)
    assert ("launch", "expired") in decisions(stage)


async def test_confirm__a_clock_set_back_prolongs_nothing() -> None:
    """A draft that seems to come from the future is too old to be trusted: it is asked for again."""
    stage = Stage()
    await stage.say(WORDS)
    stage.clock.pass_time(120)
    stage.clock.jump(-3600)
    reply = await stage.press("Launch")

    assert stage.service.launches == []
    assert "Ask again" in plain(reply.card.text)


async def test_confirm__after_it_expired_elsewhere() -> None:
    """A press that comes second to the expiry hears of it."""
    stage = Stage()
    await stage.say(WORDS)
    stage.clock.pass_time(301)
    words = f"confirm {the_intent(stage).id}"
    first, second = await asyncio.gather(stage.say(words), stage.say(words))

    assert {first.private, second.private} == {False, True}
    assert "It was not confirmed in time." in texts(first.card) + texts(second.card)


@pytest.mark.parametrize(
    ("policy", "rule"), [(Policy(roles={}), "no-roles:launch"), (Policy(read_only=True), "read-only")]
)
async def test_confirm__after_the_right_was_lost(policy: Policy, rule: str) -> None:
    """Role and read-only are looked at when the button is pressed, not when the draft was made."""
    stage = Stage()
    await stage.say(WORDS)
    later = stage.restarted(policy=policy)
    reply = await later.say(f"confirm {the_intent(stage).id}", by=replace(ANN, member=True))

    assert reply.private
    assert stage.service.launches == []
    assert the_intent(stage).state is IntentState.DRAFT
    assert (stage.memory.trail[-1].decision, rule) == ("denied", stage.memory.trail[-1].detail[34:])


@pytest.mark.parametrize("token", ["", "f" * 32, "../x", "a" * 100])
async def test_confirm__unknown_token(token: str) -> None:
    """A token that nobody knows is answered, whatever it looks like."""
    stage = Stage()
    reply = await stage.say(f"confirm {token}")

    assert reply.failed
    assert "There is nothing to confirm" in plain(reply.card.text)


async def test_confirm__connection_gone() -> None:
    """A connection that left the settings cannot be launched on."""
    stage = Stage()
    await stage.say(WORDS)
    later = stage.restarted(service=FakeRunService(connection="other"))
    reply = await later.say(f"confirm {the_intent(stage).id}")

    assert "no longer configured" in plain(reply.card.text)
    assert the_intent(stage).state is IntentState.DRAFT


async def test_decline__sends_nothing() -> None:
    """Declined is declined: a later yes changes nothing."""
    stage = Stage()
    await stage.say(WORDS)
    reply = await stage.press("Cancel")
    again = await stage.say(f"decline {the_intent(stage).id}")
    yes = await stage.say(f"confirm {the_intent(stage).id}")

    assert (reply.replace, reply.live) == (True, None)
    assert "Nothing was started" in plain(reply.card.text)
    assert again.private
    assert "already been cancelled" in plain(yes.card.text)
    assert stage.service.launches == []
    assert decisions(stage) == [("launch", "declined")]


async def test_confirm__refused_by_the_platform() -> None:
    """A refusal says why, and offers to ask again."""
    stage = Stage()
    stage.service.next_launch(Launching.REFUSED)
    reply = await stage.launched()
    second = await stage.say(f"confirm {the_intent(stage).id}")

    assert (reply.failed, reply.live, reply.replace) == (True, None, True)
    assert "There is no such launcher." in plain(reply.card.text)
    assert the_intent(stage).state is IntentState.REJECTED
    assert [b.label for b in reply.card.buttons] == ["Launch again"]
    assert "The platform said: There is no such launcher." in plain(second.card.text)


@pytest.mark.parametrize("how", [Launching.LOST_REPLY, Launching.LOST_REQUEST, Launching.NO_ID])
async def test_confirm__outcome_not_known(how: Launching) -> None:
    """Without an answer or an id, the row says that it was sent, and the card that it is looked for."""
    stage = Stage()
    stage.service.next_launch(how)
    reply = await stage.launched()
    second = await stage.say(f"confirm {the_intent(stage).id}")

    assert the_intent(stage).state is IntentState.POSTING
    assert the_intent(stage).posted_at is not None
    assert (reply.failed, reply.live) == (False, the_intent(stage).id)
    assert reply.card.progress is not None
    assert reply.card.progress.text == "sent, no answer yet, checking"
    assert "the platform has not answered yet" in plain(second.card.text)
    assert decisions(stage) == [("launch", "confirmed"), ("launch", "sent")]


class Raising(FakeRunService):
    """A platform whose adapter has a fault."""

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start it, then fail in a way that no port allows."""
        await super().launch(request)
        raise Unreachable("no answer")


async def test_confirm__sending_raises() -> None:
    """An error of the sender says nothing about the platform: the outcome is looked up."""
    stage = Stage(service=Raising())
    reply = await stage.launched()

    assert len(stage.service.launches) == 1
    assert reply.live == the_intent(stage).id
    assert the_intent(stage).state is IntentState.POSTING


class Withdrawing(MemoryStore):
    """A store in which somebody withdraws what was confirmed, right before it is sent."""

    async def confirm(
        self, intent_id: str, expected: frozenset[IntentState], now: datetime, **more: Any
    ) -> bool | Full | Overtaken:
        """Withdraw it once it is confirmed."""
        done = await super().confirm(intent_id, expected, now, **more)
        await self.advance(intent_id, frozenset({IntentState.CONFIRMED}), IntentState.EXPIRED, now)
        return done


async def test_confirm__withdrawn_meanwhile() -> None:
    """What was withdrawn between the yes and the sending is not sent."""
    stage = Stage(memory=Withdrawing())
    reply = await stage.launched()

    assert stage.service.launches == []
    assert "Nothing was started" in plain(reply.card.text)
    assert reply.private


@dataclass(kw_only=True)
class FoundMeanwhile(FakeRunService):
    """A platform whose answer comes after the watcher found the run."""

    stage: Stage | None = None

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start it, and let the watcher find it before answering."""
        outcome = await super().launch(request)
        assert self.stage is not None
        await self.stage.pass_time(10)
        return outcome


async def test_confirm__found_meanwhile() -> None:
    """The watcher may be first; both say the same, and it is written down once."""
    service = FoundMeanwhile()
    stage = Stage(service=service)
    service.stage = stage
    reply = await stage.launched()

    assert the_intent(stage).state is IntentState.ACCEPTED
    assert f"run {the_intent(stage).run_id} is being set up" in plain(reply.card.text)
    assert [entry.decision for entry in stage.memory.trail].count("accepted") == 1
    assert len(stage.service.launches) == 1


class BrokenAfter(MemoryStore):
    """A store that fails once the launch was answered."""

    async def track(self, run: Run, now: object) -> None:
        """Fail for good from here on."""
        self.failing = "The database is gone."
        await self._turn()


async def test_confirm__outcome_cannot_be_saved() -> None:
    """The person hears what the platform said; the row still says that it was sent."""
    stage = Stage(memory=BrokenAfter())
    await stage.say(WORDS)
    asked = stage.replies[0]
    intent = the_intent(stage)
    reply = await stage.handler.handle(an_invocation(stage, f"confirm {intent.id}"), silent)

    assert asked.card.buttons
    assert "Launched basic_test" in plain(reply.card.text)
    assert the_intent(stage).state is IntentState.POSTING


async def test_confirm__reader_cannot_even_ask() -> None:
    """A button carries no right of its own."""
    stage = Stage()
    await stage.say(WORDS)
    reply = await stage.say(f"confirm {the_intent(stage).id}", by=READER)

    assert "Only the requester" in plain(reply.card.text)
