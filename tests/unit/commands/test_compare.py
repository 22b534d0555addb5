"""What `logs compare=yes` shows: the window before a counterexample beside the one before a passing example."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.cards import Tone, plain
from bot.errors import NotFound
from bot.model import Availability, Example, Fault, LineKind, LogLine, LogQuery, Moment, Results, Run
from bot.replies.logs import faults_named
from tests.fakes.runs import MOMENT, a_line, a_property, a_run, an_example
from tests.unit.commands.door import Door, command_of, nothing, told, words_of

PASSED = Moment("55", "391.5")
PARTITION = Fault(name="partition", kind="network", nodes=("etcd0", "etcd1"), since="395.0", until=399.5)


def before(moment: Moment, *texts: str) -> list[LogLine]:
    """Return lines of the last second before a moment."""
    return [a_line(text, f"{moment.seconds - 1 + n / 100:.3f}") for n, text in enumerate(texts)]


def a_failing_run(door: Door, *passing: Moment, results: bool = True) -> Run:
    """Put a run into the world whose property fails at `MOMENT` and held at other moments."""
    run = door.service.add_run(a_run(1))
    examples = tuple(an_example("condition: true", moment=moment) for moment in passing)
    check = a_property("balance", failing=True, examples=examples, example_count=9)
    if results:
        door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(check,)))
    verdict = a_line('FAIL Always "balance"', MOMENT.vtime, kind=LineKind.ASSERTION)
    here = [*before(MOMENT, "panic: lost quorum at 3", "applied index 7", "retry 1", "retry 2"), verdict]
    door.service.set_log(run, MOMENT, *here, faults=(PARTITION,))
    door.service.set_log(run, PASSED, *before(PASSED, "applied index 900", "snapshot saved to a1b2c3d4e5f6"))
    return run


async def test_compare__shows_what_only_one_of_the_windows_has() -> None:
    """Numbers are left out, the crash stands first, each with how often; the faults of both moments stand beside."""
    door = Door()
    run = a_failing_run(door, PASSED)

    logs = (await door.say(f"logs {run.ref.run_id}")).card
    card = (await door.say(command_of(logs, "Compare"))).card
    items = [(item.mark, plain(item.title), plain(item.lines[0])) for item in card.items]

    assert items == [
        ("only here, crash", "panic: lost quorum at 3", "once at 397.490 s, from etcd0"),
        ("only here", "retry 1", "2 times, first at 397.510 s, from etcd0"),
        ("only there", "snapshot saved to a1b2c3d4e5f6", "once at 390.510 s, from etcd0"),
    ]
    assert plain(card.text).startswith(
        "In the 10 virtual seconds before the counterexample at 398.489 s in Payments Nightly 00000000 and before the "
        "passing example at 391.5 s, 2 kinds of line are only before the counterexample, 1 only before the passing example; "
        "1 in both."
    )
    assert plain(card.text).endswith("Most telling: “panic: lost quorum at 3”.")
    facts = {fact.label: plain(fact.value) for fact in card.facts}
    assert facts["Faults here"] == "partition on etcd0, etcd1"
    assert facts["Faults there"] == "none"
    assert facts["There"] == "passing example at 391.5 s, 2 lines"
    assert card.context is not None
    assert card.context.moment == MOMENT


async def test_compare__stands_beside_the_property_too() -> None:
    """From its own card by one press, where a passing example is known."""
    door = Door()
    run = a_failing_run(door, PASSED)

    failing = (await door.say(f"failing {run.ref.run_id} property=1")).card
    card = (await door.say(command_of(failing, "Compare"))).card

    assert plain(card.title) == "Compared with a passing example of “balance”"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "partition on etcd0, etcd1"),
        ({"faults_left_out": True}, "partition on etcd0, etcd1 and more"),
        ({"faults_since": MOMENT.seconds - 120}, "partition on etcd0, etcd1, of those that began in the 120 virtual seconds before"),
        ({"faults": (), "faults_since": MOMENT.seconds - 120}, "none that began in the 120 virtual seconds before"),
        ({"faults": ()}, "none"),
        ({"faults_since": None}, ""),
        ({"cut": "the stream broke off"}, ""),
    ],
)  # fmt: skip
async def test_faults__are_named_as_far_as_they_are_known(changes: dict[str, Any], said: str) -> None:
    """Those that began before the log was followed are unknown, and of a cut log all are."""
    door = Door()
    run = a_failing_run(door, PASSED)
    whole = await door.service.logs(LogQuery(run_id=run.ref.run_id, moment=MOMENT), nothing)

    assert plain(faults_named(MOMENT, replace(whole, **changes))) == said


async def test_compare__writes_no_file_and_reads_each_window_once() -> None:
    """It is a look, so nothing lies on the disk afterwards."""
    door = Door()
    run = a_failing_run(door, PASSED)

    await door.say(f"logs {run.ref.run_id} compare=yes window=5 source=etcd0")
    asked = [call.argument for call in door.service.calls if isinstance(call.argument, LogQuery)]

    assert [(query.moment, query.window, query.source, query.file) for query in asked] == [
        (MOMENT, 5.0, "etcd0", False),
        (PASSED, 5.0, "etcd0", False),
    ]


async def test_compare__without_a_passing_example_says_so() -> None:
    """There is nothing to compare with, and no button leads there."""
    door = Door()
    run = a_failing_run(door)

    logs = (await door.say(f"logs {run.ref.run_id}")).card
    card = (await door.say(f"logs {run.ref.run_id} property=1 compare=yes")).card

    assert "Compare" not in [button.label for button in logs.buttons]
    assert plain(card.text) == (
        "No passing example of the property “balance” is known in run 00000000000000000000000000000001-62-14 "
        "(Payments Nightly), so there is nothing to compare with."
    ) or "so there is nothing to compare with." in plain(card.text)
    assert door.service.count("logs") == 1


@pytest.mark.parametrize("side", [MOMENT, PASSED])
async def test_compare__a_cut_window_is_not_used(side: Moment) -> None:
    """What was not read may hold the line that seems to be missing, so nothing is said of any line."""
    door = Door()
    run = a_failing_run(door, PASSED)
    door.service.set_log(run, side, *before(side, "applied index 7"), cut="the stream broke off")

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card

    assert "could not be read whole: the stream broke off." in plain(card.text)
    assert "Nothing is concluded from that." in plain(card.text)
    assert (card.items, card.tone) == ((), Tone.WARNING)
    assert not any(word in told(card) for word in ("only here", "only there", "Faults"))
    assert words_of(card, "Shorter window").endswith(
        "window=2.5 compare=yes property=balance"
    ) or "window=2.5" in words_of(card, "Shorter window")


async def test_compare__an_empty_window_is_not_used() -> None:
    """Beside no line at all every line would be only here."""
    door = Door()
    run = a_failing_run(door, PASSED)
    door.service.set_log(run, PASSED, a_line("long ago", "3.0"))

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card

    assert "No line to compare stands before the passing example." in plain(card.text)
    assert "window=40" in words_of(card, "Wider window")


async def test_compare__nothing_differs() -> None:
    """Then that is the answer, with how much is the same."""
    door = Door()
    run = a_failing_run(door, PASSED)
    for moment in (MOMENT, PASSED):
        door.service.set_log(run, moment, *before(moment, f"applied index {moment.vtime}", "tick"))

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card

    assert plain(card.text).endswith(" nothing differs: 2 kinds of line in both.")
    assert card.items == ()


async def test_compare__the_nearest_whole_example_is_taken() -> None:
    """One in the run's first seconds has no window; one of the same history with the same lines says nothing."""
    door = Door()
    early, far, same = Moment("56", "2.0"), Moment("57", "100.0"), Moment(MOMENT.input_hash, "398.0")
    run = a_failing_run(door, early, far, same, PASSED)

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card

    assert "passing example at 391.5 s" in told(card)


