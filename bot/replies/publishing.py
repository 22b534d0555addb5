"""What the bot says of runs that are written into another platform, there and here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.cards import Card, Context, Fact, Line, Progress, Reply, Tone, Untrusted
from bot.errors import UserError
from bot.model import Check, CheckStatus, LogExcerpt, Run, RunRef
from bot.publication import Publication, PublicationState, PublishedCheck, PublishedResult, PublishRequest
from bot.replies import confirming
from bot.replies.logs import line
from bot.replies.wording import ago, count, listed, run_name, sentence, short_id, virtual
from bot.severity import marks
from bot.state import Intent

PRIVATE = "No report link and no parameters are written."
NO_TARGET = "The connection that it is published into is no longer configured, or takes no runs."
NOT_KNOWN = "It is not known whether the record was opened."
NOT_OPENED = "The record was not opened."
LOST = "The answer to a result was lost, so it may have been written or not."
UNCONFIRMED = "written twice without an answer, so it may be there once, twice or not at all"
NO_LOG = "its log could not be read"
LOG_TOO_SLOW = "It took too long."
NAMED = 3  # troubles that a card names
_WORDS: Mapping[CheckStatus, str] = {
    CheckStatus.PASSING: "passed",
    CheckStatus.FAILING: "failed",
    CheckStatus.SKIPPED: "skipped",
    CheckStatus.UNKNOWN: "without a result",
}
_ORDER = ("failed", "known failure", "passed", "skipped")


def word_of(check: PublishedCheck) -> str:
    """Say what is written of a check."""
    return "known failure" if check.excused else _WORDS[check.status]


def label(run: Run, written: int, total: int) -> str:
    """Name the record: the run, where its code is from, and how much of it is there where that is not all."""
    source = f", {run.source}" if run.source else ""
    part = f", {written:,} of {total:,} results" if written < total else ""
    return f"{run.launcher} {short_id(run.ref.run_id)}{source}{part}".strip()


def message(check: Check) -> str:
    """Say how a check failed, as the platform's sample shows it."""
    when = f"counterexample at {virtual(check.moment)}" if check.moment else ""
    sample = check.first.text if check.first else ""
    return ": ".join(text for text in (when, sample) if text)


def file_name(check: PublishedCheck) -> str:
    """Name the file of a log."""
    return f"log before {virtual(check.moment)}.txt" if check.moment else "end of the log.txt"


def log_text(excerpt: LogExcerpt) -> str:
    """Write a log as a text, and say what is missing of it; "" where there is none."""
    if not excerpt.lines:
        return ""
    left_out = excerpt.matched - len(excerpt.lines)
    begin = [f"… {count(left_out, 'line')} left out"] if left_out > 0 else []
    end = [f"… not the whole log: {excerpt.cut}"] if excerpt.cut else []
    return "\n".join([*begin, *map(line, excerpt.lines, marks(excerpt.lines)), *end, ""])


def confirmation(
    intent: Intent,
    run: Run,
    request: PublishRequest,
    *,
    target: str,
    counts: Mapping[str, int],
    logs: int,
    requests: int,
    warnings: tuple[Line, ...] = (),
) -> Reply:
    """Show what would be written, and where."""
    results = sum(counts.values())
    asked: Line = (
        "Publish ",
        *run_name(run),
        " into ",
        Untrusted(target),
        f"? It takes {count(requests, 'request')}, and everybody in that team can read it. {PRIVATE}",
        " Nothing has been written yet.",
        *(span for warning in warnings for span in (" ", *warning)),
    )
    card = Card(
        title=("Publish ", *run_name(run), "?"),
        text=asked,
        tone=Tone.WARNING if warnings else Tone.NEUTRAL,
        body=warnings,
        facts=(
            Fact("From", (Untrusted(request.source.text, code=True),)),
            Fact("Into", (Untrusted(target), f" ({intent.connection})")),
            Fact("Label", (Untrusted(request.label),)),
            Fact("Results", (_counted(results, counts),)),
            *((Fact("Artifacts", (count(logs, "log"),)),) if logs else ()),
            Fact("Cost", (f"{count(requests, 'request')}; seen by everybody in that team",)),
        ),
        buttons=confirming.buttons(intent, "Publish"),
        footer=(f"{PRIVATE} {confirming.MINE_ONLY}",),
        context=Context(run=request.source),
    )
    return Reply(card=card)


def left_out(written: int, total: int, no_result: int) -> tuple[Line, ...]:
    """Say what of a run is not written."""
    told: list[Line] = []
    if no_result:
        told.append(
            (f"{count(no_result, 'check')} without a result: left out, and counted in the metadata.",)
        )
    if written < total - no_result:
        told.append(
            (f"Only {written:,} of {total - no_result:,} results are written, those that failed first.",)
        )
    return tuple(told)


def _counted(results: int, counts: Mapping[str, int]) -> str:
    parts = [f"{counts[word]:,} {word}" for word in _ORDER if counts.get(word)]
    return f"{results:,}: {', '.join(parts)}" if parts else "none"


