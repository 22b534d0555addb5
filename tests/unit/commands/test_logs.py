"""What `logs` shows of the time before a moment."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.cards import Card, Command, Context, Tone, plain
from bot.command import MomentTarget
from bot.errors import Unreachable
from bot.model import (
    Availability,
    Example,
    Fault,
    LineKind,
    LogExcerpt,
    LogLine,
    LogQuery,
    Moment,
    Results,
    Run,
    RunStatus,
)
from bot.replies import logs as replies
from tests.fakes.runs import EPOCH, MOMENT, a_line, a_property, a_run, run_id, some_results
from tests.fakes.service import FakeRunService, there
from tests.unit.commands.door import CHANNEL, Door, command_of, nothing, told, words_of

PARTITION = Fault(name="partition", kind="network", nodes=("etcd0", "etcd1"), since="395.0", until=399.5)


def failing_run(door: Door, number: int = 1) -> Run:
    """Put a run into the world that fails at `MOMENT`, with five lines before it."""
    run = door.service.add_run(a_run(number))
    door.service.set_results(some_results(run, failing=("balance",), passing=("fine",)))
    lines = [a_line(f"line {n}", f"39{n}.5") for n in range(4, 8)]
    last = a_line("Always: balance - FAIL", MOMENT.vtime, kind=LineKind.ASSERTION)
    door.service.set_log(run, MOMENT, *lines, last, faults=(PARTITION,))
    return run


async def test_logs__in_a_thread_takes_the_first_failing_property() -> None:
    """No argument is needed: run, property and moment come from what the thread speaks of."""
    door = Door()
    run = failing_run(door)
    thread = await door.thread_about(run)

    card = (await door.say("logs", thread=thread)).card

    assert Context(run=run.ref, property_name="balance", moment=MOMENT) == card.context
    assert card.excerpt is not None
    assert "398.489 [etcd0] ! Always: balance - FAIL" in card.excerpt.lines[-1]


async def test_logs__names_the_faults_that_were_active() -> None:
    """The cause half of the story stands in the sentence, not only in the lines."""
    door = Door()
    run = failing_run(door)

    card = (await door.say(f"logs {run.ref.run_id}")).card

    assert "Faults active then: partition on etcd0, etcd1." in plain(card.text)
    assert "active for 3.5 virtual seconds, until 399.500 s" in told(card)


async def test_logs__a_wider_window_shows_more_lines() -> None:
    """Asking for more time is asking for more to read, not for a larger count of what is left out."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("balance",)))
    door.service.set_log(run, MOMENT, *(a_line(f"line {n}", f"{360 + n / 4}") for n in range(150)))

    cards = [
        (await door.say(f"logs {run.ref.run_id}{words}")).card
        for words in ("", " window=20", " window=35", " window=35 lines=7")
    ]

    assert [20, 40, 70, 7] == [len(card.excerpt.lines) for card in cards if card.excerpt]


async def excerpted(**changes: Any) -> Card:
    """Show a window as a platform may return it."""
    door = Door()
    run = failing_run(door)
    query = LogQuery(run_id=run.ref.run_id, moment=MOMENT)
    whole = await door.service.logs(query, nothing)
    target = MomentTarget(platform=door.service.platform, run=run, moment=MOMENT)
    return replies.window(target, query, replace(whole, **changes), {}).card


