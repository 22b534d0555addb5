"""What the bot says of two windows beside each other: before a moment, and before a passing example."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.cards import Attachment, Button, Card, Command, Context, Fact, Item, Line, Reply, Tone, Untrusted
from bot.command import MomentTarget
from bot.errors import UserError
from bot.model import LogExcerpt, LogQuery, Moment
from bot.patterns import Difference, Telling
from bot.redact import scrub
from bot.replies import at_moment
from bot.replies.logs import faults_named
from bot.replies.wording import (
    check_name,
    count,
    run_name,
    sentence,
    short_id,
    virtual,
    virtual_seconds,
    virtual_text,
)
from bot.severity import Severity
from bot.terms import Terms

SHOWN_HERE, SHOWN_THERE = 10, 5
LONGEST_LINE = 300  # characters
SHORTEST, LONGEST = 0.1, 3_600  # virtual seconds of a window that a button asks for
TIMES = 4  # how many times longer or shorter the next windows are
_KIND = ("kind of line", "kinds of line")
_HOW = (
    "Times, ids and numbers are left out of the comparison. One passing example is a sample, so a difference is a "
    "hint and no proof."
)
_SEVERITIES = {Severity.FATAL: "crash", Severity.ERROR: "error", Severity.WARNING: "warning"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Two windows that were read. `wanted`: what was asked for, `query`: as long as both can be."""

    target: MomentTarget
    beside: Moment
    wanted: LogQuery
    query: LogQuery
    here: LogExcerpt
    there: LogExcerpt

    @property
    def name(self) -> str:
        """What the moment is."""
        check = self.target.check
        counted = check is not None and any(e.moment == self.target.moment for e in check.counterexamples)
        return "counterexample" if counted else "moment"

    @property
    def not_comparable(self) -> Line | None:
        """Why nothing can be concluded from them; None where it can."""
        for name, excerpt in ((self.name, self.here), ("passing example", self.there)):
            if excerpt.cut:
                return sentence(
                    f"The log before the {name} could not be read whole: ", Untrusted(excerpt.cut)
                )
            if excerpt.patterns_left_out:
                return (f"The lines before the {name} differ too much from each other to be compared.",)
            if not excerpt.patterns:
                return (f"No line to compare stands before the {name}.",)
        return None

    def again(self, window: float) -> Command:
        """Ask for the same with longer or shorter windows."""
        filters = {"source": self.wanted.source, "grep": self.wanted.grep}
        given = {name: value for name, value in filters.items() if value}
        return at_moment.command("logs", self.target.context, window=f"{window:g}", compare="yes", **given)


def no_property(terms: Terms) -> UserError:
    """Say that without a property nobody knows what passes."""
    return UserError(
        f"Comparing takes a {terms.check.one}, whose passing example stands beside the moment.",
        f"Use “logs {terms.named('property')}=1 compare=yes” for the first failing {terms.check.one}.",
    )


def no_passing_example(target: MomentTarget) -> Reply:
    """Say that nothing is known to compare with."""
    check = target.platform.terms.check
    said: Line = (f"No passing example of the {check.one} “", check_name(target.property_name or ""), "” is known",
                  *_in(target), ", so there is nothing to compare with.")  # fmt: skip
    card = Card(
        title=("No passing example", *_of(target)),
        text=said,
        body=(said,),
        buttons=(Button(label="Logs", command=at_moment.command("logs", target.context)),),
        context=target.context,
    )
    return Reply(card=card)


def not_compared(windows: Windows, why: Line) -> Reply:
    """Say why the windows are not compared."""
    target, query = windows.target, windows.wanted
    said: Line = (*why, " Nothing is concluded from that.")
    much = any(e.cut or e.patterns_left_out for e in (windows.here, windows.there))
    label, window = (
        ("Shorter window", query.window / TIMES) if much else ("Wider window", query.window * TIMES)
    )
    other = Button(label=label, command=windows.again(window))
    card = Card(
        title=("Not compared with a passing example", *_of(target)),
        text=said,
        tone=Tone.WARNING,
        body=(said, *_warnings(target)),
        facts=_facts(windows),
        buttons=(
            *((other,) if SHORTEST <= window <= LONGEST else ()),
            Button(label="Logs", command=at_moment.command("logs", target.context)),
        ),
        context=target.context,
    )
    return Reply(card=card)