def opened(intent: Intent) -> Card:
    """Say that the record is there and gets its results from now on."""
    record, label = RunRef(intent.connection, intent.run_id or ""), intent.request_as(PublishRequest).label
    return _going(intent, label, record, Progress(fraction=0.0, text="the record is open, results follow"))


def standing(intent: Intent, publication: Publication | None, results: Collection[PublishedResult]) -> Card:
    """Say how far it is. `publication` None: what was planned is not kept any more."""
    record, label = RunRef(intent.connection, intent.run_id or ""), intent.request_as(PublishRequest).label
    there = sum(result.told for result in results)
    facts = _facts(record, results, there)
    if publication is not None and publication.state is PublicationState.STOPPED:
        return _stopped(intent, label, publication, facts)
    if publication is not None and publication.state is PublicationState.PLANNED:
        over = sum(result.over for result in results)
        shown = f"{over:,} of {count(len(results), 'result')} written"
        return _going(
            intent, label, record, Progress(fraction=over / len(results) if results else None, text=shown)
        )
    missing = _missing(results)
    how_many = f": {there:,} of {count(len(results), 'result')}." if publication is not None else "."
    return Card(
        title=("Published as ", Untrusted(record.run_id, code=True)),
        text=(
            "Published as ",
            Untrusted(record.run_id, code=True),
            how_many,
            *(span for told in missing for span in (" ", *told)),
        ),
        tone=Tone.WARNING if missing else Tone.GOOD,
        body=missing,
        facts=facts if publication is not None else facts[:1],
        buttons=confirming.follow(intent),
        footer=confirming.correlation(intent),
        context=Context(run=record),
    )


def _facts(record: RunRef, results: Collection[PublishedResult], there: int) -> tuple[Fact, ...]:
    wanted = sum(result.check.log for result in results)
    kept = sum(result.attached for result in results)
    return (
        Fact("Test run", (Untrusted(record.run_id, code=True),)),
        Fact("Results", (f"{there:,} of {len(results):,}",)),
        *((Fact("Artifacts", (f"{kept:,} of {wanted:,}, confirmed",)),) if wanted else ()),
    )


def _going(intent: Intent, label: str, record: RunRef, shown: Progress) -> Card:
    return Card(
        title=("Publishing ", Untrusted(label)),
        text=("Publishing ", Untrusted(label), f": {shown.text}."),
        tone=Tone.RUNNING,
        facts=(Fact("Test run", (Untrusted(record.run_id, code=True),)),),
        progress=shown,
        footer=confirming.correlation(intent),
        context=Context(run=record),
    )


def _stopped(intent: Intent, label: str, publication: Publication, facts: tuple[Fact, ...]) -> Card:
    said: Line = (
        *sentence(
            "Publishing ", Untrusted(label), " stopped before its end: ", Untrusted(publication.reason)
        ),
        " What was written stays there.",
    )
    return Card(
        title=("Publishing ", Untrusted(label), " stopped"),
        text=said,
        tone=Tone.BAD,
        body=(said,),
        facts=facts,
        footer=confirming.correlation(intent),
    )


def _missing(results: Collection[PublishedResult]) -> tuple[Line, ...]:
    """Name what is not there as it should be."""
    odd = [result for result in results if result.trouble]
    told: list[Line] = [
        sentence("“", Untrusted(result.check.name), "”: ", Untrusted(result.trouble))
        for result in odd[:NAMED]
    ]
    if len(odd) > NAMED:
        told.append((f"And {count(len(odd) - NAMED, 'more')} like that.",))
    return tuple(told)


def not_ended(run: Run) -> UserError:
    """Refuse to publish a run that goes on."""
    return UserError(
        f"{run.launcher} {short_id(run.ref.run_id)} has not ended yet, so there is nothing to publish.",
        "Ask again when it has ended.",
    )


def no_results() -> UserError:
    """Refuse to publish a run of which no result can be read."""
    return UserError(
        "The results of this run cannot be read now, so there is nothing to publish.",
        "Results may come some minutes after the end; those of old runs are gone.",
    )


def into_itself(connection: str) -> UserError:
    """Refuse to publish a run into the connection that it is of."""
    return UserError(
        f"The run is already in “{connection}”.", "Use to=NAME with the name of another connection."
    )


def which_target(having: Collection[str]) -> UserError:
    """Ask where to, where not exactly one other connection takes runs."""
    if not having:
        return UserError("No other connection takes runs, so there is nowhere to publish this one.")
    return UserError("Several connections take runs.", f"Add to=NAME: {listed([*having])}.")


def published_before(earlier: Intent, now: datetime) -> Line:
    """Warn that the same run was published into the same place already."""
    record: Line = (", as ", Untrusted(earlier.run_id, code=True)) if earlier.run_id else ()
    when = ago(earlier.posted_at or earlier.created_at, now)
    return (f"This run was published there {when}", *record, ". This would write all of it once more.")


def no_source(connection: str) -> str:
    """Say that the connection of a run is gone."""
    return f"The connection “{connection}” of the run is no longer configured."