async def test_compare__both_windows_are_as_long_as_the_shorter_one_can_be() -> None:
    """A run has no log before its begin, and a longer window would have more lines only because of that."""
    door = Door()
    early = Moment("56", "2.5")
    run = a_failing_run(door, early)
    door.service.set_log(run, early, *before(early, "applied index 1"))

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card
    asked = [call.argument for call in door.service.calls if isinstance(call.argument, LogQuery)]

    assert [query.window for query in asked] == [2.5, 2.5]
    assert "Both windows have 2.5 virtual seconds: one of the moments is that early in the run." in told(card)


async def test_compare__of_no_property_asks_for_one() -> None:
    """Nobody knows what passes where no property is meant."""
    door = Door()
    run = a_failing_run(door, PASSED, results=False)

    card = (await door.say(f"logs {run.ref.run_id} moment={MOMENT.text} compare=yes")).card

    assert "Comparing takes a property" in told(card)


@pytest.mark.parametrize("other", ["errors=yes", "lines=50"])
async def test_compare__refuses_what_it_would_pass_over(other: str) -> None:
    """It is said instead of being left out silently."""
    door = Door()
    run = a_failing_run(door, PASSED)

    reply = await door.say(f"logs {run.ref.run_id} compare=yes {other}")

    assert reply.failed
    assert all(f"{name}=" in told(reply.card) for name in ("compare", other.partition("=")[0]))


