"""What the bot says of runs: lists, one run, its report, a moment that was pasted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.analysis import RunAnalysis
from bot.cards import Button, Card, Command, Context, Fact, Item, Line, Progress, Reply, Tone, Untrusted
from bot.chain import Gap
from bot.command import MomentTarget
from bot.diff import RunDiff
from bot.model import Moment, Run, Secret, VerdictKind
from bot.recent import COMPARED, Recent
from bot.replies import at_moment, comparing, problems
from bot.replies.wording import (
    age,
    ago,
    clock_time,
    count,
    duration,
    elapsed,
    first,
    last,
    listed,
    minutes,
    run_name,
    sentence,
    stage_of,
    stopped,
    titled,
    virtual,
    when,
)
from bot.verdict import Verdict, judge_stored

NAMED = 5  # properties named per kind
LONGEST_DESCRIPTION = 300
PARTIAL = (
    "The platform's list of properties could not be read to its end: "
    "this is {} of an unknown number, and nothing is called new."
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
    """Say a verdict in words: "FAILED: 2 of 40 properties fail"."""
    word = WORDS[verdict.kind]
    return f"{word}: {of_properties(verdict)}" if verdict.total else word


def of_properties(verdict: Verdict) -> str:
    """Say what became of the properties that were read, of which there is at least one."""
    if verdict.partial:
        return _partly(verdict)
    if verdict.total == 1:
        return f"its only property {_only_property(verdict)}"
    everything = count(verdict.total, "property", "properties")
    if verdict.failing:
        return f"{verdict.failing:,} of {everything} {'fails' if verdict.failing == 1 else 'fail'}"
    if verdict.passing < verdict.total:
        return f"{verdict.total - verdict.passing:,} of {everything} without a result"
    return f"all {everything} pass"


def _partly(verdict: Verdict) -> str:
    """Say what is known of a list that could not be read to its end."""
    read = first(verdict.total, "property", "properties")
    if not verdict.failing:
        return f"nothing fails in {read}, the others could not be read"
    number = "" if verdict.total == 1 else f"{verdict.failing:,} of "
    fail = "fails" if verdict.failing == 1 else "fail"
    return f"{number}{read} {fail}, the others could not be read"


def _only_property(verdict: Verdict) -> str:
    """Say how the property of a run with just one stands."""
    return "fails" if verdict.failing else "passes" if verdict.passing else "has no result"


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


def one(found: RunAnalysis, now: datetime) -> Card:
    """Show one run: verdict, what is new, times, and the ways on."""
    run = found.run
    said = verdict_words(found.verdict)
    new = novelty(found.diff)
    text: Line = ("Run ", *run_name(run), f" {said}", f"; {new}" if new else "", ". ", *_when(run, now))
    return Card(
        title=(f"{WORDS[found.verdict.kind]}: ", *run_name(run)),
        text=text,
        tone=TONES[found.verdict.kind],
        verdict=found.verdict.kind,
        body=tuple(line for line in (_description(run), _why_no_results(found)) if line),
        facts=facts(found, now),
        items=changes(found.diff),
        progress=progress(run, now),
        buttons=ways_on(found),
        context=Context(run=run.ref),
    )


def outcome(found: RunAnalysis, now: datetime) -> Card:
    """Show how a followed run ended, in short: its announcement tells the rest."""
    return replace(one(found, now), facts=())


def recent(
    listed_runs: tuple[Recent, ...],
    now: datetime,
    *,
    launcher: str | None,
) -> Reply:
    """List runs, newest first, each with its verdict, what is new in it, its age and the way to it."""
    of: Line = (" of ", Untrusted(launcher)) if launcher else ()
    if not listed_runs:
        said: Line = sentence("There are no runs", *of)
        return Reply(card=Card(title=("No runs",), text=said, body=(said,)))
    newest = listed_runs[0]
    open_runs = sum(not shown.run.status.terminal for shown in listed_runs)
    going = f", {count(open_runs, 'run')} going on" if open_runs else ""
    card = Card(
        title=("Recent runs", *of),
        text=(*sentence(last(len(listed_runs), "run").capitalize(), *of, going), " The newest is ",
              *summary(newest), "."),
        items=tuple(_listed(shown, now) for shown in listed_runs),
        footer=("“status RUN” shows one; the first characters of an id are enough.", *_compared(listed_runs)),
    )  # fmt: skip
    return Reply(card=card)


def not_listed(connection: str, problem: str) -> Line:
    """Say that the runs of a connection cannot be listed just now."""
    return ("The runs of ", Untrusted(connection), " cannot be listed: ", Untrusted(stopped(problem)))


def summary(shown: Recent) -> Line:
    """Name a run of a list with its verdict and what is new in it."""
    new = comparing.news(shown.known, shown.before)
    said = verdict_words(judge_stored(shown.run.status, shown.known))
    return (*run_name(shown.run), f": {said}", f"; {new}" if new else "")


def ways_in(shown: Recent) -> tuple[Button, ...]:
    """Offer to open a run of a list, and what fails in it."""
    status = Button(label="Status", command=Command.of_run("status", shown.run.ref))
    failing = shown.known is not None and shown.known.failing
    return (status, _failing(shown.run)) if failing else (status,)


def _compared(listed_runs: tuple[Recent, ...]) -> Line:
    """Say of how many runs of a list it is told what is new, where that is not all of them."""
    known = [shown for shown in listed_runs if shown.known is not None]
    if len(known) <= COMPARED:
        return ()
    return (f" What is new is told for the newest {COMPARED} that have ended.",)


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
    said: Line = ("Run ", *run_name(run), " has no triage report to show: ", *_no_report(run))
    buttons = (Button(label="All runs", page=run.page_url),) if run.page_url else ()
    return Reply(
        card=Card(title=("No report",), text=said, body=(said,), buttons=buttons), private=True, failed=True
    )


def _no_report(run: Run) -> Line:
    if run.report_elsewhere:
        host = Untrusted(run.report_elsewhere)
        return ("its link leads to ", host, ", which is not known as this tenant's. An operator can set the tenant's name beside its address.")  # fmt: skip
    return ("it has not ended." if not run.status.terminal else "the platform offers none.",)


def moment_found(target: MomentTarget) -> Reply:
    """Show a pasted moment with what can be done at it."""
    about = target.context
    of: Line = (" of ", *run_name(target.run)) if target.run else ()
    session = {} if target.run or not target.session_id else {"session": target.session_id}
    body: tuple[Line, ...] = ((Untrusted(target.warning),),) if target.warning else ()
    if target.run is None:
        body += (("No recent run belongs to that session id. Logs need the run id.",),)
    logs = (Button(label="Logs", command=at_moment.command("logs", about)),) if target.run else ()
    card = Card(
        title=(f"Moment at {virtual(target.moment)}", *of),
        text=(f"A moment at {virtual(target.moment)}", *of, "."),
        body=body,
        facts=(Fact("Moment", _exactly(target.moment)),),
        buttons=(*logs, Button(label="Debug", command=at_moment.command("debug", about, **session))),
        context=about,
    )
    return Reply(card=card)


def facts(found: RunAnalysis, now: datetime) -> tuple[Fact, ...]:
    """Return what is known of a run, in the order people look for it."""
    run = found.run
    spent = elapsed(run, now)
    told = (
        ("Run", (Untrusted(run.ref.run_id, code=True),)),
        ("Properties", (_counts(found),) if found.verdict.total else ()),
        ("Requested", (minutes(run.requested_minutes),) if run.requested_minutes else ()),
        ("Elapsed", (duration(spent),) if spent is not None else ()),
        _stage(run, now),
        ("Failure moment", _exactly(run.failure_moment)),
        ("Source", (Untrusted(run.source),) if run.source else ()),
        ("Test", (Untrusted(run.test_name),) if run.test_name else ()),
        ("Started by", (Untrusted(run.creator),) if run.creator else ()),
        ("Compared with", comparing.baseline(found.diff, now)),
    )
    return tuple(Fact(label, value) for label, value in told if value)


def _exactly(moment: Moment | None) -> Line:
    """Write a moment whole: its input hash and its virtual time, to be copied."""
    return (Untrusted(f"{moment.input_hash} {moment.vtime}", code=True),) if moment else ()


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


def ways_on(found: RunAnalysis) -> tuple[Button, ...]:
    """Return the buttons that make sense for a run as it is."""
    failing = (_failing(found.run),) if found.failing else ()
    return (*failing, *_at_moment(found), *_further(found))


def ways_beside_failing(found: RunAnalysis) -> tuple[Button, ...]:
    """Return a run's buttons beside a list of its failing properties, which have those for their moments themselves."""
    own = _at_moment(found) if found.focus.property_name is None else ()
    return (*own, *_further(found))


