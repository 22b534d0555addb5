"""The one door: verbs found, refused and answered; help; pasted text; the report."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from bot.access import Policy, Role
from bot.cards import Card, Context, Reply, plain
from bot.command import Asked, Services, Verb
from bot.commands.registry import VERBS
from bot.errors import StoreError
from bot.handler import Handler
from bot.model import Moment, Secret
from bot.state import MessageRef
from tests.fakes.inbox import left_over
from tests.fakes.runs import EPOCH, MOMENT, a_run, run_id, some_results
from tests.unit.commands.door import (
    ALICE,
    CHANNEL,
    MALLORY,
    Door,
    a_door_to_everything,
    nothing,
    told,
    words_of,
)


async def test_door__an_unknown_verb_is_answered_with_the_nearest() -> None:
    """A typo gets “did you mean”."""
    reply = await Door().say("staus")

    assert "Did you mean “status”?" in told(reply.card)
    assert reply.failed


async def test_door__nothing_said_is_answered_with_help() -> None:
    """Silence is never the answer."""
    reply = await Door().say("")

    assert "What Clew can do" == plain(reply.card.title)
    assert not reply.failed


async def test_help__lists_every_open_verb_and_no_hidden_one() -> None:
    """Help comes from the registry."""
    text = told((await a_door_to_everything().say("help")).card)

    assert all(verb.name in text for verb in VERBS.values() if not verb.hidden)
    assert "confirm" not in text


@pytest.mark.parametrize("blank", [" ", "\u3000", "\x1f"])
@pytest.mark.parametrize(("verb", "name"), [("help", "verb"), ("find", "run"), ("status", "run")])
async def test_say__a_value_of_white_space_is_none(verb: str, name: str, blank: str) -> None:
    """A form or a shell can give one: it is answered like the verb alone."""
    door = Door()
    given, alone = await door.say(verb, values={name: blank}), await door.say(verb)

    assert told(given.card) == told(alone.card)


@pytest.mark.parametrize("name", [verb.name for verb in VERBS.values() if not verb.hidden])
async def test_help__explains_each_verb_with_examples(name: str) -> None:
    """Grammar, parameters and examples; the examples begin with the verb."""
    door = a_door_to_everything()
    text = told((await door.say(f"help {name}")).card)

    assert door.handler.verbs[name].summary in text
    assert all(example in text and example.startswith(name) for example in VERBS[name].examples)


async def test_help__says_values_as_people_do() -> None:
    """A flag is yes or no, and no kind of field shows its inner name."""
    text = told((await Door().say("help launch")).card)

    assert "[ephemeral=yes|no]" in text
    assert "[images=TEXT]" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Colour(red=7, blue=2.5)", "Unknown command “Colour(red=7,”."),
        ("duration=30", "Unknown command “duration=”."),
    ],
)
async def test_door__names_without_a_verb(words: str, said: str) -> None:
    """What begins with no verb is not taken for a question about help."""
    reply = await Door().say(words)

    assert said in told(reply.card)
    assert reply.failed


async def test_help__of_an_unknown_verb() -> None:
    """The same answer as for the verb itself."""
    assert "Did you mean “launch”?" in told((await Door().say("help lunch")).card)


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("mute", 'It belongs to watch: “watch mute="for 3 h"”; “help watch” says more.'),
        ("digest", "“watch digest=08:00”"),
        ("Snooze", "It belongs to mark: “mark as=snooze”; “help mark” says more."),
        ("own", "“mark as=own”"),
        ("read_only", "“audit read_only=on”"),
    ],
)
async def test_door__a_word_that_a_verb_takes_is_no_dead_end(word: str, way: str) -> None:
    """Who read it on a card looks for a command of that name, and is shown the one that it belongs to."""
    door = Door()

    assert way in told((await door.say(word)).card)
    assert way in told((await door.say(f"help {word}")).card)
    assert "“help” lists all commands." in told((await door.say("connection")).card), "many verbs take it"


async def test_door__an_unexpected_error_shows_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the person reads a plain sentence."""

    async def broken(asked: Asked, services: Services) -> Reply:
        raise RuntimeError("token xoxb-CANARY in it")

    door = Door()
    handler = Handler(door.services, {"break": Verb(name="break", summary="", handle=broken)})

    with caplog.at_level(logging.ERROR):
        reply = await handler.handle(door.invocation("break"), nothing)

    assert "CANARY" not in repr(reply)
    assert reply.fault
    assert "a verb failed" in caplog.text


async def test_door__a_database_failure_is_a_sentence() -> None:
    """Nothing half done, and it says so."""

    async def broken(asked: Asked, services: Services) -> Reply:
        raise StoreError("The database cannot be written.")

    door = Door()
    handler = Handler(door.services, {"break": Verb(name="break", summary="", handle=broken)})

    reply = await handler.handle(door.invocation("break"), nothing)

    assert "The database cannot be written." in told(reply.card)


