"""What the bot says of runs: lists, one run, its report, a moment that was pasted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.cards import Button, Card, Context, Fact, Item, Line, Outside, Progress, Reply, Span, Tone
from bot.chain import Gap
from bot.commands.aim import Aim
from bot.diff import RunDiff
from bot.findings import Findings
from bot.model import Capability, Moment, Run, RunRef, RunStatus, Secret
from bot.replies import comparing, looking, problems
from bot.replies.words import (
    ago,
    clock_time,
    count,
    duration,
    elapsed,
    last,
    listed,
    minutes,
    run_name,
    sentence,
    virtual,
    when,
)
from bot.state import StoredResults
from bot.verdict import Verdict, VerdictKind, judge_stored

NAMED = 5  # properties named per kind
LONGEST_NAME = 120
LONGEST_DESCRIPTION = 300
PARTIAL = (
    "The platform's list of properties could not be read to its end: "
    "this is the first {} of an unknown number, so nothing is called new or passed."
)

WORDS: Mapping[VerdictKind, str] = {
    VerdictKind.PASSED: "passed",
    VerdictKind.FAILED: "FAILED",
    VerdictKind.INCOMPLETE: "incomplete",
    VerdictKind.CANCELLED: "cancelled",
    VerdictKind.RUNNING: "running",
    VerdictKind.STARTING: "starting",
    VerdictKind.NO_RESULTS: "finished, results unavailable",
    VerdictKind.UNKNOWN: "status unknown",
}
TONES: Mapping[VerdictKind, Tone] = {
    VerdictKind.PASSED: Tone.GOOD,
    VerdictKind.FAILED: Tone.BAD,
    VerdictKind.INCOMPLETE: Tone.BAD,
    VerdictKind.CANCELLED: Tone.NEUTRAL,
    VerdictKind.RUNNING: Tone.RUNNING,
    VerdictKind.STARTING: Tone.RUNNING,
    VerdictKind.NO_RESULTS: Tone.WARNING,
    VerdictKind.UNKNOWN: Tone.WARNING,
}


def verdict_words(verdict: Verdict) -> str:
    """Say a verdict in words: "FAILED, 2 of 40 properties fail"."""
    word = WORDS[verdict.kind]
    if not verdict.total:
        return word
    if verdict.partial:
        return f"{word}: {_partly(verdict)}"
    if verdict.total == 1:
        return f"{word}: its only property {_only_property(verdict)}"
    everything = count(verdict.total, "property", "properties")
    if verdict.failing:
        return f"{word}: {verdict.failing:,} of {everything} {'fails' if verdict.failing == 1 else 'fail'}"
    if verdict.passing < verdict.total:
        return f"{word}: {verdict.total - verdict.passing:,} of {everything} without a result"
    return f"{word}: all {everything} pass"


def _partly(verdict: Verdict) -> str:
    """Say what is known of a list that could not be read to its end."""
    first = f"the first {count(verdict.total, 'property', 'properties')}"
    if not verdict.failing:
        return f"nothing fails in {first}, the others could not be read"
    fail = "fails" if verdict.failing == 1 else "fail"
    return f"{verdict.failing:,} of {first} {fail}, the others could not be read"


def _only_property(verdict: Verdict) -> str:
    """Say how the property of a run with just one stands."""
    return "fails" if verdict.failing else "passes" if verdict.passing else "has no result"


def known_verdict(status: RunStatus, known: StoredResults | None) -> str:
    """Say in words what is known of a run without asking the platform."""
    verdict = judge_stored(status, known)
    if status.terminal and known is None and verdict.kind is VerdictKind.NO_RESULTS:
        return "finished"
    return verdict_words(verdict)


def novelty(diff: RunDiff | None) -> str:
    """Say what is new against the run before, in a few words; "" where there is nothing to compare."""
    if diff is None or isinstance(diff.baseline, Gap):
        return ""
    parts = [
        f"{len(names)} {word}"
        for names, word in (
            (diff.newly_failing, "newly failing"),
            (diff.still_failing, "still failing"),
            (diff.not_seen, "not seen this time"),
            (diff.first_pass, "passing again"),
        )
        if names
    ]
    return listed(parts) if parts else "nothing new"


def one(found: Findings, now: datetime, capabilities: frozenset[Capability]) -> Card:
    """Show one run: verdict, what is new, times, and the ways on."""
    run = found.run
    said = verdict_words(found.verdict)
    new = novelty(found.diff)
    text: Line = ("Run ", *run_name(run), f" {said}", f"; {new}" if new else "", ". ", *_when(run, now))
    return Card(
        title=(f"{WORDS[found.verdict.kind]}: ", *run_name(run)),
        text=text,
        tone=TONES[found.verdict.kind],
        body=tuple(line for line in (_description(run), _why_no_results(found)) if line),
        facts=facts(found, now),
        items=changes(found.diff),
        progress=progress(run, now),
        buttons=ways_on(found, capabilities),
        context=Context(run=run.ref),
    )


def outcome(found: Findings, now: datetime, capabilities: frozenset[Capability]) -> Card:
    """Show how a followed run ended, in short: its announcement tells the rest."""
    return replace(one(found, now, capabilities), facts=())


def recent(
    runs: tuple[Run, ...],
    stored: Mapping[RunRef, StoredResults | None],
    now: datetime,
    *,
    launcher: str | None,
) -> Reply:
    """List runs, newest first, each with its verdict where that is known."""
    of: Line = (" of ", Outside(launcher)) if launcher else ()
    if not runs:
        said: Line = sentence("There are no runs", *of)
        return Reply(card=Card(title=("No runs",), text=said, body=(said,)))
    open_runs = sum(not run.status.terminal for run in runs)
    going = f", {count(open_runs, 'run')} going on" if open_runs else ""
    card = Card(
        title=("Recent runs", *of),
        text=(*sentence(last(len(runs), "run").capitalize(), *of, going), " The newest: ", *run_name(runs[0]),
              f", {known_verdict(runs[0].status, stored.get(runs[0].ref))}."),
        items=tuple(_listed(run, stored.get(run.ref), now) for run in runs),
        footer=("“status RUN” shows one; the first characters of an id are enough.",),
    )  # fmt: skip
    return Reply(card=card)


def report(run: Run, link: Secret) -> Reply:
    """Hand over a fresh link, privately."""
    said: Line = ("The triage report of ", *run_name(run), " is ready to open.")
    card = Card(
        title=("Triage report of ", *run_name(run)),
        text=said,
        body=(said, ("Whoever holds this link can read the report: do not pass it on.",)),
        buttons=(Button(label="Open report", signed=link),),
    )
    return Reply(card=card, private=True)


def report_refused() -> Reply:
    """Tell a guest that a link which opens the report to whoever holds it is not handed out to them."""
    return problems.denied(
        "Report links are not given to guests and members of other organisations. "
        "Somebody of this organisation can open the report."
    )


def no_report(run: Run) -> Reply:
    """Say that there is no report, and where to look instead."""
    why = "it has not ended" if not run.status.terminal else "the platform offers none"
    said: Line = ("Run ", *run_name(run), f" has no triage report: {why}.")
    buttons = (Button(label="All runs", page=run.page_url),) if run.page_url else ()
    return Reply(
        card=Card(title=("No report",), text=said, body=(said,), buttons=buttons), private=True, failed=True
    )


def moment_found(aim: Aim) -> Reply:
    """Show a pasted moment with what can be done at it."""
    about = aim.context
    of: Line = (" of ", *run_name(aim.run)) if aim.run else ()
    session = () if aim.run or not aim.session_id else (f"session={aim.session_id}",)
    body: tuple[Line, ...] = ((Outside(aim.warning),),) if aim.warning else ()
    if aim.run is None:
        body += (("No recent run belongs to that session id. Logs need the run id.",),)
    logs = (Button(label="Logs", words=looking.words("logs", about)),) if aim.run else ()
    card = Card(
        title=(f"Moment at {virtual(aim.moment)}", *of),
        text=(f"A moment at {virtual(aim.moment)}", *of, "."),
        body=body,
        facts=(Fact("Moment", _exactly(aim.moment)),),
        buttons=(*logs, Button(label="Debug", words=looking.words("debug", about, *session))),
        context=about,
    )
    return Reply(card=card)


def facts(found: Findings, now: datetime) -> tuple[Fact, ...]:
    """Return what is known of a run, in the order people look for it."""
    run = found.run
    spent = elapsed(run, now)
    told = (
        ("Run", (Outside(run.ref.run_id, code=True),)),
        ("Properties", (_counts(found),) if found.verdict.total else ()),
        ("Requested", (minutes(run.requested_minutes),) if run.requested_minutes else ()),
        ("Elapsed", (duration(spent),) if spent is not None else ()),
        ("Ended" if run.status.terminal else "Started", _time(run, now)),
        ("Failure moment", _exactly(run.failure_moment)),
        ("Source", (Outside(run.source),) if run.source else ()),
        ("Test", (Outside(run.test_name),) if run.test_name else ()),
        ("Started by", (Outside(run.creator),) if run.creator else ()),
        ("Compared with", comparing.baseline(found.diff, now)),
    )
    return tuple(Fact(label, value) for label, value in told if value)


def _exactly(moment: Moment | None) -> Line:
    """Write a moment whole: its input hash and its virtual time, to be copied."""
    return (Outside(f"{moment.input_hash} {moment.vtime}", code=True),) if moment else ()


def changes(diff: RunDiff | None) -> tuple[Item, ...]:
    """Name what changed since the run before, newly failing first; long lists end in a count."""
    if diff is None:
        return ()
    return (
        *_names("failing", [(name, "") for name in diff.not_compared]),
        *_names("newly failing", [(name, "") for name in diff.newly_failing]),
        *_names("still failing", [(name, comparing.in_a_row(streak)) for name, streak in diff.still_failing]),
        *_names("first pass", [(name, comparing.after(streak)) for name, streak in diff.first_pass]),
        *_names("not seen this time", [(name, "") for name in diff.not_seen]),
    )


def progress(run: Run, now: datetime) -> Progress | None:
    """Say how far a run is: elapsed against requested, then "finishing"."""
    if run.status.terminal:
        return None
    spent = elapsed(run, now)
    if run.status_text == "starting" or spent is None:
        return Progress(fraction=0.0, text="starting")
    if not run.requested_minutes:
        return Progress(fraction=None, text=f"running for {duration(spent)}")
    share = spent.total_seconds() / (run.requested_minutes * 60)
    if share >= 1:
        return Progress(
            fraction=1.0, text="finishing: builds and the report take longer than the requested time"
        )
    return Progress(fraction=share, text=f"{duration(spent)} of {minutes(run.requested_minutes)}")


def ways_on(found: Findings, capabilities: frozenset[Capability]) -> tuple[Button, ...]:
    """Return the buttons that make sense for a run as it is."""
    run = found.run
    run_id = run.ref.words
    buttons: list[Button] = []
    if found.failing:
        buttons.append(Button(label="Failing", words=f"failing {run_id}"))
    buttons += _at_moment(found, capabilities)
    if found.verdict.kind is VerdictKind.INCOMPLETE and Capability.BUILD_LOGS in capabilities:
        buttons.append(Button(label="Build log", words=f"logs {run_id} build=yes"))
    if run.report_url is not None:
        buttons.append(Button(label="Open report", words=f"report {run_id}", report=run.ref))
    if run.page_url is not None:
        buttons.append(Button(label="All runs", page=run.page_url))
    return tuple(buttons)


def _at_moment(found: Findings, capabilities: frozenset[Capability]) -> tuple[Button, ...]:
    """Offer what logs and debug without arguments look at, named for what it is where a run broke."""
    focus = found.focus
    offered = looking.buttons(focus, capabilities)
    if focus.property_name is not None:
        return offered
    return tuple(replace(b, label="Logs at the failure") if b.label == "Logs" else b for b in offered)


def _names(mark: str, names: list[tuple[str, str]]) -> tuple[Item, ...]:
    shown = [
        Item(mark=mark, title=(Outside(name[:LONGEST_NAME]), f" ({note})" if note else ""))
        for name, note in names[:NAMED]
    ]
    more = len(names) - NAMED
    if more > 0:
        shown.append(Item(mark=mark, title=(f"{more:,} more",)))
    return tuple(shown)


def _counts(found: Findings) -> str:
    new = novelty(found.diff)
    counts = f"{found.verdict.failing} failing, {found.verdict.passing} passing"
    if found.verdict.partial:
        return f"{counts}, the others could not be read"
    return counts + (f" ({new})" if new else "")


def _when(run: Run, now: datetime) -> Line:
    spent = elapsed(run, now)
    if run.status.terminal:
        before = ago(run.completed_at or run.created_at, now)
        return (f"It ended {before}.",) if before else ()
    return (f"It has been going on for {duration(spent)}.",) if spent is not None else ()


def _time(run: Run, now: datetime) -> Line:
    at = (run.completed_at if run.status.terminal else run.started_at) or run.created_at
    return (f"{clock_time(at)}, ", *when(at, now)) if at else ()


def _description(run: Run) -> Line:
    return (Outside(run.description[:LONGEST_DESCRIPTION]),) if run.description else ()


def _why_no_results(found: Findings) -> Line:
    if found.run.status_text and found.verdict.kind is VerdictKind.UNKNOWN:
        return ("The platform calls its status “", Outside(found.run.status_text[:40]), "”.")
    if found.verdict.partial:
        return (PARTIAL.format(count(found.verdict.total, "property", "properties")),)
    if found.results is None or found.verdict.total or found.verdict.kind is VerdictKind.RUNNING:
        return ()
    return (f"Its properties cannot be read: {_reason(found)}.",)


def _reason(found: Findings) -> str:
    if found.results is None:
        return "it has not ended"
    return {
        "not yet": "the platform is still writing them",
        "absent": "it ended without any",
        "aged out": "they have aged out, only the report still has them",
        "ready": "it ended with none",
    }[found.results.availability.value]


def _listed(run: Run, known: StoredResults | None, now: datetime) -> Item:
    details: list[Span] = [*when(run.completed_at or run.started_at or run.created_at, now)]
    if run.source:
        details += [" · source ", Outside(run.source)]
    how_far = progress(run, now)
    if how_far is not None:
        details.append(f" · {how_far.text}")
    return Item(
        mark=known_verdict(run.status, known),
        title=run_name(run),
        lines=(tuple(details),),
        context=Context(run=run.ref),
    )
