"""What the bot says of logs: the lines, the faults that were active, and what was left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.cards import (
    Attachment,
    Button,
    Card,
    Command,
    Context,
    Excerpt,
    Fact,
    Item,
    Line,
    Pages,
    Reply,
    Span,
    Tone,
    Untrusted,
)
from bot.cleaning import shorten
from bot.command import MomentTarget
from bot.errors import ClewError, UserError, WrongValue
from bot.model import Fault, LineKind, LogExcerpt, LogLine, LogQuery, Moment, Run, RunLogQuery
from bot.platform import Platform
from bot.replies import at_moment
from bot.replies.data import FilesFound, LogFound
from bot.replies.wording import (
    check_name,
    check_names,
    clock_time,
    count,
    from_on,
    last,
    listed,
    run_name,
    sentence,
    short_id,
    size_of,
    stopped,
    titled,
    virtual,
    virtual_seconds,
    virtual_text,
)
from bot.severity import Mark, Severity, marks
from bot.terms import Terms
from bot.triage import RunFile


def text_too_long(most: int) -> UserError:
    """Refuse a filter that is too long."""
    return UserError(f"grep= takes at most {most} characters.", "Give a shorter, distinctive text.")


def bad_pattern(why: str) -> UserError:
    """Refuse a regular expression; `why`: what is wrong in it, as the library says it."""
    hint = "RE2 has no lookarounds and no backreferences; without the slashes the text is looked for as it stands."
    return WrongValue(
        "grep", f"cannot be used as a regular expression: {stopped(why)}", "/panic|fatal/", hint=hint
    )


def no_log_at_all(why: str, error: ClewError) -> str:
    """Say that a run has neither a moment nor a build log; `why`: why it has no moment."""
    return f"{why} Its build log cannot be shown either: {error}"


def window(
    target: MomentTarget,
    query: LogQuery,
    excerpt: LogExcerpt,
    offers: Mapping[str, Command],
) -> Reply:
    """Show the end of a window; the moment itself is the last line. `offers`: what shows it otherwise, by `_OFFERS`."""
    run = target.run
    name: Line = run_name(run) if run else ()
    about: Line = (" of “", Untrusted(target.property_name), "”") if target.property_name else ()
    when = virtual(target.moment)
    said = (*_story(query, excerpt), *_faults_told(excerpt))
    what = "Error lines" if query.errors else "Logs"
    chosen = (("Only lines with", query.grep), ("Only from", query.source))
    card = Card(
        title=(f"{what} before {when}", *about),
        text=(f"{what} before {when} of ", *name, *about, ": ", *said),
        body=_body(target, query, excerpt),
        facts=(
            Fact("Run", (Untrusted(query.run_id, code=True),)),
            Fact("Moment", (Untrusted(f"{target.moment.input_hash} {target.moment.vtime}", code=True),)),
            Fact("Window", (f"{virtual_seconds(query.window)}, ", count(excerpt.total, "line"))),
            *(Fact(label, (Untrusted(value, code=True),)) for label, value in chosen if value),
            *((Fact("Page", page),) if (page := at_moment.page(target.platform, run, target.moment)) else ()),
        ),
        items=_faults(target.moment, excerpt),
        excerpt=_excerpt(excerpt),
        files=_files(excerpt, "window", f"logs-{short_id(query.run_id)}-{when.removesuffix(' s')}.ndjson"),
        buttons=_ways_on(target, query, offers),
        tone=_tone(excerpt),
        footer=_footer(target),
        context=target.context,
    )
    found = (
        LogFound(
            ref=run.ref,
            excerpt=excerpt,
            check=target.property_name,
            moment=target.moment,
            window=query.window,
        )
        if run
        else None
    )
    return Reply(card=card, data=found)


def _ways_on(target: MomentTarget, query: LogQuery, offers: Mapping[str, Command]) -> tuple[Button, ...]:
    """Offer what people look at next; to go on from here, and to hand it over, are seldom wanted."""
    looks = tuple(
        Button(label=_offer(name, offers[name]), command=offers[name], rare=name in _SELDOM)
        for name in _OFFERS
        if name in offers
    )
    others = at_moment.hand_over(target.context, target.platform, window=f"{query.window:g}")
    return (
        *(look for look in looks if not look.rare),
        Button(label="Debug", command=at_moment.command("debug", target.context)),
        *(look for look in looks if look.rare),
        *(replace(other, rare=True) for other in others),
    )


_SELDOM = frozenset({"next"})
_OFFERS = {  # in the order in which people look
    "errors": "Error lines",
    "source": "Only this container",
    "compare": "Compare",
    "wider": "Wider window",
    "next": "Next counterexample",
}
_SHORT_NAME = re.compile(r"[\w.-]{1,20}", re.ASCII)


def _offer(name: str, command: Command) -> str:
    source = command.values.get("source", "") if name == "source" else ""
    return f"Only {source}" if _SHORT_NAME.fullmatch(source) else _OFFERS[name]


def build_logs(run: Run, excerpt: LogExcerpt, *, why: str = "", ignored: tuple[str, ...] = ()) -> Reply:
    """Show the end of a run's build log.

    `why`: it is shown because no moment of the run is known. `ignored`: filters that a build log does not take.
    """
    name = run_name(run)
    said = _build_story(name, excerpt)
    body: tuple[Line, ...] = ((f"{why} The build log is shown instead.",),) if why else ()
    if ignored:
        body += ((f"The build log is not filtered. Ignored: {listed([f'{i}=' for i in ignored])}.",),)
    body += (said, *_missing(excerpt, "build log"))
    card = Card(
        title=("Build log of ", *name),
        text=tuple(span for line in body for span in (*line, " "))[:-1],
        body=body,
        excerpt=_excerpt(excerpt) if excerpt.lines else None,
        files=_files(excerpt, "build log", f"build-{short_id(run.ref.run_id)}.ndjson"),
        tone=_tone(excerpt),
        context=Context(run=run.ref),
    )
    return Reply(card=card, data=LogFound(ref=run.ref, excerpt=excerpt))


def no_logs_kept(terms: Terms) -> str:
    """Say what is shown of a platform that keeps no logs."""
    return f"{terms.platform} keeps no logs; this is the error it gives."


def no_error_given(terms: Terms) -> str:
    """Say that a platform without logs says nothing of a failure either."""
    return f"{terms.platform} keeps no logs, and it gives no error for this {terms.run.one}."


def no_such_log(name: str, terms: Terms) -> UserError:
    """Say that a platform hands out no such part of a log."""
    return UserError(f"{terms.platform} has nothing for “{name}=”.", "Use “logs” for the end of the log.")


def files(run: Run, check: str | None, found: Sequence[RunFile], begin: int = 1) -> Reply:
    """List the files that are kept of a run, or of one of its checks, the newest first; `begin`: the first entry shown."""
    of: Line = ("“", check_name(check), "” in ", *run_name(run)) if check else run_name(run)
    number = count(len(found), "file") if found else "No files"
    about = {"property": check} if check else {}
    pages = Pages.of(Command.of_run("logs", run.ref, list="yes", **about), len(found), begin, _FILES)
    names = check_names([f.name for f in found[begin - 1 :]], _FILES)
    card = Card(
        title=(f"{number} of ", *of, from_on(begin)),
        text=sentence(f"{number} of ", *of, from_on(begin), *((": ", *names) if names else ())),
        items=tuple(_run_file(found[n - 1], run, check) for n in pages.numbers),
        items_left_out=pages.left_out,
        pages=pages,
        footer=("“logs artifact=NAME” shows one.",) if found else (),
        context=Context(run=run.ref, property_name=check),
    )
    data = FilesFound(ref=run.ref, files=tuple(found[begin - 1 :]), first=begin, check=check)
    return Reply(card=card, data=data)


_FILES = 10


def _run_file(file: RunFile, run: Run, check: str | None) -> Item:
    size = size_of(file.size) if file.size is not None else ""
    until = f"kept until {clock_time(file.expires_at)}" if file.expires_at else ""
    said = " · ".join(text for text in (size, until) if text)
    more = {"artifact": file.name, **({"property": check} if check else {})}
    return Item(
        mark=file.kind.casefold(),
        title=(Untrusted(file.name),),
        lines=((said,),) if said else (),
        buttons=(Button(label="Show", command=Command.of_run("logs", run.ref, **more)),),
    )


def run_log(
    run: Run,
    query: RunLogQuery,
    excerpt: LogExcerpt,
    platform: Platform,
    *,
    ignored: Sequence[str] = (),
) -> Reply:
    """Show the end of a run's log, of the lines of one check, or of a file of the run; `ignored`: what it does not take."""
    terms = platform.terms
    title, place = titled(query.check) if query.check else (None, ())
    only = (Untrusted(query.grep),) if query.grep else ()
    what = "Errors of " if excerpt.instead else "Log of "
    file = excerpt.artifact or query.artifact or ""
    of: Line = ("File “", Untrusted(file), "” of ") if query.artifact else (what,)
    lines = count(excerpt.total, "line")
    around: Line = (" around “", title, "”") if title else ()
    heading: Line = (*of, *run_name(run), *around)
    names = listed([f"{name}=" for name in ignored])
    passed_over: tuple[Line, ...] = ((f"Ignored: {names}.",),) if ignored else ()
    story = _run_story(excerpt, narrowed=bool(query.check or query.grep))
    nothing: tuple[Line, ...] = () if excerpt.lines else ((f"{story[:1].upper()}{story[1:]}.",),)
    card = Card(
        title=heading,
        text=(*heading, f": {story}."),
        body=(*_missing(excerpt, "file" if query.artifact else "log"), *passed_over, *nothing),
        facts=tuple(
            fact
            for fact in (
                Fact(terms.run.title, (Untrusted(run.ref.run_id, code=True),)),
                Fact("File" if query.artifact else "Error" if excerpt.instead else "Log",
                     (Untrusted(file), f", {lines}") if file and not query.artifact else (lines,)),
                Fact(terms.check.title, (title, " in ", *place) if title and place else (title,) if title else ()),
                Fact("Only lines with", only),
                Fact("Kept until", (clock_time(excerpt.kept_until),) if excerpt.kept_until else ()),
            )
            if fact.value
        ),
        excerpt=_excerpt(excerpt),
        files=_files(excerpt, "file" if query.artifact else "log", _file_name(run, file)),
        buttons=_further(run, query, excerpt, platform),
        tone=_tone(excerpt),
        context=Context(run=run.ref, property_name=query.check),
    )  # fmt: skip
    return Reply(card=card, data=LogFound(ref=run.ref, excerpt=excerpt, check=query.check))


