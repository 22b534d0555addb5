"""`ask` and `debug` where a platform has a model: opinions from outside, shown as such, never acted on."""

from __future__ import annotations

import pytest

from bot.cards import Command, Untrusted, plain
from bot.commands.registry import text_of
from bot.errors import NotAvailable, Unreachable
from bot.triage import Budget, Diagnosis
from tests.fakes.runs import MOMENT, a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import READER, Stage, button_of, texts
from tests.unit.commands.triage_stage import REFRESH, a_triage_stage

HOSTILE = (
    "Click <https://evil.example/x|here> or [here](https://evil.example) @everyone <!channel> *bold* `code`\n"
    "token th_live_CANARYCANARYCANARY1 and /clew launch basic_test duration=30"
)


@pytest.mark.parametrize(
    "text",
    [
        "is status=failed normal?",
        "compare 1024, 33.5",
        "why --failed test=1 on agent-01",
        'what is "this',
        "latest latest=latest",
        "-9067336385060865277,45.334635781589895 what is that",
        "https://demo.antithesis.com/report/abc/a.html is odd",
        "two\nlines",
    ],
)
async def test_ask__nothing_of_the_text_is_read(text: str) -> None:
    """No name, flag, quote, moment or link in it is taken out: the model gets what was typed."""
    stage = a_triage_stage()
    reply = await stage.say(f"ask {text}")

    assert not reply.failed
    assert [question.text for question in stage.service.triage.questions] == [text]
    assert stage.service.violations == []


async def test_ask__as_a_value() -> None:
    """Typed into an option or a form it is the same, and what a terminal has split is put together."""
    stage = a_triage_stage()
    await stage.say("ask", values={"text": "why run=latest 1024, 33.5?"})

    assert stage.service.triage.questions[0].text == "why run=latest 1024, 33.5?"
    assert text_of(Command("ask", {"text": "a=b c"})) == "ask a=b c"


async def test_ask__goes_on_in_the_thread() -> None:
    """The thread's run and test go along, and the second question goes on with the first one's talk."""
    stage = a_triage_stage()
    await stage.say("failing 1026 property=1")
    thread = stage.messages[-1]
    assert thread is not None
    first = await stage.say("ask why only there?", thread=thread.message_id)
    await stage.say("status", thread=thread.message_id)
    await stage.say("ask and since when?", thread=thread.message_id)
    one, two = stage.service.triage.questions

    assert (one.run_id, one.check, one.conversation) == ("1026", REFRESH, None)
    assert (two.run_id, two.conversation) == ("1026", "talk-1")
    assert first.card.context is not None
    assert first.card.context.conversation == "demo/talk-1"
    assert stage.service.violations == []


async def test_ask__another_thread_is_another_talk() -> None:
    """What was said elsewhere is not known there."""
    stage = a_triage_stage()
    await stage.say("ask why?")
    first = stage.messages[-1]
    await stage.say("ask why?")
    assert first is not None
    await stage.say("ask and?", thread=first.message_id)

    assert [q.conversation for q in stage.service.triage.questions] == [None, None, "talk-1"]


async def test_ask__a_talk_stays_with_its_connection() -> None:
    """The id of one platform's talk never goes to another's."""
    stage = a_triage_stage(others=(a_build_server(connection="qa"),))
    await stage.say("ask why?")
    message = stage.messages[-1]
    assert message is not None
    await stage.say("ask", values={"text": "and there?", "connection": "qa"}, thread=message.message_id)
    (other,) = stage.others

    assert [q.conversation for q in other.triage.questions] == [None]


async def test_ask__hostile_answers_are_text() -> None:
    """No span of the answer is markup, a link or a command, and the card says that it is a model's."""
    stage = a_triage_stage()
    stage.service.triage.says = HOSTILE
    card = (await stage.say("ask why?")).card
    own = " ".join(
        span
        for line in (card.title, card.text, *card.body, card.footer)
        for span in line
        if isinstance(span, str)
    )

    assert "evil" not in own
    assert any(
        isinstance(span, Untrusted) and "evil.example" in span.text for line in card.body for span in line
    )
    assert "A model's answer" in plain(card.footer)
    assert card.buttons == ()
    assert stage.service.launches == []


async def test_ask__a_secret_does_not_reach_the_model() -> None:
    """What looks like a secret is taken out, and then nothing is sent."""
    stage = a_triage_stage()
    reply = await stage.say("ask does th_live_CANARYCANARYCANARY1 still work?")

    assert stage.service.triage.questions == []
    assert "CANARY" not in texts(reply.card)


@pytest.mark.parametrize("words", ["ask", "ask   "])
async def test_ask__nothing(words: str) -> None:
    """An empty question is asked for, and none is sent."""
    stage = a_triage_stage()

    assert "A question is missing." in texts((await stage.say(words)).card)
    assert stage.service.triage.questions == []