async def test_door__without_roles_reading_is_open_and_changing_is_not() -> None:
    """Default deny for what changes things, with the way to open it."""
    door = Door(policy=Policy())

    member = replace(ALICE, member=True)
    reading = await door.say("status", by=member)
    stranger = await door.say("status")
    changing = await door.say("watch", by=member)

    assert not reading.failed
    assert "only answers members" in told(stranger.card)
    assert "No roles are configured yet, so only read commands work." in told(changing.card)
    assert [(entry.action, entry.detail) for entry in door.store.trail] == [
        ("status", "no-roles:elsewhere"), ("watch", "no-roles:debug")
    ]  # fmt: skip


async def test_door__a_stranger_reads_nothing_once_roles_exist() -> None:
    """With roles given, the others have none."""
    door = Door(policy=Policy(roles={Role.READ: frozenset({ALICE.id})}))

    reply = await door.say("status", by=MALLORY)

    assert "Not allowed" == plain(reply.card.title)


async def test_door__redelivered_acts_are_taken_once() -> None:
    """The same human act is kept once, and stays open until it was answered."""
    door = Door()
    act = door.invocation("status")

    first, second = await door.handler.accept(act), await door.handler.accept(act)
    open_before = await left_over(door.handler, "slack", act.at)
    await door.handler.answered(act, await door.handler.handle(act, nothing), None)
    open_after = await left_over(door.handler, "slack", act.at)

    assert (True, False) == (first, second)
    assert ((act,), ()) == (open_before, open_after)


async def test_door__what_is_kept_of_a_pasted_link_opens_nothing() -> None:
    """A command waits in the database for its answer; the key of a report does not, and is not missed there."""
    door = Door()
    run = door.service.add_run(a_run(1))
    url = "https://demo.antithesis.com/report/a/b.html?auth=v2.public.KEY#/run/x/"
    door.service.set_report(run, url)
    taken = door.invocation(f"look at <{url}|{url}>", values={"run": url, "grep": "a?b=c"})
    taken = replace(taken, arguments=(url,))

    await door.handler.accept(taken)
    (kept,) = await left_over(door.handler, "slack", EPOCH)
    reply = await door.handler.handle(kept, nothing)

    assert "KEY" not in repr(kept)
    assert {"run": url.replace("?auth=v2.public.KEY", ""), "grep": "a?b=c"} == dict(kept.values)
    assert Context(run=run.ref) == reply.card.context


async def test_door__keeps_nothing_of_a_value_whose_name_says_that_it_is_a_secret() -> None:
    """In words of a shell and in fields of a form alike, whatever the value looks like."""
    door = Door()
    taken = door.invocation("launch", values={"custom.db-password": "hunter two", "duration": "30"})
    await door.handler.accept(replace(taken, arguments=("basic_test", "custom.dbPassword=hunter 'two")))
    (kept,) = await left_over(door.handler, "slack", EPOCH)
    reply = await door.handler.handle(kept, nothing)

    assert kept.arguments == ("basic_test", "custom.dbPassword=***")
    assert kept.values == {"custom.db-password": "***", "duration": "30"}
    assert "looks like a secret" in told(reply.card)


async def test_door__a_secret_in_a_persons_own_name_is_neither_kept_nor_shown() -> None:
    """People choose how they are called, and the name waits in the database with the command."""
    door = Door()
    named = replace(ALICE, name="Al xoxb-1234567890-CANARY")
    taken = door.invocation("status latest", by=named)
    await door.handler.accept(taken)
    (kept,) = await left_over(door.handler, "slack", EPOCH)
    asked = await door.say("launch basic_test duration=30", by=named)
    await door.say(asked.card.buttons[0].command, by=named)

    assert kept.actor == replace(ALICE, name="Al ***")
    assert await door.store.name(ALICE.id) == "Al ***"


async def test_door__a_shown_reply_gives_its_thread_a_context() -> None:
    """The thread under a card speaks of the card's run."""
    door = Door()
    run = door.service.add_run(a_run(1))
    act = door.invocation("status latest")
    reply = await door.handler.handle(act, nothing)

    await door.handler.answered(act, reply, MessageRef(channel=CHANNEL, message_id="5.5"))

    assert Context(run=run.ref) == await door.store.context(CHANNEL, "5.5")


async def test_door__a_live_reply_is_followed() -> None:
    """A card that lives on is kept with its message."""
    door = Door()
    act = door.invocation("status")
    reply = Reply(card=Card(title=("x",), text=("x",)), live="intent-1")

    await door.handler.answered(act, reply, MessageRef(channel=CHANNEL, message_id="5.5"))

    assert ["intent-1"] == [card.intent_id for card in await door.store.live()]


