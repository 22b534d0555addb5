"""Plurals and full stops in whatever Clew says, for counts of 0, 1 and 2 and texts from outside that end in a mark."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta

import pytest

from adapters.chat.discord import render as discord
from adapters.chat.slack import render as slack
from adapters.chat.terminal.render import render as terminal
from adapters.cli.doctor import outbox
from bot import errors
from bot.calendar import WEEKDAYS
from bot.cards import Card, Command, Context, Excerpt, Item, Tone, Untrusted, plain
from bot.expecting import UsualStart
from bot.model import (
    Availability,
    CheckStatus,
    DebugRequest,
    LaunchRequest,
    LogLine,
    Moment,
    Results,
    Run,
    RunStatus,
)
from bot.ports import Halted, Post, PostOutcome, Undeliverable
from bot.replies import acting, asking, confirming, debugging, expected, flaky, launching, problems, watching
from bot.replies.outlook import Outlook
from bot.replies.wording import count, counted, last, sentence, stopped, virtual_seconds
from bot.sessions import Session
from bot.state import (
    CHANGES,
    EVERYTHING,
    Expectation,
    Intent,
    IntentKind,
    IntentState,
    OutboxDepth,
    Outcome,
    Request,
    Subscription,
)
from bot.terms import PLAIN
from bot.triage import (
    AgentRequest,
    CancelRequest,
    Diagnosis,
    FlakyCheck,
    ModelAnswer,
    QuarantineRequest,
    RerunRequest,
    RerunScope,
)
from bot.usual import UNKNOWN, Times
from tests.fakes.chat import FakeChat
from tests.fakes.delivering import Delivering, a_delivery
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_property, a_run, an_example
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import Stage
from tests.unit.commands.door import CHANNEL, Door, told
from tests.unit.replies.test_one_place import ROOT, texts

NOW = EPOCH + timedelta(days=3)
ENDINGS = ("later", "later.", "later!", "later?", "later…")
NAMEABLE = ("later", "later.", "later!", "later…")  # "?" is no part of a launcher's name
NAMES = ("one.", "two")
PLURALS = [
    "attempts",
    "bytes",
    "characters",
    "connections",
    "counterexamples",
    "entries",
    "examples",
    "failures",
    "files",
    "lines",
    "messages",
    "minutes",
    "moments",
    "presets",
    "properties",
    "requests",
    "runs",
    "seconds",
    "sessions",
    "tests",
    "things",
    "times",
    "verbs",
]
SINGULARS = [
    word.removesuffix("ies") + "y" if word.endswith("ies") else word.removesuffix("s") for word in PLURALS
]
BETWEEN = r"(?:(?!of\b|and\b|in\b|for\b|to\b|or\b)[a-z]+ ){0,3}?"
WRONG = {
    "a plural after 1": re.compile(rf"(?<![\d.,:])1 {BETWEEN}(?:{'|'.join(PLURALS)})\b"),
    "a singular after another number": re.compile(
        rf"(?<![\d.,:])(?:0|[2-9]|\d{{2,}}) {BETWEEN}(?:{'|'.join(SINGULARS)})\b"
    ),
    "1 where there is no choice": re.compile(r"\b(?:all|last|first|none of the) 1 "),
    "a doubled stop": re.compile(r"[.!?…]\.|\. \."),
}


def mistakes(text: str) -> list[str]:
    """Return what is wrong with a text."""
    found = ((why, pattern.search(text)) for why, pattern in WRONG.items())
    return [f"{why}: {text!r}" for why, match in found if match]


def asked_of(card: Card) -> list[Command]:
    """Return what all buttons of a card ask for."""
    buttons = [*card.buttons, *(button for item in card.items for button in item.buttons)]
    return [button.command for button in buttons if button.command is not None]


def names_its_connection(asked: Command) -> bool:
    """Whether a button that is about one run or session says whose it is: two connections may have the same."""
    of_run, of_session = asked.values.get("run", "/"), "session" in asked.values
    return "/" in of_run and (not of_session or "connection" in asked.values)


def judge(card: Card) -> None:
    """Fail for a card that says something wrongly, in its own words or as a chat shows it."""
    said = [told(card)]
    said += [file.title for file in card.files]
    said += [text for chart in [card.chart] if chart for text in (chart.title, chart.text)]
    assert [wrong for text in said for line in text.splitlines() for wrong in mistakes(line)] == []
    assert [asked for asked in asked_of(card) if not names_its_connection(asked)] == []


@pytest.mark.parametrize(
    "text",
    ["1 counterexamples, 0 examples", "all 1 property pass", "Try again later..", "What?.", "the last 1 line",
     "2 property fail", "1 other failing properties", "12 run", "1 virtual seconds", "more. ."],
)  # fmt: skip
def test_mistakes__are_found(text: str) -> None:
    """What was once said wrongly is found."""
    assert mistakes(text)


@pytest.mark.parametrize(
    "text",
    ["1 of 2 properties fails", "2 of 40 properties fail", "1 counterexample", "1.0 virtual seconds", "1,001 runs",
     "in 1 h 30 min.", "11 runs", "1 failing, 2 passing", "the first of 3 runs", "release 62.1 runs"],
)  # fmt: skip
def test_mistakes__what_is_right_passes(text: str) -> None:
    """The judge lets pass what is right."""
    assert mistakes(text) == []


def test_names_its_connection__sees_what_lacks_it() -> None:
    """A button that two connections could answer is found."""
    assert not names_its_connection(Command("status", {"run": "1024"}))
    assert not names_its_connection(Command("debug", {"session": "a-1"}))
    assert names_its_connection(Command("status", {"run": "qa/1024"}))


@pytest.mark.parametrize("number", range(3))
def test_words__counts(number: int) -> None:
    """The one helper is right for any count."""
    for text in (
        count(number, "run"),
        counted(number, "example"),
        last(number, "line"),
        virtual_seconds(number),
    ):
        assert mistakes(text) == []
    assert counted(2_345, "example") == "2.3k examples"


@pytest.mark.parametrize("ending", ENDINGS)
def test_words__a_sentence_ends_in_one_stop(ending: str) -> None:
    """A text from outside keeps its own mark; one without gets a full stop."""
    assert plain(sentence("It said: ", Untrusted(ending))) == f"It said: {stopped(ending)}"
    assert stopped(ending) == ("later." if ending == "later" else ending)
    assert mistakes(stopped(ending)) == []


# The field's words ---------------------------------------------------------------------------------

OLD_WORDS = re.compile(
    r"\bhears? (?:of|when)\b|\b[Ss]ay (?:“|it\b|a verb)|\b[Mm]end(?:ed|s)?\b|\bwhisper|\bcalled off\b|\bthe sender hears\b"
    r"|\b(?:has|have) to be (?:a|an|the|yes|above|\d)|\bget through\b|\ball the same\b|\bstands? behind\b"
    r"|\bfault in Clew\b|\bperson who asked\b|\bworked out anew\b|\bin doubt\b|\bparked\b"
)
PEOPLE_READ = (
    "bot/replies",
    "bot/commands",
    "bot/launching.py",
    "adapters/chat",
    "adapters/cli",
    "adapters/main.py",
)


def old_words(source: str) -> list[str]:
    """Return the texts of a module that use a word of before the field's; docstrings are no texts."""
    return [text for _, text in texts(ast.parse(source)) if OLD_WORDS.search(text)]


