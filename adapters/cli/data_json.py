"""What an answer is made of, as data for scripts: values by kind, taken from what the commands found and never from a card.

Times are UTC in ISO 8601. Virtual times and input hashes are the exact text as served: they have digits that a JSON number
loses. Nothing here is a signed link. `answer.schema.json` describes all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.analysis import RunAnalysis
from bot.chain import Gap, Streak
from bot.diff import RunDiff
from bot.history import told
from bot.marks import Mark
from bot.model import Check, Example, Fault, LaunchRequest, LogExcerpt, LogLine, Moment, Run, RunRef
from bot.recent import Recent
from bot.replies.data import CheckFound, EventsFound, FilesFound, LogFound, RunsFound
from bot.replies.history import Shown
from bot.replies.runs import judged
from bot.state import Intent, ScheduleRequest, StoredResults
from bot.verdict import Verdict

Json = dict[str, Any]


def data_json(found: object) -> Json | None:
    """Return what was found as data; None for what only the card tells."""
    write = _KINDS.get(type(found))
    return write(found) if write else None


def _of_run(found: RunAnalysis) -> Json:
    return {"kind": "run", **_analysis(found)}


def _of_check(found: CheckFound) -> Json:
    return {"kind": "check", **_analysis(found.found), "check": _check(found.check, found.found)}


def _analysis(found: RunAnalysis) -> Json:
    results = found.results
    return {
        "run": _run(found.run),
        "verdict": _verdict(found.verdict),
        "results": None if results is None else {"state": results.availability.value, "whole": results.whole},
        "diff": None if found.diff is None else _diff(found.diff),
        "cause": None
        if found.cause is None
        else {
            "how": found.cause.how.value if found.cause.how else None,
            "reason": found.cause.reason,
            "line": found.cause.key.text if found.cause.key else None,
        },
        "checks": [_check(check, found) for check in found.failing],
        "excused": [_check(check, found) for check in (results.excused if results else ())],
    }


def _runs(found: RunsFound) -> Json:
    return {
        "kind": "runs",
        "runs": [_recent(recent) for recent in found.runs],
        "first": found.first,
        "more": found.more,
        "whole": found.whole,
        "unread": list(found.unread),
    }


def _recent(found: Recent) -> Json:
    known, before = found.known, found.before
    compared = None
    if known is not None and isinstance(before, StoredResults) and not known.unhealthy:
        compared = sorted(known.failing - before.failing - before.excused)
    return {
        "run": _run(found.run),
        "verdict": _verdict(judged(found)),
        "failing": None if known is None else sorted(known.failing),
        **_baseline(before),
        "newly_failing": compared,
    }


def _run(run: Run) -> Json:
    return {
        **_ref(run.ref),
        "launcher": run.launcher,
        "launcher_key": run.launcher_key,
        "source": run.source,
        "test_name": run.test_name,
        "status": run.status.value,
        "creator": run.creator,
        "description": run.description,
        "commit": (run.code.commit if run.code else "") or run.commit,
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "completed_at": _time(run.completed_at),
        "ephemeral": run.ephemeral,
        "session_id": run.session_id,
        "release": run.release,
        "page": run.page_url,
        "failure_moment": _moment(run.failure_moment),
        "failure_reason": run.failure_reason,
        "parameters": dict(run.parameters),
    }


def _ref(ref: RunRef) -> Json:
    return {"connection": ref.connection, "id": ref.run_id}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(moment: Moment | None) -> Json | None:
    return None if moment is None else {"input_hash": moment.input_hash, "vtime": moment.vtime}


def _verdict(verdict: Verdict) -> Json:
    return {
        "kind": verdict.kind.value,
        "failing": verdict.failing,
        "passing": verdict.passing,
        "skipped": verdict.skipped,
        "excused": verdict.excused,
        "environment": verdict.health,
        "without_result": verdict.unknown,
        "total": verdict.total,
        "partial": verdict.partial or verdict.uncounted,
        "interrupted": verdict.interrupted,
        "platform_says": verdict.contradicts.value if verdict.contradicts else None,
    }


def _baseline(baseline: StoredResults | Gap | None) -> Json:
    """Return which run it was compared with, or why with none; both None: nobody looked."""
    kept = baseline if isinstance(baseline, StoredResults) else None
    return {
        "baseline": None
        if kept is None
        else {**_ref(kept.ref), "created_at": _time(kept.created_at), "commit": kept.commit},
        "no_baseline": baseline.value if isinstance(baseline, Gap) else None,
    }


def _diff(diff: RunDiff) -> Json:
    return {
        **_baseline(diff.baseline),
        "after_environment_problem": diff.after_environment,
        "newly_failing": list(diff.newly_failing),
        "counts_again": list(diff.counts_again),
        "fails_again": list(diff.fails_again),
        "not_compared": list(diff.not_compared),
        "untrusted": list(diff.untrusted),
        "still_failing": [_named_streak(*one) for one in diff.still_failing],
        "first_pass": [_named_streak(*one) for one in diff.first_pass],
        "excused": list(diff.excused),
        "skipped": list(diff.skipped),
        "not_seen": list(diff.not_seen),
        "not_looked_at": list(diff.not_looked_at),
        "not_failing": list(diff.not_failing),
    }


def _named_streak(name: str, streak: Streak) -> Json:
    return {"name": name, **_streak(streak)}


def _streak(streak: Streak) -> Json:
    return {"runs": streak.runs, "at_least": streak.at_least}


def _check(check: Check, found: RunAnalysis) -> Json:
    return {
        "name": check.name,
        "group": check.group,
        "description": check.description,
        "status": check.status.value.lower(),
        "state": _state(check.name, found.diff),
        "environment": check.health,
        "excused": check.excused,
        "rule": check.rule.value if check.rule else None,
        "seconds": check.took.total_seconds() if check.took is not None else None,
        "example_count": check.example_count,
        "counterexample_count": check.counterexample_count,
        "moment": _moment(check.moment),
        "counterexamples": [_example(each) for each in check.counterexamples],
        "mark": _mark(found.marks.get(check.name)),
    }


def _state(name: str, diff: RunDiff | None) -> str | None:
    """Return how it stands against the run before; None where it was not compared with any: an environment's check, say."""
    if diff is None:
        return None
    states = {
        "newly failing": diff.newly_failing,
        "counts again": diff.counts_again,
        "fails again": diff.fails_again,
        "not compared": diff.not_compared,
        "untrusted": diff.untrusted,
        "still failing": [still for still, _ in diff.still_failing],
    }
    return next((state for state, names in states.items() if name in names), None)