KILL = Fault(name="kill", kind="node", nodes=("etcd0",), since="398.36", until=None)
BACK = replace(KILL, until=398.4)


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"faults": (), "faults_since": 0.0}, ["No fault was active at the moment."]),
        (
            {"faults": (), "faults_since": MOMENT.seconds - 120},
            ["No fault that began in the 120 virtual seconds before the moment was active then; earlier faults are unknown."],
        ),
        ({"faults_since": MOMENT.seconds - 120}, ["Faults that began earlier than 120 virtual seconds before the moment are unknown."]),
        ({"faults_left_out": True}, ["More faults were active at once than are listed here."]),
        ({"faults": (KILL,)}, ["Faults active then: kill on etcd0.", "kill on etcd0, 0.13 virtual seconds before"]),
        ({"faults": (BACK,)}, ["0.13 virtual seconds before, container restarted at 398.400 s"]),
        (
            {"faults": (), "cut": "the stream broke off", "cut_at": "396.125"},
            ["Not the whole window: the stream broke off.", "unknown because the log is cut off", ": 5 lines read."],
        ),
        (
            {"cut": "the stream broke off", "cut_at": "396.125"},
            [
                "Seen until the cut at 396.125 s: partition on etcd0, etcd1.",
                "Active faults are unknown because the log is cut off.",
                "partition on etcd0, etcd1, began at 395.0 s, seen until the cut at 396.125 s",
                "Faults are known until the cut at 396.125 s; which were active at the moment is unknown because the log is cut off.",
            ],
        ),
        ({"cut": "x", "lines": (), "matched": 0}, ["none of the 5 lines read match."]),
        ({"cut": "x", "lines": (), "matched": 0, "total": 0}, ["no line of the 10 virtual seconds before it could be read."]),
        ({"file_trouble": "the file could not be written"}, ["The file could not be written."]),
    ],
)  # fmt: skip
async def test_logs__says_how_far_it_knows(changes: dict[str, object], sentences: list[str]) -> None:
    """What was not read is never said not to be, and what was seen is told as seen."""
    card = await excerpted(**changes)
    everything = f"{plain(card.text)} {told(card)}"

    assert [sentence for sentence in sentences if sentence not in everything] == []
    assert not ("cut" in changes and ("No fault" in everything or "Try a wider window" in everything))
    assert not ("file_trouble" in changes and "Not the whole" in everything)
    assert (Tone.WARNING if changes.keys() & {"cut", "file_trouble"} else Tone.NEUTRAL) is card.tone


async def test_logs__says_how_many_lines_are_left_out() -> None:
    """What is not shown is counted, and the whole window goes along."""
    door = Door()
    run = failing_run(door)

    card = (await door.say(f"logs {run.ref.run_id} lines=2")).card

    assert card.excerpt is not None
    assert (2, 3) == (len(card.excerpt.lines), card.excerpt.left_out)


async def test_logs__grep_and_source_narrow_what_is_shown() -> None:
    """Filters are told, and an empty result says so."""
    door = Door()
    run = failing_run(door)

    hit = (await door.say(f'logs {run.ref.run_id} grep="line 5" source=etcd0')).card
    miss = (await door.say(f"logs {run.ref.run_id} grep=nowhere")).card

    assert hit.excerpt is not None
    assert 1 == len(hit.excerpt.lines)
    assert "none of the 5 lines in the window match" in plain(miss.text)
    assert miss.excerpt is None


async def test_logs__grep_takes_a_pattern() -> None:
    """In slashes; of one that cannot be used is said what is wrong in it, and how to do without."""
    door = Door()
    run = failing_run(door)

    hit = (await door.say(f"logs {run.ref.run_id} grep='/LINE [56]$/i'")).card
    wrong = (await door.say(f"logs {run.ref.run_id} grep=/line(/")).card

    assert [line.split("] ")[1] for line in there(hit.excerpt).lines] == ["line 5", "line 6"]
    assert "Only lines with" in {fact.label for fact in hit.facts}
    assert "/LINE [56]$/i" in told(hit)
    assert "grep= cannot be used as a regular expression: missing ): line(." in told(wrong)
    assert "without the slashes the text is looked for as it stands" in told(wrong)


async def test_logs__a_pasted_moment_wins_over_the_thread() -> None:
    """What is pasted is what is meant."""
    door = Door()
    run = failing_run(door)
    other = door.service.add_run(a_run(2))
    elsewhere = Moment("77", "12.5")
    door.service.set_log(other, elsewhere, a_line("there", "12.25"))
    thread = await door.thread_about(run)
    pasted = f'Moment.from({{ run_id: "{other.ref.run_id}", input_hash: "77", vtime: 12.5 }})'

    card = (await door.say(f"logs {pasted} window=30", thread=thread)).card

    assert Context(run=other.ref, moment=elsewhere) == card.context
    assert "30 virtual seconds" in told(card)


async def test_logs__the_thread_of_a_property_keeps_its_moment() -> None:
    """After one property was opened, its thread speaks of its moment."""
    door = Door()
    run = failing_run(door)
    context = Context(run=run.ref, property_name="balance", moment=MOMENT)
    await door.store.set_context(CHANNEL, "1.2", context)

    card = (await door.say("logs", thread="1.2")).card

    assert context == card.context


