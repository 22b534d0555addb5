"""Every way in, for the verbs that go that way, and its answer."""

from __future__ import annotations

import pytest

from bot.model import Run
from tests.fakes.runs import MOMENT, a_line, a_run, run_id, some_results
from tests.fakes.slack_bot import Bot
from tests.fakes.slack_world import ALICE, BOB, BOT_USER, MAIN


@pytest.fixture
def run(bot: Bot) -> Run:
    """Finish a run with a failing property, its log and its report."""
    run = bot.service.add_run(a_run(1))
    bot.service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts", "Stops")))
    bot.service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"), a_line("panic", "398.4"))
    bot.service.set_report(run, "https://demo.antithesis.com/report/abc?auth=v2.public.CANARY")
    return run


SAID = {
    "status": "Payments Nightly",
    f"status {run_id(1)}": "FAILED",
    f"failing {run_id(1)}": "Ledger balances",
    f"logs {run_id(1)}": "balance is off by 3",
    f"debug {run_id(1)}": "debugging session",
    f"find {run_id(1)}": "FAILED",
    "launch basic_test duration=30": "basic_test",
    "watch": "is notified of every finished run",
    "unwatch": "watch",
    "watching": "watches nothing",
    "help": "launch",
    f"report {run_id(1)}": "ready to open",
}


async def test_command__every_verb_answers(bot: Bot, run: Run) -> None:
    """Each verb, typed as a slash command, is acknowledged and answered."""
    for words, expected in SAID.items():
        seen = len(bot.slack.world.ours())

        ack = await bot.slack.command(words)
        answer = await bot.slack.world.answer(expected, at=seen)

        assert ack.taken
        assert answer.channel == MAIN


async def test_mention__every_verb_answers_in_its_thread(bot: Bot, run: Run) -> None:
    """Each verb, said to the bot in a channel, is answered in the thread of what was said.

    What one person sees stands in the channel: in a thread without replies Slack would not show it.
    """
    for words, expected in SAID.items():
        seen = len(bot.slack.world.ours())

        said = await bot.slack.mention(words)
        answer = await bot.slack.world.answer(expected, at=seen)

        assert answer.thread_ts == (None if answer.only_for else said.ts)


@pytest.mark.parametrize(
    "text", ["> PR 4811 2 checks failed\nhey <@{0}>, failing {1}?", "{1} is red! <@{0}>: failing please"]
)
async def test_mention__as_people_write_it(bot: Bot, run: Run, text: str) -> None:
    """A quotation, a greeting, signs and thanks around the command change nothing."""
    typed = text.format(BOT_USER, run.ref.run_id).replace(">", "&gt;", 1) if text[0] == ">" else None
    message = bot.slack.world.say(BOB, MAIN, typed or text.format(BOT_USER, run.ref.run_id))

    await bot.slack.gate.deliver("events_api", bot.slack.event("app_mention", message))
    answer = await bot.slack.world.answer("1 failing property in")

    assert answer.thread_ts == message.ts


async def test_direct__every_verb_answers_plainly(bot: Bot, run: Run) -> None:
    """Each verb, said to the bot alone, is answered by an ordinary message there."""
    for words, expected in SAID.items():
        seen = len(bot.slack.world.ours())

        await bot.slack.direct(words)
        answer = await bot.slack.world.answer(expected, at=seen)

        assert (f"D{ALICE}", None, None) == (answer.channel, answer.only_for, answer.thread_ts)


async def test_report__between_two_people_is_for_one_of_them(bot: Bot, run: Run) -> None:
    """A command said in somebody else's conversation is answered to who said it, and posted nowhere."""
    bot.service.set_report(run, "https://demo.antithesis.com/report/x?auth=v2.public.CANARY")

    payload = bot.slack.command_payload(f"report {run.ref.run_id}", channel="D99BETWEEN")
    await bot.slack.gate.deliver("slash_commands", payload)
    await bot.answered(1)

    assert [m.only_for for m in bot.slack.world.ours()] == [ALICE]
    assert bot.slack.world.called("chat.postMessage") == []


async def test_report__signed_link_only_for_the_person(bot: Bot, run: Run) -> None:
    """A fresh link stands behind a button that nobody else sees."""
    await bot.slack.command(f"report {run.ref.run_id}")
    answer = await bot.slack.world.answer("ready to open")

    assert answer.only_for == ALICE
    assert "auth=v2.public.CANARY" in answer.button("Open report")["url"]


async def test_thread__verbs_need_no_arguments(bot: Bot, run: Run) -> None:
    """Inside the thread of a run's card, failing, logs and debug know what they are about."""
    said = await bot.slack.mention(f"status {run.ref.run_id}")
    await bot.slack.world.answer("FAILED")
    await bot.answered(1)

    await bot.slack.mention("failing", thread=said.ts)
    failing = await bot.slack.world.answer("1 failing property in")
    await bot.answered(2)
    await bot.slack.mention("logs", thread=said.ts)
    logs = await bot.slack.world.answer("balance is off by 3")
    await bot.answered(3)
    await bot.slack.mention("debug", thread=said.ts)
    debug = await bot.slack.world.answer("Open a debugging session")

    assert {failing.thread_ts, logs.thread_ts, debug.thread_ts} == {said.ts}


async def test_button__answers_in_the_thread_of_its_message(bot: Bot, run: Run) -> None:
    """A button on a card in the channel leads to a reply in that card's thread."""
    await bot.slack.command(f"status {run.ref.run_id}")
    card = await bot.slack.world.answer("FAILED")

    await bot.slack.press(card, "Failing")
    failing = await bot.slack.world.answer("1 failing property in")

    assert (MAIN, card.ts) == (failing.channel, failing.thread_ts)


