"""Messages that live on until their run ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.cards import Card, Context, plain
from bot.errors import NotFound, RateLimited, ServiceError, UnexpectedAnswer, Unreachable
from bot.model import Availability, Results, Run, RunStatus
from bot.ports import Halted, NotDelivered, PostOutcome, Unconfirmed, Undeliverable
from bot.replies.debugging import MAIL
from bot.sessions import LASTS, Session
from bot.state import Intent, IntentState, MessageRef
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.runs import MOMENT, a_run, run_id, some_results
from tests.fakes.service import FakeRunService, Launching
from tests.fakes.stage import BO, CHANNEL, Stage, texts


@dataclass(kw_only=True)
class EditedChat(FakeChat):
    """A chat that counts edits and answers some of them as told."""

    edits: list[tuple[str, Card]] = field(default_factory=list)
    answers: deque[PostOutcome | Exception] = field(default_factory=deque)

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Edit, or answer as told and change nothing."""
        self.edits.append((message.message_id, card))
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer or await super().edit(message, card)


class Scene(Stage):
    """A stage whose chat counts edits, with its run at hand."""

    @property
    def edited(self) -> EditedChat:
        """The chat."""
        chat = self.there
        assert isinstance(chat, EditedChat)
        return chat

    @property
    def intent(self) -> Intent:
        """The last intent."""
        return list(self.memory.intents.values())[-1]

    @property
    def run(self) -> Run:
        """The run of the last intent."""
        return self.service._runs[self.intent.run_id or ""]

    @property
    def said(self) -> str:
        """What the last edit said."""
        return texts(self.edited.edits[-1][1])

    @property
    def progress(self) -> tuple[float | None, str]:
        """The progress of the last edit."""
        shown = self.edited.edits[-1][1].progress
        assert shown is not None
        return shown.fraction, shown.text

    def begin(self) -> None:
        """Let the run be in progress from now on."""
        self.service.change(self.run, status=RunStatus.IN_PROGRESS, started_at=self.clock.now())


async def a_scene(words: str = "launch basic_test duration=30") -> Scene:
    """Return a scene with one launch accepted, its card shown once."""
    clock = ManualClock()
    scene = Scene(clock=clock, chat=EditedChat(clock=clock))
    await scene.launched(words)
    await scene.tick()
    scene.edited.edits.clear()
    return scene


async def a_session(*how: Launching) -> Scene:
    """Return a scene with one debugging session asked for."""
    clock = ManualClock()
    scene = Scene(clock=clock, chat=EditedChat(clock=clock))
    scene.service.add_run(a_run(1))
    scene.service.next_launch(*how)
    await scene.say(f"debug {run_id(1)} moment={MOMENT.text}")
    await scene.press("Open session")
    return scene


async def test_tick__follows_a_run_to_its_verdict() -> None:
    """State, progress, finishing, verdict: all in the message whose button was pressed; then it rests."""
    scene = await a_scene()
    scene.begin()
    await scene.pass_time(15 * 60)
    half = scene.progress
    await scene.pass_time(20 * 60)
    full = scene.progress
    results = some_results(scene.run, failing=("no lost update",), passing=("reachable",))
    scene.service.finish(scene.run, results, minutes=40)
    await scene.pass_time(5)
    verdict = scene.edited.edits[-1][1]

    assert half == (0.5, "15 min of 30 min")
    assert full == (1.0, "finishing: builds and reports take longer than the requested time")
    assert plain(verdict.title) == "basic_test: 1 failure", "as its post says it"
    assert plain(verdict.text).startswith("basic_test FAILED with 1 failure: “no lost update”.")
    assert "no lost update" in str(verdict.items)
    name = await scene.memory.name(scene.intent.actor)
    assert name
    assert f"started by {name}" in texts(verdict), "as its post says it, whatever the platform calls its key"
    assert "Failing" in [b.label for b in verdict.buttons]
    assert {"m1"} == {message for message, _ in scene.edited.edits}
    assert await scene.memory.live() == ()
    assert scene.edited.violations == []


async def test_tick__edits_only_what_changed() -> None:
    """A card changes once a minute at most, and nothing is edited that says the same."""
    scene = await a_scene()
    await scene.pass_time(60)
    assert scene.edited.edits == []
    scene.begin()
    await scene.pass_time(10 * 60)

    assert 10 <= len(scene.edited.edits) <= 11