@pytest.mark.parametrize("part", PEOPLE_READ)
def test_words__are_those_of_the_field(part: str) -> None:
    """A channel is notified, a person runs a command, an error has a hint."""
    path = ROOT / part
    modules = [path] if path.is_file() else sorted(path.rglob("*.py"))

    assert [old for module in modules for old in old_words(module.read_text())] == []


@pytest.mark.parametrize(
    ("planted", "times"),
    [
        ('x = "This channel hears of every run."', 1),
        ('x = f"Say “{verb}” for more."', 1),
        ('x = "It has to be a whole number."', 1),
        ('def f():\n    """Tell who hears of it."""', 0),
        ('x = "This channel is notified of every finished run."', 0),
    ],
)
def test_old_words__are_found(planted: str, times: int) -> None:
    """The judge finds an old word in a text, and reads no docstring."""
    assert len(old_words(planted)) == times


# Runs and properties ------------------------------------------------------------------------------

STATES = (None, CheckStatus.FAILING, CheckStatus.PASSING, CheckStatus.UNKNOWN)


def results(run: Run, states: tuple[CheckStatus | None, ...], number: int) -> Results:
    """Return results with these states, `number` counterexamples each."""
    samples = tuple(
        an_example(f"{name} broke", moment=Moment(f"{n}", f"{n}.5")) for n, name in enumerate(NAMES)
    )
    listed = (
        a_property(
            name,
            failing=state is CheckStatus.FAILING,
            status=state,
            counterexamples=samples[:number] if state is CheckStatus.FAILING else (),
            counterexample_count=number,
            example_count=number,
        )
        for name, state in zip(NAMES, states, strict=True)
        if state
    )
    return Results(ref=run.ref, availability=Availability.READY, checks=tuple(listed))


