"""What `failing` says of a report file that somebody attached: that it is one, and nothing of any run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.cards import FROM, Command, Context, Tone, plain
from bot.command import FILE
from bot.errors import UserError
from bot.model import Check, CheckStatus, Example
from bot.state import AttachedFile
from bot.targets import report
from bot.triage import AttachedReport, ReportedCheck, ReportedFailure
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.door import CHANNEL, Door, told

XML = "junittests.xml"


def a_failure(name: str, text: str = "", *, expected: bool = False, times: int = 1) -> ReportedFailure:
    check = Check(
        name=name,
        status=CheckStatus.FAILING,
        excused="the test expects to fail" if expected else None,
        counterexamples=(Example(text=text, location="tests/test_pay.py:7"),) * times,
    )
    said = ReportedCheck(
        resolution="Unresolved", failure_id="52db73c4", lines=("line one", "line two"), left_out=3
    )
    return ReportedFailure(check=check, said=replace(said, expected=expected))


def a_report(
    *failures: ReportedFailure, passed: int = 5, skipped: int = 0, unlisted: int = 0
) -> AttachedReport:
    return AttachedReport(
        names=tuple(failure.check.name for failure in failures),
        failing=sum(failure.check.failing for failure in failures),
        entry=lambda position: failures[position],
        passed=passed,
        skipped=skipped,
        unlisted=unlisted,
        about=(("Build", "1026"),),
    )


def a_door(
    said: AttachedReport, *, files: tuple[str, ...] = (XML,), others: tuple[FakeRunService, ...] = ()
) -> Door:
    """Return a door where these files are attached, and each says this."""
    service = a_build_server()
    door = Door(service=service, others=others)
    for number, name in enumerate(files):
        content = b"<testsuites/>" + b" " * number
        door.files[name] = content
        service.triage.files[content] = said
    return door


@pytest.mark.parametrize("words", ["", "failing", "failing connection=demo"])
async def test_failing__a_file_that_is_attached(words: str) -> None:
    """With the word or without: said to be from the file, and nothing in it is new."""
    door = a_door(
        a_report(a_failure("tests/test_pay.py::test_a", "boom"), a_failure("tests/test_pay.py::test_b"))
    )
    card = (await door.say(words, attached=(XML,))).card

    assert plain(card.title) == f"2 failing tests in {XML}"
    assert plain(card.text).startswith(f"The attached file {XML} lists 2 failing tests: ")
    assert "compared with no run, so nothing in it is called new" in plain(card.text)
    assert [plain(item.title) for item in card.items] == ["1. test_a", "2. test_b"]
    assert [item.mark for item in card.items] == ["failing", "failing"]
    assert "newly" not in told(card)
    assert (card.tone, card.context) == (Tone.BAD, None)
    assert {f.label: plain(f.value) for f in card.facts} == {"Passed": "5", "Build": "1026"}


async def test_failing__of_a_file_says_nothing_of_the_runs() -> None:
    """A run of the connection fails otherwise; in a thread about it the file is still read by itself."""
    door = a_door(a_report(a_failure("only in the file")))
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("only in the run",)))
    await door.store.set_context(CHANNEL, "thread", Context(run=run.ref))

    card = (await door.say("failing", thread="thread", attached=(XML,))).card

    assert "only in the file" in told(card)
    assert "only in the run" not in told(card)


async def test_failing__every_failure_of_a_file_is_reached() -> None:
    """Page after page, each read anew, until all were shown once."""
    names = [f"test {n:03}" for n in range(137)]
    door = a_door(a_report(*(a_failure(name) for name in names)))
    seen: list[str] = []
    reply = await door.say("failing", attached=(XML,))
    while reply.card.pages is not None:
        seen += [plain(item.title).partition(" ")[2] for item in reply.card.items]
        following = reply.card.pages.after(len(reply.card.items))
        if following is None:
            break
        reply = await door.say(following)

    assert seen == names
    assert plain(reply.card.title) == f"137 failing tests in {XML}, from 131 on"


async def test_failing__a_file_that_is_gone_on_the_next_page() -> None:
    """It was deleted meanwhile: that is said, and nothing is shown from memory."""
    door = a_door(a_report(*(a_failure(f"test {n}") for n in range(20))))
    first = (await door.say("", attached=(XML,))).card
    assert first.pages is not None
    door.files.clear()

    reply = await door.say(first.pages.after(10))

    assert reply.failed
    assert "cannot be read any more" in plain(reply.card.text)


@pytest.mark.parametrize("wanted", ["2", "test_b", "tests/test_pay.py::test_b"])
async def test_failing__one_failure_of_a_file(wanted: str) -> None:
    """By number, name or button: the end of its output, and the way back."""
    door = a_door(
        a_report(a_failure("tests/test_pay.py::test_a"), a_failure("tests/test_pay.py::test_b", "boom"))
    )
    card = (await door.say("failing", values={"property": wanted}, attached=(XML,))).card
    facts = {f.label: plain(f.value) for f in card.facts}

    assert plain(card.title) == "Failing: test_b"
    assert plain(card.text).startswith(f"Test “tests/test_pay.py::test_b” fails in the attached file {XML}. ")
    assert (facts["Where"], facts["Failure id"], facts["File"]) == ("tests/test_pay.py:7", "52db73c4", XML)
    assert card.excerpt is not None
    assert (card.excerpt.lines, card.excerpt.left_out) == (("line one", "line two"), 3)
    assert [b.command for b in card.buttons] == [Command("failing", {FILE: XML})]


async def test_failing__details_of_a_file_name_the_test() -> None:
    """A number would name another test in a file that changed."""
    door = a_door(a_report(a_failure("b"), a_failure("a")))
    card = (await door.say("", attached=(XML,))).card
    (button,) = card.items[1].buttons

    assert button.command == Command("failing", {FILE: XML, "property": "a"})
    assert plain((await door.say(button.command)).card.title) == "Failing: a"


async def test_failing__what_a_test_expects_is_told_apart() -> None:
    """It is in the file as a failure, is counted by itself, and makes nothing red."""
    expected = a_failure("known", expected=True)
    both = (await a_door(a_report(a_failure("real"), expected)).say("", attached=(XML,))).card
    alone = (await a_door(a_report(expected)).say("", attached=(XML,))).card

    assert plain(both.title) == f"1 failing test and 1 expected failure in {XML}"
    assert [item.mark for item in both.items] == ["failing", "failing as expected"]
    assert (plain(alone.title), alone.tone) == (f"1 expected failure in {XML}", Tone.NEUTRAL)


async def test_failing__a_file_without_failures_is_no_passed_run() -> None:
    """The plugins lose failures, so its silence is not green; its own totals may know better."""
    card = (await a_door(a_report(skipped=1)).say("", attached=(XML,))).card
    odd = (await a_door(a_report(unlisted=2)).say("", attached=(XML,))).card
    empty = (await a_door(a_report(passed=0)).say("", attached=(XML,))).card

    assert plain(card.text) == f"The attached file {XML} lists no failing test: 5 passed and 1 skipped."
    assert card.tone is Tone.NEUTRAL
    assert "can miss failures" in told(card)
    assert odd.tone is Tone.WARNING
    assert "The file's own totals have 2 failures more than it lists." in told(odd)
    assert plain(empty.text) == f"The attached file {XML} lists no tests."


async def test_failing__several_files_are_a_question() -> None:
    """One is read at a time; each has its button."""
    door = a_door(a_report(a_failure("x")), files=("a.xml", "b.xml"))
    card = (await door.say("", attached=("a.xml", "b.xml"))).card
    (button,) = card.items[1].buttons

    assert plain(card.text) == "2 files are attached. One is read at a time; choose it here."
    assert button.text == "Read 2"
    assert plain((await door.say(button.command)).card.title) == "1 failing test in b.xml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PNG", "“shot.png” cannot be read as a test report. It is not one of"),
        (b"x" * 100, "is larger than the 0 MiB"),
    ],
)
async def test_failing__a_file_that_is_no_report(
    content: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is called: what it is decides, and how large it is."""
    monkeypatch.setattr(report, "LARGEST", 50)
    door = a_door(a_report())
    door.files["shot.png"] = content
    reply = await door.say("", attached=("shot.png",))

    assert reply.failed
    assert said in plain(reply.card.text)