async def test_compare__a_stale_passing_example_is_fetched_again() -> None:
    """Moments are derived anew at each reading, so the property is read again by its name."""
    door = Door()
    gone = Moment("58", "392.0")
    run = a_failing_run(door, gone)
    thread = await door.thread_about(run)
    logs = door.service.logs

    async def moved(query: LogQuery, report: object) -> object:
        if query.moment == gone:
            a_failing_run(door, PASSED)
            raise NotFound("There is no such moment in this run.", what="moment")
        return await logs(query, report)  # type: ignore[arg-type]

    door.service.logs = moved  # type: ignore[method-assign,assignment]
    card = (await door.say("logs compare=yes", thread=thread)).card

    assert "passing example at 391.5 s" in told(card)


async def test_logs__a_stale_moment_is_fetched_again_by_name() -> None:
    """The button of an old card names a moment that is gone: the property's present one is shown, and that is said."""
    door = Door()
    run = a_failing_run(door, PASSED)

    card = (await door.say(f"logs {run.ref.run_id} moment=77,398.25 property=balance")).card

    assert "Logs before 398.489 s" in plain(card.title)
    assert (
        "The moment at 398.25 s is no longer known there. This is the earliest one of the same property now."
        in told(card)
    )
    assert card.context is not None
    assert card.context.moment == MOMENT


async def test_logs__a_stale_moment_of_no_property_stays_unknown() -> None:
    """There is no name to fetch another one by."""
    door = Door()
    run = a_failing_run(door, PASSED)

    reply = await door.say(f"logs {run.ref.run_id} moment=77,398.25")

    assert reply.failed
    assert "no such moment" in told(reply.card)


async def test_logs__a_moment_that_is_gone_for_good_is_asked_for_once() -> None:
    """The property still names it, so there is no other one to show."""
    door = Door()
    run = a_failing_run(door, PASSED)
    thread = await door.thread_about(run)
    door.service.fail("logs", NotFound("There is no such moment in this run.", what="moment"))

    reply = await door.say("logs property=1", thread=thread)

    assert reply.failed
    assert door.service.count("logs") == 1


async def test_compare__hostile_lines_stay_text() -> None:
    """Names and lines from outside are marked as such, and long ones are cut."""
    door = Door()
    run = a_failing_run(door, PASSED)
    door.service.set_log(run, MOMENT, *before(MOMENT, "<!channel> [x](https://evil.example) " + "y" * 5_000))

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card

    assert all(not isinstance(span, str) for span in card.items[0].title)
    assert len(plain(card.items[0].title)) == 300


def test_example__has_no_moment() -> None:
    """An example without a moment is none to compare with."""
    assert Example(text="x").moment is None


async def test_compare__a_long_comparison_is_whole_in_its_file() -> None:
    """The card shows the most telling ones; all of them are reachable."""
    door = Door()
    run = a_failing_run(door, PASSED)
    words = ("alpha", "beta", "gamma", "delta", "omega", "sigma")
    here = [f"{one} {other}" for one in words for other in words]
    door.service.set_log(run, MOMENT, *before(MOMENT, *here))

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card
    (file,) = card.files

    assert (len(card.items), card.items_left_out) == (12, 26)
    assert len(file.content.splitlines()) == 38
    assert {line.split("\t")[4] for line in file.content.decode().splitlines()} >= set(here)


async def test_compare__a_cut_window_without_a_line_is_not_made_wider() -> None:
    """A longer one would be cut even more."""
    door = Door()
    run = a_failing_run(door, PASSED)
    door.service.set_log(run, PASSED, cut="the stream broke off")

    card = (await door.say(f"logs {run.ref.run_id} compare=yes")).card

    assert [button.label for button in card.buttons] == ["Shorter window", "Logs"]