async def test_button__of_a_private_message_answers_its_reader(bot: Bot, run: Run) -> None:
    """A button that only one person sees answers that person."""
    await bot.slack.command("help")
    overview = await bot.slack.world.answer("Commands: launch")
    seen = len(bot.slack.world.ours())

    await bot.slack.press(overview, "Help: logs")
    answer = await bot.slack.world.answer("window", at=seen)

    assert answer.only_for == ALICE


async def test_button__confirm_replaces_the_question(bot: Bot, run: Run) -> None:
    """The buttons of a confirmation are gone once it was decided: the message itself is edited."""
    await bot.slack.command("launch basic_test duration=30")
    question = await bot.slack.world.answer("basic_test")

    await bot.slack.press(question, "Launch")
    await bot.slack.world.until(lambda: question.edits > 0)

    assert len(bot.service.launches) == 1
    assert "Launch" not in question.labels
    assert [question] == bot.slack.world.ours()


async def test_button__of_somebody_else_confirms_nothing(bot: Bot, run: Run) -> None:
    """Anyone sees the button; only who asked may press it, others are told privately."""
    await bot.slack.command("launch basic_test duration=30")
    question = await bot.slack.world.answer("basic_test")
    seen = len(bot.slack.world.ours())

    await bot.slack.press(question, "Launch", user=BOB)
    refusal = await bot.slack.world.ephemeral(BOB, at=seen)

    assert bot.service.launches == []
    assert question.edits == 0
    assert refusal.words


async def test_shortcut__triages_any_message(bot: Bot, run: Run) -> None:
    """A message with a run id among other words becomes a card in its thread."""
    message = bot.slack.world.say(BOB, MAIN, f"nightly {run.ref.run_id} looks bad, who knows more?")

    await bot.slack.shortcut("triage_run", message)
    card = await bot.slack.world.answer("FAILED")

    assert (MAIN, message.ts) == (card.channel, card.thread_ts)


async def test_shortcut__debugs_a_pasted_moment_with_smart_quotes(bot: Bot, run: Run) -> None:
    """A moment that a chat has prettified is still a moment, and the question comes into its thread."""
    where = f"session_id: “{run.ref.run_id}”, input_hash: “{MOMENT.input_hash}”, vtime: {MOMENT.vtime}"
    text = f"look: Moment.from({{ {where} }})"
    message = bot.slack.world.say(BOB, MAIN, text)

    await bot.slack.shortcut("debug_moment", message)
    question = await bot.slack.world.answer("Open a debugging session")

    assert question.thread_ts == message.ts


async def test_shortcut__takes_no_word_of_a_message_as_its_own(bot: Bot, run: Run) -> None:
    """What stands beside the moment is somebody's sentence: values, open quotes, names given twice."""
    where = f"{run.ref.run_id} at {MOMENT.input_hash} {MOMENT.vtime}"
    message = bot.slack.world.say(BOB, MAIN, f"retries=3 retries=4 and 'it again: {where} --force")

    await bot.slack.shortcut("debug_moment", message)
    question = await bot.slack.world.answer("Open a debugging session")

    assert question.thread_ts == message.ts


NOISE = ("exit code 143", "117.662 [ledger-2] port 8080 1.5", f"run {run_id(7)} at {MOMENT.input_hash} 12.5")


@pytest.mark.parametrize(
    ("shortcut", "expected"), [("debug_moment", "Open a debugging session"), ("triage_run", "FAILED")]
)
async def test_shortcut__on_our_own_log_answer_knows_what_it_is_about(
    bot: Bot, run: Run, shortcut: str, expected: str
) -> None:
    """Numbers and ids in the log lines that Clew shows are not read as what the message is about."""
    bot.service.set_log(run, MOMENT, *(a_line(text, "398.1") for text in NOISE))
    await bot.slack.command(f"logs {run.ref.run_id}")
    logs = await bot.slack.world.answer("exit code 143")
    await bot.answered(1)
    seen = len(bot.slack.world.ours())

    await bot.slack.shortcut(shortcut, logs)
    answer = await bot.slack.world.answer(expected, at=seen)

    assert run.ref.run_id in answer.words
    assert run_id(7) not in answer.words
    assert answer.thread_ts == logs.ts


async def test_shortcut__on_a_message_of_a_thread_that_went_on(bot: Bot, run: Run) -> None:
    """Each answer keeps what it was about, whatever was said in its thread afterwards."""
    later = bot.service.add_run(a_run(2, launcher="Other Nightly"))
    bot.service.set_results(some_results(later, passing=("Starts",)))
    said = await bot.slack.mention(f"status {run.ref.run_id}")
    first = await bot.slack.world.answer("Payments Nightly")
    await bot.answered(1)
    await bot.slack.mention(f"status {later.ref.run_id}", thread=said.ts)
    await bot.slack.world.answer("Other Nightly")
    await bot.answered(2)
    seen = len(bot.slack.world.ours())

    await bot.slack.shortcut("triage_run", first)
    answer = await bot.slack.world.answer("FAILED", at=seen)

    assert "Payments Nightly" in answer.words


async def test_shortcut__on_our_own_list_says_that_it_is_about_no_run(bot: Bot, run: Run) -> None:
    """A list of runs is about none of them in particular."""
    await bot.slack.command("status")
    listed = await bot.slack.world.answer("Payments Nightly")
    await bot.answered(1)

    await bot.slack.shortcut("triage_run", listed)
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "not about one run" in answer.words


async def test_shortcut__says_what_is_missing(bot: Bot, run: Run) -> None:
    """A message that names nothing is answered with a private sentence."""
    message = bot.slack.world.say(BOB, MAIN, "good morning")

    await bot.slack.shortcut("triage_run", message)
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "No run or moment was found in that text" in answer.words
