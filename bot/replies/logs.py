"""What the bot says of logs: the lines, the faults that were active, and what was left out."""

from __future__ import annotations

from bot.cards import Attachment, Button, Card, Context, Excerpt, Fact, Item, Line, Outside, Reply, Tone
from bot.commands.aim import Aim
from bot.model import Fault, LineKind, LogExcerpt, LogLine, LogQuery, Moment, Run
from bot.replies import looking
from bot.replies.words import (
    count,
    last,
    listed,
    run_name,
    sentence,
    short_id,
    virtual,
    virtual_seconds,
    virtual_text,
)


def window(aim: Aim, query: LogQuery, excerpt: LogExcerpt, *, wider: str) -> Reply:
    """Show the end of a window; the moment itself is the last line. `wider`: the words that show more, "" for none."""
    run = aim.run
    name: Line = run_name(run) if run else ()
    about: Line = (" of “", Outside(aim.property_name), "”") if aim.property_name else ()
    when = virtual(aim.moment)
    said = (*_story(query, excerpt), *_faults_told(excerpt.faults))
    card = Card(
        title=(f"Logs before {when}", *about),
        text=(f"Logs before {when} of ", *name, *about, ": ", *said),
        body=_body(aim, excerpt),
        facts=(
            Fact("Run", (Outside(query.run_id, code=True),)),
            Fact("Moment", (Outside(f"{aim.moment.input_hash} {aim.moment.vtime}", code=True),)),
            Fact("Window", (f"{virtual_seconds(query.window)}, ", count(excerpt.total, "line"))),
            *_filters(query),
        ),
        items=tuple(_fault(f, aim.moment) for f in excerpt.faults),
        excerpt=_excerpt(excerpt),
        files=_files(excerpt, f"logs-{short_id(query.run_id)}-{when.removesuffix(' s')}.ndjson"),
        buttons=(
            *((Button(label="Wider window", words=wider),) if wider else ()),
            Button(label="Debug", words=looking.words("debug", aim.context)),
        ),
        tone=Tone.WARNING if excerpt.cut else Tone.NEUTRAL,
        footer=_footer(aim),
        context=aim.context,
    )
    return Reply(card=card)


def build_logs(run: Run, excerpt: LogExcerpt, *, why: str = "", ignored: tuple[str, ...] = ()) -> Reply:
    """Show the end of a run's build log.

    `why`: it is shown because no moment of the run is known. `ignored`: filters that a build log does not take.
    """
    name = run_name(run)
    said: Line = ("The build log of ", *name, " is empty.")
    if excerpt.lines:
        these = "This is" if len(excerpt.lines) == 1 else "These are"
        said = (f"{these} {last(len(excerpt.lines), 'line')} of the build log of ", *name, ".")
    body: tuple[Line, ...] = ((f"{why} The build log is shown instead.",),) if why else ()
    if ignored:
        body += (
            (
                f"The build log is not filtered: {listed([f'{i}=' for i in ignored])} is for lines before a moment.",
            ),
        )
    body += (said,)
    card = Card(
        title=("Build log of ", *name),
        text=tuple(span for line in body for span in (*line, " "))[:-1],
        body=body,
        excerpt=_excerpt(excerpt) if excerpt.lines else None,
        files=_files(excerpt, f"build-{short_id(run.ref.run_id)}.ndjson"),
        tone=Tone.WARNING if excerpt.cut else Tone.NEUTRAL,
        context=Context(run=run.ref),
    )
    return Reply(card=card)


def line(entry: LogLine) -> str:
    """Write one line: time, container, a word for what it is, text."""
    when = (
        f"{entry.at:%H:%M:%S}"
        if entry.at
        else virtual_text(entry.vtime).removesuffix(" s")
        if entry.vtime
        else ""
    )
    mark = "! " if entry.kind in {LineKind.FAULT, LineKind.ASSERTION} else ""
    source = f"[{entry.source}] " if entry.source else ""
    return f"{when:>9} {source}{mark}{entry.text}"


def _story(query: LogQuery, excerpt: LogExcerpt) -> Line:
    if not excerpt.total:
        return (f"there are no lines in the {virtual_seconds(query.window)} before it.",)
    if not excerpt.lines and excerpt.total == 1:
        return ("the only line in the window does not match.",)
    if not excerpt.lines:
        return (f"none of the {count(excerpt.total, 'line')} in the window match.",)
    if len(excerpt.lines) < excerpt.matched:
        return (f"{last(len(excerpt.lines), 'line')} of {excerpt.matched:,}.",)
    return (f"{count(excerpt.matched, 'line')}.",)


def _faults_told(faults: tuple[Fault, ...]) -> Line:
    if not faults:
        return ()
    told: list[str | Outside] = [" Faults active then: "]
    for position, fault in enumerate(faults):
        told += [", " if position else "", Outside(fault.name), " on ", Outside(_nodes(fault))]
    return (*told, ".")


def _body(aim: Aim, excerpt: LogExcerpt) -> tuple[Line, ...]:
    body: list[Line] = []
    if excerpt.cut:
        body.append(sentence("Not the whole window: ", Outside(excerpt.cut)))
    if not excerpt.lines:
        body.append(("No lines to show. Try a wider window, or without grep= and source=.",))
    if not excerpt.faults and excerpt.total:
        body.append(("No fault that began inside this window was active at the moment.",))
    if aim.warning:
        body.append((Outside(aim.warning),))
    return tuple(body)


def _filters(query: LogQuery) -> tuple[Fact, ...]:
    chosen = (("Only lines with", query.grep), ("Only from", query.source))
    return tuple(Fact(label, (Outside(value, code=True),)) for label, value in chosen if value)


def _fault(fault: Fault, moment: Moment) -> Item:
    held = f"for {moment.seconds - float(fault.since):.1f} virtual seconds"
    ends = "" if fault.until is None else f", until {fault.until:.3f} s"
    lines: tuple[Line, ...] = ((Outside(fault.detail),),) if fault.detail else ()
    return Item(
        title=(Outside(fault.name), " on ", Outside(_nodes(fault)), f", active {held}{ends}"),
        mark="fault",
        lines=lines,
    )


def _nodes(fault: Fault) -> str:
    return ", ".join(fault.nodes) or "the network"


def _excerpt(excerpt: LogExcerpt) -> Excerpt | None:
    if not excerpt.lines:
        return None
    return Excerpt(
        lines=tuple(line(entry) for entry in excerpt.lines),
        title="Newest last",
        left_out=max(0, excerpt.matched - len(excerpt.lines)),
    )


def _files(excerpt: LogExcerpt, name: str) -> tuple[Attachment, ...]:
    if excerpt.path is None:
        return ()
    title = f"The whole window, {count(excerpt.total, 'line')}"
    return (Attachment(path=excerpt.path, name=name, title=title, size=excerpt.size),)


def _footer(aim: Aim) -> Line:
    if not aim.others:
        return ()
    other = "" if aim.property_name is None else "other "
    have = "property has" if len(aim.others) == 1 else "properties have"
    return (f"{len(aim.others):,} {other}failing {have} a moment: say “failing”, or “logs {aim.others[0]}”.",)