async def test_tick__short_runs_are_told_in_seconds() -> None:
    """A run of a minute moves every few seconds."""
    scene = await a_scene("launch basic_test duration=1")
    scene.begin()
    await scene.pass_time(30)

    assert scene.progress == (0.5, "30 s of 1 min")


async def test_tick__goes_on_after_a_restart() -> None:
    """A new process neither repeats an edit nor forgets a message."""
    scene = await a_scene()
    later = scene.restarted()
    assert isinstance(later, Scene)
    await later.tick()
    assert later.edited.edits == []
    later.begin()
    await later.pass_time(60)

    assert "in progress" in later.said


async def test_tick__waits_for_results() -> None:
    """A finished run whose properties lag keeps its message; at last it says that there are none."""
    scene = await a_scene()
    scene.service.set_results(Results(ref=scene.run.ref, availability=Availability.NOT_YET))
    scene.service.finish(scene.run, minutes=0)
    await scene.pass_time(29 * 60, step=30)
    waiting = len(await scene.memory.live())
    await scene.pass_time(2 * 60, step=30)

    assert waiting == 1
    assert await scene.memory.live() == ()
    assert "results unavailable" in scene.said


@pytest.mark.parametrize("at_first", [(), ("reachable",)])
async def test_tick__does_not_end_with_results_that_are_not_whole(at_first: tuple[str, ...]) -> None:
    """A list that is empty yet, or could not be read to its end, is not the last word."""
    scene = await a_scene()
    early = some_results(scene.run, passing=at_first)
    scene.service.set_results(replace(early, whole=not at_first))
    scene.service.finish(scene.run, minutes=0)
    await scene.pass_time(60)
    scene.service.set_results(some_results(scene.run, failing=("no lost update",), passing=("reachable",)))
    await scene.pass_time(5)

    assert "basic_test FAILED with 1 failure" in scene.said
    assert await scene.memory.live() == ()


async def test_tick__results_come_late() -> None:
    """Properties that lag are shown as soon as they are there."""
    scene = await a_scene()
    scene.service.finish(scene.run, minutes=0)
    await scene.pass_time(60)
    scene.service.set_results(some_results(scene.run, passing=("reachable",)))
    await scene.pass_time(5)

    assert "Its only property passes." in scene.said
    assert await scene.memory.live() == ()


async def test_tick__cancelled_run() -> None:
    """A cancelled run ends the message without waiting for results."""
    scene = await a_scene()
    scene.service.change(scene.run, status=RunStatus.CANCELLED, completed_at=scene.clock.now())
    await scene.pass_time(5)

    assert "cancelled" in scene.said
    assert await scene.memory.live() == ()


@pytest.mark.parametrize("error", [Unreachable("no"), RateLimited("slow"), UnexpectedAnswer("a login page")])
async def test_tick__run_cannot_be_read(error: ServiceError) -> None:
    """What cannot be read just now leaves the message as it is, for a session too."""
    for scene in (await a_scene(), await a_session()):
        scene.begin()
        await scene.tick()
        scene.edited.edits.clear()
        scene.service.fail("run", error, times=2)
        await scene.pass_time(10)

        assert scene.edited.edits == []
        assert len(await scene.memory.live()) == 1


async def test_tick__verdict_cannot_be_read() -> None:
    """The last word waits until the results can be read."""
    scene = await a_scene()
    scene.service.finish(scene.run, some_results(scene.run, passing=("reachable",)), minutes=0)
    scene.service.fail("results", Unreachable("no"))
    await scene.tick()
    assert scene.edited.edits == []
    await scene.tick()

    assert "passed" in scene.said


async def test_tick__run_is_not_there_yet() -> None:
    """A run that does not appear for a day is no longer waited for."""
    scene = await a_scene()
    gone = scene.run
    scene.service.remove(gone)
    await scene.pass_time(10)
    assert "is being set up" in scene.said
    assert len(await scene.memory.live()) == 1
    scene.clock.pass_time(24 * 3600)
    await scene.tick()

    assert await scene.memory.live() == ()