def _example(example: Example) -> Json:
    return {"moment": _moment(example.moment), "location": example.location, "text": example.text}


def _mark(mark: Mark | None) -> Json | None:
    if mark is None:
        return None
    state = mark.state
    return {
        "word": state.word.value if state.word else None,
        "owner": mark.owner or state.owner or None,
        "until": _time(state.until),
        "ticket": state.ticket or None,
        "reopened": state.reopened is not None,
    }


def _history(shown: Shown) -> Json:
    history, launcher, check = shown.history, shown.run, shown.check
    quiet = history.quiet
    return {
        "kind": "history",
        "connection": shown.connection,
        "launcher": launcher.launcher,
        "source": launcher.source,
        "test_name": launcher.test_name,
        "check": check.name,
        "first_seen": _time(check.first_seen),
        "last_seen": _time(check.last_seen),
        "first_failed": _time(check.first_failed),
        "last_failed": _time(check.last_failed),
        "runs": [
            {**_ref(one.run.ref), "created_at": _time(one.run.created_at), "result": told(one).name.lower().replace("_", " ")}
            for one in history.runs
        ],
        "more": history.more,
        "holes_before": _time(shown.holes_before),
        "streak": _streak(history.streak) if history.streak else None,
        "longest_streak": _streak(history.longest) if history.longest else None,
        "quiet": None if quiet is None else {"runs": quiet.runs, "failed": quiet.failed, "before": quiet.before},
    }  # fmt: skip


def _log(found: LogFound) -> Json:
    excerpt: LogExcerpt = found.excerpt
    return {
        "kind": "log",
        "run": _ref(found.ref),
        "check": found.check,
        "moment": _moment(found.moment),
        "window": found.window,
        "lines": [_line(line) for line in excerpt.lines],
        "matched": excerpt.matched,
        "total": excerpt.total,
        "cut": excerpt.cut,
        "cut_at": excerpt.cut_at,
        "instead": excerpt.instead or None,
        "artifact": excerpt.artifact or None,
        "faults": [_fault(fault) for fault in dict.fromkeys((*excerpt.faults, *excerpt.taken_down))],
        "faults_since": excerpt.faults_since,
        "faults_left_out": excerpt.faults_left_out,
    }


def _events(found: EventsFound) -> Json:
    return {
        "kind": "events",
        "run": _ref(found.ref),
        "check": found.check,
        "events": [
            {**_line(each.line), "moment": _moment(each.moment), "holds": each.holds} for each in found.events
        ],
        "more": found.more,
        "cut": found.cut,
    }


def _files(found: FilesFound) -> Json:
    return {
        "kind": "files",
        "run": _ref(found.ref),
        "check": found.check,
        "files": [
            {"name": f.name, "kind": f.kind, "size": f.size, "expires_at": _time(f.expires_at)}
            for f in found.files
        ],
        "first": found.first,
    }


def _line(line: LogLine) -> Json:
    return {
        "text": line.text,
        "vtime": line.vtime,
        "at": _time(line.at),
        "source": line.source,
        "stream": line.stream,
    }


def _fault(fault: Fault) -> Json:
    return {
        "name": fault.name,
        "kind": fault.kind,
        "nodes": list(fault.nodes),
        "since": fault.since,
        "until": fault.until,
        "detail": fault.detail,
    }


def _action(intent: Intent) -> Json:
    schedule = intent.request if isinstance(intent.request, ScheduleRequest) else None
    launch = (
        schedule.launch if schedule else intent.request if isinstance(intent.request, LaunchRequest) else None
    )
    became = RunRef(intent.connection, intent.run_id) if intent.run_id else None
    return {
        "kind": "action",
        "action": intent.kind.value,
        "request": intent.id,
        "state": intent.state.value,
        "connection": intent.connection,
        "subject": intent.subject,
        "launcher": launch.launcher if launch else None,
        "values": dict(launch.values) if launch else {},
        "run": None if became is None else _ref(became),
        "reason": intent.reason or None,
        "schedule": None if schedule is None else {"times": schedule.times, "zone": schedule.zone},
    }


_KINDS: Mapping[type, Callable[[Any], Json]] = {
    RunAnalysis: _of_run,
    CheckFound: _of_check,
    RunsFound: _runs,
    Shown: _history,
    LogFound: _log,
    EventsFound: _events,
    FilesFound: _files,
    Intent: _action,
}
