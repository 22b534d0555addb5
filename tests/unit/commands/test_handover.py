"""What `logs handover=yes` gives: one file that somebody else can start from."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cards import plain
from bot.model import Fault, LineKind, Run, RunStatus, Secret
from tests.fakes.runs import MOMENT, a_build, a_line, a_run, build_results, some_results
from tests.fakes.service import a_build_server
from tests.unit.commands.door import Door, command_of

PARTITION = Fault(name="partition", kind="network", nodes=("etcd0", "etcd1"), since="395.0", until=399.5)
REPORT = "https://demo.antithesis.com/report/a/b.html?auth=v2.public.CANARY"


def a_failing_run(door: Door, *texts: str, **changes: Any) -> Run:
    """Put a run into the world that fails at `MOMENT`, with these lines before it."""
    run = door.service.add_run(a_run(1, commit="abc123", **changes))
    door.service.set_results(some_results(run, failing=("balance",)))
    lines = [a_line(text, f"398.{n:03}" if len(texts) > 9 else f"398.{n}") for n, text in enumerate(texts)]
    last = a_line('FAIL Always "balance"', MOMENT.vtime, kind=LineKind.ASSERTION)
    door.service.set_log(run, MOMENT, *lines, last, faults=(PARTITION,))
    return run


async def handed(door: Door, words: str) -> str:
    """Return the text of the file."""
    (file,) = (await door.say(words)).card.files
    assert file.name.endswith(".md")
    return file.content.decode()


async def test_handover__has_all_that_is_known() -> None:
    """From the logs by one press: run, property, moment, faults, error lines with their end, commands, pages."""
    door = Door()
    run = a_failing_run(
        door, "quiet", "panic: lost quorum", session_id="d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"
    )

    logs = (await door.say(f"logs {run.ref.run_id} window=5")).card
    card = (await door.say(command_of(logs, "Hand over"))).card
    text = card.files[0].content.decode()

    assert text.startswith("# `balance`\n")
    for part in (
        f"- Run: `{run.ref.run_id}`",
        "- Launcher: `Payments Nightly`",
        "- Commit: `abc123`",
        "- Property: `balance`",
        f"- Input hash: `{MOMENT.input_hash}`",
        f"- Virtual time: `{MOMENT.vtime}`",
        "- Window: `5 virtual seconds`",
        "- Faults: `partition on etcd0, etcd1`",
        "- Where: `ledger.go:42`",
        "## Error lines\n\n```text\n    398.1 [etcd0] ! panic: lost quorum\n",
        "## End of the log\n\n```text\n    398.0 [etcd0] quiet\n",
        f"```text\nsnouty runs logs {run.ref.run_id} {MOMENT.input_hash} {MOMENT.vtime}\n```",
        "- Logs Explorer: https://demo.antithesis.com/search",
        f"- Run: {run.page_url}",
    ):
        assert part in text
    assert "with 2 error lines and without a report link." in plain(card.text)
    assert card.files[0].name == "handover-00000000-398.489.md"
    assert card.context is not None
    assert card.context.moment == MOMENT


async def test_handover__says_how_many_of_the_lines_it_has() -> None:
    """Of many error lines the newest stand there, and those that only mention an error are no error lines."""
    door = Door()
    errors = [f'{{"level":"error","msg":"lost {n}"}}' for n in range(60)]
    run = a_failing_run(door, *errors, "an error was expected")

    card = (await door.say(f"logs {run.ref.run_id} handover=yes")).card
    text = card.files[0].content.decode()

    assert "## Error lines, and lines that only mention an error: the last 40 lines of 62\n" in text
    assert "## End of the log: the last 20 lines of 62\n" in text
    assert "with the last 40 error lines and without a report link." in plain(card.text)


async def test_handover__holds_no_secret_and_no_signed_link() -> None:
    """Neither the run's report link, nor what a line of the system under test or a known value gives away."""
    door = Door()
    token = "ghp_" + "a1B2" * 9
    run = a_failing_run(door, f"see {REPORT}", f"token {token}", "the key is hunter2hunter2")
    door.service.set_report(run, REPORT)
    object.__setattr__(door.services, "secrets", (Secret("hunter2hunter2"),))

    text = await handed(door, f"logs {run.ref.run_id} handover=yes")

    assert not any(secret in text for secret in ("CANARY", token, "hunter2", "auth="))


