"""What the bot hands over of a failure: one text that another person, or another tool, can start from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot import cleaning
from bot.cards import Attachment, Card, Context, Fact, Line, Reply, Untrusted, plain
from bot.model import Check, LogExcerpt, Moment, Run, Secret
from bot.platform import Platform
from bot.redact import scrub
from bot.replies import at_moment, ratio
from bot.replies.logs import faults_named, line
from bot.replies.wording import (
    check_name,
    count,
    last,
    run_name,
    run_title,
    short_id,
    virtual,
    virtual_seconds,
)
from bot.severity import marks

MOST_ERRORS = 40  # error lines at most
LAST = 20  # lines of the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What is known of a failure. `errors`: the error lines of the window, `end`: how it ends; `window` in virtual seconds.

    `note`: why less is known than asked for, as a full sentence.
    """

    platform: Platform
    run: Run
    end: LogExcerpt
    check: Check | None = None
    name: str | None = None
    moment: Moment | None = None
    errors: LogExcerpt | None = None
    window: float | None = None
    note: str = ""

    @property
    def context(self) -> Context:
        """What the thread of it speaks of."""
        return Context(run=self.run.ref, property_name=self.name, moment=self.moment)


def handed_over(found: Handover, secrets: Iterable[Secret]) -> Reply:
    """Give the file, and say what stands in it. `secrets`: known values that it may not carry further."""
    about: Line = (" of “", check_name(found.name), "”") if found.name else ()
    told = found.errors.matched - found.errors.mentions if found.errors is not None else 0
    there = min(told, MOST_ERRORS)
    number = last(there, "error line") if there < told else count(there, "error line")
    errors = f"with {number} and " if told else ""
    said: Line = (
        "What Clew knows",
        *about,
        " in " if about else " of ",
        *run_name(found.run),
        f" is in the file, {errors}without a report link.",
    )
    text = scrub("\n".join(_text(found)) + "\n", secrets).text
    at = f"-{virtual(found.moment).removesuffix(' s')}" if found.moment else ""
    name = f"handover-{short_id(found.run.ref.run_id)}{at}.md"
    card = Card(
        title=("Hand-over", *about),
        text=said,
        body=(said, *(((Untrusted(found.note),),) if found.note else ())),
        facts=(Fact(run_title(found.run, found.platform.terms), (Untrusted(found.run.ref.run_id, code=True),)),
               *((Fact("Moment", (Untrusted(f"{found.moment.input_hash} {found.moment.vtime}", code=True),)),)
                 if found.moment else ())),
        files=(Attachment.of_text(text, name=name, title="Hand-over"),),
        buttons=at_moment.buttons(found.context, found.platform),
        context=found.context,
    )  # fmt: skip
    return Reply(card=card)


def _text(found: Handover) -> Iterator[str]:
    terms = found.platform.terms
    yield f"# {_inline(found.name) if found.name else f'{run_title(found.run, terms)} {_inline(found.run.ref.run_id)}'}"
    yield ""
    for label, value in _facts(found):
        yield f"- {label}: {value}"
    if found.note:
        yield f"- Note: {_inline(found.note)}"
    yield from _sample(found)
    yield from _log(found)
    yield from _further(found)


def _facts(found: Handover) -> Iterator[tuple[str, str]]:
    run, terms, check = found.run, found.platform.terms, found.check
    known = (
        (run_title(run, terms), run.ref.run_id),
        ("Platform", terms.platform),
        ("Status", run.status_text),
        (terms.launcher.title, run.launcher),
        (terms.source.title, run.source),
        ("Test", run.test_name),
        ("Commit", run.commit),
        ("Created", f"{run.created_at:%Y-%m-%d %H:%M} UTC" if run.created_at else None),
        (terms.check.title, found.name),
        ("Checked", ratio.in_words(check, trusted=False) if check and check.is_event else None),
        ("Where", check.first.location if check and check.first else None),
        ("Input hash", found.moment.input_hash if found.moment else None),
        ("Virtual time", found.moment.vtime if found.moment else None),
        ("Window", virtual_seconds(found.window) if found.window is not None else None),
    )
    yield from ((label, _inline(value)) for label, value in known if value)
    if found.moment and (faults := faults_named(found.moment, found.end)):
        yield "Faults", _inline(plain(faults))
    if found.end.cut:
        yield "Log", f"not whole: {_inline(found.end.cut)}"


def _sample(found: Handover) -> Iterator[str]:
    if found.check is not None and found.check.first is not None and found.check.first.text:
        yield from ("", "## Sample", "", *_block([found.check.first.text]))


def _log(found: Handover) -> Iterator[str]:
    if found.errors is not None and found.errors.lines:
        only = ", and lines that only mention an error" if found.errors.mentions else ""
        yield from ("", f"## Error lines{only}{_of_all(found.errors)}", "", *_block(_written(found.errors)))
    if found.end.lines:
        yield from ("", f"## End of the log{_of_all(found.end)}", "", *_block(_written(found.end)))


def _of_all(excerpt: LogExcerpt) -> str:
    """Say how many lines stand there, where those are not all."""
    if len(excerpt.lines) == excerpt.matched:
        return ""
    return f": {last(len(excerpt.lines), 'line')} of {excerpt.matched:,}{' read' if excerpt.cut else ''}"


def _further(found: Handover) -> Iterator[str]:
    elsewhere, moment = found.platform.elsewhere, found.moment
    commands = elsewhere.commands(found.run, moment) if elsewhere and moment else ()
    if commands:
        yield from ("", "## On the command line", "", *_block(commands))
    page = elsewhere.page(found.run, moment) if elsewhere and moment else None
    links = [*((f"- {page.label}: {page.url}",) if page else ()),
             *((f"- {found.platform.terms.run.title}: {found.run.page_url}",) if found.run.page_url else ())]  # fmt: skip
    if links:
        yield from ("", "## Pages, which ask for a login", "", *links)


def _written(excerpt: LogExcerpt) -> list[str]:
    return [cleaning.one_line(text) for text in map(line, excerpt.lines, marks(excerpt.lines))]


def _block(lines: Sequence[str]) -> Iterator[str]:
    """Put lines into a block of code that none of them can end."""
    yield from ("```text", *map(cleaning.unfenced, map(cleaning.one_line, lines)), "```")


def _inline(text: str) -> str:
    """Write a text from outside as code on one line, so that nothing in it is read as markup."""
    return "`" + cleaning.one_line(text).replace("`", "'") + "`"