Two = tuple[CheckStatus | None, CheckStatus | None]


@pytest.mark.parametrize("before", [None, *itertools.product(STATES[:3], repeat=2)])
async def test_cards__of_a_run(before: Two | None) -> None:
    """Its card, its announcement, the list of what fails and each entry of it."""
    for now, number in itertools.product(itertools.product(STATES, repeat=2), range(3)):
        door = Door()
        if before is not None:
            earlier = door.service.add_run(a_run(1))
            door.service.set_results(results(earlier, before, 1))
        run = door.service.add_run(a_run(2, description="Bump it!", source="main."))
        door.service.set_results(replace(results(run, now, number), whole=number != 0))
        for words in ("status latest", "status", "failing latest", "failing latest 1", "logs latest"):
            judge((await door.say(words)).card)


@pytest.mark.parametrize("number", range(3))
async def test_cards__of_logs(number: int) -> None:
    """Lines before a moment, found or not, and the build log."""
    door = Door()
    run = door.service.add_run(a_run(1))
    failing = tuple(a_property(f"p{n}", failing=True) for n in range(number + 1))
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=failing))
    door.service.set_build_log(run, *[LogLine(text="built.", at=EPOCH)] * number)
    for cut in (None, *ENDINGS):
        lines = [a_line(f"line {n}", "398.4") for n in range(number)]
        door.service.set_log(run, MOMENT, *lines, cut=cut)
        for more in ("", "window=1", "grep=nowhere", "grep=line", "lines=1", "build=yes"):
            judge((await door.say(f"logs latest {more}")).card)


@pytest.mark.parametrize("number", range(3))
async def test_cards__of_recent_runs(number: int) -> None:
    """The list, of all and of one launcher, running and ended."""
    for status, ending in itertools.product((RunStatus.COMPLETED, RunStatus.IN_PROGRESS), NAMEABLE):
        door = Door()
        for n in range(number):
            run = door.service.add_run(a_run(n, launcher=ending, status=status))
            door.service.set_results(results(run, (CheckStatus.FAILING, None), 1))
        narrowed = (
            "status since=400d",
            f"status source={ending}",
            "status source=main creator=x count=1 from=2",
        )
        for words in ("status", f"status launcher={ending}", f"status launcher=other{ending}", *narrowed):
            judge((await door.say(words)).card)


@pytest.mark.parametrize("number", range(1, 4))
async def test_cards__of_launches_beside_earlier_runs(number: int) -> None:
    """What is usual, what differs, what has no baseline, and the living card with its stages."""
    for ending in NAMEABLE:
        stage = Stage()
        for n in range(number):
            given = {"antithesis.source": ending, "custom.note": ending, "antithesis.duration": "1"}
            stage.service.add_run(
                a_run(n, launcher="basic_test", source=ending, test_name=None, parameters=given)
            )
        for words in (
            "",
            " duration=2",
            f" duration=1 source={ending}",
            " duration=1 source=x ephemeral=yes",
        ):
            judge((await stage.say(f"launch basic_test{words}")).card)
        judge((await stage.launched("launch basic_test duration=1")).card)
        (intent, run) = [*stage.memory.intents.values()][-1], a_run(9, status=RunStatus.IN_PROGRESS)
        took = timedelta(minutes=number)
        for usual in (Times(runs=number + 2, whole=took, start=took), Times(runs=number, last=took), UNKNOWN):
            judge(launching.progress(intent, run, Outlook(cost="x", reports=True, usual=usual), NOW))


# What else is said --------------------------------------------------------------------------------