async def test_logs__wider_asks_for_the_same_with_a_larger_window() -> None:
    """Growing the window is one click: it shows more lines too, and keeps the filters and the property."""
    door = Door()
    run = failing_run(door)

    card = (await door.say(f'logs {run.ref.run_id} source="etcd 0"')).card

    expected = (
        f'logs demo/{run.ref.run_id} moment={MOMENT.text} window=40 lines=80 source="etcd 0" property=balance'
    )
    assert expected == words_of(card, "Wider window")
    assert f"debug demo/{run.ref.run_id} moment={MOMENT.text} property=balance" == words_of(card, "Debug")


async def test_logs__of_an_incomplete_run_uses_its_failure_moment() -> None:
    """A run that broke has no failing property; where it broke is the first thing to look at."""
    door = Door()
    moment = Moment("-5", "20.5")
    run = door.service.add_run(a_run(1, status=RunStatus.INCOMPLETE, failure_moment=moment))
    door.service.set_log(run, moment, a_line("panic", "20.25"))

    card = (await door.say("logs latest")).card

    assert Context(run=run.ref, moment=moment) == card.context


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": RunStatus.IN_PROGRESS}, "This run has not ended"),
        ({"status": RunStatus.INCOMPLETE, "failure_unpinned": True}, "without a pinned moment"),
        ({}, "The properties of this run cannot be read, so no moment is known"),
    ],
)
async def test_logs__without_a_moment_says_why(changes: dict[str, object], sentence: str) -> None:
    """Three reasons for having nothing to look at, three sentences."""
    door = Door()
    door.service.change(door.service.add_run(a_run(1)), **changes)

    reply = await door.say("logs latest")

    assert sentence in told(reply.card)
    assert reply.failed


async def test_logs__property_without_moment_is_refused() -> None:
    """A property judged on the whole run cannot be looked at in time."""
    door = Door()
    run = door.service.add_run(a_run(1))
    whole = a_property("Recent version", failing=True, is_event=False, counterexamples=())
    door.service.set_results(Results(ref=run.ref, availability=Availability.READY, checks=(whole,)))

    reply = await door.say("logs latest property=1")

    assert "has no moment: it is judged on the whole run" in told(reply.card)


async def test_logs__build_log() -> None:
    """The build log is asked for by name; an empty one is said to be empty."""
    door = Door()
    run = door.service.add_run(a_run(1))
    lines = [
        LogLine(text="Building image", at=EPOCH, source="build", stream="out"),
        LogLine(text="no such layer", at=EPOCH, source="build", stream="error"),
        LogLine(text="odd", at=EPOCH, source="build"),
    ]
    door.service.set_build_log(run, *lines)
    bare = door.service.add_run(a_run(0))
    door.service.set_build_log(bare)

    card = (await door.say("logs latest build=yes")).card
    empty = (await door.say(f"logs {bare.ref.run_id} build=yes")).card

    assert card.excerpt is not None
    assert [
        " 03:00:00 [stdout] Building image",
        " 03:00:00 [stderr] no such layer",
        " 03:00:00 odd",
    ] == list(card.excerpt.lines)
    assert plain(card.text) == "This is the whole build log of Payments Nightly 00000000, 3 lines."
    assert "is empty" in plain(empty.text)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((a_line("x", "0"),), "1 line of the build log of"),
        ((), "0 lines of the build log of"),
    ],
)
def test_logs__a_build_log_that_was_cut(lines: tuple[LogLine, ...], sentence: str) -> None:
    """Its end is not known, and it is never said to be empty."""
    found = LogExcerpt(lines=lines, matched=len(lines), total=len(lines), cut="the stream broke off")

    card = replies.build_logs(a_run(1), found).card

    assert sentence in plain(card.text)
    assert "Not the whole build log: the stream broke off." in told(card)
    assert Tone.WARNING is card.tone


