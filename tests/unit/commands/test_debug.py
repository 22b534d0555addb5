"""Opening a debugging session: which moment, who gets the link, and one session for one moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.cards import Context, plain
from bot.commands.registry import VERBS
from bot.errors import Unreachable
from bot.model import DebugRequest, Moment, RunStatus
from bot.state import Actor, Intent, IntentKind, IntentState, Place
from tests.fakes.runs import MOMENT, a_run, run_id, some_results
from tests.fakes.service import FakeRunService, Launching
from tests.fakes.stage import ANN, BO, READER, Stage, an_invocation, silent, texts

RUN = run_id(1)
AT = f"debug {RUN} moment={MOMENT.text}"


def a_stage(**changes: object) -> Stage:
    """Return a stage with one finished run that has a failing property."""
    stage = Stage(**changes)  # type: ignore[arg-type]  # fields of the stage
    run = a_run(1)
    stage.service.add_run(run, some_results(run, failing=("no lost update",), passing=("reachable",)))
    return stage


def intents(stage: Stage) -> list[Intent]:
    """Return all intents, in the order they were made."""
    return list(stage.memory.intents.values())


async def test_debug__shows_what_would_be_asked_for() -> None:
    """The card shows run, moment, cost and where the link goes; nothing is sent."""
    stage = a_stage()
    reply = await stage.say(f'{AT} description="who holds the lock?"')
    draft = intents(stage)[0]
    facts = {fact.label: plain(fact.value) for fact in reply.card.facts}

    expected = {
        "Run": RUN,
        "Input hash": MOMENT.input_hash,
        "Virtual time": MOMENT.vtime,
        "Description": f"[clew:{draft.id[:8]}] who holds the lock?",
        "Cost": "one debugging session, open for up to 6 hours",
    }
    assert expected == facts
    assert [b.label for b in reply.card.buttons] == ["Open session", "Cancel"]
    assert "by e-mail to a…@example.com" in plain(reply.card.text)
    assert (draft.kind, draft.state) == (IntentKind.DEBUG, IntentState.DRAFT)
    assert stage.service.debugs == []


async def test_debug__opens_once() -> None:
    """Confirmed, it is asked for once, by run id, with the exact moment."""
    stage = a_stage()
    await stage.say(AT)
    reply = await stage.press("Open session")
    again = await stage.say(f"confirm {intents(stage)[0].id}")
    sent = stage.service.debugs

    assert len(sent) == 1
    assert (MOMENT, RUN, None, ("ann@example.com",)) == (
        sent[0].moment,
        sent[0].run_id,
        sent[0].session_id,
        sent[0].recipients,
    )
    assert intents(stage)[0].request_as(DebugRequest) == sent[0]
    assert (reply.live, reply.replace) == (intents(stage)[0].id, True)
    assert again.private
    assert [] == [t.ref for t in await stage.memory.tracked("demo")], "a session is no test run to announce"
    assert stage.service.violations == []


async def test_debug__in_the_thread_of_a_property() -> None:
    """A thread that knows run, property and moment needs no words, and keeps its context."""
    stage = a_stage()
    context = Context(run=a_run(1).ref, moment=MOMENT, property_name="no lost update")
    await stage.memory.set_context("fake:channel:C1", "m0", context)
    await stage.say("debug", thread="m0")

    assert MOMENT == intents(stage)[0].request_as(DebugRequest).moment
    assert intents(stage)[0].request_as(DebugRequest).description.endswith("no lost update")


async def test_debug__without_a_moment() -> None:
    """What is missing is named, and how to give it."""
    stage = a_stage()
    reply = await stage.say("debug")

    assert reply.failed
    assert "Which moment?" in plain(reply.card.text)


@pytest.mark.parametrize("moment", ["0,0", "0,0.0"])
async def test_debug__placeholder(moment: str) -> None:
    """0/0 is no moment."""
    stage = a_stage()
    by_run = await stage.say(f"debug {RUN} moment={moment}")
    by_session = await stage.say(f"debug session={run_id(7)} moment={moment}")

    assert "0/0 stands for “no moment”" in plain(by_run.card.text)
    assert "0/0 stands for “no moment”" in plain(by_session.card.text)
    assert intents(stage) == []


async def test_debug__by_session_id() -> None:
    """Where no run is known, the session id does."""
    stage = a_stage()
    await stage.say(f"debug session={run_id(7)} moment={MOMENT.text}")
    reply = await stage.press("Open session")
    request = stage.service.debugs[0]

    assert (None, run_id(7)) == (request.run_id, request.session_id)
    assert "Session" in [fact.label for fact in reply.card.facts]


@pytest.mark.parametrize("words", ["", "moment=nonsense"])
async def test_debug__session_without_moment(words: str) -> None:
    """A session id alone is not enough."""
    stage = a_stage()
    reply = await stage.say(f"debug session={run_id(7)} {words}")

    assert "Which moment of that session?" in plain(reply.card.text)


async def test_debug__recipients() -> None:
    """Named ones win; without an address it says where the mail goes and how to change that."""
    stage = a_stage(domains=frozenset({"example.org", "example.com"}))
    named = await stage.say(f"{AT} recipients=cy@example.org", direct=True, channel="fake:channel:D1")
    nobody = await stage.say(AT, by=BO)
    odd = Actor(id=ANN.id, principals=ANN.principals, email="not an address")
    unusable = await stage.say(AT, by=odd)
    wrong = await stage.say(f"{AT} recipients=cy")

    assert "by e-mail to cy@example.org." in plain(named.card.text)
    assert "default users" in plain(nobody.card.text)
    assert "recipients=ADDRESS" in plain(nobody.card.text)
    assert "default users" in plain(unusable.card.text)
    assert "not a mail address" in plain(wrong.card.text)


async def test_debug__mail_stays_within_the_domains_of_the_settings() -> None:
    """Where mail may go is not for a chat to say; a profile's address elsewhere is left out."""
    stage = a_stage()
    stage = stage.restarted(domains=frozenset({"example.com"}))
    elsewhere = Actor(id=ANN.id, principals=ANN.principals, email="ann@example.org")
    own = await stage.say(AT, direct=True, channel="fake:channel:D1")
    left_out = await stage.say(AT, by=elsewhere)
    refused = await stage.say(f"{AT} recipients=cy@example.org")

    assert "by e-mail to ann@example.com." in plain(own.card.text)
    assert "default users" in plain(left_out.card.text)
    assert "mail may only go to example.com" in plain(refused.card.text)