def an_intent(kind: IntentKind, state: IntentState, reason: str) -> Intent:
    """Return an intent that stands like this."""
    debug = DebugRequest(moment=MOMENT, run_id="r-1", description="why?")
    launch = LaunchRequest(launcher=reason, key="k", values={"duration": "1"})
    request = launch if kind is IntentKind.LAUNCH else debug
    return Intent(
        id="k", connection="demo", actor="a", channel=CHANNEL, thread=None, request=request, subject="s",
        state=state, created_at=EPOCH, posted_at=EPOCH, run_id="r-1", reason=reason,
    )  # fmt: skip


def of_intents(ending: str) -> Iterator[Card]:
    """Yield what is said of launches and sessions in every state."""
    for state in IntentState:
        launch = an_intent(IntentKind.LAUNCH, state, ending)
        session = an_intent(IntentKind.DEBUG, state, ending)
        for cost, findable in itertools.product(("", "2 minutes of test time"), (True, False)):
            yield launching.sent(launch, Outlook(cost=cost, findable=findable))
        yield confirming.happened(launch).card
        yield confirming.happened(session).card
        ended = a_run(1, status_text=ending)
        for run in (None, ended, replace(ended, status=RunStatus.INCOMPLETE)):
            yield debugging.of_session(Session(intent=session, now=NOW, run=run))
    for minutes in (None, "0.5", "1", "2"):
        asked_for, cost = LaunchRequest(launcher=ending, key="k"), launching.test_time(minutes)
        yield launching.confirmation(
            an_intent(IntentKind.LAUNCH, IntentState.DRAFT, ""), asked_for, (), PLAIN, cost=cost, alone=True
        ).card


def of_acts(ending: str) -> Iterator[Card]:
    """Yield what is said of everything else that is confirmed first, and of what a model says."""
    requests: tuple[Request, ...] = (
        RerunRequest(run_id="r-1", launcher=ending),
        RerunRequest(run_id="r-1", scope=RerunScope.FAILED),
        CancelRequest(run_id="r-1", launcher=ending),
        AgentRequest(agent="agent_1", task=ending, name=ending),
        QuarantineRequest(launcher=ending, launcher_key="55", check=ending, reason="flaky", run_id="r-1"),
        QuarantineRequest(launcher=ending, launcher_key="55", check=ending, remove=True),
    )
    for state, request in itertools.product(IntentState, requests):
        act = replace(an_intent(IntentKind.LAUNCH, state, ending), request=request)
        for run_id in ("r-2", None):
            yield acting.standing(replace(act, run_id=run_id), Outlook(stops=True))
        yield confirming.happened(act).card
        yield confirming.declined(act).card
        yield confirming.expired(act).card
        yield confirming.withdrawn(act)
        yield confirming.repeated(act, replace(act, posted_at=NOW), a_build_server().platform, NOW).card
    platform = a_build_server().platform
    yield asking.answered(ModelAnswer(text=ending, sources=(ending,)), Context(), platform).card
    yield asking.diagnosed(Diagnosis(cause=ending, fix=ending), a_run(1), platform).card
    yield flaky.listing((FlakyCheck(name=ending, advice=ending),), None, "", platform).card


def of_problems(ending: str) -> Iterator[Card]:
    """Yield what is said of errors."""
    for hint in ("", ending):
        yield problems.mistake(errors.UserError(ending, hint)).card
    for kind in (errors.Unreachable, errors.AccessRefused, errors.Rejected, errors.ServiceFailed):
        yield problems.failure(kind(ending, detail=f"it is {ending}")).card
    yield problems.failure(errors.StoreError(ending)).card
    yield problems.denied(ending).card


def of_subscriptions(ending: str) -> Iterator[Card]:
    """Yield what is said of what a channel watches."""
    wanted = (EVERYTHING, CHANGES, frozenset({Outcome.FAILURES}))
    made = [
        Subscription(channel=CHANNEL, launcher=ending, source=source, outcomes=outcomes, problem=problem)
        for outcomes, source, problem in itertools.product(wanted, (None, ending), ("", ending))
    ]
    for one in made:
        yield watching.watching_now(one, new=True, there=False).card
        yield watching.listing((one,)).card
        yield watching.listing((one, made[0])).card
        yield watching.no_longer((one,), ()).card
        yield watching.no_longer((one,), (one, made[0])).card
    yield watching.listing(()).card


