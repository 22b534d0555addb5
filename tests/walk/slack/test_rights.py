"""Rights at the moment of acting: what Slack says when the button is pressed counts, not what it said before.

Everything goes the whole way, from Slack's payload to what the platform was sent and what the audit trail says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.access import Policy, Role
from bot.state import AuditEntry
from tests.fakes import slack_api as faults
from tests.fakes.runs import MOMENT, a_run, run_id, some_results
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB, MAIN, TEAM, Message, person
from tests.fakes.store import NotingStore

GROUP = f"slack:usergroup:{TEAM}:S01"  # Alice is in it
POLICY = Policy(roles={Role.READ: frozenset({f"slack:team:{TEAM}"}), Role.LAUNCH: frozenset({GROUP})})
LAUNCH = "launch basic_test duration=30"
DEBUG = f"debug {run_id(1)} moment={MOMENT.text}"
WAYS: dict[str, Callable[[FakeSlack, str], Awaitable[object]]] = {
    "command": lambda slack, words: slack.command(words),
    "mention": lambda slack, words: slack.mention(words),
    "direct": lambda slack, words: slack.direct(words),
}
NOT_TOLD = "Slack could not confirm your permissions, so nothing was done."


@dataclass(kw_only=True)
class Scene:
    """A bot, what its audit trail says, and how many commands were answered so far."""

    bot: Bot
    trail: list[AuditEntry]
    count: int = 0

    async def done(self) -> None:
        """Wait until one more command was answered."""
        self.count += 1
        await self.bot.answered(self.count)

    async def ask(self, words: str = LAUNCH, way: str = "command") -> Message:
        """Ask for something costly; return the question."""
        slack = self.bot.slack
        if way == "form":
            await slack.command("launch")
            view = await slack.view("Launch")
            await self.done()
            await slack.submit(view, {"launcher": "basic_test", "duration": "30"})
        else:
            await WAYS[way](slack, words)
        await self.done()
        return slack.world.ours()[-1]

    async def press(self, question: Message, label: str = "Launch", *, user: str = ALICE) -> str:
        """Press a button of the question; return what was said then."""
        before = len(self.bot.slack.world.ours())
        await self.bot.slack.press(question, label, user=user)
        await self.done()
        said = self.bot.slack.world.ours()[before:] or [question]
        return "\n".join(message.words for message in said)

    def set_policy(self, policy: Policy) -> None:
        """Change what the settings say."""
        self.bot.handler.services = replace(self.bot.handler.services, policy=policy)

    @property
    def started(self) -> int:
        """How often the platform was asked to start something."""
        return len(self.bot.service.launches) + len(self.bot.service.debugs)

    @property
    def denied(self) -> list[tuple[str, str, str]]:
        """What was denied: to whom, of what, by which rule."""
        told = [entry for entry in self.trail if entry.decision == "denied"]
        return [(e.actor.rpartition(":")[2], e.action, e.detail.rpartition(": ")[2]) for e in told]


@pytest.fixture
async def scene(slack: FakeSlack) -> AsyncIterator[Scene]:
    store = NotingStore()
    async with running_bot(slack, store=store, policy=POLICY) as bot:
        run = bot.service.add_run(a_run(1))
        bot.service.set_results(some_results(run, failing=("Ledger balances",)))
        yield Scene(bot=bot, trail=store.trail)


async def test_press__twice_is_one_launch(scene: Scene) -> None:
    """The second press hears what came of the first."""
    question = await scene.ask()
    payload = scene.bot.slack.press_payload(question, question.button("Launch"))
    again = scene.bot.slack.press_payload(question, question.button("Launch"))
    for pressed in (payload, again):
        await scene.bot.slack.gate.deliver("interactive", pressed)
        await scene.done()

    assert scene.started == 1
    assert "already handled" in scene.bot.slack.world.ours()[-1].words
    assert [entry.decision for entry in scene.trail] == ["allowed", "confirmed", "accepted"]


async def test_press__of_somebody_else_is_denied(scene: Scene) -> None:
    """Whatever their role, it is not theirs to confirm."""
    scene.bot.slack.world.usergroups["S01"].append(BOB)
    said = await scene.press(await scene.ask(), user=BOB)

    assert "Only the requester" in said
    assert scene.denied == [(BOB, "launch", "not the requester")]
    assert scene.started == 0


async def test_press__after_five_minutes_is_too_late(scene: Scene) -> None:
    """Nothing is sent, and it says so."""
    question = await scene.ask()
    scene.bot.clock.ahead += timedelta(minutes=5, seconds=1)
    said = await scene.press(question)

    assert "was not confirmed within 5 minutes" in said
    assert [entry.decision for entry in scene.trail] == ["allowed", "expired"]
    assert scene.started == 0


@pytest.mark.parametrize("words", [LAUNCH, DEBUG])
async def test_press__while_read_only_is_denied(scene: Scene, words: str) -> None:
    """The switch is looked at when something would be sent."""
    question = await scene.ask(words)
    scene.set_policy(replace(POLICY, read_only=True))
    said = await scene.press(question, _yes(words))

    assert "Clew is read-only" in said
    assert scene.denied == [(ALICE, words.partition(" ")[0], "read-only")]
    assert scene.started == 0


def _yes(words: str) -> str:
    return "Launch" if words == LAUNCH else "Open session"


Removing = Callable[[FakeSlack], None]


def from_the_group(slack: FakeSlack) -> None:
    slack.world.usergroups["S01"].remove(ALICE)


def from_the_company(slack: FakeSlack) -> None:
    gone = {"ok": True, "user": {**(person(ALICE) or {}), "deleted": True}}
    slack.api.fault("users.info", faults.Fault(body=gone))


def to_a_guest(slack: FakeSlack) -> None:
    guest = {"ok": True, "user": {**(person(ALICE) or {}), "is_restricted": True}}
    slack.api.fault("users.info", faults.Fault(body=guest))


REMOVED: dict[str, tuple[Removing, str, str]] = {
    "group": (from_the_group, "role:launch", "This needs the role “launch”; you have “read”."),
    "company": (from_the_company, "account", "deactivated"),
    "guest": (to_a_guest, "guest", "Guests and members of other organisations"),
}


@pytest.mark.parametrize("why", REMOVED)
async def test_press__after_the_right_was_taken_away(scene: Scene, why: str) -> None:
    """What was known when the question was asked is five minutes old at most, and that is too old."""
    remove, rule, sentence = REMOVED[why]
    question = await scene.ask()
    remove(scene.bot.slack)
    said = await scene.press(question)

    assert sentence in said
    assert scene.denied == [(ALICE, "launch", rule)]
    assert scene.started == 0


ASKED = [
    ("form", LAUNCH),
    *((way, words) for way in ("command", "mention", "direct") for words in (LAUNCH, DEBUG)),
]


@pytest.mark.parametrize(("way", "words"), ASKED)
async def test_press__after_the_role_was_removed(scene: Scene, way: str, words: str) -> None:
    """However it was asked for, whoever was taken out of the group meanwhile starts nothing."""
    question = await scene.ask(words, way)
    from_the_group(scene.bot.slack)
    await scene.press(question, _yes(words))

    role = "launch" if words == LAUNCH else "debug"
    assert scene.denied == [(ALICE, role, f"role:{role}")]
    assert scene.started == 0


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("users.info", faults.error("fatal_error")),
        ("users.info", faults.limited("30")),
        ("users.info", faults.EMPTY),
        ("usergroups.users.list", faults.error("missing_scope")),
        ("usergroups.users.list", faults.HTML_502),
    ],
)
async def test_press__while_slack_does_not_tell(scene: Scene, method: str, fault: faults.Fault) -> None:
    """Nobody is believed from memory; a moment later the same button works."""
    question = await scene.ask()
    scene.bot.slack.api.fault(method, fault)
    said = await scene.press(question)

    assert NOT_TOLD in said
    assert scene.denied == [(ALICE, "launch", "permissions-unknown")]
    assert scene.started == 0
    await scene.press(question)
    assert scene.started == 1


async def test_group__that_slack_does_not_tell_of_takes_nothing_from_others(scene: Scene) -> None:
    """Who is named in the settings does not depend on a group that they were never in."""
    by_name = Policy(roles={Role.LAUNCH: frozenset({GROUP, f"slack:user:{TEAM}:{BOB}"})})
    scene.set_policy(by_name)
    await scene.bot.slack.command(LAUNCH, user=BOB)
    await scene.done()
    question = scene.bot.slack.world.ours()[-1]
    scene.bot.slack.api.fault("usergroups.users.list", faults.error("no_such_subteam"))
    await scene.press(question, user=BOB)

    assert scene.started == 1


@pytest.mark.parametrize("words", ["watch", "unwatch", LAUNCH, DEBUG])
async def test_command__that_changes_something_after_the_role_was_removed(scene: Scene, words: str) -> None:
    """What is done without a question is decided by the rights of that moment too."""
    await scene.bot.slack.command(f"status {run_id(1)}")
    await scene.done()
    from_the_group(scene.bot.slack)
    await scene.bot.slack.command(words)
    await scene.done()

    role = "launch" if words == LAUNCH else "debug"
    assert scene.denied == [(ALICE, words.partition(" ")[0], f"role:{role}")]
    assert scene.bot.slack.world.ours()[-1].only_for == ALICE
    assert list(await scene.bot.store.subscriptions(f"slack:channel:{TEAM}:{MAIN}")) == []


async def test_session__is_joined_by_whoever_may_now(scene: Scene) -> None:
    """A question whose session was opened meanwhile leads nobody there who was taken out."""
    first, second = await scene.ask(DEBUG), await scene.ask(DEBUG)
    await scene.press(first, _yes(DEBUG))
    from_the_group(scene.bot.slack)
    said = await scene.press(second, _yes(DEBUG))

    assert "This needs the role “debug”" in said
    assert scene.denied == [(ALICE, "debug", "role:debug")]
    assert scene.started == 1


async def test_again__of_a_launch_is_asked_of_whoever_may_now(scene: Scene) -> None:
    """The button of a launch that went wrong gives no right either."""
    question = await scene.ask()
    scene.bot.clock.ahead += timedelta(minutes=6)
    await scene.press(question)
    from_the_group(scene.bot.slack)
    said = await scene.press(question, "Launch again")

    assert "This needs the role “launch”" in said
    assert scene.denied == [(ALICE, "again", "role:launch")]
    assert scene.started == 0


async def test_reading__asks_slack_no_more_than_before(scene: Scene) -> None:
    """Only what changes something is worth a question; who reads is remembered for some minutes."""
    for _ in range(3):
        await scene.bot.slack.command(f"status {run_id(1)}")
        await scene.done()

    assert len(scene.bot.slack.world.called("users.info")) == 1
    assert len(scene.bot.slack.world.called("usergroups.users.list")) == 1