def _further(run: Run, query: RunLogQuery, excerpt: LogExcerpt, platform: Platform) -> tuple[Button, ...]:
    """Offer the whole of a log as a file, and the other files that are kept."""
    able = platform.run_logs is not None and "file" in platform.run_logs.narrows
    whole = able and excerpt.total and not query.file and not query.artifact
    about = {"property": query.check} if query.check else {}
    of_check = about if platform.files is not None and platform.files.of_checks else {}
    offered = (
        ("Whole log as a file", {"file": "yes", **about}, whole),
        ("Files", {"list": "yes", **of_check}, platform.files is not None),
    )
    return tuple(
        Button(label=label, command=Command.of_run("logs", run.ref, **values))
        for label, values, there in offered
        if there
    )


def _run_story(excerpt: LogExcerpt, *, narrowed: bool) -> str:
    shown, read = len(excerpt.lines), " that were read" if excerpt.cut else ""
    if not excerpt.total:
        return "no line could be read" if excerpt.cut else "it is no text" if excerpt.path else "it is empty"
    if not shown:
        return f"none of the {count(excerpt.total, 'line')}{read} match"
    if narrowed:
        return f"{last(shown, 'line')} of {excerpt.matched:,} that match{read and ' in those'}{read}"
    if shown == excerpt.total:
        return f"{count(shown, 'line')}{read}"
    return f"{last(shown, 'line')} of {excerpt.total:,}{read}"