def of_expectations(ending: str) -> Iterator[Card]:
    """Yield what is said of runs that a channel expects."""
    platform, run = FakeRunService().platform, a_run(1, launcher=ending)
    usual = Times(runs=5, whole=timedelta(minutes=40))
    habit = UsualStart(at=time(2), by=time(3), times=10, of=10, days=WEEKDAYS)
    for by, source in itertools.product((None, time(3)), (None, ending)):
        e = Expectation(channel=CHANNEL, connection="demo", launcher=ending, source=source, by=by)
        for there in (True, False):
            yield expected.expecting_now(e, new=not there, there=there, usual=habit).card
        yield expected.no_longer((e, e)).card
        yield expected.also_no_longer(watching.no_longer((Subscription(channel=CHANNEL),), ()), [e]).card
        reply = watching.listing((), expects=[expected.item(e, ())])
        yield expected.with_proposals(reply, [expected.proposed(e, habit, name=True)]).card
        yield expected.missing(e, NOW, 1, None, platform)
        yield expected.missing(e, NOW, 12, NOW, platform)
        yield expected.not_known(e, NOW, NOW)
        for late, known, again in ((-1, True, False), (1, False, False), (900, True, True)):
            yield expected.started(e, NOW, NOW + timedelta(minutes=late), told=known, again=again)
    yield expected.overlong(run, usual, timedelta(hours=2), Outlook())
    yield expected.ended(run, None)
    yield expected.ended(run, timedelta(hours=2))
    for problem in ("", ending):
        yield expected.unread("demo", expected.unread_problem("demo", timedelta(hours=1), problem))
    yield expected.read_again("demo", NOW, NOW)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("say", [of_intents, of_acts, of_problems, of_subscriptions, of_expectations])
def test_cards__with_texts_from_outside(say: Callable[[str], Iterator[Card]], ending: str) -> None:
    """A reason, a launcher, a source and a status may end in any mark."""
    for card in say(ending):
        judge(card)


async def test_cards__of_help() -> None:
    """The overview and every verb."""
    door = Door()
    for words in ("help", *(f"help {name}" for name in door.handler.verbs)):
        judge((await door.say(words)).card)


@pytest.mark.parametrize("number", range(3))
def test_doctor__counts_messages(number: int) -> None:
    """What waits and what needs an operator is counted right."""
    findings = outbox(OutboxDepth(waiting=number, oldest=None, unknown=0, dead=number))
    said = " ".join(f"{finding.found} {finding.hint}" for finding in findings)

    assert mistakes(said) == []
    assert re.search(r"\b1 messages? need\b|[02] messages? needs\b", said) is None


@dataclass(kw_only=True)
class RefusingChat(FakeChat):
    """A chat that refuses every message for the same reason."""

    answer: PostOutcome

    async def post(self, post: Post) -> PostOutcome:
        """Refuse."""
        del post
        return self.answer


@pytest.mark.parametrize("ending", ENDINGS)
async def test_operator__is_told_in_whole_sentences(ending: str) -> None:
    """A chat's reason may bring its own full stop."""
    for post in (Undeliverable(ending), Undeliverable(ending, channel_lost=False), Halted(ending)):
        it = Delivering()
        it.chat = RefusingChat(clock=it.clock, answer=post)
        it.restart()
        await it.put(a_delivery())
        await it.deliverer.step()

        assert len(it.told) == 1
        assert mistakes(it.told[0]) == []


@pytest.mark.parametrize("number", [1, 2])
def test_chats__count_what_they_leave_out(number: int) -> None:
    """Each chat says how many lines and entries it does not show."""
    excerpt = Excerpt(lines=("a", "b"), title="Newest last", left_out=number)
    items = tuple(Item(title=(f"item {n}",)) for n in range(3))
    card = Card(title=("t",), text=("t",), tone=Tone.BAD, excerpt=excerpt, items=items, items_left_out=number)
    drawn = [segment.text for row in terminal(card).rows for segment in row.segments]
    shown = [
        json.dumps(slack.message(card), ensure_ascii=False),
        json.dumps(discord.message(card), ensure_ascii=False),
    ]

    for text in (*drawn, *shown):
        assert mistakes(text) == []
    assert sum(f"{number} " in text for text in (*drawn, *shown)) >= 3