def _failing(run: Run) -> Button:
    return Button(label="Failing", command=Command.of_run("failing", run.ref))


def _at_moment(found: RunAnalysis) -> tuple[Button, ...]:
    """Offer what logs and debug without arguments look at, named for what it is where a run broke."""
    broke = {"logs": "Logs at the failure"} if found.focus.property_name is None else {}
    return at_moment.buttons(found.focus, found.platform, named=broke)


def _further(found: RunAnalysis) -> tuple[Button, ...]:
    run = found.run
    buttons: list[Button] = []
    if found.verdict.kind is VerdictKind.INCOMPLETE and found.platform.run_logs:
        buttons.append(Button(label="Build log", command=Command.of_run("logs", run.ref, build="yes")))
    if run.report_url is not None:
        report = Command.of_run("report", run.ref)
        buttons.append(Button(label="Open report", command=report, report=run.ref))
    if run.page_url is not None:
        buttons.append(Button(label="All runs", page=run.page_url))
    return tuple(buttons)


def _names(mark: str, names: list[tuple[str, str]]) -> tuple[Item, ...]:
    shown = [_item(mark, name, note) for name, note in names[:NAMED]]
    more = len(names) - NAMED
    if more > 0:
        shown.append(Item(mark=mark, title=(f"{more:,} more",)))
    return tuple(shown)