def compared(windows: Windows, found: Difference) -> Reply:
    """Show what only one of the windows has, the most telling first."""
    target = windows.target
    passing = at_moment.command("logs", _beside(windows), window=f"{windows.wanted.window:g}")
    wider = windows.wanted.window * TIMES
    room = windows.query.window == windows.wanted.window and wider <= LONGEST
    card = Card(
        title=("Compared with a passing example", *_of(target)),
        text=(*_story(windows, found), *_most_telling(found)),
        body=(
            _story(windows, found),
            (_HOW,),
            *_shorter(windows),
            *_warnings(target),
        ),
        facts=_facts(windows),
        items=(
            *(_item("only here", told) for told in found.here[:SHOWN_HERE]),
            *(_item("only there", told) for told in found.there[:SHOWN_THERE]),
        ),
        items_left_out=max(0, len(found.here) - SHOWN_HERE) + max(0, len(found.there) - SHOWN_THERE),
        files=_files(windows, found),
        buttons=(
            Button(label="Logs", command=at_moment.command("logs", target.context)),
            Button(label="Logs of the passing example", command=passing),
            *((Button(label="Wider window", command=windows.again(wider)),) if room else ()),
        ),
        context=target.context,
    )  # fmt: skip
    return Reply(card=card)


def _beside(windows: Windows) -> Context:
    return replace(windows.target.context, moment=windows.beside)


def _story(windows: Windows, found: Difference) -> Line:
    """Say it of the windows alone: what stands earlier in the log is not known."""
    here = f"the {windows.name} at {virtual(windows.target.moment)}"
    there = f"the passing example at {virtual(windows.beside)}"
    before: Line = (
        f"In the {virtual_seconds(windows.query.window)} before {here}",
        *_in(windows.target),
        f" and before {there}",
    )
    if not (found.here or found.there):
        return (*before, f" nothing differs: {count(found.both, *_KIND)} in both.")
    only = count(len(found.here), "kind of line is", "kinds of line are")
    there_only = f"{len(found.there):,} only before the passing example; {found.both:,} in both."
    return (*before, f", {only} only before the {windows.name}, {there_only}")


def _most_telling(found: Difference) -> Line:
    if not found.here:
        return ()
    return (" Most telling: “", Untrusted(found.here[0].pattern.first.text[:LONGEST_LINE]), "”.")


def _shorter(windows: Windows) -> tuple[Line, ...]:
    if windows.query.window == windows.wanted.window:
        return ()
    length = virtual_seconds(windows.query.window)
    return ((f"Both windows have {length}: one of the moments is that early in the run.",),)


def _facts(windows: Windows) -> tuple[Fact, ...]:
    target = windows.target
    run = target.run.ref.run_id if target.run else ""
    sides = (("Here", f"{windows.name} at", target.moment, windows.here),
             ("There", "passing example at", windows.beside, windows.there))  # fmt: skip
    filters = (("Only lines with", windows.wanted.grep), ("Only from", windows.wanted.source))
    return (
        Fact("Run", (Untrusted(run, code=True),)),
        Fact("Window", (virtual_seconds(windows.query.window),)),
        *(Fact(label, (Untrusted(value, code=True),)) for label, value in filters if value),
        *(Fact(side, (f"{what} {virtual(at)}, ", count(e.total, "line"))) for side, what, at, e in sides),
        *(
            Fact(f"Faults {side.lower()}", faults)
            for side, _, at, e in sides
            if (faults := faults_named(at, e))
        ),
    )


def _item(side: str, told: Telling) -> Item:
    first, number = told.pattern.first, told.pattern.count
    when = f" at {virtual_text(first.vtime)}" if first.vtime else ""
    often = f"once{when}" if number == 1 else f"{number:,} times{when and f', first{when}'}"
    word = _SEVERITIES.get(told.severity, "")
    trace = f", with {count(told.trace, 'line')} of its stack trace" if told.trace else ""
    source: Line = (", from ", Untrusted(first.source)) if first.source else ()
    return Item(
        mark=f"{side}, {word}" if word else side,
        title=(Untrusted(first.text[:LONGEST_LINE], code=True),),
        lines=((often, *source, trace),),
    )


def _files(windows: Windows, found: Difference) -> tuple[Attachment, ...]:
    """Give all of a long comparison as a file."""
    if len(found.here) <= SHOWN_HERE and len(found.there) <= SHOWN_THERE:
        return ()
    sides = (("only here", found.here), ("only there", found.there))
    rows = ("\t".join((side, str(told.pattern.count), told.pattern.first.vtime or "", told.pattern.first.source,
                       told.pattern.first.text)) for side, all_told in sides for told in all_told)  # fmt: skip
    run = short_id(windows.query.run_id)
    name = f"compared-{run}-{virtual(windows.target.moment).removesuffix(' s')}.txt"
    return (Attachment.of_text(scrub("\n".join(rows)).text, name=name, title="The whole comparison"),)


def _of(target: MomentTarget) -> Line:
    return (" of “", check_name(target.property_name), "”") if target.property_name else ()


def _in(target: MomentTarget) -> Line:
    return (" in ", *run_name(target.run)) if target.run else ()


def _warnings(target: MomentTarget) -> tuple[Line, ...]:
    return ((Untrusted(target.warning),),) if target.warning else ()
