"""One order of properties in every card, and what a button or a number of a list is about in the next answer."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import grammar
from bot.analysis import analysis_of
from bot.cards import Button, Card, Context, plain
from bot.commands.registry import text_of
from bot.model import Availability, Check, LogLine, Moment, Results, Run, RunRef, RunStatus
from bot.replies import announcements, at_moment
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_property, a_run, an_example, some_results
from tests.unit.commands.door import CHANNEL, Door, command_of, nothing, told, words_of

MOMENTS = {"alpha": Moment("11", "11.5"), "beta": Moment("-22", "22.25"), "zeta": Moment("33", "33.125")}


def failing_at(name: str, *moments: Moment | None) -> Check:
    """Return a failing property with one counterexample per moment, in the order served."""
    samples = tuple(an_example(f"sample of {name}", moment=moment) for moment in moments)
    return a_property(name, failing=True, counterexamples=samples)


def a_failing_run(door: Door, *names: str, number: int = 2, **changes: object) -> Run:
    """Add a run in which these properties fail, served in this order, each with its own moment and log."""
    run = door.service.change(door.service.add_run(a_run(number)), **changes)
    listed = tuple(failing_at(name, MOMENTS[name]) for name in names)
    passing = tuple(a_property(name) for name in MOMENTS if name not in names)
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=listed + passing))
    for moment in MOMENTS.values():
        door.service.set_log(run, moment, *(a_line(f"line {n}", moment.vtime) for n in range(3)))
    return run


def pressable(card: Card) -> list[Button]:
    """Return the buttons of a card that look at a moment."""
    found = [*card.buttons, *(button for item in card.items for button in item.buttons)]
    return [
        button
        for button in found
        if button.command
        and button.command.verb in {"logs", "debug"}
        and "build" not in button.command.values
    ]


@pytest.mark.parametrize("served", list(itertools.permutations(MOMENTS)))
@pytest.mark.parametrize("before", [None, ("alpha",), ("alpha", "zeta")])
async def test_order__what_a_card_names_first_is_first_everywhere(
    served: tuple[str, ...], before: tuple[str, ...] | None
) -> None:
    """The run's card, the list, its numbers, `logs` and `debug` agree, in whatever order the platform serves."""
    door = Door()
    if before is not None:
        a_failing_run(door, *before, number=1)
    run = a_failing_run(door, *served)
    thread = await door.thread_about(run)
    new = sorted(set(served) - set(before or ()))
    first = new[0] if before else "alpha"

    status = (await door.say(f"status {run.ref.run_id}")).card
    found = await analysis_of(door.service.platform, door.store, run)
    told_all = announcements.ended(found, door.clock.now())
    listing = (await door.say(f"failing {run.ref.run_id}")).card
    logs = (await door.say("logs", thread=thread)).card
    debug = (await door.say("debug", thread=thread)).card
    one = (await door.say("failing 1", thread=thread)).card

    expected = Context(run=run.ref, property_name=first, moment=MOMENTS[first])
    assert [plain(card.items[0].title).partition(" ")[0] for card in (status, told_all)] == [first] * 2
    assert plain(told_all.text).partition("“")[2].startswith(first)
    assert plain(listing.items[0].title) == f"1. {first}"
    assert [logs.context, debug.context, one.context] == [expected] * 3
    pressed = [(await door.say(command_of(status, label))).card.context for label in ("Logs", "Debug")]
    pressed += [(await door.say(command_of(told_all, label))).card.context for label in ("Logs 1", "Debug 1")]
    assert pressed == [expected] * 4