@pytest.mark.parametrize(
    "outcome", [Unconfirmed("cut"), NotDelivered("no connection"), ValueError("a fault")]
)
async def test_tick__edit_fails_once(outcome: PostOutcome | Exception) -> None:
    """An edit that failed is tried again with the next tick."""
    scene = await a_scene()
    scene.begin()
    scene.edited.answers.append(outcome)
    await scene.tick()
    await scene.tick()
    await scene.tick()

    assert len(scene.edited.edits) == 2
    assert "in progress" in scene.shown(scene.messages[0])  # type: ignore[arg-type]  # it was shown


@pytest.mark.parametrize(
    ("outcome", "rest"), [(NotDelivered("slow down", retry_after=20), 20), (Halted("token revoked"), 60)]
)
async def test_tick__chat_asks_to_wait(outcome: PostOutcome, rest: int) -> None:
    """A chat that asks to wait is left alone for that long."""
    scene = await a_scene()
    scene.begin()
    scene.edited.answers.append(outcome)
    await scene.tick()
    await scene.pass_time(rest - 5)
    assert len(scene.edited.edits) == 1
    await scene.pass_time(5)

    assert len(scene.edited.edits) == 2


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_tick__waits_by_the_time_that_really_passes(jump: float) -> None:
    """The wall clock set back or forward makes a pause neither longer nor shorter."""
    scene = await a_scene()
    scene.begin()
    scene.edited.answers.append(NotDelivered("slow down", retry_after=20))
    await scene.tick()
    scene.clock.jump(jump)
    await scene.pass_time(15)
    assert len(scene.edited.edits) == 1
    await scene.pass_time(5)

    assert len(scene.edited.edits) == 2


async def test_tick__goes_on_in_a_channel_that_was_lost() -> None:
    """Taken out of the channel and invited again, the bot goes on editing."""
    scene = await a_scene()
    scene.begin()
    scene.edited.answers.append(Undeliverable("not in the channel"))
    await scene.pass_time(60)
    during = len(scene.edited.edits)
    await scene.pass_time(600)

    assert during == 1
    assert len(scene.edited.edits) > 1
    assert "in progress" in scene.shown(scene.messages[0])  # type: ignore[arg-type]  # it was shown


async def test_tick__lets_go_of_the_last_word_in_a_lost_channel() -> None:
    """Where nothing more would be said, a channel that cannot be reached is not tried for ever."""
    scene = await a_scene()
    scene.begin()
    scene.service.finish(scene.run, some_results(scene.run, passing=("reachable",)))
    scene.edited.answers.append(Undeliverable("not in the channel"))
    await scene.tick()

    assert await scene.memory.live() == ()


async def test_tick__message_gone() -> None:
    """A message that was deleted is no longer edited."""
    scene = await a_scene()
    scene.begin()
    scene.edited.answers.append(Undeliverable("no such message", channel_lost=False))
    await scene.pass_time(60)

    assert len(scene.edited.edits) == 1
    assert await scene.memory.live() == ()


async def test_tick__one_failing_edit_blocks_nobody() -> None:
    """Two messages, one broken: the other is edited in the same tick."""
    scene = await a_scene()
    first = scene.run
    await scene.launched("launch Payments Nightly duration=30")
    scene.begin()
    scene.edited.edits.clear()
    scene.service.change(first, status=RunStatus.IN_PROGRESS, started_at=scene.clock.now())
    scene.edited.answers.append(ValueError("a fault"))
    await scene.tick()
    in_one = [message for message, _ in scene.edited.edits]
    await scene.tick()

    assert sorted(in_one) == ["m1", "m2"]
    assert [m.payload.count("in progress") > 0 for m in scene.edited.messages] == [True, True]


async def test_tick__chat_is_off_or_intent_is_gone() -> None:
    """Messages of a chat that is not on are left; those of an unknown intent end."""
    scene = await a_scene()
    off = scene.restarted(chat=FakeChat(clock=scene.clock, name="other"))
    await off.tick()
    assert len(await scene.memory.live()) == 1
    scene.memory.intents.clear()
    await scene.tick()

    assert await scene.memory.live() == ()


async def test_tick__unknown_launch_ends_after_a_day() -> None:
    """A launch of unknown outcome is shown for as long as it may yet turn up."""
    clock = ManualClock()
    scene = Scene(clock=clock, chat=EditedChat(clock=clock))
    scene.service.next_launch(Launching.LOST_REQUEST)
    await scene.launched()
    await scene.pass_time(700)
    assert "unconfirmed" in scene.said
    assert len(await scene.memory.live()) == 1
    clock.pass_time(timedelta(hours=24).total_seconds())
    await scene.tick()

    assert await scene.memory.live() == ()