@pytest.mark.parametrize(
    ("shown", "total", "cut", "sentence"),
    [
        (2, 300, None, "These are the last 2 lines of 300 of the build log of Payments Nightly 00000000."),
        (1, 300, None, "This is the last line of 300 of the build log of"),
        (2, 300, "x", "These are the last 2 lines of 300 that could be read of the build log of"),
        (1, 1, None, "This is the whole build log of Payments Nightly 00000000, 1 line."),
    ],
)
def test_logs__how_much_of_a_build_log_is_shown(
    shown: int, total: int, cut: str | None, sentence: str
) -> None:
    """What is shown and what was read are two numbers, and only all of it is called whole."""
    lines = (a_line("x", "0"),) * shown
    found = LogExcerpt(lines=lines, matched=total, total=total, cut=cut)

    assert sentence in plain(replies.build_logs(a_run(1), found).card.text)


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "The whole build log, 1 line"),
        ({"cut": "the stream broke off"}, "What was read of the build log, 1 line"),
        ({"file_trouble": "the disk is full"}, "A part of the build log"),
    ],
)
def test_logs__only_a_file_that_holds_all_is_called_whole(changes: dict[str, Any], title: str) -> None:
    """The file of a log that was cut holds what was read."""
    found = replace(LogExcerpt(lines=(a_line("x", "0"),), matched=1, total=1, path="x.ndjson"), **changes)

    assert [title] == [file.title for file in replies.build_logs(a_run(1), found).card.files]


async def test_logs__names_only_filters_that_were_given() -> None:
    """Where a window has no line at all no filter is at fault."""
    card = await excerpted(lines=(), matched=0, total=0)

    assert "No lines to show. Try a wider window." in told(card)