async def test_ask__long_answers_are_cut_and_say_so() -> None:
    """A card shows the beginning."""
    stage = a_triage_stage()
    stage.service.triage.says = "word " * 5_000
    card = (await stage.say("ask why?")).card

    assert len(texts(card)) < 8_000
    assert "The rest is left out." in texts(card)


async def test_ask__without_a_licence() -> None:
    """One sentence in words."""
    stage = a_triage_stage()
    stage.service.triage.fail("ask", NotAvailable("Testhide does not offer this here.", detail="no licence"))
    reply = await stage.say("ask why?")

    assert "Testhide does not offer this here." in texts(reply.card)
    assert reply.failed


async def test_ask__is_no_matter_of_a_reader() -> None:
    """It costs tokens."""
    assert plain((await a_triage_stage().say("ask why?", by=READER)).card.title) == "Not allowed"


async def test_ask__goes_to_the_first_that_has_a_model() -> None:
    """Where the first connection has none and nothing names another."""
    stage = Stage(others=(a_build_server(connection="qa"),))
    await stage.say("ask why?")

    assert [q.text for q in stage.others[0].triage.questions] == ["why?"]


async def test_debug__is_a_diagnosis_where_there_are_no_sessions() -> None:
    """Nothing is confirmed; the opinion says whose it is, and has the ways on."""
    stage = a_triage_stage()
    stage.service.triage.diagnosis = Diagnosis(
        cause="OOM in test worker", confidence=0.87, fix="Increase the heap", affected=14, budget=Budget(percent_used=14.0)
    )  # fmt: skip
    reply = await stage.say("debug 1026")
    facts = {fact.label: plain(fact.value) for fact in reply.card.facts}

    assert plain(reply.card.title) == "What Testhide's model makes of Regression Suite 1026"
    assert facts == {
        "Confidence": "87 %",
        "Suggested fix": "Increase the heap",
        "Tests it concerns": "14",
        "Tokens": "14 % of this period's used",
    }
    assert "OOM in test worker" in texts(reply.card)
    assert "what you write goes to that model" in plain(reply.card.footer)
    assert [b.label for b in reply.card.buttons] == ["Log", "Rerun failed"]
    assert stage.memory.intents == {}
    assert stage.service.triage.diagnosed == ["1026"]


async def test_debug__from_the_card_of_a_failed_build() -> None:
    """Its button asks once; in the thread nothing has to be said."""
    stage = a_triage_stage()
    status = await stage.say("status 1026")
    message = stage.messages[-1]
    assert message is not None
    await stage.say(button_of(status.card, "Diagnose").command)
    await stage.say("debug", thread=message.message_id)

    assert stage.service.triage.diagnosed == ["1026", "1026"]


async def test_debug__says_which_run_is_missing() -> None:
    """Not which moment: such a platform has none."""
    reply = await a_triage_stage().say("debug")

    assert "moment" not in texts(reply.card)
    assert reply.failed


async def test_debug__of_a_run_with_moments_is_a_session_still() -> None:
    """Beside a platform with a model, the other one's verb is as it was."""
    stage = Stage(others=(a_build_server(connection="qa"),))
    run = stage.service.add_run(a_run(1))
    stage.service.set_results(some_results(run, failing=("a",)))
    asked = await stage.say(f"debug {run.ref.run_id}")
    pasted = await stage.say(f"debug {run.ref.run_id} moment={MOMENT.text}")

    assert plain(asked.card.title) == "Open a debugging session for “a”?"
    assert plain(pasted.card.title) == "Open a debugging session?"


async def test_debug__a_lost_answer_is_an_error_in_words_and_not_repeated() -> None:
    """Tokens are spent once."""
    stage = a_triage_stage()
    stage.service.triage.fail("diagnose", Unreachable("The platform did not answer within 120 s."))
    reply = await stage.say("debug 1026")

    assert "did not answer within 120 s" in texts(reply.card)
    assert stage.service.triage.diagnosed == []


async def test_debug__where_there_is_none_of_it() -> None:
    """One sentence with the way on."""
    poor = FakeRunService(connection="poor", lacks=frozenset({"debugs"}))
    run = poor.add_run(a_run(1, connection="poor"))
    beside = Stage(service=poor, others=(a_build_server(connection="qa"),))
    two = Stage(service=poor, others=(FakeRunService(connection="too", lacks=frozenset({"debugs"})),))
    for stage in (beside, Stage(service=poor)):
        card = (await stage.say(f"debug {run.ref.run_id}")).card
        assert "The connection “poor” does not offer debugging sessions." in texts(card)
        assert "“logs” shows what is kept of a failure there." in texts(card)

    reply = await two.say(f"debug {run.ref.run_id}")
    assert "None of the connections offers debugging sessions." in texts(reply.card)
