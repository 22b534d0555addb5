"""The digest of a channel: what is new, what nobody takes care of, what became quiet, and which runs are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.cards import Button, Card, Command, Item, Line, Tone, Untrusted, joined
from bot.model import VerdictKind
from bot.replies import endings as ends
from bot.replies import standings as checks
from bot.replies.endings import TermsOf
from bot.replies.history import assumption
from bot.replies.wording import check_name, clock_time, count, listed, series_name
from bot.standings import Standings
from bot.state import Ending, Expectation, Notice

NEW = 6  # runs with something new that have an entry
MISSING = 4  # runs that did not start and have an entry
SPOKEN = 3  # of each kind that the sentence names
_NOT_THROUGH = frozenset({VerdictKind.INCOMPLETE, VerdictKind.ENVIRONMENT, VerdictKind.NO_RESULTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a digest tells: of the runs that ended `since` the last one, newest first, and how things stand now.

    `late`: when it was due, where it could not be made then. `missing`: the alarms for runs that did not start, each with what
    was expected, where that still is; `alarms`: others that are open.
    """

    zone: str
    since: datetime
    late: datetime | None = None
    endings: Sequence[Ending] = ()
    standings: Standings = field(default_factory=Standings)
    missing: Sequence[tuple[Notice, Expectation | None]] = ()
    alarms: Sequence[Notice] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (
            self.endings or self.standings.unowned or self.standings.quiet or self.missing or self.alarms
        )

    @property
    def news(self) -> list[Ending]:
        """The ends with something new, or that did not get through, what is worst first."""
        news = (each for each in self.endings if each.new or each.unsure or each.verdict in _NOT_THROUGH)
        return sorted(news, key=ends.urgency)


def card(digest: Digest, terms: TermsOf) -> Card:
    """Tell it: new first, then what nobody owns, what is quiet, what is missing, each with its ways on."""
    news, stand = digest.news, digest.standings
    title = f"Digest: {_counts(digest, news)}"
    late = (
        f"This digest was due at {clock_time(digest.late, digest.zone)} and comes late."
        if digest.late
        else ""
    )
    since = f"since {clock_time(digest.since, digest.zone)}"
    ended = (
        f"Of the runs that this channel is notified of, {len(digest.endings):,} ended {since}: "
        f"{ends.counted(digest.endings)}."
        if digest.endings
        else f"No run that this channel is notified of has ended {since}."
    )
    items = _numbered(digest, news, terms)
    return Card(
        title=(title,),
        text=joined(((f"{title}.",), (late,), (ended,), *_spoken(digest, news)), " "),
        tone=Tone.BAD
        if news or digest.missing or digest.alarms
        else Tone.WARNING
        if stand.unowned
        else Tone.NEUTRAL,
        body=tuple(line for line in ((late,), (ended,), *_notes(digest, news, terms)) if any(line)),
        items=items,
        buttons=(Button(label="Recent runs", command=Command("status", {"count": "30"})),)
        if digest.endings
        else (),
        mentions=tuple(dict.fromkeys(mention for each in digest.endings for mention in each.mentions)),
    )


def _counts(digest: Digest, news: Sequence[Ending]) -> str:
    """Say how much there is of each kind, as the entries below it."""
    stand = digest.standings
    new, unsure = sum(each.new_count for each in news), sum(each.unsure_count for each in news)
    broken = [each for each in news if each.verdict in _NOT_THROUGH]
    unowned, quiet = len(stand.unowned) + stand.more_unowned, len(stand.quiet)
    parts = [
        words
        for number, words in (
            (new, f"{count(new, 'new failure')}"),
            (unsure, f"{unsure:,} maybe new"),
            (len(broken), ends.counted(broken)),
            (unowned, f"{unowned:,} unowned"),
            (quiet, f"{quiet:,} quiet"),
            (len(digest.missing), f"{count(len(digest.missing), 'run')} missing"),
        )
        if number
    ]
    return listed(parts) if parts else "nothing new"


def _numbered(digest: Digest, news: Sequence[Ending], terms: TermsOf) -> tuple[Item, ...]:
    """List everything with numbers that go through, so that each button says which entry it is of."""
    entries: list[Item] = []
    for each in news[:NEW]:
        entries.append(ends.entry(len(entries) + 1, each, "new" if each.new or each.unsure else ""))
    for standing in digest.standings.unowned:
        entries.append(checks.entry(len(entries) + 1, standing, terms, kind="unowned", own=True))
    for standing in digest.standings.quiet:
        entries.append(checks.entry(len(entries) + 1, standing, terms, kind="quiet"))
    for notice, expected in digest.missing[:MISSING]:
        entries.append(_missing(len(entries) + 1, notice, expected))
    return tuple(entries)


def _missing(number: int, notice: Notice, expected: Expectation | None) -> Item:
    buttons: tuple[Button, ...] = ()
    if expected is not None:
        runs = {"launcher": expected.launcher, "connection": expected.connection}
        buttons = (Button(label="Recent runs", entry=number, command=Command("status", runs)),)
    return Item(mark=f"{number} missing", title=(Untrusted(notice.problem),), buttons=buttons)


def _notes(digest: Digest, news: Sequence[Ending], terms: TermsOf) -> list[Line]:
    """Say what has no entry, and what the entries rest on."""
    stand = digest.standings
    notes: list[Line] = [(Untrusted(alarm.problem),) for alarm in digest.alarms]
    if others := news[NEW:]:
        notes.append((f"{count(len(others), 'more run')} with something new: {ends.counted(others)}.",))
        notes += ends.new_in(others)
    if not_shown := digest.missing[MISSING:]:
        notes.append((f"{count(len(not_shown), 'more run')} missing.",))
    notes += checks.beside(stand)
    if stand.maybe_quiet:
        notes.append((f"Up to {stand.maybe_quiet:,} more failed within 7 days and do not fail any more.",))
    notes += checks.unknown(stand)
    lucky = next((s for s in stand.quiet if s.history.quiet and s.history.quiet.luck is not None), None)
    if lucky is not None and lucky.history.quiet is not None:
        notes.append((assumption(lucky.history.quiet, terms(lucky.run.ref.connection).run),))
    return notes


def _spoken(digest: Digest, news: Sequence[Ending]) -> list[Line]:
    """Name the first of each kind, for whoever hears the message."""
    stand = digest.standings
    said = [*map(ends.spoken, news[:SPOKEN])]
    for word, standings in (("Unowned: ", stand.unowned), ("Quiet: ", stand.quiet)):
        if standings:
            names = [("“", check_name(s.name), "” in ", *series_name(s.run)) for s in standings[:SPOKEN]]
            said.append((word, *joined(names, "; "), "." if len(standings) <= SPOKEN else "; and others."))
    alarms = [notice for notice, _ in digest.missing[:SPOKEN]] + [*digest.alarms[:SPOKEN]]
    return [*said, *((Untrusted(notice.problem),) for notice in alarms)]