async def test_logs__cut_windows_are_never_shown_as_whole() -> None:
    """A stream that broke off is said to have broken off."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("x",)))
    door.service.set_log(run, MOMENT, a_line("half", "398.0"), cut="the stream broke off")

    card = (await door.say("logs latest")).card

    assert "Not the whole window: the stream broke off." in told(card)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("logs", "Which moment?"),
        ("logs moment=-5,12.5", "does not say which run it is in"),
        ("logs latest moment=yesterday", "could not be read"),
        ("logs latest window=-1", "window= is “-1”"),
        ("logs latest window=2h", "at most 3,600"),
        ("logs latest lines=zero", "whole number from 1 to 500"),
        (f"logs latest grep={'x' * 201}", "at most 200 characters"),
        ("logs latest moment=0,0", "no pinned failure moment"),
        ("logs latest moment=-77,1.5", "“failing” shows fresh ones"),
        (
            'logs Moment.from({session_id: "' + run_id(9) + '", input_hash: "7", vtime: 12.5})',
            "no recent run",
        ),
        ("logs latest grap=x", "logs has no parameter “grap=”. Did you mean “grep=”? logs takes"),
    ],
)
async def test_logs__bad_input_gets_a_sentence(words: str, sentence: str) -> None:
    """Every mistake says what is wrong."""
    door = Door()
    failing_run(door)

    reply = await door.say(words)

    assert sentence.casefold() in told(reply.card).casefold()
    assert reply.failed
    assert not reply.fault


async def test_logs__a_platform_without_logs_says_so() -> None:
    """What a platform lacks is a sentence."""
    for lacks, words, said in (
        ({"moment_logs", "run_logs"}, "logs latest", "does not offer logs"),
        ({"moment_logs", "run_logs"}, "logs latest build=yes", "does not offer logs"),
        ({"run_logs"}, "logs latest build=yes", "does not offer build logs"),
    ):
        door = Door(service=FakeRunService(connection="demo", lacks=frozenset(lacks)))
        failing_run(door)

        assert said in told((await door.say(words)).card)


async def test_logs__another_run_is_not_asked_for_the_property_of_the_thread() -> None:
    """An argument wins over the thread: the named run has failing properties of its own."""
    door = Door()
    run, other = door.service.add_run(a_run(1)), door.service.add_run(a_run(2))
    door.service.set_results(some_results(other, failing=("liveness",)))
    door.service.set_log(other, MOMENT, a_line("boom", "398.4"))
    await door.store.set_context(CHANNEL, "1.2", Context(run=run.ref, property_name="balance", moment=MOMENT))

    card = (await door.say(f"logs {other.ref.run_id}", thread="1.2")).card

    assert Context(run=other.ref, property_name="liveness", moment=MOMENT) == card.context


@pytest.mark.parametrize("words", ["logs build", "logs latest build", "logs build=yes", "logs --build"])
async def test_logs__a_flag_may_be_a_bare_word(words: str) -> None:
    """“build” says yes; it is neither a run nor a launcher."""
    door = Door()
    run = failing_run(door)
    door.service.set_build_log(run, a_line("compiled", "0"))

    card = (await door.say(words, thread=await door.thread_about(run))).card

    assert "Build log of Payments Nightly 00000000" == plain(card.title)


async def test_logs__form_is_prefilled_from_the_thread() -> None:
    """The form knows what the thread knows."""
    door = Door()
    run = failing_run(door)
    await door.store.set_context(CHANNEL, "1.2", Context(run=run.ref, moment=MOMENT))

    form = await door.handler.form(door.invocation("logs grep=panic", thread="1.2"), nothing)

    assert form is not None
    values = {field.name: field.value for field in form.fields}
    assert (run.ref.text, MOMENT.text, "panic", "10") == (
        values["run"], values["moment"], values["grep"], values["window"]
    )  # fmt: skip


async def erring(door: Door) -> Run:
    """Put a run into the world whose log has a crash far before its moment, and more lines than are shown behind it."""
    run = failing_run(door)
    crash = [a_line("panic: gone", "390.5"), a_line("goroutine 1 [running]:", "390.5")]
    fine = [a_line(f"line {n}", "391.5") for n in range(30)]
    ended = a_line("etcd0 died, exit code 137", "398.4", kind=LineKind.CONTAINER)
    door.service.set_log(run, MOMENT, *crash, *fine, a_line("it failed", "398.3"), ended, faults=(KILL,))
    return run


async def test_errors__are_one_press_away() -> None:
    """The button asks for the same window, with its filters; its answer has a wider one and no such button again."""
    door = Door()
    run = await erring(door)

    card = (await door.say(f"logs {run.ref.run_id} source=etcd0")).card
    asked = words_of(card, "Error lines")
    errors = (await door.say(asked)).card

    assert (
        asked
        == f"logs demo/{run.ref.run_id} moment={MOMENT.text} window=10 errors=yes source=etcd0 property=balance"
    )
    assert [button.label for button in card.buttons] == ["Error lines", "Wider window", "Debug", "Hand over"]
    assert [button.label for button in errors.buttons] == ["Wider window", "Debug", "Hand over"]
    assert " window=40 lines=80 source=etcd0 errors=yes " in words_of(errors, "Wider window")
    assert errors.excerpt is not None
    assert [text.split("] ")[1] for text in errors.excerpt.lines] == [
        "! panic: gone", "| goroutine 1 [running]:", "it failed", "! etcd0 died, exit code 137",
    ]  # fmt: skip
    assert plain(errors.title) == "Error lines before 398.489 s of “balance”"
    assert "3 lines of errors and stack traces and 1 line that only mentions errors in 34 lines." in plain(
        errors.text
    )


async def test_errors__an_exit_that_a_fault_caused_is_said_to_be_one() -> None:
    """137 is no crash where the fault injector killed the container just before."""
    door = Door()
    run = await erring(door)
    said = "Exit code 137 of etcd0 follows the fault “kill” on it at 398.36 s: it is likely no crash."

    assert said in told((await door.say(f"logs {run.ref.run_id} errors=yes")).card)
    for changes in ({"nodes": ("etcd1",)}, {"since": "398.45"}, {"name": "pause"}, {"until": 398.37}):
        ended = a_line("etcd0 died, exit code 137", "398.4", kind=LineKind.CONTAINER)
        door.service.set_log(run, MOMENT, ended, faults=(replace(KILL, **changes),))
        assert "likely no crash" not in told((await door.say(f"logs {run.ref.run_id}")).card)


@pytest.mark.parametrize(
    ("kills", "said"),
    [
        ([("etcd0", "360.0", 371.0)], "Exit code 143 of etcd0 follows the fault “stop” on it at 360.0 s: it is likely no crash."),
        ([("ALL", "360.0", 371.0)], "Exit code 143 of etcd0 follows the fault “stop” on it at 360.0 s"),
        ([("etcd0", "300.0", None)], ""),
        ([("etcd0", "360.0", 361.0)], ""),
        ([("etcd0", "371.0", None)], ""),
    ],
)  # fmt: skip
async def test_errors__an_exit_long_before_the_moment_has_its_fault_too(
    kills: list[tuple[str, str, float | None]], said: str
) -> None:
    """The container has run again for long, so that the fault is not among those that were active."""
    stops = tuple(
        Fault(name="stop", kind="node", nodes=(node,), since=since, until=until)
        for node, since, until in kills
    )
    ended = a_line("etcd0 died, exit code 143", "370.5", kind=LineKind.CONTAINER)
    told_there = told(await excerpted(lines=(ended,), faults=(), taken_down=stops))

    assert said in told_there
    assert ("likely no crash" in told_there) is bool(said)


async def test_errors__many_exits_are_told_in_one_line() -> None:
    """A run that kills containers all the time does not fill the card with it."""
    kills = tuple(replace(KILL, nodes=(f"n{n}",), since=f"39{n}.0") for n in range(8))
    lines = tuple(a_line(f"n{n} died, exit code 137", f"39{n}.5", kind=LineKind.CONTAINER) for n in range(9))
    card = await excerpted(lines=lines, faults=(), taken_down=kills)

    assert "8 of these exits follow a fault that ends a container: they are likely no crashes." in told(card)
    assert "Exit code" not in told(card)


async def test_errors__none_is_said_as_far_as_it_is_known() -> None:
    """A window without one says so, of the lines that it has."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("balance",)))
    door.service.set_log(run, MOMENT, a_line("fine", "398.3"))

    card = (await door.say(f"logs {run.ref.run_id} errors=yes")).card

    assert "no error line in 1 line." in plain(card.text)
    assert "No lines to show. Try a wider window, or without errors=." in told(card)
    assert "mentions errors" not in told(card)


