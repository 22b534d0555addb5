"""What the bot says of runs: lists, one run, its report, a moment that was pasted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.analysis import RunAnalysis
from bot.cards import (
    Button,
    Card,
    Command,
    Context,
    Fact,
    Item,
    Line,
    Pages,
    Progress,
    Reply,
    Tone,
    Untrusted,
    joined,
)
from bot.chain import Gap
from bot.command import MomentTarget
from bot.diff import RunDiff
from bot.model import NOTHING, Availability, Moment, Run, RunStatus, Says, Secret, VerdictKind
from bot.platform import has_moments
from bot.recent import COMPARED, Narrowed, Recent
from bot.replies import at_moment, causes, comparing, marks, problems, ratio, ways
from bot.replies.outlook import stop_told
from bot.replies.wording import (
    age,
    ago,
    check_names,
    clock_time,
    count,
    duration,
    elapsed,
    first,
    from_on,
    last,
    listed,
    minutes,
    number_of,
    run_name,
    run_title,
    sentence,
    stage_of,
    stopped,
    titled,
    took,
    virtual,
    when,
)
from bot.terms import Terms, shared
from bot.verdict import Verdict, judge_stored

NAMED = 5  # checks named per kind
CHANGES = 20  # on a page of all that changed
SHORT_COMMIT = 8
LONGEST_DESCRIPTION = 300
LONGEST_MESSAGE = 300
UNCOUNTED = "{} does not say how many {} there are, so nothing is marked as new."
PARTIAL = (
    "The platform's list of {} could not be read to the end: "
    "this is {} of an unknown number, and nothing is marked as new."
)

WORDS: Mapping[VerdictKind, str] = {
    VerdictKind.PASSED: "passed",
    VerdictKind.FAILED: "FAILED",
    VerdictKind.INCOMPLETE: "incomplete",
    VerdictKind.CANCELLED: "cancelled",
    VerdictKind.ENVIRONMENT: "environment problem",
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
    VerdictKind.ENVIRONMENT: Tone.WARNING,
    VerdictKind.RUNNING: Tone.RUNNING,
    VerdictKind.STARTING: Tone.RUNNING,
    VerdictKind.NO_RESULTS: Tone.WARNING,
    VerdictKind.UNKNOWN: Tone.WARNING,
}


def tone(verdict: Verdict) -> Tone:
    """Return the tone of a verdict; a pass with a but is no plain good news."""
    but = verdict.interrupted or (verdict.kind is VerdictKind.PASSED and not verdict.good)
    return Tone.WARNING if but else TONES[verdict.kind]


def partly(found: RunAnalysis) -> Line:
    """Say that only some checks of a run could be read; empty where that is not so."""
    if not found.verdict.partial:
        return ()
    checks = found.terms.check
    if found.verdict.uncounted:
        return (UNCOUNTED.format(found.terms.platform, checks.many),)
    return (PARTIAL.format(checks.many, first(found.verdict.total, checks.one, checks.many)),)


def verdict_word(verdict: Verdict) -> str:
    """Say a verdict in a word; a run that somebody else ended, or a lost machine, was aborted.

    Of one whose checks are all known, and none of which passed or failed, the results are not unavailable; neither are
    those of which nobody says how many there are.
    """
    if verdict.interrupted:
        return "aborted"
    unread = (verdict.partial and not verdict.uncounted) or verdict.unknown or not verdict.total
    return "finished" if verdict.kind is VerdictKind.NO_RESULTS and not unread else WORDS[verdict.kind]


def verdict_words(verdict: Verdict, terms: Terms) -> str:
    """Say a verdict in words: "FAILED: 2 of 40 properties fail"."""
    word = verdict_word(verdict)
    if (
        verdict.kind is VerdictKind.INCOMPLETE
        and verdict.contradicts is not None
        and verdict.total
        and not verdict.partial
    ):
        return f"{word}: {terms.platform} calls it {verdict.contradicts.value}, and no {terms.check.one} of it failed"
    return f"{word}: {of_checks(verdict, terms)}" if verdict.total else word


def of_checks(verdict: Verdict, terms: Terms) -> str:
    """Say what became of the checks that were read, of which there is at least one."""
    if verdict.health or verdict.partial:
        return (_unhealthy if verdict.health else _partly)(verdict, terms)
    if verdict.total == 1:
        return f"its only {terms.check.one} {_only_check(verdict, terms)}"
    everything = number_of(verdict.total, terms.check)
    if verdict.failing:
        return f"{verdict.failing:,} of {everything} {'fails' if verdict.failing == 1 else 'fail'}"
    if verdict.unknown:
        return f"{verdict.unknown:,} of {everything} without a result"
    if verdict.passing == verdict.total:
        return f"all {everything}{' that count' if verdict.advisory else ''} pass"
    others = ((verdict.skipped, "skipped"), (verdict.excused, terms.excused))
    return ", ".join(
        [f"{verdict.passing:,} of {everything} pass", *(f"{n:,} {word}" for n, word in others if n)]
    )


def _unhealthy(verdict: Verdict, terms: Terms) -> str:
    """Say how many checks of the environment fail, and what that means for the others that do."""
    fail = "fails" if verdict.health == 1 else "fail"
    said = f"{verdict.health:,} {health_checks(verdict.health, terms)} {fail}"
    if not verdict.failing:
        return said
    others = count(verdict.failing, "other failure is", "other failures are")
    return f"{said}, so {others} not to be relied on"


def health_checks(number: int, terms: Terms) -> str:
    """Name the checks that are about the environment: "setup property", "setup properties"."""
    return f"setup {terms.check.one if number == 1 else terms.check.many}"


def _partly(verdict: Verdict, terms: Terms) -> str:
    """Say what is known of a list that could not be read to its end, or of checks that nobody counts."""
    if verdict.uncounted:
        return f"{_known_of(verdict, terms)}, of how many is not known"
    read = first(verdict.total, terms.check.one, terms.check.many)
    if not verdict.failing:
        return f"nothing fails in {read}, the others could not be read"
    number = "" if verdict.total == 1 else f"{verdict.failing:,} of "
    fail = "fails" if verdict.failing == 1 else "fail"
    return f"{number}{read} {fail}, the others could not be read"


def _known_of(verdict: Verdict, terms: Terms) -> str:
    """Say what is known of checks whose number is not."""
    if verdict.failing:
        return number_of(verdict.failing, terms.check) + (" fails" if verdict.failing == 1 else " fail")
    if verdict.passing:
        return number_of(verdict.passing, terms.check) + (" passes" if verdict.passing == 1 else " pass")
    return f"no {terms.check.one} is known to fail"


def _only_check(verdict: Verdict, terms: Terms) -> str:
    """Say how the check of a run with just one stands."""
    said = (
        (verdict.failing, "fails"),
        (verdict.passing, "passes"),
        (verdict.skipped, "was skipped"),
        (verdict.excused, f"fails and is {terms.excused}"),
    )
    return next((word for number, word in said if number), "has no result")


def at_odds(found: RunAnalysis) -> Line:
    """Say what the platform calls a run, where its checks say otherwise; empty where they agree."""
    says, terms = found.verdict.contradicts, found.terms
    if says is None:
        return ()
    calls = f"{terms.platform} calls this {terms.run.one} {says.value}"
    if says is Says.PASSED:
        return (f"{calls}.",)
    if found.results is None or not found.verdict.total or found.verdict.partial:
        return (f"{calls}; which of its {terms.check.many} failed is not known.",)
    return (
        f"{calls}, and no {terms.check.one} of it failed. A report can also lack {terms.check.many} that did fail.",
    )


def interrupted(found: RunAnalysis) -> Line:
    """Say what may have ended a run that nobody is known to have stopped."""
    if not found.verdict.interrupted:
        return ()
    name = found.terms.run.one
    said = f"{found.terms.platform} says that this {name} was aborted"
    return (f"{said}: it was stopped there, or the machine that it ran on was lost.",)


def noted(found: RunAnalysis) -> Line:
    """Say how far the platform lets the checks be known; empty where nothing is to be said of that."""
    return (found.results.note,) if found.results is not None and found.results.note else ()


def suspicion(found: RunAnalysis) -> Line:
    """Say how much fails where that is so much that the software is hardly at fault; empty where it is not."""
    verdict, check = found.verdict, found.terms.check
    if not verdict.suspects_setup:
        return ()
    cause = "the workload or the setup" if has_moments(found.platform) else "the setup"
    if verdict.failing == verdict.ran:
        said = f"All {number_of(verdict.failing, check)} fail"
    else:
        none = f"No {check.one} passes and " if verdict.none_passes else ""
        said = f"{none}{verdict.failing:,} of {number_of(verdict.ran, check)} {'fails' if verdict.failing == 1 else 'fail'}"
    return (f"{said}, so {cause} is a likelier cause than the software.",)


def advisories(found: RunAnalysis) -> Line:
    """Name the failing checks of the environment that change nothing about the others; empty where there are none."""
    names = sorted({check.name for check in found.results.advisories}) if found.results else []
    if not names:
        return ()
    fail = "fails" if len(names) == 1 else "fail"
    said = f"{len(names):,} {health_checks(len(names), found.terms)} {fail} without affecting the other results: "
    return (said, *check_names(names, NAMED), ".")


def caveats(found: RunAnalysis) -> tuple[Line, ...]:
    """Say what keeps a run from being as it looks, and how far it is known."""
    told = (interrupted(found), _why_no_results(found), advisories(found), noted(found))
    return tuple(line for line in told if line)


def novelty(diff: RunDiff | None) -> str:
    """Say what is new against the run before, in a few words; "" where there is nothing to compare."""
    if diff is None or isinstance(diff.baseline, Gap):
        return ""
    parts = [
        f"{len(names)} {word}"
        for names, word in (
            (diff.newly_failing, "newly failing"),
            (diff.counts_again, "failing that did not count before"),
            (diff.fails_again, "failing again"),
            (diff.still_failing, "still failing"),
            (diff.excused, "failing without counting"),
            (diff.skipped, "skipped this time"),
            (diff.not_seen, "not seen this time"),
            (diff.not_looked_at, "not failing, not looked at"),
            (diff.not_failing, "not failing this time"),
            (diff.first_pass, "passing again"),
        )
        if names
    ]
    return listed(parts) if parts else "nothing new"


def one(found: RunAnalysis, now: datetime) -> Card:
    """Show one run: verdict, what is new, times, and the ways on."""
    run = found.run
    said = verdict_words(found.verdict, found.terms)
    new = novelty(found.diff)
    stop = stop_told(found.stop, found.terms) if found.stop else ()
    description: Line = (Untrusted(run.description[:LONGEST_DESCRIPTION]),) if run.description else ()
    text: Line = (
        f"{run_title(run, found.terms)} ",
        *run_name(run),
        f" {said}",
        f"; {new}" if new else "",
        ". ",
        *_when(run, now),
        *((" ", *stop) if stop else ()),
        *marks.behind(found),
    )
    return Card(
        title=(f"{verdict_word(found.verdict)}: ", *run_name(run)),
        text=text,
        tone=tone(found.verdict),
        verdict=found.verdict.kind,
        body=tuple(
            line for line in (description, stop, at_odds(found), causes.why(found), *caveats(found)) if line
        ),
        facts=facts(found, now),
        items=changes(found),
        excerpt=causes.evidence(found),
        progress=progress(run, now, found.terms),
        buttons=ways_on(found),
        context=Context(run=run.ref),
    )


def recent(
    listed_runs: tuple[Recent, ...],
    now: datetime,
    *,
    terms: Terms,
    narrowed: Narrowed,
    pages: Pages,
    several: bool = False,
    left_out: tuple[Line, ...] = (),
) -> Reply:
    """List a page of runs, each with its verdict, what is new in it, its age and the way to it.

    `terms`: of all connections that were looked at. `several`: there are connections, so each run names its own.
    `left_out`: how far the list is known.
    """
    terms = shared([shown.terms for shown in listed_runs]) if listed_runs else terms
    of, noun = _of_these(narrowed, terms), terms.run
    if not listed_runs:
        none = f"No {noun.many} were found" if left_out else f"There are no {noun.many}"
        said: Line = sentence(none, *of)
        text = tuple(span for line in (said, *left_out) for span in (*line, " "))[:-1]
        return Reply(card=Card(title=(f"No {noun.many}",), text=text, body=(said, *left_out)))
    begin = from_on(pages.first)
    which = last(len(listed_runs), noun.one, noun.many).capitalize()
    if pages.first > 1:
        alone = pages.first == pages.last
        which = (
            f"{noun.title} {pages.last:,}" if alone else f"{noun.titles} {pages.first:,} to {pages.last:,}"
        )
    open_runs = sum(not shown.run.status.terminal for shown in listed_runs)
    going = f", {number_of(open_runs, noun)} going on" if open_runs else ""
    known = sum(shown.known is not None for shown in listed_runs)
    news = (f" What is new is shown for the newest {COMPARED} finished runs.",) if known > COMPARED else ()
    card = Card(
        title=(f"Recent {noun.many}", *of, begin),
        text=(*sentence(which, *of, going), f" The {'first' if begin else 'newest'} is ", *summary(listed_runs[0]), "."),
        body=left_out,
        items=tuple(listed_item(shown, now, several=several) for shown in listed_runs),
        pages=pages,
        footer=("“status ID” shows one; the short id shown here is enough.", *news),
    )  # fmt: skip
    return Reply(card=card)


def _of_these(narrowed: Narrowed, terms: Terms) -> Line:
    """Say what a list is narrowed to: " of basic_test, source main, started by ann"."""
    since = f"created since {narrowed.since:%d %b %Y %H:%M} UTC" if narrowed.since else ""
    named = (
        (" of ", narrowed.launcher),
        (f", {terms.source.one} ", narrowed.source),
        (", test name ", narrowed.test_name),
        (", started by ", narrowed.creator),
    )
    said: Line = tuple(span for word, name in named if name for span in (word, Untrusted(name)))
    return (*said, f", {since}") if since else said


def not_listed(connection: str, problem: str) -> Line:
    """Say that the runs of a connection cannot be listed just now."""
    return ("The runs of ", Untrusted(connection), " cannot be listed: ", Untrusted(stopped(problem)))


def summary(shown: Recent) -> Line:
    """Name a run of a list with its verdict and what is new in it."""
    new = comparing.news(shown.known, shown.before, shown.terms)
    said = verdict_words(judged(shown), shown.terms)
    return (*run_name(shown.run), f": {said}", f"; {new}" if new else "")


def judged(shown: Recent) -> Verdict:
    """Judge by what is kept or was read; a row that may say otherwise than the run counts only where nothing is."""
    if shown.verdict is not None:
        return shown.verdict
    says = None if shown.run.brief and shown.known else shown.run.says
    return judge_stored(shown.run.status, shown.known, says)


def ways_in(shown: Recent) -> tuple[Button, ...]:
    """Offer to open a run of a list, and what fails in it."""
    status = Button(label="Status", command=Command.of_run("status", shown.run.ref))
    verdict = judged(shown)
    failing = verdict.failing or verdict.health
    return (status, _failing(shown.run)) if failing else (status,)


def report(run: Run, link: Secret) -> Reply:
    """Hand over a fresh link, privately."""
    said: Line = ("The triage report of ", *run_name(run), " is ready to open.")
    card = Card(
        title=("Triage report of ", *run_name(run)),
        text=said,
        body=(said, ("Anyone with this link can read the report. Do not share it.",)),
        buttons=(Button(label="Open report", signed=link),),
    )
    return Reply(card=card, private=True)


def report_refused() -> Reply:
    """Tell a guest that a link which opens the report to whoever holds it is not handed out to them."""
    return problems.denied(
        "Report links are not given to guests and members of other organisations. "
        "Someone from this organisation can open the report."
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
        return ("its link leads to ", host, ", which is not known to belong to this tenant. An operator can set the tenant's name next to its address.")  # fmt: skip
    return ("it has not ended." if not run.status.terminal else "the platform offers none.",)


def moment_found(target: MomentTarget) -> Reply:
    """Show a pasted moment with what can be done at it."""
    about = target.context
    of: Line = (" of ", *run_name(target.run)) if target.run else ()
    connection = target.platform.connection
    session = (
        {"session": target.session_id, "connection": connection}
        if target.session_id and not target.run
        else {}
    )
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
    run, terms = found.run, found.terms
    spent = elapsed(run, now)
    told = (
        (run_title(run, terms), (Untrusted(run.ref.run_id, code=True),)),
        (terms.launcher.title, (Untrusted(run.launcher_name),) if run.launcher_name else ()),
        (terms.check.titles, (_counts(found),) if found.verdict.total else ()),
        ("Requested", (minutes(run.requested_minutes),) if run.requested_minutes else ()),
        ("Elapsed", (duration(spent),) if spent is not None and run.took is None else ()),
        ("Took", (took(run.took),) if run.took is not None else ()),
        ("Duration", (Untrusted(run.duration), ", without a unit") if run.duration else ()),
        _stage(run, now),
        ("Failure moment", _exactly(run.failure_moment)),
        (terms.source.title, (Untrusted(run.source),) if run.source else ()),
        ("Commit", (Untrusted(run.commit[:SHORT_COMMIT], code=True),) if run.commit else ()),
        ("Test", (Untrusted(run.test_name),) if run.test_name and run.test_name != run.launcher else ()),
        ("Node", (Untrusted(run.node),) if run.node else ()),
        ("Started by", (Untrusted(run.creator),) if run.creator else ()),
        ("Compared with", comparing.baseline(found.diff, now, terms)),
    )
    return tuple(Fact(label, value) for label, value in told if value)


def _exactly(moment: Moment | None) -> Line:
    """Write a moment whole: its input hash and its virtual time, to be copied."""
    return (Untrusted(f"{moment.input_hash} {moment.vtime}", code=True),) if moment else ()


def changes(found: RunAnalysis) -> tuple[Item, ...]:
    """Name what changed since the run before, newly failing first; long lists end in a count."""
    items: list[Item] = []
    for mark, names, why in _changed(found):
        news_first = sorted(names.items(), key=lambda named: named[0] in found.silent)
        items += [_named(mark, name, note, why, found) for name, note in news_first[:NAMED]]
        if len(names) > NAMED:
            items.append(Item(mark=mark, title=(f"{len(names) - NAMED:,} more",)))
    return (*items, *excused(found)) if found.diff is not None else ()


def number_changed(found: RunAnalysis) -> int:
    """Count the checks that `every_change` lists."""
    return sum(len(names) for _, names, _ in _changed(found))


def every_change(found: RunAnalysis, begin: int, now: datetime) -> Reply:
    """List all that changed since the run before, from the entry `begin` on."""
    run, terms = found.run, found.terms
    entries = [
        (mark, name, note, why) for mark, names, why in _changed(found) for name, note in names.items()
    ]
    again = Command.of_run("status", run.ref, changes="yes")
    pages = Pages.of(again, len(entries), begin, CHANGES)
    before = comparing.sentence(found.diff, now, terms)
    new = novelty(found.diff)
    said: Line = ("What changed in ", *run_name(run), f": {new or number_of(len(entries), terms.check)}.")
    if not entries:
        said = ("Nothing that is known changed in ", *run_name(run), ".")
    card = Card(
        title=("What changed in ", *run_name(run), from_on(begin)),
        text=said,
        tone=tone(found.verdict),
        body=(said, before) if before else (said,),
        items=tuple(_named(*entries[number - 1], found) for number in pages.numbers),
        items_left_out=pages.left_out,
        pages=pages,
        buttons=(Button(label="Status", command=Command.of_run("status", run.ref)),),
        context=Context(run=run.ref),
    )
    return Reply(card=card)


def _changed(found: RunAnalysis) -> tuple[tuple[str, Mapping[str, str], Mapping[str, str]], ...]:
    """Return each kind of change: its mark, the checks with what is noted of each, and what those say themselves."""
    diff, terms = found.diff, found.terms
    if diff is None:
        return ()
    still = {name: comparing.in_a_row(streak, terms) for name, streak in diff.still_failing}
    passed = {name: comparing.after(streak, terms) for name, streak in diff.first_pass}
    why = _messages(found)
    unsaid = f"no result is known of the {terms.run.one} before"
    unhealthy = sorted(check.name for check in found.results.unhealthy) if found.results else []
    kinds = (
        ("environment problem", dict.fromkeys(unhealthy, ""), NOTHING),
        ("failing, not to be relied on", dict.fromkeys(diff.untrusted, ""), why),
        ("failing", dict.fromkeys(diff.not_compared, ""), why),
        ("newly failing", dict.fromkeys(diff.newly_failing, ""), why),
        (f"failing, no longer {terms.excused}", dict.fromkeys(diff.counts_again, ""), why),
        ("failing again", dict.fromkeys(diff.fails_again, unsaid), why),
        ("still failing", still, NOTHING),
        ("passing again", passed, NOTHING),
        ("skipped this time", dict.fromkeys(diff.skipped, ""), NOTHING),
        ("not seen this time", dict.fromkeys(diff.not_seen, ""), NOTHING),
        ("not failing, not looked at", dict.fromkeys(diff.not_looked_at, ""), NOTHING),
        ("not failing this time", dict.fromkeys(diff.not_failing, ""), NOTHING),
    )
    return tuple(kind for kind in kinds if kind[1])


def excused(found: RunAnalysis, *, how: bool = False) -> tuple[Item, ...]:
    """Say how many checks failed without counting, if any; `how`: and how to see which."""
    number, terms = found.verdict.excused, found.terms
    if not number:
        return ()
    how = how and " " not in terms.excused
    ways: Line = (": use “", Untrusted(f"failing {terms.excused}=yes", code=True), "”") if how else ()
    fail = "fails" if number == 1 else "fail"
    said = f" that {fail} and {'is' if number == 1 else 'are'} not counted" if how else ", not counted"
    return (Item(mark=terms.excused, title=(f"{number_of(number, terms.check)}{said}", *ways)),)


def checks_done(run: Run, terms: Terms) -> Progress | None:
    """Say how many checks are done, None where that is not known."""
    if run.done is None or run.done[1] <= 0:
        return None
    done, everything = run.done
    share = min(1.0, done / everything)
    return Progress(fraction=share, text=f"{done:,} of {number_of(everything, terms.check)} done")


def waiting(run: Run, terms: Terms) -> Progress | None:
    """Say how many wait before a run that waits itself; None where that is not known."""
    if run.status is not RunStatus.STARTING or run.ahead is None:
        return None
    place = f"{number_of(run.ahead, terms.run)} before it" if run.ahead else "next"
    return Progress(fraction=None, text=f"{run.status_text}, {place}")


def progress(run: Run, now: datetime, terms: Terms) -> Progress | None:
    """Say how far a run is: checks that are done, or elapsed against requested, then "finishing"."""
    if run.status.terminal:
        return None
    told = checks_done(run, terms) or waiting(run, terms)
    if told is not None:
        return told
    if run.status is RunStatus.STARTING or run.status_text == "starting":
        return Progress(fraction=None, text="starting")
    return _time_spent(run, elapsed(run, now))


def _time_spent(run: Run, spent: timedelta | None) -> Progress:
    if spent is None:
        going = run.status is RunStatus.IN_PROGRESS
        return Progress(fraction=None, text="running" if going else run.status_text)
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
    cut = any(len(names) > NAMED for _, names, _ in _changed(found))
    rest = Button(label="All changes", command=Command.of_run("status", found.run.ref, changes="yes"))
    return (*failing, *((rest,) if cut else ()), *_at_moment(found), *_further(found))


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
    buttons: list[Button] = [*ways.beside_run(found)]
    beside = found.platform.run_logs is not None and has_moments(found.platform)
    if found.verdict.kind is VerdictKind.INCOMPLETE and beside:
        buttons.append(Button(label="Build log", command=Command.of_run("logs", run.ref, build="yes")))
    if run.report_url is not None:
        report = Command.of_run("report", run.ref)
        buttons.append(Button(label="Open report", command=report, report=run.ref))
    if run.page_url is not None:
        buttons.append(Button(label="All runs", page=run.page_url))
    return (*buttons, *ways.once_more(found))


def _messages(found: RunAnalysis) -> Mapping[str, str]:
    """Return what failing checks say, by name; where there are moments, those say more, and how often it failed here."""
    if found.results is None:
        return {}
    if has_moments(found.platform):
        sound = not found.verdict.health
        return {c.name: ratio.in_words(c, trusted=sound) for c in found.results.failing}
    return {c.name: c.first.text[:LONGEST_MESSAGE] for c in found.results.failing if c.first}


def _named(mark: str, name: str, note: str, why: Mapping[str, str], found: RunAnalysis) -> Item:
    """Name a check with what is noted of it, "" for nothing; `why`: what checks say themselves."""
    title, place = titled(name)
    said = marks.said(found.marks.get(name), found.terms)
    lines = (said, place, (Untrusted(why[name]),) if name in why else ())
    noted_as = f" ({note})" if note else ""
    return Item(mark=mark, title=(title, noted_as), lines=tuple(line for line in lines if line))


def _counts(found: RunAnalysis) -> str:
    new = novelty(found.diff)
    verdict = found.verdict
    others = (
        (verdict.health, f"{health_checks(verdict.health, found.terms)} failing"),
        (verdict.excused, found.terms.excused),
        (verdict.passing, "passing"),
        (verdict.skipped, "skipped"),
    )
    said = [f"{n} {word}" for n, word in others if n or (word == "passing" and not verdict.uncounted)]
    counts = ", ".join([f"{verdict.failing} failing", *said])
    if verdict.partial:
        others_are = "of how many is not known" if verdict.uncounted else "the others could not be read"
        return f"{counts}, {others_are}"
    return counts + (f" ({new})" if new else "")


def _when(run: Run, now: datetime) -> Line:
    stage, at = stage_of(run)
    return (f"It {_HAS[stage]} {ago(at, now)}.",) if at else ()


def _stage(run: Run, now: datetime) -> tuple[str, Line]:
    """Return when a run ended, or else what of it is known: as a label and a time."""
    stage, at = stage_of(run)
    return stage.capitalize(), (f"{clock_time(at)}, ", *when(at, now)) if at else ()


_HAS = {"ended": "ended", "started": "started", "created": "was created"}


def _why_no_results(found: RunAnalysis) -> Line:
    if found.run.status_text and found.verdict.kind is VerdictKind.UNKNOWN:
        return ("The platform reports its status as “", Untrusted(found.run.status_text[:40]), "”.")
    if found.verdict.partial:
        return partly(found)
    if found.results is None or found.verdict.total or found.verdict.kind is VerdictKind.RUNNING:
        return ()
    many = found.terms.check.many
    if found.results.availability is Availability.NOT_YET:
        return (f"Its {many} cannot be read: the platform is still writing them.",)
    if found.results.availability is Availability.AGED_OUT:
        return (f"Its {many} cannot be read: they have aged out, only the report still has them.",)
    return (f"It ended without any {many}.",)


def listed_item(shown: Recent, now: datetime, *, several: bool) -> Item:
    """Show one run of a list."""
    run = shown.run
    how_far, how = progress(run, now, shown.terms), verdict_words(judged(shown), shown.terms)
    parts: tuple[Line, ...] = (
        (comparing.news(shown.known, shown.before, shown.terms),),
        age(run, now),
        (f"{shown.terms.source.one} ", Untrusted(run.source)) if run.source else (),
        ("connection ", Untrusted(run.ref.connection)) if several else (),
        (how_far.text,) if how_far and how_far.text != how else (),
    )
    return Item(
        mark=how,
        title=run_name(run),
        lines=(joined(parts),),
        buttons=ways_in(shown),
        context=Context(run=run.ref),
    )
