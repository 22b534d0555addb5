"""Every way in, for the verbs that go that way, and its answer."""

from __future__ import annotations

import pytest

from bot.model import Run
from bot.replies.pasting import copyable
from tests.fakes.discord_bot import World, answer, initial_responses, said
from tests.fakes.runs import MOMENT, a_line, a_run, run_id, some_results

OPTIONS: dict[str, tuple[dict[str, object], str]] = {
    "status": ({}, "Payments Nightly"),
    "failing": ({"run": run_id(1)}, "Ledger balances"),
    "logs": ({"run": run_id(1)}, "balance is off by 3"),
    "debug": ({"run": run_id(1)}, "debugging session"),
    "find": ({"run": run_id(1)}, "FAILED"),
    "launch": ({"launcher": "basic_test", "duration": "30"}, "basic_test"),
    "watch": ({}, "is notified of every finished run"),
    "unwatch": ({}, "watch"),
    "watching": ({}, "watches nothing"),
    "help": ({}, "launch"),
    "report": ({"run": run_id(1)}, "ready to open"),
}
PRIVATE = {"watching", "help", "report"}


@pytest.mark.parametrize("verb", OPTIONS)
async def test_command__every_verb_answers(world: World, run: Run, verb: str) -> None:
    """Each verb, used as a slash command, is told at once that an answer comes, and is answered."""
    options, expected = OPTIONS[verb]

    result = await world.say(verb, **options)

    hidden = {"data": {"flags": 64}} if verb in PRIVATE else {}
    assert initial_responses(world) == [{"type": 5} | hidden]
    assert expected in said(answer(result))


async def test_command__mutes_and_the_button_ends_it(world: World, run: Run) -> None:
    """By an option, with several words; what is muted is listed, and pressed away."""
    await world.say("watch")
    muted = answer(await world.say("watch", launcher="Payments Nightly", mute="for 3 h"))
    listed = said(answer(await world.say("watching")))
    await world.press(muted, "Unmute")
    after = said(answer(await world.say("watching")))

    assert "Muted in this channel until" in said(muted)
    assert "Muted: Payments Nightly until" in listed
    assert "Muted" not in after


@pytest.mark.parametrize("verb", [verb for verb in OPTIONS if verb not in PRIVATE and verb != "unwatch"])
async def test_mention__every_verb_answers_in_place(world: World, run: Run, verb: str) -> None:
    """Each verb, said to the bot in a channel, is answered there as a reply."""
    options, expected = OPTIONS[verb]
    words = " ".join([verb, *(str(o) if n == "run" else f"{n}={o}" for n, o in options.items())])

    posted = await world.mention(words)

    assert len(posted) == 1
    assert expected in said(posted[0])
    assert posted[0].reference is not None


@pytest.mark.parametrize(
    "text", ["> PR 4811 2 checks failed\nhey <@{0}>, failing {1}?", "{1} is red! <@!{0}>: failing please"]
)
async def test_mention__as_people_write_it(world: World, run: Run, text: str) -> None:
    """A quotation, a greeting, signs and thanks around the command change nothing."""
    assert world.env.bot.user is not None

    await world.bob.send(world.main, text.format(world.env.bot.user.id, run_id(1)))
    await world.env.settle()

    assert "1 failing property in" in said(world.main.history()[-1])


@pytest.mark.parametrize("verb", sorted(PRIVATE))
async def test_mention__a_private_answer_goes_to_the_person(world: World, run: Run, verb: str) -> None:
    """What is for one person comes as a direct message, and nothing of it stands in the channel."""
    options, expected = OPTIONS[verb]

    posted = await world.mention(" ".join([verb, *map(str, options.values())]))

    assert posted == []
    assert expected in said(world.alice.user.dm_channel.last_message)


async def test_mention__in_a_thread_needs_no_arguments(world: World, run: Run) -> None:
    """The thread of a run's card knows its run."""
    card = answer(await world.say("status", run=run_id(1)))
    shown = await world.press(card, "Failing")
    thread = world.main.threads[0]

    posted = await world.mention("logs", channel=thread)

    assert shown.response.content == f"The answer is in <#{thread.id}>."
    assert thread.id == card.id
    assert "balance is off by 3" in said(posted[0])


async def test_command__in_a_thread_needs_no_arguments(world: World, run: Run) -> None:
    """A slash command inside the thread speaks of its run too, and is answered there."""
    card = answer(await world.say("status", run=run_id(1)))
    await world.press(card, "Failing")
    thread = world.main.threads[0]

    result = await world.say("logs", channel=thread)

    assert "balance is off by 3" in said(answer(result))
    assert result.response.channel_id == thread.id


async def test_button__opens_the_thread_of_its_message_once(world: World, run: Run) -> None:
    """Details of a card in a channel go into its thread, which is named after the run and not its state."""
    card = answer(await world.say("status", run=run_id(1)))

    await world.press(card, "Failing")
    await world.press(card, "Failing")

    threads = world.main.threads
    assert [thread.name for thread in threads] == ["Payments Nightly 00000000"]
    assert ["Ledger balances" in said(m) for m in threads[0].history()[-2:]] == [True, True]