async def test_failing__a_file_whose_size_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes is counted, whatever was said of it."""
    monkeypatch.setattr(report, "LARGEST", 50)
    with pytest.raises(UserError, match="larger"):
        [piece async for piece in report._bounded(_endless(), XML)]


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 20


async def test_failing__a_run_and_a_file() -> None:
    """A run that is named is what is meant; a screenshot beside it changes nothing, and is said not to be read."""
    door = a_door(a_report(a_failure("in the file")))
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("in the run",)))

    beside = (await door.say("failing latest", attached=(XML,))).card
    both = await door.say("failing latest", values={FILE: XML})

    assert "in the run" in told(beside)
    assert "The attached file was not read, because the command names a run." in told(beside)
    assert both.failed
    assert "both a run and a file" in plain(both.card.text)


async def test_failing__quarantine_is_not_in_a_file() -> None:
    """The file cannot say it, so nothing is claimed."""
    reply = await a_door(a_report()).say("failing quarantined=yes", attached=(XML,))

    assert "does not say which tests are quarantined" in plain(reply.card.text)


async def test_failing__a_page_behind_the_end() -> None:
    """The sentence of every list."""
    reply = await a_door(a_report(a_failure("x"))).say("failing", values={FROM: "9"}, attached=(XML,))

    assert reply.failed
    assert "from=" in plain(reply.card.text)


async def test_file__where_no_connection_reads_it() -> None:
    """What is said is answered as ever, and the file is said not to be read; no parameter promises it."""
    door = Door()
    door.files[XML] = b"<testsuites/>"
    helped = (await door.say("", attached=(XML,))).card
    typed = (await door.say(f"failing file={XML}")).card

    assert "none of the connections offers report files" in told(helped)
    assert "no parameter “file=”" in told(typed)
    assert "file" not in [p.name for p in door.handler.verbs["failing"].parameters]


async def test_file__of_several_connections_the_one_that_reads_it() -> None:
    """In the thread of a run of another platform too."""
    other = FakeRunService(connection="antithesis")
    door = a_door(a_report(a_failure("x")), others=(other,))
    run = other.add_run(a_run(1, connection="antithesis"))
    await door.store.set_context(CHANNEL, "thread", Context(run=run.ref))

    card = (await door.say("", thread="thread", attached=(XML,))).card
    refused = await door.say("failing connection=antithesis", attached=(XML,))

    assert plain(card.title) == f"1 failing test in {XML}"
    assert "“antithesis” does not offer report files" in plain(refused.card.text)
    assert "connection=NAME for one that does: demo" in plain(refused.card.text)


async def test_file__with_a_secret_in_its_name() -> None:
    """No card repeats it."""
    door = a_door(a_report(), files=("a.xml", "b.xml"))
    name = "token=xoxb-1234567890-abcdefghijkl.xml"
    card = (await door.say("", attached=(name, "b.xml"))).card

    assert "xoxb-1234567890" not in plain(card.items[0].title)


async def test_file__goes_along_with_the_buttons_of_a_slip() -> None:
    """Without it the corrected command would tell of a run."""
    door = a_door(a_report(a_failure("totals"), a_failure("refunds twice")))
    slips = [
        await door.say('failing test="refunds twise"', attached=(XML,)),
        await door.say("failling test=refunds", attached=(XML,)),
        await door.say("failing proprty=refunds", attached=(XML,)),
    ]
    for slip in slips:
        assert slip.failed
        assert [b.command.values[FILE] for b in slip.card.buttons if b.command] == [XML]
        assert plain((await door.say(slip.card.buttons[0].command)).card.title) == "Failing: refunds twice"

    two = await door.say("failling test=refunds", attached=(XML, "other.xml"))
    assert two.card.buttons == ()


@pytest.mark.parametrize(
    ("words", "attached", "values"),
    [
        ("", (XML,), {FILE: XML}),
        ("failing", (XML,), {FILE: XML}),
        ("failing latest", (XML,), {"run": "latest"}),
        ("", (XML, "b.xml"), None),
        ("status", (XML,), {}),
    ],
)
async def test_file__goes_along_with_what_is_asked_again(
    words: str, attached: tuple[str, ...], values: dict[str, str] | None
) -> None:
    """A restart came between, and the button asks about the same."""
    door = a_door(a_report())
    files = tuple(AttachedFile(ref=name) for name in attached)
    command = door.handler.command_of(replace(door.invocation(words), attached=files))

    assert (command.values if command else None) == values