async def test_debug__a_second_person_joins() -> None:
    """The same moment is one session; the second person's card follows it too."""
    stage = a_stage()
    await stage.say(AT)
    await stage.press("Open session")
    reply = await stage.say(AT, by=BO)

    assert "no second one was opened" in plain(reply.card.text)
    assert reply.live == intents(stage)[0].id
    assert len(intents(stage)) == 1
    assert len(await stage.memory.live()) == 2
    assert "ann@" not in texts(reply.card)


async def test_debug__two_drafts_one_session() -> None:
    """Whoever confirms second joins; the draft is let go."""
    stage = a_stage()
    await stage.say(AT)
    await stage.say(AT, by=BO)
    first, second = intents(stage)
    await stage.say(f"confirm {first.id}")
    reply = await stage.say(f"confirm {second.id}", by=BO, pressed=stage.messages[1])

    assert len(stage.service.debugs) == 1
    assert "no second one was opened" in plain(reply.card.text)
    assert (reply.live, reply.replace) == (first.id, True)
    assert stage.memory.intents[second.id].state is IntentState.DECLINED


async def test_debug__joined_by_two_presses() -> None:
    """Two presses of a draft that joins are one joining and one answer."""
    stage = a_stage()
    await stage.say(AT)
    await stage.say(AT, by=BO)
    first, second = intents(stage)
    await stage.say(f"confirm {first.id}")
    replies = await asyncio.gather(*(stage.say(f"confirm {second.id}", by=BO) for _ in range(2)))

    assert sorted(reply.private for reply in replies) == [False, True]
    assert len(stage.service.debugs) == 1


async def test_debug__session_that_cannot_be_looked_at() -> None:
    """A session that may be open is joined."""
    stage = a_stage()
    await stage.say(AT)
    await stage.press("Open session")
    target = run_id(1)
    stage.service.fail("run", Unreachable("no"))
    by_session = await stage.say(f"debug session={run_id(7)} moment={MOMENT.text}")
    await stage.press("Open session")
    stage.service.fail("run", Unreachable("no"))
    joined = await stage.say(f"debug session={run_id(7)} moment={MOMENT.text}", by=BO)

    assert target not in texts(by_session.card)
    assert "no second one was opened" in plain(joined.card.text)


async def test_debug__another_one_on_purpose() -> None:
    """again=yes opens another session, also at the confirmation."""
    stage = a_stage()
    await stage.say(AT)
    await stage.press("Open session")
    await stage.say(f"{AT} again=yes", by=BO)
    await stage.press("Open session", by=BO)

    assert len(stage.service.debugs) == 2
    assert stage.service.violations == []