def _file_name(run: Run, artifact: str | None) -> str:
    """Name a file that people save: never by what a server calls it alone, which may be a path."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", (artifact or "").rpartition("/")[2]).strip("._")
    return f"{short_id(run.ref.run_id)}-{plain[:80] or 'log.txt'}"


def _build_story(name: Line, excerpt: LogExcerpt) -> Line:
    """Say how much of a build log is shown; of one that was cut only what was read is said."""
    shown, total = len(excerpt.lines), excerpt.total
    if excerpt.cut and shown == total:
        return (f"{count(total, 'line')} of the build log of ", *name, " could be read.")
    if not shown:
        return ("The build log of ", *name, " is empty.")
    if shown == total:
        return ("This is the whole build log of ", *name, f", {count(total, 'line')}.")
    these = "This is" if shown == 1 else "These are"
    read = " that could be read" if excerpt.cut else ""
    return (f"{these} {last(shown, 'line')} of {total:,}{read} of the build log of ", *name, ".")


_MARKED = frozenset({LineKind.FAULT, LineKind.ASSERTION})
_STREAMS = {"error": "stderr", "out": "stdout"}  # of a build, which is one source with two streams


def line(entry: LogLine, mark: Mark) -> str:
    """Write one line: time, container or stream, "!" where something went wrong, "|" where that goes on, text."""
    when = (
        f"{entry.at:%H:%M:%S}"
        if entry.at
        else virtual_text(entry.vtime).removesuffix(" s")
        if entry.vtime
        else ""
    )
    bad = mark.severity >= Severity.ERROR
    sign = "| " if bad and not mark.begins else "! " if bad or entry.kind in _MARKED else ""
    name = _STREAMS.get(entry.stream, "") if entry.at else entry.source
    source = f"[{name}] " if name else ""
    if not when and not source:
        return f"{sign}{entry.text}"
    return f"{when:>9} {source}{sign}{entry.text}"


def _tone(excerpt: LogExcerpt) -> Tone:
    return Tone.WARNING if excerpt.cut or excerpt.file_trouble else Tone.NEUTRAL


def _story(query: LogQuery, excerpt: LogExcerpt) -> Line:
    """Say what is shown; of a log that was cut only what was read is said."""
    read = " read" if excerpt.cut else ""
    if not excerpt.total:
        window = f"the {virtual_seconds(query.window)} before it"
        return (f"no line of {window} could be read." if excerpt.cut else f"there are no lines in {window}.",)
    if query.errors:
        return (_errors_story(excerpt, read),)
    if not excerpt.lines and excerpt.total == 1:
        return (f"the only line{read or ' in the window'} does not match.",)
    if not excerpt.lines:
        return (f"none of the {count(excerpt.total, 'line')}{read or ' in the window'} match.",)
    if len(excerpt.lines) < excerpt.matched:
        return (f"{last(len(excerpt.lines), 'line')} of {excerpt.matched:,}{read}.",)
    return (f"{count(excerpt.matched, 'line')}{read}.",)


def _errors_story(excerpt: LogExcerpt, read: str) -> str:
    """Say how many lines are errors, and how many only have a word like that: those may be harmless."""
    told = excerpt.matched - excerpt.mentions
    errors = f"{count(told, 'line')} of errors and stack traces" if told else ""
    mention = "mention" if excerpt.mentions > 1 else "mentions"
    mentions = f"{count(excerpt.mentions, 'line')} that only {mention} errors" if excerpt.mentions else ""
    known = " and ".join(part for part in (errors, mentions) if part) or "no error line"
    shown = f", {last(len(excerpt.lines), 'line')} shown" if len(excerpt.lines) < excerpt.matched else ""
    return f"{known} in {count(excerpt.total, 'line')}{read}{shown}."


def _exits(excerpt: LogExcerpt) -> tuple[Line, ...]:
    """Say of containers that were ended from outside that faults did it: that is no crash."""
    found: list[Line] = []
    for entry in excerpt.lines:
        ended = _ENDED.match(entry.text) if entry.kind is LineKind.CONTAINER else None
        if ended is None or not entry.vtime:
            continue
        name, code, seconds = ended["name"], ended["code"], float(entry.vtime)
        fault = next((f for f in reversed(excerpt.taken_down) if _may_end(f, name, seconds)), None)
        if fault is not None:
            found.append(sentence(f"Exit code {code} of ", Untrusted(name), " follows the fault “", Untrusted(fault.name),
                                  f"” on it at {virtual_text(fault.since)}: it is likely no crash"))  # fmt: skip
    told = tuple(dict.fromkeys(found))
    if len(told) <= _EXITS:
        return told
    return (
        (f"{len(told):,} of these exits follow a fault that ends a container: they are likely no crashes.",),
    )


_EXITS = 3  # that are told one by one
_ENDED = re.compile(r"(?P<name>\S+) .*exit code (?P<code>137|143)$")  # SIGKILL and SIGTERM
_ENDS_WITHIN = 15.0  # virtual seconds; a container that is asked to stop is killed after ten


def _may_end(fault: Fault, name: str, seconds: float) -> bool:
    if not {name, "ALL"} & {*fault.nodes}:
        return False
    return float(fault.since) <= seconds <= min(fault.until or seconds, float(fault.since) + _ENDS_WITHIN)


def _faults_told(excerpt: LogExcerpt) -> Line:
    """Name the faults; where the log was cut they are known to have been active there, and nothing more."""
    listed: list[str | Untrusted] = []
    for position, fault in enumerate(excerpt.faults):
        listed += [", " if position else "", Untrusted(fault.name), " on ", Untrusted(_nodes(fault))]
    if excerpt.cut:
        seen = (f" Seen until the cut{_cut_at(excerpt)}: ", *listed, ".") if listed else ()
        return (*seen, " Active faults are unknown because the log is cut off.")
    return (" Faults active then: ", *listed, ".") if listed else ()


def faults_named(moment: Moment, excerpt: LogExcerpt) -> Line:
    """Name the faults with an effect at a moment; empty where a log was cut, or never followed them."""
    if excerpt.cut or excerpt.faults_since is None:
        return ()
    back = f"the {virtual_seconds(moment.seconds - excerpt.faults_since)} before"
    if not excerpt.faults:
        return (f"none that began in {back}" if excerpt.faults_since else "none",)
    names = listed([f"{fault.name} on {_nodes(fault)}" for fault in excerpt.faults])
    more = " and more" if excerpt.faults_left_out else ""
    known = f", of those that began in {back}" if excerpt.faults_since else ""
    return (Untrusted(names), f"{more}{known}")


def _cut_at(excerpt: LogExcerpt) -> str:
    return f" at {virtual_text(excerpt.cut_at)}" if excerpt.cut_at else ""


def _body(target: MomentTarget, query: LogQuery, excerpt: LogExcerpt) -> tuple[Line, ...]:
    body: list[Line] = [*_missing(excerpt, "window"), *_exits(excerpt)]
    if not excerpt.lines and not excerpt.cut:
        filters = {"grep": query.grep, "source": query.source, "errors": query.errors}
        given = listed([f"{name}=" for name, value in filters.items() if value])
        narrow = f", or without {given}" if excerpt.total and given else ""
        body.append((f"No lines to show. Try a wider window{narrow}.",))
    body += _faults_known(target.moment, excerpt)
    if target.warning:
        body.append((Untrusted(target.warning),))
    return tuple(body)


def _missing(excerpt: LogExcerpt, what: str) -> tuple[Line, ...]:
    """Say what is missing of the log that was asked for, and of its file."""
    missing: list[Line] = [(excerpt.instead,)] if excerpt.instead else []
    if excerpt.cut:
        missing.append(sentence(f"Not the whole {what}: ", Untrusted(excerpt.cut)))
    if excerpt.file_trouble:
        missing.append(sentence(Untrusted(excerpt.file_trouble[:1].upper() + excerpt.file_trouble[1:])))
    return tuple(missing)


def faults_in_short(excerpt: LogExcerpt, when: str) -> Line:
    """Name a few of the faults in few words; empty where none is known. `when`: at which moment that was."""
    told = tuple(dict.fromkeys(map(_in_short, excerpt.faults)))
    if excerpt.cut or not told:
        return ()
    more = len(told) - _FAULTS
    rest = ", and more" if excerpt.faults_left_out else f", and {more:,} more" if more > 0 else ""
    return (f"Faults active {when}: ", Untrusted(", ".join(told[:_FAULTS])), rest)


def _in_short(fault: Fault) -> str:
    """Name a fault and where it is: "partition on shop and cart", "kill on 5 nodes"."""
    nodes = listed([shorten(node, _LONGEST_NODE) for node in fault.nodes]) or _nodes(fault)
    where = nodes if len(fault.nodes) <= _NODES else f"{len(fault.nodes):,} nodes"
    return f"{shorten(fault.name, _LONGEST_FAULT)} on {where}"


_FAULTS, _NODES = 3, 3
_LONGEST_FAULT, _LONGEST_NODE = 32, 24


def _faults_known(moment: Moment, excerpt: LogExcerpt) -> tuple[Line, ...]:
    """Say how far the faults are known."""
    if excerpt.faults_since is None:
        return ()
    if excerpt.cut:
        seen = f"Faults are known until the cut{_cut_at(excerpt)}; " if excerpt.faults else ""
        which = "which were active at the moment" if seen else "Which faults were active at the moment"
        return ((f"{seen}{which} is unknown because the log is cut off.",),)
    back = f"{virtual_seconds(moment.seconds - excerpt.faults_since)} before the moment"
    if excerpt.faults_left_out:
        return (("More faults were active at once than are listed here.",),)
    if not excerpt.faults_since:
        return () if excerpt.faults else (("No fault was active at the moment.",),)
    if excerpt.faults:
        return ((f"Faults that began earlier than {back} are unknown.",),)
    return ((f"No fault that began in the {back} was active then; earlier faults are unknown.",),)


def _faults(moment: Moment, excerpt: LogExcerpt) -> tuple[Item, ...]:
    """Show the faults, those that do the same in one entry: where each was, and since when."""
    alike: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for fault in excerpt.faults:
        # Of a log that was cut only this is known: when it began, and that it was seen until the cut.
        seen = f"began at {virtual_text(fault.since)}, seen until the cut{_cut_at(excerpt)}"
        when = seen if excerpt.cut else _held(fault, moment)
        alike.setdefault((fault.name, fault.detail), {}).setdefault(when, {})[_nodes(fault)] = None
    return tuple(_fault(*what, where) for what, where in alike.items())


def _fault(name: str, detail: str, where: Mapping[str, Iterable[str]]) -> Item:
    """Show a fault; `where`: the nodes it was on, by what is known of when."""
    title: list[Span] = [Untrusted(name)]
    for position, (when, nodes) in enumerate(where.items()):
        title += ["; on " if position else " on ", Untrusted(", ".join(nodes)), f", {when}"]
    lines: tuple[Line, ...] = ((Untrusted(detail),),) if detail else ()
    return Item(title=tuple(title), mark="fault", lines=lines)


def _held(fault: Fault, moment: Moment) -> str:
    """Say since when a fault had its effect at the moment, and until when."""
    since = moment.seconds - float(fault.since)
    if fault.instant:
        back = "" if fault.until is None else f", container restarted at {fault.until:.3f} s"
        return f"{since:.2f} virtual seconds before{back}"
    ends = "" if fault.until is None else f", until {fault.until:.3f} s"
    return f"active for {since:.1f} virtual seconds{ends}"


def _nodes(fault: Fault) -> str:
    return ", ".join(fault.nodes) or "the network"


def _excerpt(excerpt: LogExcerpt) -> Excerpt | None:
    if not excerpt.lines:
        return None
    return Excerpt(
        lines=written(excerpt.lines),
        title="Newest last",
        left_out=max(0, excerpt.matched - len(excerpt.lines)),
    )


def written(lines: Sequence[LogLine]) -> tuple[str, ...]:
    """Write lines, those of errors and stack traces marked."""
    return tuple(map(line, lines, marks(lines)))


def _files(excerpt: LogExcerpt, what: str, name: str) -> tuple[Attachment, ...]:
    """Hand on the file; only one that holds all that was asked for is called whole."""
    if excerpt.path is None:
        return ()
    lines = count(excerpt.total, "line")
    title = f"The whole {what}, {lines}"
    if excerpt.file_trouble:
        title = f"A part of the {what}"
    elif excerpt.cut:
        title = f"What was read of the {what}, {lines}"
    return (Attachment(path=excerpt.path, name=name, title=title, size=excerpt.size),)


def _footer(target: MomentTarget) -> Line:
    if not target.others:
        return ()
    other = "" if target.property_name is None else "other "
    check = target.platform.terms.check
    have = f"{check.one} has" if len(target.others) == 1 else f"{check.many} have"
    return (
        f"{len(target.others):,} {other}failing {have} a moment: use “failing” or “logs {target.others[0]}”.",
    )