async def test_handover__text_from_outside_ends_no_block() -> None:
    """A line is a line, whatever it looks like: nothing of it is read as a heading, a link or a fence."""
    door = Door()
    run = a_failing_run(
        door, "```\n# panic: heading", "` [x](https://evil.example)\x1b[31m", launcher="a`b\n# c"
    )

    text = await handed(door, f"logs {run.ref.run_id} handover=yes")

    assert text.count("```") == 2 * text.count("```text")
    assert "\n# panic" not in text
    assert "- Launcher: `a'b # c`" in text
    assert "\x1b" not in text


async def test_handover__says_what_is_not_whole() -> None:
    """A cut log is said to be one, and its faults are not told as those at the moment."""
    door = Door()
    run = a_failing_run(door, "quiet")
    door.service.set_log(
        run, MOMENT, a_line("quiet", "398.0"), faults=(PARTITION,), cut="the stream broke off"
    )

    text = await handed(door, f"logs {run.ref.run_id} handover=yes")

    assert "- Log: not whole: `the stream broke off`" in text
    assert "Faults" not in text


async def test_handover__of_a_stale_moment_has_the_one_of_now() -> None:
    """It is fetched again by the property's name, and that is said in the file too."""
    door = Door()
    run = a_failing_run(door, "quiet")

    text = await handed(door, f"logs {run.ref.run_id} moment=77,398.25 property=balance handover=yes")

    assert f"- Virtual time: `{MOMENT.vtime}`" in text
    assert "- Note: `The moment at 398.25 s is no longer known there." in text


async def test_handover__of_a_build_has_the_end_of_its_log() -> None:
    """A platform without moments: what fails and how the log ends, and no command lines."""
    service = a_build_server(connection="demo", narrows=frozenset({"check"}))
    build = service.add_run(a_build(7), build_results(7, failing=("test_refund",)))
    service.set_build_log(build, a_line("E assert 1 == 2", "0"))
    door = Door(service=service)

    failing = (await door.say("failing 7 property=1")).card
    card = (await door.say(command_of(failing, "Hand over"))).card
    text = card.files[0].content.decode()

    assert text.startswith("# `test_refund`\n")
    assert "- Build: `7`" in text
    assert "- Test: `test_refund`" in text
    assert "E assert 1 == 2" in text
    assert "command line" not in text
    assert "virtual" not in text.casefold()


@pytest.mark.parametrize("kept", [True, False])
async def test_handover__of_a_run_without_a_moment_says_why(kept: bool) -> None:
    """It has the build log where there is one, and says why there is no more."""
    door = Door()
    run = door.service.add_run(a_run(1, status=RunStatus.INCOMPLETE, failure_unpinned=True))
    if kept:
        door.service.set_build_log(run, a_line("could not pull image", "0"))

    text = await handed(door, f"logs {run.ref.run_id} handover=yes")

    assert ("could not pull image" in text) is kept
    assert "- Note: `" in text


async def test_handover__is_offered_where_there_is_something_to_hand_over() -> None:
    """A property without a moment has no log of its own on this platform."""
    door = Door()
    run = a_failing_run(door, "x")
    results = some_results(run, failing=("balance",))
    (check,) = results.checks
    door.service.set_results(type(results)(ref=run.ref, availability=results.availability,
                                           checks=(type(check)(name="memory", status=check.status),)))  # fmt: skip

    card = (await door.say(f"failing {run.ref.run_id} property=1")).card

    assert "Hand over" not in [button.label for button in card.buttons]