async def test_errors__are_ignored_where_a_log_does_not_tell_them() -> None:
    """A build log is shown whole, and says so."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_build_log(run, LogLine(text="Building image", at=EPOCH, source="build", stream="out"))

    assert "Ignored: errors=." in told((await door.say("logs latest build=yes errors=yes")).card)


COUNTEREXAMPLES = ("700.5", "398.48893095995299518", "512.25", "398.48893095995299519", "120.0")


def often_failing(door: Door) -> Run:
    """Put a run into the world whose property fails five times, with a log before each."""
    run = door.service.add_run(a_run(1))
    moments = [replace(MOMENT, vtime=vtime) for vtime in COUNTEREXAMPLES]
    failures = tuple(Example(text="", moment=moment) for moment in moments)
    found = some_results(run, failing=("balance",))
    door.service.set_results(
        replace(found, checks=(a_property("balance", failing=True, counterexamples=failures),))
    )
    lines = [a_line(f"line {n}", f"{n}.5", source=f"etcd{n % 3}") for n in range(100, 700)]
    door.service.set_log(run, MOMENT, *lines, a_line("panic: gone", "398.25", source="etcd1"))
    return run


async def test_logs__every_counterexample_is_one_press_further() -> None:
    """They come by their virtual time, told apart by digits that a float drops, and end at the last."""
    door = Door()
    run = often_failing(door)
    card = (await door.say(f"logs {run.ref.run_id} window=7 grep=line")).card
    seen = [card]
    while "Next counterexample" in {button.label for button in seen[-1].buttons}:
        seen.append((await door.say(command_of(seen[-1], "Next counterexample"))).card)

    moments = [there(each.context).moment for each in seen]
    assert [there(moment).vtime for moment in moments] == sorted(COUNTEREXAMPLES, key=Decimal)
    assert {(there(each.context).property_name, there(each.context).run) for each in seen} == {
        ("balance", run.ref)
    }
    assert all("line" in told(each) and "7 virtual seconds, " in told(each) for each in seen)
    assert {there(each.excerpt).lines[-1].split("] ")[1] for each in seen[:-1]} == {
        "line 119",
        "line 397",
        "line 511",
    }


async def test_logs__a_second_look_asks_the_platform_for_the_window_alone() -> None:
    """By the buttons, by words in the thread, and for the property's other moments too."""
    door = Door()
    run = often_failing(door)
    thread = await door.thread_about(run)
    card = (await door.say(f"logs moment={MOMENT.text} property=balance", thread=thread)).card
    before = len(door.service.calls)
    for label in ("Wider window", "Error lines", "Only etcd1", "Next counterexample"):
        await door.say(command_of(card, label))
    await door.store.set_context(CHANNEL, "1.2", there(card.context))
    await door.say("logs window=3", thread="1.2")

    assert [call.method for call in door.service.calls[before:]] == ["logs"] * 5