async def test_tick__connection_gone() -> None:
    """Without its connection a message keeps saying what is known."""
    scene = await a_scene()
    later = scene.restarted(service=FakeRunService(connection="other"))
    await later.tick()

    assert len(await scene.memory.live()) == 1


async def test_tick__thread_learns_of_the_run() -> None:
    """A launch found later lets its thread speak of the run."""
    clock = ManualClock()
    scene = Scene(clock=clock, chat=EditedChat(clock=clock))
    scene.service.next_launch(Launching.LOST_REPLY)
    await scene.launched()
    assert await scene.memory.context(CHANNEL, "m1") is None
    await scene.pass_time(10)
    context = await scene.memory.context(CHANNEL, "m1")

    assert context is not None
    assert scene.run.ref == context.run


async def test_session__requested_ready_expired() -> None:
    """The life of a session: requested, ready until a time, expired; both people's messages tell it."""
    scene = await a_session()
    await scene.say(f"debug {run_id(1)} moment={MOMENT.text}", by=BO)
    await scene.tick()
    requested = scene.said
    scene.clock.pass_time(300)
    scene.begin()
    await scene.tick()
    ready = scene.said
    until = scene.clock.now() + timedelta(hours=6)
    scene.clock.pass_time(6 * 3600 - 1)
    await scene.tick()
    still = len(await scene.memory.live())
    scene.clock.pass_time(1)
    await scene.tick()

    assert "was requested" in requested
    assert "by e-mail to a…@example.com" in requested
    assert f"It lasts 6 hours, until {until:%H:%M} UTC." in ready
    assert still == 2
    assert "debugging session's six hours are over" in scene.said
    assert {"m1", "m2"} == {message for message, _ in scene.edited.edits[-2:]}
    assert await scene.memory.live() == ()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (RunStatus.INCOMPLETE, "platform reports it as incomplete"),
        (RunStatus.COMPLETED, "has ended: the platform reports completed"),
    ],
)
async def test_session__ends(status: RunStatus, said: str) -> None:
    """A session that fails or is closed says so."""
    scene = await a_session()
    scene.service.change(scene.run, status=status)
    await scene.tick()

    assert said in scene.said
    assert await scene.memory.live() == ()


async def test_session__counts_down() -> None:
    """What is left is told with a bar, edited some sixteen times in six hours, and each time as much as is left."""
    scene = await a_session()
    scene.begin()
    await scene.tick()
    first = scene.progress
    scene.edited.edits.clear()
    await scene.pass_time(3 * 3600, step=60)
    half = scene.progress
    await scene.pass_time(3 * 3600 - 60, step=60)
    last = scene.progress
    edits = len(scene.edited.edits)

    assert first == (0.0, "up to 6 h left")
    assert half == (0.5, "up to 3 h left")
    assert last[1] == "up to 15 min left"
    assert edits <= 16


async def test_session__left_is_never_less_than_there_is() -> None:
    """The steps round up, and a clock that runs behind the platform's promises no more than six hours."""
    scene = await a_session()
    scene.begin()
    for passed in range(-7200, 6 * 3600 + 1, 450):
        session = Session(
            intent=scene.intent, now=scene.clock.now() + timedelta(seconds=passed), run=scene.run
        )
        exact = min(LASTS, LASTS - timedelta(seconds=passed))
        assert session.left is not None
        assert exact <= session.left < exact + timedelta(minutes=30)
        assert session.left <= LASTS


async def test_session__warns_once_before_the_end() -> None:
    """Half an hour before the end each thread that follows it is told once, after a restart too."""
    scene = await a_session()
    await scene.say(f"debug {run_id(1)} moment={MOMENT.text}", by=BO)
    scene.begin()
    await scene.pass_time(5 * 3600 + 29 * 60, step=60)
    before = [row.delivery for row in scene.memory.outbox.values()]
    await scene.pass_time(2 * 60, step=60)
    again = scene.restarted()
    await again.pass_time(20 * 60, step=60)
    warnings = [row.delivery for row in scene.memory.outbox.values()]
    at = scene.run.started_at
    assert at is not None

    assert before == []
    assert sorted(w.thread or "" for w in warnings) == ["m1", "m2"]
    assert all(f"ends at {at + LASTS:%H:%M} UTC" in w.payload for w in warnings)