def _item(mark: str, name: str, note: str) -> Item:
    title, place = titled(name)
    return Item(mark=mark, title=(title, f" ({note})" if note else ""), lines=(place,) if place else ())


def _counts(found: RunAnalysis) -> str:
    new = novelty(found.diff)
    counts = f"{found.verdict.failing} failing, {found.verdict.passing} passing"
    if found.verdict.partial:
        return f"{counts}, the others could not be read"
    return counts + (f" ({new})" if new else "")


def _when(run: Run, now: datetime) -> Line:
    stage, at = stage_of(run)
    return (f"It {_HAS[stage]} {ago(at, now)}.",) if at else ()


def _stage(run: Run, now: datetime) -> tuple[str, Line]:
    """Return when a run ended, or else what of it is known: as a label and a time."""
    stage, at = stage_of(run)
    return stage.capitalize(), (f"{clock_time(at)}, ", *when(at, now)) if at else ()


_HAS = {"ended": "ended", "started": "started", "created": "was created"}


def _description(run: Run) -> Line:
    return (Untrusted(run.description[:LONGEST_DESCRIPTION]),) if run.description else ()


def _why_no_results(found: RunAnalysis) -> Line:
    if found.run.status_text and found.verdict.kind is VerdictKind.UNKNOWN:
        return ("The platform calls its status “", Untrusted(found.run.status_text[:40]), "”.")
    if found.verdict.partial:
        return (PARTIAL.format(first(found.verdict.total, "property", "properties")),)
    if found.results is None or found.verdict.total or found.verdict.kind is VerdictKind.RUNNING:
        return ()
    return (f"Its properties cannot be read: {_reason(found)}.",)


def _reason(found: RunAnalysis) -> str:
    if found.results is None:
        return "it has not ended"
    return {
        "not yet": "the platform is still writing them",
        "absent": "it ended without any",
        "aged out": "they have aged out, only the report still has them",
        "ready": "it ended with none",
    }[found.results.availability.value]


def _listed(shown: Recent, now: datetime) -> Item:
    run = shown.run
    how_far = progress(run, now)
    parts: tuple[Line, ...] = (
        (comparing.news(shown.known, shown.before),),
        age(run, now),
        ("source ", Untrusted(run.source)) if run.source else (),
        (how_far.text,) if how_far else (),
    )
    told = [part for part in parts if any(part)]
    return Item(
        mark=verdict_words(judge_stored(run.status, shown.known)),
        title=run_name(run),
        lines=(tuple(span for n, part in enumerate(told) for span in ((" · ", *part) if n else part)),),
        buttons=ways_in(shown),
        context=Context(run=run.ref),
    )