async def test_buttons__every_one_beside_a_property_leaves_it_in_the_thread() -> None:
    """After a press, the thread knows the run, the property and the moment: on every card with such buttons."""
    door = Door()
    run = a_failing_run(door, "zeta", "alpha", "beta")
    status = (await door.say("status latest")).card
    listing = (await door.say("failing latest")).card
    door.service.set_events(run)
    one = (await door.say("failing latest property=beta")).card
    logs = (await door.say(command_of(listing, "Logs 3"))).card
    cards = [(status, "alpha"), (one, "beta"), (logs, "zeta")]
    beside = [(button, name) for card, name in cards for button in pressable(card)]
    beside += [
        (b, name)
        for item, name in zip(listing.items, sorted(MOMENTS), strict=True)
        for b in item.buttons
        if b.label not in {"History", "Mark"}  # they are about many runs, and leave none of their moments
    ]

    assert len(beside) == 2 + 4 + 4 + 6
    for number, (button, name) in enumerate(beside):
        thread = await door.thread_about(run, f"17000000{number}.000100")
        reply = await door.say(button.command, thread=thread)
        await door.handler.answered(
            door.invocation(button.command, thread=thread), reply, door.posted(thread, f"m{number}")
        )
        known = await door.store.context(CHANNEL, thread)
        assert known == Context(run=run.ref, property_name=name, moment=MOMENTS[name]), button.label


async def test_debug__a_session_from_a_button_names_its_property() -> None:
    """Its description says what failed there, so that the mail and the platform's list do."""
    door = Door()
    a_failing_run(door, "zeta", "alpha", "beta")
    listing = (await door.say("failing latest")).card

    card = (await door.say(command_of(listing, "Debug 2"))).card

    described = next(plain(fact.value) for fact in card.facts if fact.label == "Description")
    assert described == "[clew:00000000] beta"


async def test_debug__the_live_card_of_a_session_goes_on_speaking_of_its_property() -> None:
    """Whether the confirmation stood in a thread or not, what follows it keeps run, property and moment."""
    door = Door()
    run = a_failing_run(door, "beta", "alpha")
    asked = (await door.say("debug latest property=beta")).card

    sent = (await door.say(command_of(asked, "Open session"))).card

    assert sent.context == Context(run=run.ref, property_name="beta", moment=MOMENTS["beta"])


@pytest.mark.parametrize(("words", "name"), [("logs 1", "alpha"), ("debug 2", "beta"), ("failing 3", "zeta"),
                                             ("logs 2 window=30", "beta"), ("debug property=3", "zeta")])  # fmt: skip
async def test_number__of_a_list_is_its_entry(words: str, name: str) -> None:
    """In the thread of a numbered list a bare number is an entry of it, not the beginning of a run id."""
    door = Door()
    run = a_failing_run(door, "zeta", "alpha", "beta")
    thread = await door.thread_about(run)

    card = (await door.say(words, thread=thread)).card

    assert card.context == Context(run=run.ref, property_name=name, moment=MOMENTS[name])


async def test_number__goes_with_latest_and_wins_over_what_the_thread_speaks_of() -> None:
    """`logs latest 2` needs no thread, and a number in the thread of one property means another one."""
    door = Door()
    run = a_failing_run(door, "zeta", "alpha", "beta")
    speaks = Context(run=run.ref, property_name="alpha", moment=MOMENTS["alpha"])
    await door.store.set_context(CHANNEL, "1.2", speaks)

    latest = (await door.say("logs latest 2")).card
    other = (await door.say("logs 3", thread="1.2")).card

    assert (latest.context or speaks).property_name == "beta"
    assert (other.context or speaks).property_name == "zeta"


@pytest.mark.parametrize(("words", "sentence"), [("logs 4", "There is no entry 4: 3 properties fail in this run."),
                                                 ("failing 12", "There is no entry 12")])  # fmt: skip
async def test_number__that_is_none_of_the_list_is_said(words: str, sentence: str) -> None:
    """It names the number and how many there are."""
    door = Door()
    thread = await door.thread_about(a_failing_run(door, "zeta", "alpha", "beta"))

    reply = await door.say(words, thread=thread)

    assert sentence in told(reply.card)
    assert reply.failed


async def test_number__without_a_run_asks_which_run() -> None:
    """Nobody knows which list is meant."""
    assert "Which run?" in told((await Door().say("failing 1")).card)


async def test_buttons__of_an_older_card_work_when_the_property_fails_no_more() -> None:
    """Results may come anew after a card was posted; its moment can still be looked at."""
    door = Door()
    run = a_failing_run(door, "alpha", "beta")
    card = (await door.say("failing latest")).card
    a_failing_run(door, "beta")

    logs = await door.say(command_of(card, "Logs 1"))
    unknown = await door.say(f"logs latest moment={MOMENTS['alpha'].text} property=omega")

    assert logs.card.context == Context(run=run.ref, property_name="alpha", moment=MOMENTS["alpha"])
    assert "No failing property matches “omega”" in told(unknown.card)


