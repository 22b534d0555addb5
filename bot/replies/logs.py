"""What the bot says of logs: the lines, the faults that were active, and what was left out."""

from __future__ import annotations

from bot.cards import Attachment, Button, Card, Context, Excerpt, Fact, Item, Line, Outside, Reply, Tone
from bot.commands.aim import Aim
from bot.model import Fault, LineKind, LogExcerpt, LogLine, LogQuery, Moment, Run
from bot.replies.words import count, run_name, short_id, virtual, virtual_text


def window(aim: Aim, query: LogQuery, excerpt: LogExcerpt, *, again: str) -> Reply:
    """Show the end of a window; the moment itself is the last line."""
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
            Fact("Window", (f"{query.window:g} virtual seconds, ", count(excerpt.total, "line"))),
            *_filters(query),
        ),
        items=tuple(_fault(f, aim.moment) for f in excerpt.faults),
        excerpt=_excerpt(excerpt),
        files=_files(excerpt, f"logs-{short_id(query.run_id)}-{when.removesuffix(' s')}.ndjson"),
        buttons=(
            Button(label="Wider window", words=again),
            Button(label="Debug", words=again.replace("logs ", "debug ", 1).partition(" window=")[0]),
        ),
        tone=Tone.WARNING if excerpt.cut else Tone.NEUTRAL,
        footer=_footer(aim),
        context=aim.context,
    )
    return Reply(card=card)


def build_logs(run: Run, excerpt: LogExcerpt) -> Reply:
    """Show the end of a run's build log."""
    if not excerpt.lines:
        said: Line = ("The build log of ", *run_name(run), " is empty.")
    else:
        said = ("The last ", count(len(excerpt.lines), "line"), " of the build log of ", *run_name(run), ".")
    card = Card(
        title=("Build log of ", *run_name(run)),
        text=said,
        body=(said,),
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
        return (f"there are no lines in the {query.window:g} virtual seconds before it.",)
    if not excerpt.lines:
        return (f"none of the {count(excerpt.total, 'line')} in the window match.",)
    return (f"the last {len(excerpt.lines)} of {count(excerpt.matched, 'line')}.",)


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
        body.append(("Not the whole window: ", Outside(excerpt.cut), "."))
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
    return (f"{count(aim.others, 'other failing property', 'other failing properties')} with a moment: ",
            "say “failing”, or “logs property=2”.")  # fmt: skip