async def test_find__a_pasted_moment_becomes_a_card_with_buttons() -> None:
    """Pasting is enough: no verb is needed."""
    door = Door()
    run = door.service.add_run(a_run(1))

    card = (await door.say(f"{run.ref.run_id} {MOMENT.input_hash} {MOMENT.vtime}")).card

    assert f"logs demo/{run.ref.run_id} moment={MOMENT.text}" == words_of(card, "Logs")
    assert Context(run=run.ref, moment=MOMENT) == card.context


async def test_find__a_session_id_without_run_still_allows_debugging() -> None:
    """Old copy-moment texts name a session; a debugging session takes it."""
    door = Door()
    text = 'Moment.from({ session_id: "' + run_id(7) + '", input_hash: "9", vtime: 4.25 })'

    card = (await door.say(text)).card

    assert f"debug moment=9,4.25 session={run_id(7)} connection=demo" == words_of(card, "Debug")
    assert "Logs" not in [button.label for button in card.buttons]
    assert Context(moment=Moment("9", "4.25")) == card.context


async def test_find__a_report_link_among_words_is_found_and_never_echoed() -> None:
    """The raw link is a password: the card shows the run, not the link."""
    door = Door()
    url = "https://demo.antithesis.com/report/abc/def.html?auth=v2.public.CANARY"
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("x",)))
    door.service.set_report(run, url)

    reply = await door.say(f"please look at <{url}|this report>")

    assert Context(run=run.ref) == reply.card.context
    assert "CANARY" not in told(reply.card)


async def test_find__a_report_link_of_another_tenant() -> None:
    """No match is a sentence that asks for the run id."""
    reply = await Door().say("https://other.antithesis.com/report/abc/def.html?auth=v2.public.x")

    assert "No recent run belongs to that report." in told(reply.card)


async def test_find__a_run_id_in_a_sentence() -> None:
    """A message that mentions a run is enough for the shortcut."""
    door = Door()
    run = door.service.add_run(a_run(1))

    one = await door.say(f"find the nightly ({run.ref.run_id}) looks odd")
    two = await door.say(f"find {run.ref.run_id} {run_id(2)}")
    none = await door.say("find nothing here")
    bare = await door.say("find")

    assert Context(run=run.ref) == one.card.context
    assert "names 2 runs" in told(two.card)
    assert "No run or moment was found in that text" in told(none.card)
    assert "What are you looking for?" in told(bare.card)


async def test_report__gives_a_fresh_link_to_one_person_and_notes_it() -> None:
    """The link stands in a private answer only, and the trail says who got it."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_report(run, "https://demo.antithesis.com/report/a/b.html?auth=v2.public.FRESH")

    reply = await door.say("report latest")

    assert reply.private
    assert (
        Secret("https://demo.antithesis.com/report/a/b.html?auth=v2.public.FRESH")
        == reply.card.buttons[0].signed
    )
    assert "FRESH" not in repr(reply)


@pytest.mark.parametrize(
    ("policy", "given"),
    [
        (Policy(roles={Role.READ: frozenset({CHANNEL, "slack:team:T1"})}), False),
        (Policy(roles={Role.READ: frozenset({ALICE.id})}), True),
    ],
)
async def test_report__a_guest_gets_a_link_by_name_only(policy: Policy, given: bool) -> None:
    """What everybody here may read does not hand the key of a report to another organisation."""
    door = Door(policy=policy)
    door.service.set_report(door.service.add_run(a_run(1)), "https://demo.antithesis.com/report/a?auth=KEY")
    guest = replace(ALICE, guest=True, principals=ALICE.principals | {"slack:team:T1"})

    reply = await door.say("report latest", by=guest)

    assert given is any(button.signed for button in reply.card.buttons)
    assert ["given" if given else "denied"] == [entry.decision for entry in door.store.trail]
    assert given or "not given to guests" in told(reply.card)


async def test_report__where_there_is_none() -> None:
    """A completed run without a report is legal; the runs page is offered."""
    door = Door()
    door.service.add_run(a_run(1))

    reply = await door.say("report latest")

    assert "has no triage report to show: the platform offers none" in told(reply.card)
    assert "All runs" == reply.card.buttons[0].label


@pytest.mark.parametrize(
    "words", ["watch mute=", 'watch mute=" "', "watch Nightly source=", "unwatch source="]
)
async def test_say__a_name_without_a_value_changes_nothing(words: str) -> None:
    """A variable that is not set would make a command wider than it was meant."""
    door = a_door_to_everything()

    card = (await door.say(words)).card

    assert "= has no value." in told(card)
    assert "leave" in told(card)
    assert await door.store.subscriptions() == ()