async def test_form__given_back_as_it_was_prefilled_keeps_the_property() -> None:
    """A form knows run and moment; where they are the thread's, so is the property. Another moment is not its."""
    door = Door()
    run = a_failing_run(door, "zeta", "alpha", "beta")
    await door.store.set_context(
        CHANNEL, "1.2", Context(run=run.ref, property_name="beta", moment=MOMENTS["beta"])
    )
    invocation = door.invocation("debug", thread="1.2")
    form = await door.handler.form(invocation, nothing)
    assert form is not None
    filled = {field.name: field.value for field in form.fields if field.value}

    same = (await door.say("debug", thread="1.2", values=filled)).card
    other = (await door.say("debug", thread="1.2", values=filled | {"moment": MOMENTS["zeta"].text})).card

    assert same.context == Context(run=run.ref, property_name="beta", moment=MOMENTS["beta"])
    assert other.context == Context(run=run.ref, moment=MOMENTS["zeta"])


async def test_property__whose_name_is_a_number_is_found_by_its_buttons() -> None:
    """A button says the name; the name wins over the entry with that number."""
    door = Door()
    run = door.service.add_run(a_run(2))
    named = tuple(
        failing_at(name, Moment(hash_, "5.5")) for name, hash_ in (("2", "1"), ("x", "2"), ("1", "3"))
    )
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=named))
    listing = (await door.say("failing latest")).card
    assert [plain(item.title) for item in listing.items] == ["1. 1", "2. 2", "3. x"]

    card = (await door.say(command_of(listing, "Debug 1"))).card

    assert card.context == Context(run=run.ref, property_name="1", moment=Moment("3", "5.5"))


@given(st.text(min_size=1, max_size=200).filter(lambda name: name == " ".join(name.split())))
def test_property__any_name_survives_its_button(name: str) -> None:
    """Quotes, links, moments and commands in a name stay its text."""
    about = Context(run=RunRef("demo", "r-1"), property_name=name, moment=MOMENT)

    read = grammar.split(text_of(at_moment.command("logs", about, window="40")))

    assert (read.named["property"], read.named["window"], read.positional) == (name, "40", ("demo/r-1",))


def test_moment__is_the_earliest_of_several_counterexamples() -> None:
    """Numbers are compared, not texts, and not as floats; the text stays as served."""
    late, early = Moment("1", "313.15"), Moment("2", "45.33")
    a_bit_later, exact = Moment("3", "398.48980557741231"), Moment("4", "398.48980557741230")
    assert a_bit_later.seconds == exact.seconds

    assert failing_at("x", late, None, early).moment == early
    assert failing_at("x", a_bit_later, exact).moment == exact
    assert failing_at("x", Moment("5", "1e2"), Moment("6", "99.5")).moment == Moment("6", "99.5")
    assert failing_at("x", None).moment is None
    assert a_property("x", failing=True, counterexamples=()).moment is None


async def test_failing__shows_the_sample_that_its_buttons_look_at() -> None:
    """The text beside a moment is of that counterexample, and stands first among the samples."""
    door = Door()
    run = door.service.add_run(a_run(1))
    samples = (an_example("late", moment=Moment("1", "313.15")), an_example("early", moment=Moment("2", "45.33")),
               an_example("", moment=Moment("3", "99.5")))  # fmt: skip
    broken = a_property("x", failing=True, counterexamples=samples)
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(broken,)))

    listing = (await door.say("failing latest")).card
    one = (await door.say("failing latest 1")).card

    assert [plain(line) for line in listing.items[0].lines][:2] == [
        "3 counterexamples, 0 examples · at 45.33 s",
        "early",
    ]
    assert [plain(item.title) for item in one.items] == ["early", "at 99.5 s", "late"]


def incomplete(door: Door) -> Run:
    """Add a run that did not get through, in which properties fail too."""
    moment = Moment("-987654321", "226.839")
    run = a_failing_run(door, "zeta", "beta", status=RunStatus.INCOMPLETE, failure_moment=moment)
    door.service.set_log(run, moment, a_line("panic: out of memory", "226.8"))
    return run