async def test_button__opens_the_thread_before_anything_is_sent_into_it(world: World, run: Run) -> None:
    """A log with its file is not sent into the void first, and again when the thread is there."""
    card = answer(await world.say("status", run=run_id(1)))

    await world.press(card, "Logs")
    (thread,) = world.main.threads

    sent = [path for method, path, _ in world.requests() if method == "POST"]
    assert sent.count(f"/channels/{thread.id}/messages") == 1
    assert "balance is off by 3" in said(thread.history()[-1])


async def test_button__whose_thread_was_deleted_opens_it_again(world: World, run: Run) -> None:
    """What was known of it is forgotten."""
    card = answer(await world.say("status", run=run_id(1)))
    world.chat._places.opened(str(card.id))

    await world.press(card, "Failing")
    (thread,) = world.main.threads

    assert "Ledger balances" in said(thread.history()[-1])


async def test_button__in_a_thread_leaves_no_trace_of_thinking(world: World, run: Run) -> None:
    """Where the answer is plain to see, the private first word is taken back."""
    card = answer(await world.say("status", run=run_id(1)))
    await world.press(card, "Failing")
    thread = world.main.threads[0]
    failing = thread.history()[-1]

    result = await world.press(failing, "Logs 1")

    assert result.response is None
    assert "balance is off by 3" in said(thread.history()[-1])


async def test_menu__triages_a_message_of_anybody(world: World, run: Run) -> None:
    """The run that a message names is shown, whoever wrote it."""
    message = await world.bob.send(world.main, f"look at {run_id(1)} please")

    result = await world.alice.context_menu(world.main, "Triage this run", message)
    await world.env.settle()

    assert "FAILED" in said(answer(result))


async def test_menu__debugs_the_moment_in_a_message(world: World, run: Run) -> None:
    """A pasted moment is asked about, and nothing is opened before it is confirmed."""
    message = await world.bob.send(world.main, f"{copyable(MOMENT, run_id=run_id(1))} try=3 hangs")

    result = await world.alice.context_menu(world.main, "Debug this moment", message)
    await world.env.settle()

    assert "debugging session" in said(answer(result))
    assert world.service.debugs == []


async def test_menu__understands_our_own_cards(world: World, run: Run) -> None:
    """A card of ours holds the run's id in fixed width, and it is found there."""
    card = answer(await world.say("status", run=run_id(1)))

    result = await world.alice.context_menu(world.main, "Triage this run", card)
    await world.env.settle()

    assert "FAILED" in said(answer(result))


NOISE = ("exit code 143", "117.662 [ledger-2] port 8080 1.5", f"run {run_id(7)} at {MOMENT.input_hash} 12.5")


@pytest.mark.parametrize(
    ("menu", "expected"), [("Debug this moment", "debugging session"), ("Triage this run", "FAILED")]
)
async def test_menu__on_our_own_log_answer_knows_what_it_is_about(
    world: World, run: Run, menu: str, expected: str
) -> None:
    """Numbers and ids in the log lines that Clew shows are not read as what the message is about."""
    world.service.set_log(run, MOMENT, *(a_line(text, "398.1") for text in NOISE))
    logs = answer(await world.say("logs", run=run_id(1)))

    result = await world.alice.context_menu(world.main, menu, logs)
    await world.env.settle()

    told = said(answer(result))
    assert expected in told
    assert run_id(1) in told
    assert run_id(7) not in told


async def test_menu__on_our_own_list_says_that_it_is_about_no_run(world: World, run: Run) -> None:
    """A list of runs is about none of them in particular."""
    listed = answer(await world.say("status"))

    result = await world.alice.context_menu(world.main, "Triage this run", listed)
    await world.env.settle()

    assert "not about one run" in said(answer(result))


async def test_mention__others_and_ourselves_are_not_heard(world: World, run: Run) -> None:
    """Messages that do not name the bot are left alone, and so are its own."""
    before = len(world.requests())

    await world.alice.send(world.main, "status")
    await world.env.settle()

    assert world.requests()[before:] == []


async def test_select__says_the_words_of_what_was_chosen(world: World) -> None:
    """Where many entries have buttons, they are menus; a choice is a press, of short words and of long ones."""
    run = world.service.add_run(a_run(2))
    failing = tuple(f"Property {n}" for n in range(6))
    world.service.set_results(some_results(run, failing=failing))
    world.service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"))
    shown = answer(await world.say("failing", run=run_id(2)))
    menus = [row["components"][0] for row in shown.components if row["components"][0]["type"] == 3]
    debug = next(menu for menu in menus if menu["placeholder"] == "Debug…")

    await world.alice.select(shown, [debug["options"][2]["value"]], custom_id=debug["custom_id"])
    await world.env.settle()

    (thread,) = world.main.threads
    assert "debugging session for “Property 2”" in said(thread.history()[-1])
    assert thread.name == "Property 2"
