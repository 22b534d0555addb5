"""What must survive a restart: people and places, subscriptions, deliveries, launches, threads, audit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TypeVar

from bot import cron
from bot.calendar import EVERY_DAY, Daily
from bot.cards import Context, Mention, ReportLinks, Tone
from bot.cron import Cron
from bot.model import (
    NOTHING,
    Counts,
    DebugRequest,
    LaunchRequest,
    Run,
    RunRef,
    RunStatus,
    Says,
    VerdictKind,
)
from bot.publication import Publication, PublishRequest
from bot.ratio import Ratio
from bot.triage import AgentRequest, CancelRequest, QuarantineRequest, RerunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """A launch to be made again and again. `launch`: what was shown, its key is of none yet; `times`: as `bot.cron` reads them.

    `preset`: by which it was asked for, "" for none, and `given`: what was given beside it. `zone`: whose clocks count.
    """

    launch: LaunchRequest
    times: str
    zone: str
    preset: str = ""
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @property
    def name(self) -> str:
        """What people call it: the preset, else the launcher."""
        return self.preset or self.launch.launcher

    def same(self, connection: str) -> str:
        """Return what two that launch the same at the same times have in common: as it was asked for, and when."""
        asked = ("", self.given) if self.preset else (self.launch.launcher, self.launch.values)
        return json.dumps(
            [connection, self.preset, asked[0], sorted(asked[1].items()), self.times, self.zone]
        )


Request = (
    LaunchRequest
    | DebugRequest
    | RerunRequest
    | CancelRequest
    | AgentRequest
    | QuarantineRequest
    | PublishRequest
    | ScheduleRequest
)
R = TypeVar(
    "R",
    LaunchRequest,
    DebugRequest,
    RerunRequest,
    CancelRequest,
    AgentRequest,
    QuarantineRequest,
    PublishRequest,
    ScheduleRequest,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks. `id` and `principals` are immutable ids ("slack:user:T01:U01", "discord:role:G:R").

    `principals` always holds `id`. `name` and `email` are from outside and never decide anything. Chats say
    with `guest` and `member` who belongs: both are False for a person about whom nothing can be told, as in a
    direct message of a chat that has no workspaces.
    """

    id: str
    principals: frozenset[str]
    name: str = ""
    email: str | None = None
    guest: bool = False  # a guest of the workspace or server, or a member of another organisation
    member: bool = False  # a full member of the bot's own workspace, or of a server that the settings name


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is said: a channel ("slack:channel:T01:C01") and, inside it, maybe a thread.

    `thread` is the id of the message that the thread hangs on.
    """

    channel: str
    thread: str | None = None
    shared: bool = False  # people of other organisations or workspaces read it, or who does cannot be told
    direct: bool = False  # a conversation of one person with the bot

    @property
    def chat(self) -> str:
        """The chat it belongs to: the first part of the channel's id."""
        return self.channel.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file that somebody sent with what they said. `size` in bytes, None where the chat does not say.

    `ref`: what the chat calls it, by which it can be opened again, after a restart too; no address and no secret.
    """

    ref: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One thing a person asked for, from any chat and any way in.

    `text` is what was typed, verb first; `values` are typed options or form fields by parameter name and
    win over it. `arguments` are words behind those that came apart already (a shell's argv): each is one
    bare word or one `name=value`, and never read as a command again. `key` is unique for one human act:
    redeliveries carry the same. `about`: the message of Clew's own that a shortcut was used on; what it speaks of
    is known, and is not read out of its text again. `attached`: files that were sent with it; only the chat fills it in.
    """

    actor: Actor
    place: Place
    text: str
    key: str
    at: datetime
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    arguments: tuple[str, ...] = ()
    about: str | None = None
    confirmed: bool = False  # the person said yes beforehand (`clew ask --yes`)
    attached: tuple[AttachedFile, ...] = ()

    @property
    def full_text(self) -> str:
        """All that was typed, on one line."""
        return " ".join((self.text, *self.arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """A message that was posted: its channel, its id there, and the thread it stands in."""

    channel: str
    message_id: str
    thread: str | None = None


class Outcome(StrEnum):
    """Which ends of runs a subscription wants."""

    ALL = "all"
    FAILURES = "failures"
    NEW_FAILURES = "new-failures"
    INCOMPLETE = "incomplete"
    RECOVERY = "recovery"


EVERYTHING = frozenset({Outcome.ALL})
CHANGES = frozenset({Outcome.NEW_FAILURES, Outcome.INCOMPLETE, Outcome.RECOVERY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A channel that is to be notified of runs; None means "any". `problem`: why it is off, "" when it works."""

    channel: str
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None
    outcomes: frozenset[Outcome] = EVERYTHING
    report_links: ReportLinks | None = None
    from_settings: bool = False
    problem: str = ""

    @property
    def runs(self) -> tuple[str | None, ...]:
        """Which runs it is about: their connection, launcher and source."""
        return self.connection, self.launcher, self.source


MENTIONED = frozenset(
    {Outcome.NEW_FAILURES, Outcome.INCOMPLETE}
)  # ends that rules mention somebody for by default


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRule:
    """Whom the posts about ended runs in a channel mention; None means "any".

    `who`: the id of a person, group or role of that chat. `pattern`: of the name of a check that has to fail, newly unless
    `outcomes` has all failures; `*` stands for any text. `name`: how the chat called them when the rule was made; it decides
    nothing. `since`: when it was made, `matched_at`: when a post last mentioned them for it.
    """

    channel: str
    who: str
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None
    pattern: str | None = None
    outcomes: frozenset[Outcome] = MENTIONED
    name: str = ""
    from_settings: bool = False
    since: datetime | None = None
    matched_at: datetime | None = None

    @property
    def runs(self) -> tuple[str | None, ...]:
        """Which runs it is about: their connection, launcher and source."""
        return self.connection, self.launcher, self.source

    @property
    def wants(self) -> tuple[str | None, ...]:
        """What makes it unique: there is one rule for the same people, runs and checks."""
        return self.channel, *self.runs, self.who, self.pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Somebody whom a chat can mention. `problem`: a sentence that says why no mention reaches them, "" where none is known.

    `gone`: they are certainly not there any more.
    """

    id: str
    name: str = ""
    problem: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """How a channel wants to be notified, whatever of. `zone`: the IANA name of the zone of its times.

    `quiet_from`, `quiet_to`: between which local times nothing is posted; both or neither. `digest`: the local time at which
    one message tells of what ended, and how things stand, on `digest_days` (Monday is 0); `digest_empty`: also of nothing.
    """

    channel: str
    zone: str = "UTC"
    quiet_from: time | None = None
    quiet_to: time | None = None
    digest: time | None = None
    digest_days: frozenset[int] = EVERY_DAY
    digest_empty: bool = False
    from_settings: bool = False

    @property
    def daily(self) -> Daily | None:
        """When its digest comes; None where it has none."""
        return None if self.digest is None else Daily(self.digest, self.zone, self.digest_days)

    @property
    def keeps(self) -> bool:
        """Whether some of what ends is kept for later."""
        return self.quiet_from is not None or self.digest is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """How far a channel's digests are. The next one is the first that `schedule` has behind `after`.

    `schedule`: as it was seen last, as text. `since`: when the last digest was made, or the digests began. `upto`: the number of
    the newest row of the outbox that they have told of.
    """

    channel: str
    schedule: str
    after: datetime
    since: datetime
    upto: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """What a channel is not notified of before `until`; None means "any". `by`: the id of the person who asked for it."""

    channel: str
    until: datetime
    since: datetime
    by: str = ""
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None

    @property
    def runs(self) -> tuple[str | None, ...]:
        """Which runs it is about: their connection, launcher and source."""
        return self.connection, self.launcher, self.source


def concerns(wish: Subscription | MentionRule | Mute, run: Run) -> bool:
    """Whether something that a channel asked for is about a run."""
    asked = ((wish.connection, run.ref.connection), (wish.source, run.source or ""))
    of_launcher = wish.launcher is None or run.is_of(wish.launcher)
    return of_launcher and all(want is None or want == have for want, have in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRule:
    """Which ends of runs of the connection `source` are published into the connection `target` by themselves."""

    source: str
    target: str
    outcomes: frozenset[Outcome] = EVERYTHING

    def wants(self, run: Run, outcomes: frozenset[Outcome]) -> bool:
        """Whether it wants a run that ended so; what its team calls ephemeral is nothing to keep."""
        fits = Outcome.ALL in self.outcomes or not self.outcomes.isdisjoint(outcomes)
        return fits and run.ref.connection == self.source and not run.ephemeral


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedRun:
    """What the watcher remembers of a run between ticks."""

    ref: RunRef
    status: RunStatus
    announced: RunStatus | None = None  # the terminal status that channels were notified of, if any
    results_known: bool = False  # its properties were read, or are known to be absent
    terminal_since: datetime | None = None  # when the watcher first saw it ended
    listed_at: datetime | None = None  # when it was created, or first listed where the platform does not say
    listed: bool = True  # a list has shown it; False of one that was launched here and is not listed yet
    progress: str = ""  # how many checks were done, as `Run.progress`
    changed_at: datetime | None = None  # when its status or progress was first seen as it is
    settled: bool = False  # nothing more is read of it: all is known, or it is no longer followed


BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # before every run


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the platform's list by time of creation: after `since` and not after `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every run of a connection that was created after `since` and not after `until` is on record, but those `unread`.

    `since` is `BEGINNING` where the platform's list was read to its end. `unread`: what listing still has to come
    to, the newest first; it goes on there, after a restart too.
    """

    since: datetime
    until: datetime
    unread: tuple[Stretch, ...] = ()

    @property
    def whole_since(self) -> datetime:
        """Every single run that was created after this and not after `until` is on record."""
        return max((self.since, *(stretch.until for stretch in self.unread)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResults:
    """A finished run's outcome as kept for comparing: only the names of what failed, and counts.

    `unhealthy`: names of the failing checks that are about the environment; with any, the run is no baseline. `commit`:
    of the code that was tested, where that was known when it was kept. `advisory_count`: how many checks failed that are in
    no count; None where that is not known.
    `seen_at`: when Clew first listed the run; runs without a time of creation are in that order.
    """

    ref: RunRef
    launcher: str
    status: RunStatus
    created_at: datetime | None
    failing: frozenset[str]
    passing_count: int
    skipped_count: int = 0
    excused: frozenset[str] = frozenset()  # failed, and that did not count
    unknown_count: int = 0  # checks that are none of these; with any of them a run has not passed
    says: Says | None = None
    seen_at: datetime | None = None
    unhealthy: frozenset[str] = frozenset()
    commit: str | None = None
    advisory_count: int | None = 0

    @property
    def counts(self) -> Counts:
        """How many checks there were of each kind."""
        return Counts(
            failing=len(self.failing),
            passing=self.passing_count,
            skipped=self.skipped_count,
            excused=len(self.excused),
            unknown=self.unknown_count,
            health=len(self.unhealthy),
        )


class Came(StrEnum):
    """What came of a check in one run; the letters are kept in the database."""

    PASSED = "p"
    FAILED = "f"
    EXCUSED = "e"  # failed, and that did not count
    UNHEALTHY = "h"  # failed, and is about the environment
    SKIPPED = "s"
    NOTHING = "n"  # the run names it, without a result


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChecks:
    """What came of every check that a run names, for the history of each; those of one name count as the worst of them.

    `whole`: it names all of its checks, not only those that failed. `at`: when the run was created, or first listed. `places`: where a check stands in the code ("ledger.go:42"), where that is
    known. `groups`: the groups of a name that stands in several.
    """

    ref: RunRef
    launcher_key: str
    at: datetime | None
    came: Mapping[str, Came]
    whole: bool = True
    places: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheck:
    """What is kept for good of a check of a launcher, over all its runs: when it was seen, and failed.

    `last_seen` may lag a day behind.
    """

    name: str
    first_seen: datetime
    last_seen: datetime
    first_failed: datetime | None = None
    last_failed: datetime | None = None
    place: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInRun:
    """A run that ended, and what came of one check in it; `came` None: the run says nothing of it.

    `read`: results of the run are kept. `whole`: they name all of its checks, not only those that failed.
    `unhealthy`: its environment had a problem.
    """

    run: Run
    came: Came | None
    read: bool = True
    whole: bool = True
    unhealthy: bool = False


class Word(StrEnum):
    """What people say of a property that fails, so that its failures are no news; the words are kept in the database."""

    SNOOZED = "snoozed"
    KNOWN = "known"
    NOT_A_BUG = "not a bug"


class Why(StrEnum):
    """Why what was said of a property no longer holds; the words are kept in the database."""

    PLACE = "place"  # it fails at another place in the code
    RATIO = "ratio"  # another share of what is checked fails
    PASSED = "passed"  # it passed in so many runs in a row, and fails again
    QUIET = "quiet"  # the same, and of some of them it is known only that it did not fail
    SNOOZED_UNTIL = "until"  # the time of the snooze is over
    SNOOZED_RUNS = "runs"  # the runs of the snooze are over


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """Why a property was reopened, and by which run; `now`: its place, class of `bot.ratio` or number of passes there."""

    why: Why
    run_id: str
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyState:
    """What people said of a property of a launcher, whatever the source of its runs; `empty` where nobody did.

    `owner`: the id of the person who takes care of it, since `owned_at`. `word`: what was said by the person `said_by` at
    `said_at`; it holds until the property is `reopened`. `ticket`: of a known issue, a link or an id. A snooze ends at
    `until`, or with the run after `runs` runs of a series. `places`, `ratio`: where it failed when the word was said (as
    `bot.marks.places_of` tells places apart), and in which class of `bot.ratio`, as far as that was known. `counts_from`: runs created after this time count for the snooze
    and for the passes. `version` grows with every change.
    """

    connection: str
    launcher_key: str
    name: str
    owner: str = ""
    owned_at: datetime | None = None
    word: Word | None = None
    said_by: str = ""
    said_at: datetime | None = None
    ticket: str = ""
    until: datetime | None = None
    runs: int | None = None
    places: tuple[str, ...] = ()
    ratio: Ratio | None = None
    counts_from: datetime | None = None
    reopened: Reopened | None = None
    version: int = 0

    @property
    def empty(self) -> bool:
        """Whether nobody owns it and nothing is said of it."""
        return not self.owner and self.word is None

    @property
    def silent(self) -> bool:
        """Whether its failing is no news."""
        return self.word is not None and self.reopened is None

    def is_over(self, now: datetime) -> bool:
        """Whether it is snoozed until a time that is over, so that it is reopened when it fails again."""
        return self.silent and self.until is not None and self.until <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, in short: what a list of ends says of it, kept with its announcement.

    `outcome`: our own words for it, to stand behind the name. `outcomes`: what the end counts as. `new`: names of what
    newly fails, `unsure`: of what fails and nobody knows whether that is new; the first of them, with how many there are.
    `failing`: how much fails in all. `report`: whether it has a report. `mentions`: of its announcement.
    `because`: why it did not get through, from outside.
    """

    run: RunRef
    verdict: VerdictKind
    tone: Tone
    outcome: str
    launcher: str = ""
    source: str = ""
    outcomes: frozenset[Outcome] = frozenset()
    new: tuple[str, ...] = ()
    new_count: int = 0
    unsure: tuple[str, ...] = ()
    unsure_count: int = 0
    failing: int = 0
    report: bool = False
    because: str = ""
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A message to be delivered once. `key` is the business key; a second row with it is never made.

    `payload` is frozen: a re-send is byte for byte the same, but for the report link's placeholder.
    `after`: the key of a delivery in whose thread this one belongs. `ending`: of the run whose end it announces.
    `held_until`: it is not posted before `bot/delivery/held.py` lets it out, which looks at it then.
    """

    key: str
    channel: str
    payload: str
    thread: str | None = None
    after: str | None = None
    context: Context | None = None
    report: RunRef | None = None
    report_links: ReportLinks = ReportLinks.POST
    ending: Ending | None = None
    held_until: datetime | None = None


class Cause(StrEnum):
    """What can be wrong that needs a person; the words are kept in the database."""

    DEAD = "dead"  # messages that cannot be posted
    UNKNOWN = "unknown"  # messages that may or may not have arrived
    STUCK = "stuck"  # messages that wait and do not move
    LOST = "lost"  # a channel that refuses us
    CROWDED = "crowded"  # a channel that more waits for than anybody reads
    HALTED = "halted"  # a chat that refuses us
    RECEIVING = "receiving"  # a chat that nothing comes from
    POLL = "poll"  # a connection that cannot be watched
    LAUNCH = "launch"  # something costly of which nobody knows whether it was started
    GUARD = "guard"  # a limit was met that keeps something from being done
    STRANGERS = "strangers"  # somebody else uses a chat with our token
    CLOCK = "clock"
    AUDIT = "audit"
    HEARTBEAT = "heartbeat"
    DATABASE = "database"
    MISSING = "missing"  # a run that was expected and did not start
    LONG = "long"  # a run that takes twice its usual time
    UNREAD = "unread"  # a connection that could not be read for an hour


EXPECTED = frozenset({Cause.MISSING, Cause.LONG, Cause.UNREAD})  # channels are told of these, not an operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that somebody was notified of and that is not over. `channel`: where; "": the operator's.

    `problem`: in full sentences. `since`: when it began; of a run that did not start, its deadline.
    """

    cause: Cause
    subject: str
    problem: str
    since: datetime
    channel: str = ""

    @property
    def about(self) -> list[str]:
        """What an alarm of a channel is about: the channel, the connection, and what else it names; "" for a source that is any."""
        names: list[str | None] = json.loads(self.subject)
        return [name or "" for name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """That runs of a launcher start on some days by a time, and take no longer than usual; a channel is told where not.

    `by`: the deadline, a local time of `zone` (a name of the IANA database) on each of `days` (Monday is 0); None: none,
    only how long runs take counts. `begins`: the local time from which on a start counts; None: half a day before.
    `since`: when it was made, or changed last: earlier deadlines do not count.
    """

    channel: str
    connection: str
    launcher: str
    source: str | None = None
    by: time | None = None
    begins: time | None = None
    zone: str = "UTC"
    days: frozenset[int] = frozenset(range(7))
    from_settings: bool = False
    since: datetime = BEGINNING

    @property
    def subject(self) -> str:
        """What a notice about it is about; unique."""
        return json.dumps([self.channel, self.connection, self.launcher, self.source])


class WhyNot(StrEnum):
    """Why nobody can say that a run of a connection did not start."""

    UNLISTED = "unlisted"  # no list shows its runs
    UNTIMED = "untimed"  # its runs do not say when they were created


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A webhook told that something changed at a connection, perhaps of these runs. `digest`: of what it sent; `at`: when."""

    connection: str
    digest: str
    at: datetime
    run_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCause:
    """An announcement that went out before it was known why its run did not get through; it is edited when it is.

    `key`: of its delivery. `before`: the end that had been announced before, where it corrects that. `channel`: where it
    is announced. `message`: the announcement, once it is there by itself. `summary`: the key of the message that tells of
    it with others, once that is there. With neither it is held.
    `marked`: it said all, and is edited since people said something of what fails in it.
    """

    key: str
    run: RunRef
    since: datetime
    before: RunStatus | None = None
    channel: str = ""
    message: MessageRef | None = None
    summary: str | None = None
    marked: bool = False


class DeliveryState(StrEnum):
    """The life of an outbox row: held, pending, sending, then sent; folded; or unknown and dead for an operator, dropped."""

    HELD = "held"  # not to be posted yet: the channel is quiet
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"
    FOLDED = "folded"  # never sent: a summary in its place tells of it
    DROPPED = "dropped"  # an operator gave it up


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An outbox row as the deliverer sees it. `provider_key` is derived from `key`, at most 24 characters."""

    id: int
    key: str
    provider_key: str
    channel: str
    thread: str | None
    payload: str
    context: Context | None
    report: RunRef | None
    report_links: ReportLinks
    state: DeliveryState
    attempts: int  # claims so far, this one included
    attempt_at: datetime | None
    recorded_at: datetime  # with what it tells of, in one transaction
    repeat: bool = False  # it may be there already, and nobody can find out
    faults: int = 0  # failures that no later attempt can fix; three make it dead
    error: str = ""
    ending: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A message that is not posted yet: since when, and when it is looked at next. `after` as of `NewDelivery`."""

    delivery: Delivery
    since: datetime
    due: datetime
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollStep:
    """All that one decision of the watcher writes, in one transaction."""

    connection: str
    now: datetime
    runs: tuple[Run, ...] = ()
    baseline: bool = False  # these runs were there before the bot: never announced
    watermark: datetime | None = None
    coverage: Coverage | None = None  # how far back the record is whole from now on
    results: tuple[StoredResults, ...] = ()
    checks: tuple[RunChecks, ...] = ()  # of the same runs
    results_known: tuple[RunRef, ...] = ()  # read, or known to be absent
    announced: tuple[tuple[RunRef, RunStatus], ...] = ()
    unfollowed: tuple[RunRef, ...] = ()  # these go on, and are read no more
    deliveries: tuple[NewDelivery, ...] = ()
    late_causes: tuple[LateCause, ...] = ()
    mentioned: tuple[MentionRule, ...] = ()  # these fitted a run, at `now`
    publications: tuple[Publication, ...] = ()  # wanted by a rule; one that is known already stays as it is
    reopened: tuple[
        PropertyState, ...
    ] = ()  # each in place of what was read; what somebody changed since then stays


class IntentKind(StrEnum):
    """What an intent asks for; the words are kept in the database and in the audit trail."""

    LAUNCH = "launch"
    DEBUG = "debug"
    RERUN = "rerun"
    CANCEL = "cancel"
    AGENT = "agent"
    QUARANTINE = "quarantine"
    PUBLISH = "publish"
    SCHEDULE = "schedule"


REQUESTS: Mapping[IntentKind, type[Request]] = {
    IntentKind.LAUNCH: LaunchRequest,
    IntentKind.DEBUG: DebugRequest,
    IntentKind.RERUN: RerunRequest,
    IntentKind.CANCEL: CancelRequest,
    IntentKind.AGENT: AgentRequest,
    IntentKind.QUARANTINE: QuarantineRequest,
    IntentKind.PUBLISH: PublishRequest,
    IntentKind.SCHEDULE: ScheduleRequest,
}
_KINDS = {request: kind for kind, request in REQUESTS.items()}


def kind_of(request: Request) -> IntentKind:
    """Return what a request asks for."""
    return _KINDS[type(request)]


class IntentState(StrEnum):
    """The life of a costly action.

    draft -> confirmed -> posting -> accepted | rejected | unknown; draft -> declined | expired. Where a second person has
    to approve it: draft -> asked -> confirmed; asked -> declined | expired.
    """

    DRAFT = "draft"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    POSTING = "posting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Something costly or changing that somebody asked for; `id` is also the correlation key of a launch.

    `request` is what was shown and what is sent. `subject` is what a second person would ask for too: the launcher of
    a launch, the moment of a debugging session, the id of the run that is run again or stopped. `run_id`: the run that
    it became. `preset`: the preset that it was asked for by, or that the run came from which it does once more; "": none.
    `preset_mark`: what that said when this was shown (`bot.command.Preset.mark`). `second`: the role that a second person
    needs who approves it, "" where none does; `approve_by`: until when, once they are asked. `decided_by`: who approved or
    refused it then, or withdrew it.
    """

    id: str
    connection: str
    actor: str
    channel: str
    thread: str | None
    request: Request
    subject: str
    state: IntentState
    created_at: datetime
    posted_at: datetime | None = None
    run_id: str | None = None
    reason: str = ""
    preset: str = ""
    preset_mark: str = ""
    second: str = ""
    approve_by: datetime | None = None
    decided_by: str = ""

    @property
    def kind(self) -> IntentKind:
        """What it asks for."""
        return kind_of(self.request)

    def request_as(self, kind: type[R]) -> R:
        """Return the request as one of this kind. Raises `TypeError` where it is another."""
        if isinstance(self.request, kind):
            return self.request
        raise TypeError(f"a request to {self.kind} is no {kind.__name__}")


class Per(StrEnum):
    """Of what a quota is; the words stand in the settings."""

    PERSON = "person"
    CHANNEL = "channel"
    LAUNCHER = "launcher"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What a run takes of quotas from its confirmation on, whatever becomes of it, unless it was certainly not started.

    `launcher`: its name without regard to case. `minutes`: as agreed at the start; None where nobody knows them then.
    """

    actor: str
    channel: str
    launcher: str
    connection: str
    minutes: int | None
    at: datetime

    def of(self, per: Per) -> str:
        """Return by what a quota of a kind counts it."""
        return str(getattr(self, "actor" if per is Per.PERSON else per.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How much is reserved: runs, the minutes of those whose minutes are known, and how many are `untimed`."""

    runs: int = 0
    minutes: int = 0
    untimed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much may be reserved from one time on and before another, under any of some names; None: without limit.

    `untimed`: as how many minutes a run counts whose minutes nobody knows.
    """

    per: Per
    names: frozenset[str]
    since: datetime
    until: datetime
    runs: int | None = None
    minutes: int | None = None
    untimed: int = 0

    def taken(self, used: Used) -> int:
        """Return the minutes that are reserved."""
        return used.minutes + used.untimed * self.untimed

    def asked(self, minutes: int | None) -> int:
        """Return the minutes that a run counts as."""
        return self.untimed if minutes is None else minutes

    def has_room(self, used: Used, minutes: int | None) -> bool:
        """Whether a run of so many minutes fits beside what is reserved; in a share of nothing nothing does."""
        if 0 in {self.runs, self.minutes}:
            return False
        runs = self.runs is None or used.runs < self.runs
        return runs and (self.minutes is None or self.taken(used) + self.asked(minutes) <= self.minutes)


@dataclass(frozen=True, slots=True)
class Full:
    """What is reserved of each share that was asked for, where at least one of them has no room."""

    used: tuple[Used, ...]


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A program as the one that answers what it accepted; `id`: of one life of it.

    `listed`: others see whether it lives, so that they answer for it when it is dead; while it is, they leave that to it.
    Of one that is not, everybody who looks takes over. `sure`: whether nobody can have found it dead by now, as it showed life a moment ago.
    """

    id: str
    listed: bool = False
    sure: Callable[[], bool] = field(default=_always, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The intents like one (its kind, connection and subject) that were confirmed by anyone when somebody looked.

    `since`: those that were asked for since then.
    """

    since: datetime
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """An intent was not confirmed: one like it was, since somebody looked for those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """That somebody asked here for a run to be stopped which goes on. `taken`: the platform said that it will."""

    by: str  # a name, "" where none is known
    at: datetime
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A launch that a person confirmed to be made at times; `id`: of the intent by which they did.

    `actor`, `principals`: who that was, and as whom the chat knew them then. `done_until`: times up to it are dealt with.
    `paused`: why nothing is launched for now, in a sentence, "" while it is. `last_due`: the last time that was dealt with;
    `last_intent`: the launch that it became, None for none, and then `last` says why. `told`: the channel was told of it.
    `version` grows with every change.
    """

    id: str
    channel: str
    connection: str
    actor: str
    principals: frozenset[str]
    request: ScheduleRequest
    made_at: datetime
    done_until: datetime
    paused: str = ""
    last_due: datetime | None = None
    last_intent: str | None = None
    last: str = ""
    told: bool = True
    version: int = 0

    @property
    def times(self) -> Cron:
        """When it launches, by the clocks of its zone."""
        return cron.read(self.request.times)

    def next(self, after: datetime) -> datetime | None:
        """Return when it comes next, None where it never does."""
        return self.times.next(max(after, self.done_until), self.request.zone)

    @property
    def same(self) -> str:
        """What makes it unique in its channel."""
        return self.request.same(self.connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCard:
    """A message that is edited until the run of its intent ends.

    `shown`: what it last said, as a digest of its payload, or the fingerprint of the card that it was posted with.
    """

    intent_id: str
    message: MessageRef
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit trail; `detail` is redacted before it comes here."""

    at: datetime
    actor: str
    channel: str
    action: str
    decision: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """Who switched something on, and when; `by` is what the person is called."""

    at: datetime
    actor: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line with its number: they are counted from 1 in the order in which they were added, and none is ever taken out."""

    number: int
    entry: AuditEntry


ALLOWED = "allowed"
DONE = frozenset({"done", "taken"})  # decisions of what is done as soon as it is allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which lines are meant: those that fit everything that is given.

    `actors` and `actions`: any of them. `naming`: any of these ids stands in the detail, as a whole. `until`: only what was
    before that time. `newest`: the number of the newest line that is meant, so that the pages of a list stay the same while
    the trail grows. `acts`: a line that only says that something was allowed is left out where the next one says that it was
    done.
    """

    actors: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    naming: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    newest: int | None = None
    acts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxDepth:
    """How much waits to be delivered."""

    waiting: int  # pending and sending
    oldest: datetime | None  # when the oldest of them was recorded
    unknown: int
    dead: int
