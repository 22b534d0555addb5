"""How channels start and stop hearing of runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.access import Policy, Role
from bot.cards import ReportLinks, plain
from bot.commands.registry import text_of
from bot.earlier import stored
from bot.errors import Unreachable, UserError
from bot.replies.watching import only_changes
from bot.state import CHANGES, EVERYTHING, Outcome, Subscription
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import Stage, texts
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, Door, command_of, nothing, told, words_of


async def test_watch__without_arguments_hears_of_every_run() -> None:
    """The default is every finished run; the card offers to hear only of changes."""
    door = Door()

    reply = await door.say("watch")

    assert (Subscription(channel=CHANNEL),) == await door.store.subscriptions(CHANNEL)
    assert "This channel is notified of every finished run." == plain(reply.card.text)
    assert "watch outcomes=changes" == words_of(reply.card, "Only when something changes")


async def test_watch__says_which_connections_are_left_out() -> None:
    """Whoever asks for all runs learns whose have to be asked for; whoever names a connection does not."""
    others = tuple(FakeRunService(connection=name, notified_by_default=False) for name in ("ci", "qa"))
    door = Door(others=others)

    every = await door.say("watch")
    named = await door.say("watch connection=ci")

    said = ("This channel is notified of every finished run (except those of ci and qa).",
            "For the others, add connection=ci or connection=qa.")  # fmt: skip
    assert all(sentence in texts(every.card) for sentence in said)
    assert "except" not in texts(named.card)


async def test_watch__the_button_turns_it_into_changes_only() -> None:
    """One click narrows the same subscription instead of adding a second."""
    door = Door()
    first = await door.say('watch "Payments Nightly" source=main')

    again = await door.say(command_of(first.card, "Only when something changes"))
    same = await door.say(command_of(first.card, "Only when something changes"))

    wanted = Subscription(channel=CHANNEL, launcher="Payments Nightly", source="main", outcomes=CHANGES)
    assert (wanted,) == await door.store.subscriptions(CHANNEL)
    assert "Watching changed" == plain(again.card.title)
    assert "Watching already" == plain(same.card.title)


@pytest.mark.parametrize(
    "launcher", ['Pay "x" outcomes=all', 'b" connection="other', "it's", "two  words", "\u201ccurly\u201d"]
)
def test_buttons__say_a_hostile_name_and_nothing_else(launcher: str) -> None:
    """A name from outside stays one value, whatever quotes and words it is made of."""
    wanted = Subscription(channel=CHANNEL, launcher=launcher, source="x\ny", connection="demo")

    said = only_changes(wanted).command

    assert {
        "outcomes": "changes",
        "launcher": launcher,
        "source": "x\ny",
        "connection": "demo",
    } == (said and said.values)


async def test_watch__the_button_keeps_the_rule_for_report_links() -> None:
    """A click that changes the outcomes must not let signed links into the channel again."""
    door = Door()
    first = await door.say("watch basic_test report_links=private")

    await door.say(command_of(first.card, "Only when something changes"))

    assert ReportLinks.PRIVATE is (await door.store.subscriptions(CHANNEL))[0].report_links


async def test_watch__takes_lists_of_outcomes_and_a_report_rule() -> None:
    """Everything that the settings file can say can be said in chat."""
    door = Door()

    await door.say("watch Payments Nightly outcomes=failures,recovery report_links=private connection=demo")

    assert (
        Subscription(
            channel=CHANNEL, connection="demo", launcher="Payments Nightly",
            outcomes=frozenset({Outcome.FAILURES, Outcome.RECOVERY}), report_links=ReportLinks.PRIVATE,
        ),
    ) == await door.store.subscriptions(CHANNEL)  # fmt: skip


async def test_watch__all_beside_others_is_everything() -> None:
    """`all` swallows the rest."""
    door = Door()

    await door.say("watch outcomes=all,failures")

    assert EVERYTHING == (await door.store.subscriptions(CHANNEL))[0].outcomes


async def test_watch__a_launcher_never_seen_is_pointed_out() -> None:
    """A slip of the hand would otherwise be silence for ever."""
    door = Door()
    run = door.service.add_run(a_run(1))
    await door.store.save_results(stored(run, some_results(run)))

    reply = await door.say("watch Payments Nigthly")

    assert "Did you mean “Payments Nightly”?" in told(reply.card)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("watch outcomes=failure", "Did you mean “failures”?"),
        ("watch outcomes=,", "outcomes= does not take"),
        ("watch report_links=public", "“post” or “private”"),
        ("watch connection=x", "There is no connection “x”"),
        ("watch " + "x" * 129, "launcher= must be 1 to 128 characters long"),
        ("unwatch", "This channel watches nothing"),
    ],
)
async def test_watch__bad_input_gets_a_sentence(words: str, sentence: str) -> None:
    """And nothing is stored."""
    door = Door()

    reply = await door.say(words)

    assert sentence in told(reply.card)
    assert () == await door.store.subscriptions()


async def test_watch__needs_a_role() -> None:
    """Who may only read may not make a channel noisy, and the refusal is in the trail."""
    door = Door()

    reply = await door.say("watch", by=MALLORY)

    assert "This needs the role “debug”" in told(reply.card)
    assert () == await door.store.subscriptions()


async def test_watch__form_offers_the_outcomes() -> None:
    """The form is made from the same parameters."""
    form = await Door().handler.form(Door().invocation("watch"), nothing)

    assert form is not None
    assert "all" == form.fields[1].value


async def test_form__is_denied_like_the_verb() -> None:
    """No form opens for who may not send it."""
    door = Door(policy=Policy(roles={Role.READ: frozenset({ALICE.id})}))

    with pytest.raises(UserError, match="debug"):
        await door.handler.form(door.invocation("watch"), nothing)


async def test_unwatch__the_only_one_needs_no_name() -> None:
    """Where there is one, that is meant."""
    door = Door()
    await door.say("watch Payments Nightly")

    reply = await door.say("unwatch")

    assert () == await door.store.subscriptions()
    assert "It is not notified of any runs now." in plain(reply.card.text)


async def test_unwatch__one_of_several() -> None:
    """The rest stays, and is told."""
    door = Door()
    await door.say("watch Payments Nightly")
    await door.say("watch basic_test")

    reply = await door.say("unwatch launcher=basic_test")

    assert ["Payments Nightly"] == [s.launcher for s in await door.store.subscriptions()]
    assert "It is still notified of every finished run of Payments Nightly." in plain(reply.card.text)


async def test_unwatch__the_button_ends_its_own_subscription_alone() -> None:
    """The one that hears of everything goes; one of a single source stays."""
    door = Door()
    await door.say("watch")
    await door.say("watch source=main")
    card = (await door.say("watching")).card

    await door.say(command_of(card, "Unwatch"))

    assert ("main",) == tuple(s.source for s in await door.store.subscriptions())


async def test_unwatch__all_of_them() -> None:
    """`unwatch all` leaves nothing that was made in chat."""
    door = Door()
    await door.say("watch a")
    await door.say("watch b")
    await door.say("watch c")

    reply = await door.say("unwatch all")

    assert () == await door.store.subscriptions()
    assert "of a, every finished run of b and every finished run of c" in plain(reply.card.text)


async def test_unwatch__what_is_not_there_lists_the_way() -> None:
    """A wrong name removes nothing."""
    door = Door()
    await door.say("watch a")

    reply = await door.say("unwatch b")

    assert "no such subscription" in told(reply.card)
    assert 1 == len(await door.store.subscriptions())


async def test_unwatch__settings_are_not_chats_to_change() -> None:
    """What stands in the settings file can only go there."""
    door = Door()
    await door.store.subscribe(Subscription(channel=CHANNEL, from_settings=True), EPOCH)

    reply = await door.say("unwatch")

    assert "come from the settings file" in told(reply.card)


async def test_watching__lists_each_with_its_way_out() -> None:
    """Every repeating message has an off switch beside it."""
    door = Door()
    await door.store.subscribe(
        Subscription(
            channel=CHANNEL, launcher="x", from_settings=True, problem="not in the channel",
            report_links=ReportLinks.PRIVATE, outcomes=frozenset({Outcome.NEW_FAILURES}),
        ),
        EPOCH,
    )  # fmt: skip
    await door.say("watch outcomes=changes")
    await door.store.mark_channel(CHANNEL, "not in the channel")

    card = (await door.say("watching")).card

    text = told(card)
    assert "runs with new failures of x" in text
    assert "From the settings file" in text
    assert "Nothing can be posted here: not in the channel. Messages for this channel are waiting." in text
    assert "unwatch" == words_of(card, "Unwatch")
    assert "watch outcomes=all" == words_of(card, "Every run")


async def test_watching__what_is_off_can_be_switched_on_again() -> None:
    """Once the channel can be reached again, one press brings back exactly what was wanted."""
    door = Door()
    wanted = Subscription(
        channel=CHANNEL, launcher='a "b"', outcomes=frozenset({Outcome.RECOVERY, Outcome.FAILURES}),
        report_links=ReportLinks.PRIVATE,
    )  # fmt: skip
    await door.store.subscribe(replace(wanted, problem="is_archived"), EPOCH)
    card = (await door.say("watching")).card

    await door.say(command_of(card, "Watch again"))

    assert (wanted,) == await door.store.subscriptions(CHANNEL)


async def test_watching__nothing_says_how_to_start() -> None:
    """An empty list is a sentence."""
    reply = await Door().say("watching")

    assert "“watch” notifies it" in told(reply.card)


# Filters that fit no run -----------------------------------------------------------------------------------


def a_watched_world() -> Stage:
    """Return a stage whose platform has runs of two launchers, one of them from main only."""
    stage = Stage(known=())
    stage.service.add_run(a_run(1, launcher="basic_test", source="main"))
    stage.service.add_run(a_run(2, launcher="Payments Nightly", source="main-2"))
    stage.service.add_run(a_run(3, launcher="Payments Nightly", source="main"))
    return stage


@pytest.mark.parametrize(
    ("words", "said", "offered"),
    [
        ("watch source=mian", "None of the last 3 runs has the source “mian”.", "watch source=main"),
        ("watch source=main-*", "Names are compared as a whole: * is not a wildcard.", None),
        (
            "watch Paymets Nightly",
            "None of the last 3 runs has the launcher “Paymets Nightly”.",
            'watch launcher="Payments Nightly"',
        ),
        ("watch basic_test source=main-2", "No known run of basic_test has the source “main-2”.", None),
        ("watch zebra", "None of the last 3 runs has the launcher “zebra”.", None),
    ],
)
async def test_watch__a_filter_that_fits_no_run_is_asked_about(
    words: str, said: str, offered: str | None
) -> None:
    """It would be silence for ever: the nearest name is offered, and so is to watch it all the same."""
    stage = a_watched_world()
    reply = await stage.say(words)

    assert said in texts(reply.card)
    assert await stage.memory.subscriptions() == ()
    assert offered is None or offered in [text_of(b.command) for b in reply.card.buttons if b.command]

    kept = await stage.press("Watch it anyway")

    assert not kept.failed
    assert len(await stage.memory.subscriptions()) == 1


async def test_watch__a_filter_that_fits_is_kept_at_once() -> None:
    """What fits a run, or cannot be judged because no run is known, needs no question."""
    for stage in (a_watched_world(), Stage(known=())):
        reply = await stage.say("watch Payments Nightly source=main")

        assert not reply.failed
        assert len(await stage.memory.subscriptions()) == 1


async def test_watch__a_platform_that_does_not_answer_is_no_reason_to_refuse() -> None:
    """What cannot be looked up is kept as it was said."""
    stage = a_watched_world()
    stage.service.fail("runs", Unreachable("no answer"))

    assert not (await stage.say("watch source=mian")).failed