async def test_logs__what_may_still_change_is_looked_up_again() -> None:
    """Of a run that goes on, or whose results are not there yet, a second look learns what came since."""
    door = Door()
    run = often_failing(door)
    there_already = door.service._results[run.ref.run_id]
    asked = Command("logs", {"run": run.ref.text, "moment": MOMENT.text, "property": "balance"})
    door.service.set_results(Results(ref=run.ref, availability=Availability.NOT_YET))
    early = (await door.say(asked)).card
    door.service.set_results(there_already)
    late = (await door.say(asked)).card
    door.service.add_run(replace(run, status=RunStatus.IN_PROGRESS))
    before = len(door.service.calls)
    for _ in range(2):
        await door.say(Command("logs", {"run": run.ref.text, "moment": replace(MOMENT, vtime="130.5").text}))

    assert "Next counterexample" not in {button.label for button in early.buttons}
    assert "Next counterexample" in {button.label for button in late.buttons}
    assert [call.method for call in door.service.calls[before:]].count("run") == 2


async def test_logs__what_was_looked_at_is_no_answer_for_anything_else() -> None:
    """Another run, moment or property is looked up, and so is a look that failed before."""
    door = Door()
    run = often_failing(door)
    door.service.fail("logs", Unreachable("away"))
    whole = {"run": run.ref.text, "moment": MOMENT.text, "property": "balance"}
    assert "away" in told((await door.say(Command("logs", whole))).card)
    for without in ((), ("property",), ("moment",), ("moment", "property")):
        before = len(door.service.calls)
        given = {name: value for name, value in whole.items() if name not in without}
        await door.say(Command("logs", given))
        assert {call.method for call in door.service.calls[before:]} >= {"run", "logs"}


@pytest.mark.parametrize(
    ("lines", "label", "source"),
    [
        ([("fine", "a"), ("panic: x", "b"), ("fine", "c")], "Only b", "b"),
        ([("fine", "a"), ("fine", "c")], "Only c", "c"),
        ([("fine", "a"), ("no source", ""), ("error 5", "the pod/" * 20), ("panic: x", "the pod/" * 20)],
         "Only this container", "the pod/" * 20),
        ([("fine", "a"), ("panic: x", "a"), ("no source", "")], None, None),
        ([], None, None),
    ],
)  # fmt: skip
async def test_logs__one_container_is_one_press_away(
    lines: list[tuple[str, str]], label: str | None, source: str | None
) -> None:
    """That of the newest error line, else of the newest line; nothing is offered where only one is there."""
    door = Door()
    run = failing_run(door)
    door.service.set_log(run, MOMENT, *(a_line(text, "398", source=name) for text, name in lines))
    card = (await door.say(f"logs {run.ref.run_id} lines=100 window=30")).card

    offered = {b.label: there(b.command).values for b in card.buttons if b.label.startswith("Only ")}
    assert [*offered] == ([label] if label else [])
    assert [values["source"] for values in offered.values()] == ([source] if source else [])
    assert all((values["window"], values["lines"]) == ("30", "100") for values in offered.values())
    if label:
        again = (await door.say(words_of(card, label))).card
        assert not [b for b in again.buttons if b.label.startswith("Only ")]


async def test_logs__buttons_stand_in_the_order_in_which_people_look() -> None:
    """What is looked at next stands before what leaves the log."""
    door = Door()
    run = often_failing(door)
    card = (await door.say(f"logs {run.ref.run_id} moment={MOMENT.text} property=balance")).card

    assert [button.label for button in card.buttons] == [
        "Error lines", "Only etcd1", "Wider window", "Debug", "Next counterexample", "Hand over",
    ]  # fmt: skip
    assert [button.label for button in card.buttons if button.rare] == ["Next counterexample", "Hand over"]


async def test_logs__tell_faults_that_do_the_same_in_one_entry() -> None:
    """Where each was and since when stays; what was done on several nodes at once is said once."""
    clog = Fault(name="clog", kind="network", nodes=("a",), since="390.0", until=None, detail="drops all")
    faults = (
        *(replace(clog, nodes=(node,)) for node in "abc"),
        replace(clog, nodes=("d", "e"), since="395.0", until=400.5),
        replace(clog, nodes=("f",), detail="drops 30 %"),
        replace(KILL, nodes=("a",)),
    )

    card = await excerpted(faults=faults, taken_down=())

    assert [(item.mark, plain(item.title), [plain(line) for line in item.lines]) for item in card.items] == [
        ("fault", "clog on a, b, c, active for 8.5 virtual seconds; on d, e, active for 3.5 virtual seconds, until 400.500 s", ["drops all"]),
        ("fault", "clog on f, active for 8.5 virtual seconds", ["drops 30 %"]),
        ("fault", "kill on a, 0.13 virtual seconds before", []),
    ]  # fmt: skip