@pytest.mark.parametrize("words", ["logs {}", "debug {}", "logs latest", "Logs at the failure", "Debug"])
async def test_incomplete__is_looked_at_where_it_broke(words: str) -> None:
    """A property that failed before is not what stopped the run."""
    door = Door()
    run = incomplete(door)
    card = (await door.say(f"status {run.ref.run_id}")).card
    said = words.format(run.ref.run_id) if words[0].islower() else words_of(card, words)

    reply = await door.say(said)

    assert reply.card.context == Context(run=run.ref, moment=run.failure_moment)
    assert ("Failure moment", "-987654321 226.839") in [(f.label, plain(f.value)) for f in card.facts]


async def test_incomplete__says_which_properties_have_moments_too() -> None:
    """They are one number away."""
    door = Door()
    run = incomplete(door)

    card = (await door.say(f"logs {run.ref.run_id}")).card

    assert plain(card.footer) == "2 failing properties have a moment: use “failing” or “logs 1”."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": RunStatus.IN_PROGRESS}, "This run has not ended, so it has no moments yet."),
        ({"status": RunStatus.INCOMPLETE, "failure_unpinned": True}, "without a pinned moment."),
        ({}, "No property of this run fails, so there is no moment to look at."),
    ],
)
async def test_logs__of_a_run_without_a_moment_is_its_build_log(changes: dict[str, object], why: str) -> None:
    """In its thread `logs` shows what there is, and says that it is the build log and why."""
    door = Door()
    run = door.service.change(door.service.add_run(a_run(1)), **changes)
    door.service.set_results(some_results(run, passing=("fine",)))
    door.service.set_build_log(run, LogLine(text="Building image", at=EPOCH, stream="stdout"))
    thread = await door.thread_about(run)

    reply = await door.say("logs grep=image", thread=thread)

    assert not reply.failed
    assert reply.card.excerpt is not None
    assert "Building image" in reply.card.excerpt.lines[0]
    assert f"{why} The build log is shown instead." in plain(reply.card.text)
    assert "This is the whole build log of" in plain(reply.card.text)
    assert "The build log is not filtered. Ignored: grep=." in told(reply.card)


async def test_logs__of_a_run_with_neither_says_both() -> None:
    """No moment and no build log: the sentence says so."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, passing=("fine",)))

    reply = await door.say("logs", thread=await door.thread_about(run))

    assert reply.failed
    assert "there is no moment to look at. Its build log cannot be shown either: " in told(reply.card)


async def test_wider__shows_more_lines_until_all_are_shown() -> None:
    """Each press shows more than the one before; where nothing is left to show, there is no such button."""
    door = Door()
    run = door.service.add_run(a_run(1))
    moment = Moment("7", "100.5")
    broken = failing_at("balance", moment)
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(broken,)))
    door.service.set_log(run, moment, *(a_line(f"line {n}", f"{n / 2}") for n in range(200)))

    card = (await door.say("logs latest")).card
    shown = []
    while any(button.label == "Wider window" for button in card.buttons):
        assert card.excerpt is not None
        shown.append(len(card.excerpt.lines))
        card = (await door.say(command_of(card, "Wider window"))).card
        assert card.context == Context(run=run.ref, property_name="balance", moment=moment)

    assert card.excerpt is not None
    assert [*shown, len(card.excerpt.lines)] == [19, 79, 200]


@pytest.mark.parametrize("verb", ["logs", "debug"])
async def test_thread__of_a_property_without_a_moment_shows_no_other_ones(verb: str) -> None:
    """The log of another property would be taken for the one that the thread speaks of."""
    door = Door()
    run = door.service.add_run(a_run(1))
    properties = (failing_at("alpha", MOMENTS["alpha"]), failing_at("zeta", None))
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=properties))
    await door.store.set_context(CHANNEL, "t1", Context(run=run.ref, property_name="zeta"))

    reply = await door.say(verb, thread="t1")

    assert "“zeta” has no moment: it is judged on the whole run." in told(reply.card)
