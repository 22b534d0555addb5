"""What the bot says of a report file that somebody attached, and of one that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.cards import Button, Card, Command, Excerpt, Fact, Item, Line, Pages, Reply, Span, Tone, Untrusted
from bot.cleaning import shorten
from bot.command import FILE, PROPERTY, ReportTarget
from bot.errors import UserError
from bot.platform import REPORT_FILES
from bot.replies.failing import LISTED, LONGEST_EXAMPLE, TOLD, of_report
from bot.replies.parts import NOUNS
from bot.replies.wording import (
    LONGEST_NAME,
    check_name,
    check_names,
    count,
    from_on,
    listed,
    titled,
    took,
)
from bot.state import AttachedFile
from bot.terms import Terms
from bot.triage import AttachedReport, ReportedFailure

ALONE = "Only the file was read: it is compared with no run, so nothing in it is called new."
MAY_MISS = (
    "A report file can miss failures: some plugins leave out tests whose message has a colour code, and subtests. "
    "The result of the run itself decides."
)
_WANTED = "Attach the junittests.xml that the test plugin wrote."
_SHOWN = 60  # characters of a name that a sentence quotes
_MIB = 1 << 20


def listing(found: ReportTarget, begin: int = 1) -> Reply:
    """List what failed by a file: those that count first; `begin`: the first entry shown."""
    report, name = found.report, _named(found.name)
    if not report.names:
        return _none(found)
    pages = Pages.of(_again(found), len(report.names), begin, LISTED)
    counts, where = _counts(report, found.platform.terms), from_on(begin)
    names = report.names[begin - 1 :]
    card = Card(
        title=(counts, " in ", name, where),
        text=("The attached file ", name, " lists ", counts, where, ": ", *check_names(names, TOLD), ". ", ALONE),
        tone=Tone.BAD if report.failing else Tone.NEUTRAL,
        body=((f"From the attached file. {ALONE}",), *_unlisted(report)),
        facts=_facts(report),
        items=tuple(_item(n, report.entry(n - 1), found) for n in pages.numbers),
        items_left_out=pages.left_out,
        pages=pages,
        footer=(MAY_MISS,),
    )  # fmt: skip
    return Reply(card=card)


def one(found: ReportTarget, failure: ReportedFailure) -> Reply:
    """Show one failure of a file with the end of its output."""
    check, said = failure.check, failure.said
    title, place = titled(check.name)
    where = check.first.location if check.first else None
    facts = (
        Fact("State", (_mark(failure),)),
        Fact("Took", (took(check.took),) if check.took is not None else ()),
        *of_report(said),
        Fact("Where", (Untrusted(where, code=True),) if where else place),
        Fact("File", (_named(found.name),)),
    )
    messages = tuple(
        Item(mark="sample", title=(Untrusted(example.text[:LONGEST_EXAMPLE]),))
        for example in check.counterexamples
        if example.text
    )
    card = Card(
        title=("Failing: " if check.failing else "Expected to fail: ", title),
        text=(f"{found.platform.terms.check.title} “", check_name(check.name), f"” {_fails(failure)} in the attached file ",
              _named(found.name), ". ", ALONE),
        tone=Tone.BAD if check.failing else Tone.NEUTRAL,
        body=((f"From the attached file. {ALONE}",),),
        facts=tuple(fact for fact in facts if fact.value),
        items=messages,
        excerpt=Excerpt(lines=said.lines, title="Output", left_out=said.left_out) if said.lines else None,
        buttons=(Button(label="All failures", command=_again(found)),),
    )  # fmt: skip
    return Reply(card=card)


def which(files: Sequence[AttachedFile]) -> Reply:
    """Ask which of several attached files is to be read."""
    said = f"{count(len(files), 'file')} are attached. One is read at a time; choose it here."
    items = tuple(
        Item(
            title=(f"{n}. ", _named(file.name)),
            buttons=(Button(label="Read", entry=n, command=Command("failing", {FILE: file.ref})),),
        )
        for n, file in enumerate(files, 1)
    )
    return Reply(card=Card(title=("Which file?",), text=(said,), body=((said,),), items=items))


def left_unread(number: int) -> Line:
    """Say that files were attached to a command that names a run."""
    said = "The attached file was" if number == 1 else "The attached files were"
    return (f"{said} not read, because the command names a run.",)


def nobody_reads() -> Line:
    """Say that no connection has report files."""
    return (f"The attached file was not read: none of the connections offers {NOUNS[REPORT_FILES]}.",)


# What is wrong with a file ---------------------------------------------------------------------------------

run_and_file = partial(UserError, "The command names both a run and a file.", "Give only one of them.")
no_files_here = partial(UserError, "Files cannot be read here.")
not_attached = partial(
    UserError, "No such file is attached here.", "Attach the file to your message, without “file=”."
)
gone = partial(
    UserError,
    "The file cannot be read any more: it was deleted, or it is no longer shown here.",
    "Attach it again.",
)
not_a_file = partial(
    UserError,
    "The attachment is a link to another service, not a file.",
    "Download the file and attach the file itself.",
)
may_not_read = partial(
    UserError,
    "Clew may not read files in this workspace: the Slack app lacks the permission files:read.",
    "Ask whoever runs Clew to update the app from `clew manifest slack` and to install it again.",
)
no_history = partial(
    UserError,
    "Clew may not read messages in this channel, so it cannot open the file.",
    "Ask an admin of the server to give Clew the permission Read Message History here.",
)


def not_given(chat: str) -> UserError:
    """Say that a chat does not let Clew have a file: it may belong to another organization."""
    return UserError(f"{chat} does not let Clew read this file.", "Attach a copy of it here.")


def not_handed_over(chat: str) -> UserError:
    """Say that a chat did not give a file that may be there."""
    return UserError(f"{chat} did not hand over the file.", "Try again in a moment.")


def no_such_file(path: str) -> UserError:
    """Say that a path leads to no file that can be read."""
    return UserError(
        f"“{path[:_SHOWN]}” is not a file that can be read.", "Example: file=build/junittests.xml"
    )


def too_large(name: str, most: int) -> UserError:
    """Refuse a file of more bytes than are read."""
    return UserError(f"“{name[:_SHOWN]}” is larger than the {most // _MIB} MiB that are read.", _WANTED)


def unreadable(name: str, why: str) -> UserError:
    """Say why a file is no report; `why` is a sentence."""
    return UserError(f"“{name[:_SHOWN] or 'The file'}” cannot be read as a test report. {why}", _WANTED)


def excused_not_known(terms: Terms) -> UserError:
    """Say that a file does not know what the platform leaves out."""
    return UserError(f"A report file does not say which {terms.check.many} are {terms.excused}.")


# Pieces -----------------------------------------------------------------------------------------------------


def _none(found: ReportTarget) -> Reply:
    report, name, check = found.report, _named(found.name), found.platform.terms.check
    numbers = ((report.passed, "passed"), (report.skipped, "skipped"))
    ran = listed([f"{number:,} {word}" for number, word in numbers if number])
    said = f" lists no failing {check.one}: {ran}." if ran else f" lists no {check.many}."
    text: Line = ("The attached file ", name, said)
    card = Card(
        title=(f"No failing {check.one} in ", name) if ran else (f"No {check.many} in ", name),
        text=text,
        tone=Tone.WARNING if report.unlisted else Tone.NEUTRAL,
        body=(text, *_unlisted(report), (MAY_MISS,)),
        facts=_facts(report),
    )
    return Reply(card=card)


def _again(found: ReportTarget) -> Command:
    return Command("failing", {FILE: found.ref})


def _named(name: str) -> Span:
    return Untrusted(shorten(name, LONGEST_NAME)) if name else "the file"


def _counts(report: AttachedReport, terms: Terms) -> str:
    one, many = terms.check.one, terms.check.many
    parts = (
        (report.failing, count(report.failing, f"failing {one}", f"failing {many}")),
        (report.expected, count(report.expected, "expected failure")),
    )
    return listed([text for number, text in parts if number])


def _unlisted(report: AttachedReport) -> tuple[Line, ...]:
    if not report.unlisted:
        return ()
    return ((f"The file's own totals have {count(report.unlisted, 'failure')} more than it lists.",),)


def _facts(report: AttachedReport) -> tuple[Fact, ...]:
    numbers = (("Passed", report.passed), ("Skipped", report.skipped))
    return (
        *(Fact(label, (f"{number:,}",)) for label, number in numbers if number),
        *(Fact(label, (Untrusted(value),)) for label, value in report.about),
    )


def _mark(failure: ReportedFailure) -> str:
    times = len(failure.check.counterexamples)
    word = "failing" if failure.check.failing else "failing as expected"
    return f"{word}, {times:,} times" if times > 1 else word


def _fails(failure: ReportedFailure) -> str:
    return "fails" if failure.check.failing else "fails as expected"


def _item(number: int, failure: ReportedFailure, found: ReportTarget) -> Item:
    check = failure.check
    title, place = titled(check.name)
    lines: list[Line] = [place] if place else []
    if check.first and check.first.text:
        lines.append((Untrusted(check.first.text[:LONGEST_EXAMPLE]),))
    if check.took is not None:
        lines.append((f"took {took(check.took)}",))
    details = Command("failing", {FILE: found.ref, PROPERTY: check.name})
    return Item(
        mark=_mark(failure),
        title=(f"{number}. ", title),
        lines=tuple(lines),
        buttons=(Button(label="Details", entry=number, command=details),),
    )