@pytest.mark.parametrize("status", [RunStatus.STARTING, RunStatus.INCOMPLETE])
async def test_session__that_is_not_up_is_not_warned_of(status: RunStatus) -> None:
    """Nobody is told to hurry for what never came up, or is over."""
    scene = await a_session()
    scene.service.change(scene.run, status=status)
    await scene.pass_time(6 * 3600, step=300)

    assert scene.memory.outbox == {}


async def test_session__names_what_failed_and_shows_no_bare_state() -> None:
    """The question, every state and the push text name the property; a state is a sentence."""
    clock = ManualClock()
    scene = Scene(clock=clock, chat=EditedChat(clock=clock))
    run = scene.service.add_run(a_run(1), some_results(a_run(1), failing=("no lost update",)))
    asked = await scene.say(f"debug {run.ref.run_id} property=1")
    requested = await scene.press("Open session")
    joined = await scene.say(f"debug {run.ref.run_id} property=1", by=BO)
    scene.begin()
    await scene.tick()
    ready = scene.edited.edits[-1][1]

    for card in (asked.card, requested.card, joined.card, ready):
        assert "“no lost update”" in plain(card.title)
        assert "“no lost update”" in plain(card.text)
        assert card.progress is None or card.progress.fraction is not None
    assert requested.card.progress is None
    assert "was already requested just now" in plain(joined.card.text)
    assert [b.label for b in joined.card.buttons] == [b.label for b in requested.card.buttons]


async def test_session__not_listed_yet() -> None:
    """For some minutes the platform may not know the session's run; after that nothing is promised."""
    scene = await a_session()
    scene.service.fail("run", NotFound("not yet", what="run"), times=2)
    await scene.tick()
    early = scene.said
    scene.clock.pass_time(MAIL.total_seconds() + 1)
    await scene.tick()

    assert "was requested and is being prepared" in early
    assert "it is not known whether it is up" in scene.said


async def test_session__posting_is_awaited() -> None:
    """While the answer is awaited the message says that."""
    scene = await a_session()
    scene.memory.intents[scene.intent.id] = replace(
        scene.intent, state=IntentState.POSTING, run_id=None, posted_at=scene.clock.now()
    )
    await scene.tick()

    assert "has not answered yet" in scene.said


async def test_session__unknown_ends_the_message() -> None:
    """A session of unknown outcome is the person's to decide."""
    scene = await a_session(Launching.LOST_REPLY)
    await scene.tick()

    assert "Debugging session unconfirmed" in scene.said
    assert await scene.memory.live() == ()


@pytest.mark.parametrize("how", [Launching.NORMAL, Launching.LOST_REQUEST, Launching.REFUSED])
async def test_tick__what_was_just_posted_is_not_edited_into_the_same(how: Launching) -> None:
    """The first look finds what the answer said, so there is nothing to edit; what changes later is shown."""
    scene = await a_session(how)
    scene.edited.edits.clear()

    await scene.tick()
    await scene.tick()

    assert scene.edited.edits == []


async def test_tick__several_people_follow_one_session() -> None:
    """Each answer is edited when the session changes, not before; what the second one was told stands till then."""
    scene = await a_session(Launching.NORMAL)
    joined = await scene.say(f"debug {run_id(1)} moment={MOMENT.text}")
    scene.edited.edits.clear()
    await scene.tick()
    early = list(scene.edited.edits)

    scene.begin()
    await scene.tick()

    assert "already requested" in texts(joined.card)
    assert early == []
    assert sorted(message for message, _ in scene.edited.edits) == ["m1", "m2"]
    assert "The debugging session is ready" in scene.said


async def test_tick__an_edit_leaves_the_property_that_the_thread_speaks_of() -> None:
    """Somebody may have come to a property while the message goes on being edited."""
    scene = await a_scene()
    scene.begin()
    await scene.pass_time(60)
    (live,) = await scene.memory.live()
    chosen = Context(run=scene.run.ref, property_name="beta", moment=MOMENT)
    await scene.memory.set_context(CHANNEL, live.message.message_id, chosen)
    scene.edited.edits.clear()

    await scene.pass_time(15 * 60)

    assert scene.edited.edits
    assert await scene.memory.context(CHANNEL, live.message.message_id) == chosen