async def test_debug__an_ended_session_is_not_joined() -> None:
    """Ended or expired sessions do not stand in the way of a new one."""
    stage = a_stage()
    await stage.say(AT)
    await stage.press("Open session")
    session = intents(stage)[0].run_id or ""
    stage.service.change(stage.service._runs[session], status=RunStatus.COMPLETED)
    ended = await stage.say(AT)
    stage.clock.pass_time(7 * 3600)
    expired = await stage.say(AT)

    assert [b.label for b in ended.card.buttons] == ["Open session", "Cancel"]
    assert [b.label for b in expired.card.buttons] == ["Open session", "Cancel"]


@pytest.mark.parametrize("how", [Launching.LOST_REPLY, Launching.LOST_REQUEST])
async def test_debug__outcome_not_known(how: Launching) -> None:
    """L10: never sent again, said to be unknown, with what to look for in the mail; another asker hears of it."""
    stage = a_stage()
    stage.service.next_launch(how)
    await stage.say(AT)
    reply = await stage.press("Open session")
    await stage.pass_time(700)
    other = await stage.say(AT, by=BO)

    assert len(stage.service.debugs) == 1
    assert intents(stage)[0].state is IntentState.UNKNOWN
    assert f"[clew:{intents(stage)[0].id[:8]}]" in texts(reply.card)
    assert "again=yes" in texts(reply.card)
    assert "no answer came" in texts(other.card)
    assert other.live is None
    assert stage.service.count("find_launched") == 0


async def test_debug__accepted_without_an_id() -> None:
    """It is certain that there is a session; only its run is not known."""
    stage = a_stage()
    stage.service.next_launch(Launching.NO_ID)
    await stage.say(AT)
    reply = await stage.press("Open session")

    assert intents(stage)[0].state is IntentState.ACCEPTED
    assert "was requested" in plain(reply.card.text)


async def test_debug__refused() -> None:
    """A refusal says why."""
    stage = a_stage()
    stage.service.next_launch(Launching.REFUSED)
    await stage.say(AT)
    reply = await stage.press("Open session")

    assert (reply.failed, reply.live) == (True, None)
    assert "There is no such launcher." in plain(reply.card.text)


async def test_debug__confirmed_beforehand() -> None:
    """`--yes` opens at once."""
    stage = a_stage()
    reply = await stage.say(AT, confirmed=True)

    assert len(stage.service.debugs) == 1
    assert not reply.replace


async def test_debug__rights_and_capabilities() -> None:
    """A reader is refused, and so is a platform without sessions."""
    stage = a_stage()
    reader = await stage.say(AT, by=READER)
    poor = a_stage(service=FakeRunService(lacks=frozenset({"debugs"})))
    lacking = await poor.say(AT)

    assert "needs the role “debug”" in plain(reader.card.text)
    assert "does not offer debug" in plain(lacking.card.text)


async def test_form__is_prefilled() -> None:
    """The form knows what the thread or the words say."""
    stage = a_stage()
    invocation = an_invocation(stage, f"debug {RUN} moment={MOMENT.text}")
    form = await stage.handler.form(invocation, silent)
    assert form is not None
    filled = {field.name: field.value for field in form.fields}

    assert {"run": RUN, "moment": MOMENT.text, "recipients": "ann@example.com", "description": ""} == filled
    assert set(filled) <= {p.name for p in VERBS["debug"].parameters}


async def test_form__in_a_thread() -> None:
    """In a thread, run and moment are the thread's."""
    stage = a_stage()
    moment = Moment("5", "1.5")
    await stage.memory.set_context("fake:channel:C1", "m0", Context(run=a_run(1).ref, moment=moment))
    place = Place(channel="fake:channel:C1", thread="m0")
    form = await stage.handler.form(replace(an_invocation(stage, "debug"), place=place, actor=BO), silent)
    assert form is not None
    filled = {field.name: field.value for field in form.fields if field.value}

    assert {"run": a_run(1).ref.text, "moment": "5,1.5"} == filled


async def test_debug__mail_goes_to_the_requester_until_domains_are_set() -> None:
    """The link opens a session to whoever holds it: nobody else can be named."""
    stage = a_stage()
    refused = await stage.say(f"{AT} recipients=ann@example.com;mallory@evil.example")
    kept = list(stage.memory.intents)
    own = await stage.say(f"{AT} recipients=Ann@Example.com", direct=True, channel="fake:channel:D1")

    assert "recipients= has “mallory@evil.example”; no mail domains are set" in texts(refused.card)
    assert "recipient_domains" in texts(refused.card)
    assert kept == []
    assert "by e-mail to Ann@Example.com." in plain(own.card.text)
