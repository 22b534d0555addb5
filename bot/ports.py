"""What the core needs from the outside; adapters fill these and inherit nothing.

All times are aware and in UTC. Unless a docstring says otherwise, calls may run concurrently on one event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.cards import Card, Command, Context
from bot.model import Run, RunQuery, RunRef, Secret
from bot.publication import (
    LedgerResult,
    LedgerRun,
    Publication,
    PublicationState,
    PublishedCheck,
    PublishedResult,
)
from bot.state import (
    Addressee,
    AuditEntry,
    AuditLine,
    AuditQuery,
    Cause,
    ChannelSettings,
    CheckInRun,
    Coverage,
    Delivery,
    Digested,
    Ending,
    Expectation,
    Full,
    Held,
    Hint,
    Intent,
    IntentKind,
    IntentState,
    Invocation,
    KnownCheck,
    LateCause,
    LiveCard,
    MentionRule,
    MessageRef,
    Mute,
    NewDelivery,
    Notice,
    OutboxDepth,
    Overtaken,
    Owner,
    PollStep,
    PropertyState,
    Reservation,
    RunChecks,
    Schedule,
    Seen,
    Share,
    StoredResults,
    Subscription,
    Switched,
    TrackedRun,
    Used,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of work from its beginning to its end, told once it is over.

    `attributes` are ids, verbs and numbers; never a text from outside, and never a secret.
    """

    name: str
    began: datetime
    ended: datetime
    attributes: Mapping[str, str]
    failed: bool = False


Trace = Callable[[Span], None]
"""Takes a span, for whoever measures. It never waits and never raises."""


def untraced(_: Span) -> None:
    """Be the `Trace` where nobody measures."""


Report = Callable[[str], Awaitable[None]]
"""Tells the person how long work is going on, in a short sentence; the chat edits one message with it."""


async def report_to_nobody(_: str) -> None:
    """Be the `Report` of work that nobody waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file of a chat while it is read. `size` in bytes, None where it is not said; the pieces tell how large it is."""

    name: str
    pieces: AsyncIterator[bytes]
    size: int | None = None


FindAddressee = Callable[[str], Awaitable[Addressee]]
"""Finds out whom a mention that somebody typed, or an id as the settings have it, names in the chat it was typed in.

Never by name, which anybody can take. Raises `UserError` for nobody of that chat, and for everybody.
"""

OpenFile = Callable[[str], AbstractAsyncContextManager[OpenedFile]]
"""Opens a file that somebody attached, by its `AttachedFile.ref`; nothing is read ahead.

Opening it and its pieces raise `UserError` for a file that cannot be read or that the place it is asked for in does not show.
"""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the wall clock, aware and in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never jump, for deadlines."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is there; the chat's id of the message."""

    message_id: str


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """It is certainly not there, and trying later can help; `retry_after` in seconds where the chat said so.

    `limits_channel`: the wait concerns the whole channel (429), not this message alone.
    """

    reason: str
    retry_after: float | None = None
    limits_channel: bool = False


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """It is certainly not there and never will be: the channel is gone or closed to us.

    `channel_lost`: the subscription is marked; else only this message is bad.
    """

    reason: str
    channel_lost: bool = True


@dataclass(frozen=True, slots=True)
class Halted:
    """The chat refuses us altogether (token revoked): stop all calls to it, lose nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It may be there: wait `Chat.reconcile_after`, look for it, then decide."""

    reason: str


PostOutcome = Delivered | NotDelivered | Undeliverable | Halted | Unconfirmed


@dataclass(frozen=True, slots=True)
class Found:
    """The message with that key is there."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The history was read whole and the message is not there."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The history could not be read. `for_good`: it never can (no right to it), else try again.

    `channel_lost`: as long as the channel refuses us, and then nothing could be posted there either.
    """

    reason: str
    for_good: bool = False
    channel_lost: bool = False


Lookup = Found | Missing | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message to send. `payload` came from `Chat.render`; `key` goes along, to be found again by.

    `report_url`: fill it into the report button; None: the button answers privately.
    `repeat`: the message may be there already; mark it as a possible repeat.
    """

    channel: str
    payload: str
    key: str
    thread: str | None = None
    report_url: Secret | None = None
    repeat: bool = False


class Chat(Protocol):
    """A chat to deliver to. `post` and `edit` never raise for what the chat answers."""

    @property
    def name(self) -> str:
        """The first part of its channels' ids: "slack", "discord", "terminal"."""

    @property
    def reconcile_after(self) -> float:
        """How long after a try of unknown outcome the message may still appear."""

    def render(self, card: Card) -> str:
        """Turn a card into the frozen payload of a post; pure, the same card gives the same text."""

    async def post(self, post: Post) -> PostOutcome:
        """Send one message; at most one request that can store it."""

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Show another card in a message of ours; safe to repeat."""

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        """Look in the history from `since` on for our message with that key."""

    async def is_shared(self, channel: str) -> bool:
        """Whether people of other organisations can read the channel; True where it cannot be told."""


class Inbox(Protocol):
    """Commands that came in, each acting once however often it is delivered. Raises `StoreError`."""

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation, owner: Owner) -> bool:
        """Keep a command durably, for its owner to answer; False where this id is known already.

        Raises `StoreError` too where others found the owner dead.
        """

    async def finish(self, source: str, dedupe_id: str) -> None:
        """Say that a command was answered."""

    async def adopt(
        self, source: str, since: datetime, owner: Owner, *, unowned_until: datetime
    ) -> tuple[tuple[str, Invocation], ...]:
        """Let a program own what was accepted since then, never answered, and is no living program's; return that, with the ids, oldest first.

        Each command is adopted by one of those who ask at the same time. `unowned_until`: of those without any owner, which a
        version accepted that kept none and may still answer, the ones that were accepted before then.
        """

    async def owner_of(self, source: str, dedupe_id: str) -> str | None:
        """Return the id of the program that owns a command; None where there is no such command, or nobody owns it."""


class WatchStore(Protocol):
    """What the watcher reads and writes. Raises `StoreError`."""

    async def watermark(self, connection: str) -> datetime | None:
        """Return the creation time of the newest run ever recorded; None before the first poll."""

    async def tracked(self, connection: str) -> tuple[TrackedRun, ...]:
        """Return runs that have not ended, or ended without their results being known yet."""

    async def known(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, TrackedRun]:
        """Return what is remembered of these runs; runs never seen are left out."""

    async def record(self, step: PollStep) -> int:
        """Write one decision whole or not at all; return how many deliveries were new."""

    async def late_causes(self, connection: str) -> tuple[LateCause, ...]:
        """Return the announcements that are there, or held, and are to say yet why their runs broke, oldest first."""

    async def tell_late_cause(self, key: str, *, payload: str, ending: Ending) -> bool:
        """Put another text in an announcement that is held, which needs no edit any more then; False where it is not held."""

    async def end_late_cause(self, late: LateCause) -> None:
        """Say that an announcement needs no such edit any more; one that was asked for again since it was read stays."""

    async def announcements(self, keys: tuple[str, ...], since: datetime) -> Mapping[str, str | None]:
        """Return which of these announcements were recorded since then, each with the key of the one it corrects.

        Those that were never sent, as something else tells of them, are left out.
        """

    async def edit_announcements(self, edits: tuple[LateCause, ...]) -> None:
        """Have announcements edited; one that waits for that already waits from now on, for what it waited for."""

    async def track(self, run: Run, now: datetime) -> None:
        """Follow a run that no list has shown; one that goes on and is no longer followed is followed again."""

    async def coverage(self, connection: str) -> Coverage | None:
        """Return the time over which every run is on record; None where that is not known."""

    async def earlier(
        self,
        connection: str,
        series: tuple[str, str, str],
        before: datetime,
        after: datetime,
        limit: int,
        *,
        timed: bool = True,
        ended: bool = False,
    ) -> tuple[Run, ...]:
        """Return the runs on record of a series that completed or still go on, newest first; no ephemeral ones.

        Both times are those of creation (`timed`), else those of the first listing, and exclusive; runs of the other
        kind are left out. The runs hold what the record keeps of them. One that
        was launched here and whose series is not known yet counts for every series. `ended`: only those that completed.
        """

    async def last_end(
        self,
        connection: str,
        series: tuple[str, str, str],
        before: datetime | None,
        after: datetime | None = None,
    ) -> Run | None:
        """Return the newest run of a series on record that ended; it holds what the record keeps of it.

        `before`, `after`: created before, and after, that time. Ephemeral runs do not count; None where there is none.
        """

    async def results_kept(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, StoredResults]:
        """Return by run id the results that may be relied on; those of a run that ended anew may not."""

    async def stored_results(self, ref: RunRef) -> StoredResults | None:
        """Return what was kept of one run's results, where it may be relied on."""

    async def announced_results(self, ref: RunRef) -> StoredResults | None:
        """Return the results of a run that were announced to channels, even where it ended anew since."""

    async def save_results(self, results: StoredResults, checks: RunChecks | None = None) -> None:
        """Keep a run's results for comparing, without announcing anything; what was announced stays as it is.

        `checks`: what came of every check of the run, where that is known.
        """

    async def missing_results(self, connection: str, depth: int, since: datetime) -> tuple[Run, ...]:
        """Return the runs on record whose results a chain would look for and that nothing is kept of.

        Of every series that has a run created since then: those among its newest `depth` completed runs that
        are not ephemeral and that the watcher need not announce yet; newest first.
        """

    async def launchers(self, connection: str) -> tuple[str, ...]:
        """Return the launchers of the runs seen, most recent first."""

    async def newest(self, connection: str, query: RunQuery, limit: int) -> tuple[Run, ...]:
        """Return the newest runs on record, newest first, as they were when they were last read.

        Of the query its status and its launcher count, by the launcher's id where that is known.
        """

    async def recorded(self, connection: str, run_ids: tuple[str, ...]) -> Mapping[str, Run]:
        """Return these runs as they are on record; runs never seen are left out."""


class HintStore(Protocol):
    """What webhooks told, until a poll has answered it. Raises `StoreError`."""

    async def keep_hint(self, hint: Hint, *, repeats: datetime) -> bool:
        """Keep one durably; False where the same was kept for its connection after `repeats`, answered since or not.

        Of a connection so many are kept at most; the oldest are forgotten, those that are answered first.
        """

    async def hints(self, connection: str) -> tuple[Hint, ...]:
        """Return those that no poll has answered, oldest first."""

    async def answer_hints(self, answered: Collection[Hint]) -> None:
        """Note that these are answered. One that was kept again since then is another hint."""


class CheckHistory(Protocol):
    """What became of single checks, over the runs on record. Raises `StoreError`."""

    async def known_checks(self, connection: str, launcher_key: str) -> tuple[KnownCheck, ...]:
        """Return every check that runs of a launcher named, in the order of their names."""

    async def launchers_with(self, connection: str, name: str) -> tuple[str, ...]:
        """Return the keys of the launchers whose runs named a check, the one that did so last first."""

    async def check_in_runs(
        self, connection: str, series: tuple[str, str, str], name: str, limit: int
    ) -> tuple[CheckInRun, ...]:
        """Return the runs on record of a series that ended, newest first, each with what came of a check; no ephemeral ones."""


class PropertyStates(Protocol):
    """What people said of single properties. Raises `StoreError`."""

    async def property_state(self, connection: str, launcher_key: str, name: str) -> PropertyState:
        """Return what is said of a property of a launcher; an empty state where nobody said anything."""

    async def property_states(
        self, connection: str, launcher_key: str | None = None
    ) -> tuple[PropertyState, ...]:
        """Return all that are not empty, of a launcher or of a whole connection, by launcher and name."""

    async def save_property_state(self, state: PropertyState) -> bool:
        """Keep a state in place of the version that it was made from; False where somebody changed that in between."""


class MentionRules(Protocol):
    """Whom posts mention. Raises `StoreError`. When a rule last fitted a run is written by `WatchStore.record`."""

    async def mention_rules(self, *channels: str, of: str | None = None) -> tuple[MentionRule, ...]:
        """Return all rules, or those of some channels, in the order they were made.

        `of`: only those that may be about runs of this connection.
        """

    async def add_mention(self, rule: MentionRule, now: datetime) -> bool:
        """Add it, or change the outcomes and the name of the one that wants the same; True if new."""

    async def end_mention(self, rule: MentionRule) -> bool:
        """Remove the one made in chat that wants the same; False where there is none."""

    async def configure_mentions(self, configured: Sequence[MentionRule], now: datetime) -> None:
        """Make the rules of the settings file exactly these; those made in chat stay, and so do the times of those that stay."""


class Links(Protocol):
    """Which ids are one person's, as people said in both chats. Raises `StoreError`."""

    async def links(self) -> tuple[frozenset[str], ...]:
        """Return the ids of each person who linked some."""

    async def offer_link(self, digest: str, actor: str, until: datetime) -> None:
        """Keep the digest of a person's code, in place of an earlier one."""

    async def take_link(self, digest: str, actor: str, now: datetime) -> str | None:
        """Use a code up: make both ids one person's, and return whose it was; None where there is no such code any more.

        What the two were linked to before is the same person's too. Nobody can use a code of their own.
        """

    async def unlink(self, actor: str) -> bool:
        """Let an id be nobody else's any more; the others of the person stay one. False where it was not linked."""


class Subscriptions(Protocol):
    """Which channels are notified of what. Raises `StoreError`."""

    async def subscriptions(self, *channels: str, of: str | None = None) -> tuple[Subscription, ...]:
        """Return all subscriptions, or those of some channels, in the order they were made.

        `of`: only those that may be about runs of this connection.
        """

    async def subscribe(self, subscription: Subscription, now: datetime) -> bool:
        """Add it, or replace the one with the same channel, connection, launcher and source; True if new."""

    async def unsubscribe(
        self, channel: str, connection: str | None, launcher: str | None, source: str | None
    ) -> bool:
        """Remove one made in chat; False where there was none."""

    async def configure(self, configured: Sequence[Subscription], now: datetime) -> None:
        """Make the subscriptions of the settings file exactly these; those made in chat stay."""

    async def mark_channel(self, channel: str, problem: str) -> bool:
        """Say why a channel cannot be reached, "" when it can; True where that is news."""


class Expectations(Protocol):
    """Which runs channels expect to start. Raises `StoreError`."""

    async def expectations(self, channel: str | None = None) -> tuple[Expectation, ...]:
        """Return all expectations, or those of one channel, in the order they were made."""

    async def expect(self, expectation: Expectation) -> bool:
        """Add it, or replace the one with the same channel, connection, launcher and source; True if new."""

    async def stop_expecting(self, expectation: Expectation) -> bool:
        """Remove one made in chat; False where there was none."""

    async def configure_expectations(self, configured: Sequence[Expectation]) -> None:
        """Make the expectations of the settings file exactly these; those made in chat stay.

        One that is there as it is keeps its `since`.
        """


class Notices(Protocol):
    """What somebody was notified of and that is not over. Raises `StoreError`."""

    async def notices(self) -> tuple[Notice, ...]:
        """Return what is not over, oldest first."""

    async def open_notice(self, notice: Notice, delivery: NewDelivery | None, now: datetime) -> bool:
        """Remember it and enqueue its message, in one transaction; False where it is remembered already."""

    async def close_notice(
        self, cause: Cause, subject: str, delivery: NewDelivery | None, now: datetime
    ) -> bool:
        """Forget it and enqueue the message that it is over, in one transaction; False where it was not there."""


class Channels(Protocol):
    """How channels want to be notified. Raises `StoreError`.

    Every change makes what is held of the channel due: it is looked at again by the new rules.
    """

    async def channel_settings(self, *channels: str) -> tuple[ChannelSettings, ...]:
        """Return what was set of all channels, or of some."""

    async def set_channel(self, settings: ChannelSettings, now: datetime) -> None:
        """Keep a channel's settings, in place of those before."""

    async def configure_channels(self, configured: Sequence[ChannelSettings], now: datetime) -> None:
        """Make the channels of the settings file exactly these; those set in chat stay."""

    async def mutes(self, *channels: str) -> tuple[Mute, ...]:
        """Return what all channels, or some, are not notified of for now, also what is just over, oldest first."""

    async def mute(self, mute: Mute, now: datetime) -> bool:
        """Keep a mute, in place of the one with the same channel and scope; True if new."""

    async def unmute(self, mute: Mute) -> bool:
        """Forget a mute without announcing its end; False where it was not there just so."""


class Digests(Protocol):
    """How far the digests of channels are, and what they tell of. Raises `StoreError`."""

    async def digested(self, chat: str) -> tuple[Digested, ...]:
        """Return how far the digests of a chat's channels are."""

    async def begin_digests(self, channel: str, schedule: str, now: datetime) -> None:
        """Let the digests of a channel come by a schedule from now on; the first tells of what is recorded from now on."""

    async def announced(self, channel: str, beyond: int) -> tuple[Delivery, ...]:
        """Return the messages to a channel that tell of ends, behind a number of the outbox, oldest first."""

    async def make_digest(
        self,
        message: NewDelivery | None,
        covered: Sequence[Delivery],
        *,
        seen: Digested,
        made: Digested,
        now: datetime,
    ) -> bool:
        """Record a digest, with the message that takes the place of what was held, in one transaction.

        False where another program made one, or one of the rows is held no more. `message` None: there was nothing to tell.
        """


class Outbox(Protocol):
    """Messages to deliver. One row of a (channel, thread) is in flight at a time. Raises `StoreError`."""

    async def enqueue(self, delivery: NewDelivery, now: datetime) -> bool:
        """Add a delivery; False where its key is there already."""

    async def claim(
        self,
        chats: frozenset[str],
        now: datetime,
        *,
        due_by: datetime | None = None,
        busy: frozenset[str] = frozenset(),
    ) -> Delivery | None:
        """Take the oldest due pending row of these chats: `sending`, attempt counted, committed on return.

        `due_by`: the time that waits are kept by, where it is another than the wall clock's. A row that was
        never tried is always due. `busy`: channels of which none is taken.
        """

    async def bound_waits(self, chats: frozenset[str], latest: datetime) -> None:
        """Let no row and no channel of these chats wait beyond then."""

    async def unconfirmed(self, chats: frozenset[str], now: datetime) -> tuple[Delivery, ...]:
        """Return rows in `sending` whose `next_at` has come: their outcome has to be found out."""

    async def mark_sent(
        self,
        delivery: Delivery,
        message: MessageRef,
        now: datetime,
        *,
        channel_waits: datetime | None = None,
    ) -> None:
        """Mark it sent and remember what its thread speaks of, in one transaction.

        `channel_waits`: claim nothing for its channel before then, from the same instant on.
        """

    async def mark_retry(self, delivery: Delivery, reason: str, due: datetime) -> None:
        """Back to pending, due then: it was certainly not delivered."""

    async def mark_repeat(self, delivery: Delivery, reason: str, due: datetime) -> None:
        """Back to pending, due then: it may be there, and its next post says so."""

    async def mark_unconfirmed(self, delivery: Delivery, reason: str, due: datetime) -> None:
        """Leave it in `sending`; look for it from `due` on."""

    async def mark_dead(self, delivery: Delivery, reason: str, *, unknown: bool = False) -> None:
        """Leave it to an operator: dead, or unknown where its outcome can never be found out."""

    async def count_fault(self, delivery: Delivery, reason: str, due: datetime) -> int:
        """Count a failure that is ours (rendering, encoding), back to pending; return how many there were."""

    async def rate_limit_channel(self, channel: str, until: datetime) -> None:
        """Claim nothing for a channel before then."""

    async def clear_rate_limit(self, channel: str) -> None:
        """Let a channel wait no more."""

    async def crowded(self, chats: frozenset[str], more_than: int) -> tuple[str, ...]:
        """Return the channels of these chats for which more messages wait than that, those in threads not counted."""

    async def waiting(self, channel: str) -> tuple[Delivery, ...]:
        """Return what waits for a channel, oldest first; for a summary that waits, also what it stands for."""

    async def fold(
        self, digest: NewDelivery, covered: Sequence[Delivery], now: datetime, *, over: Sequence[Mute] = ()
    ) -> bool:
        """Put a summary in the place of rows that wait or are held, in one transaction; False where one is so no more.

        `over`: mutes whose end it announces; they are forgotten, and False where one is not there just so.
        """

    async def held_channels(self, chats: frozenset[str], now: datetime) -> tuple[str, ...]:
        """Return the channels of these chats with a held message that is due, or a mute that is over."""

    async def held(self, channel: str) -> tuple[Held, ...]:
        """Return what is held of a channel, oldest first."""

    async def hold(self, keys: Sequence[str], until: datetime) -> None:
        """Look at held messages then; those that are not held stay."""

    async def release(self, deliveries: Sequence[Delivery], now: datetime) -> bool:
        """Let held messages be posted as they are, in one transaction; False where one is held no more."""

    async def depth(self) -> OutboxDepth:
        """Return how much waits, and for how long."""


class Conversations(Protocol):
    """What threads speak of, and the messages that live on. Raises `StoreError`."""

    async def context(self, channel: str, thread: str) -> Context | None:
        """Return what a thread speaks of."""

    async def set_context(self, channel: str, thread: str, context: Context) -> None:
        """Remember what a thread speaks of now."""

    async def add_live(self, card: LiveCard) -> None:
        """Keep editing this message; the first of a channel stays its story's place."""

    async def story(self, intent_id: str, channel: str) -> MessageRef | None:
        """Return the first message that showed an intent in a channel, also when it is edited no more."""

    async def keep_name(self, actor: str, name: str) -> None:
        """Remember how a person is called; it never decides anything."""

    async def name(self, actor: str) -> str:
        """Return how a person was called last, "" where that is not known."""

    async def live(self) -> tuple[LiveCard, ...]:
        """Return every message that is being edited."""

    async def live_shown(self, card: LiveCard, shown: str) -> None:
        """Remember what it says now."""

    async def end_live(self, card: LiveCard) -> None:
        """Stop editing it."""

    async def keep_button(self, token: str, asks: Command | str) -> None:
        """Keep what a button asks for under a short token, for chats whose buttons carry only ids.

        A text is the command of a message that a version before 0.2 wrote and that is posted only now.
        """

    async def button(self, token: str) -> Command | str | None:
        """Return what a button asks for, as it was kept; None where the token is not known."""

    async def keep_text(self, name: str, text: str) -> None:
        """Remember a short text for a chat, in place of the one under that name."""

    async def kept_text(self, name: str) -> str | None:
        """Return a chat's text; None where there is none."""


class Intents(Protocol):
    """Costly actions, each decided once. Raises `StoreError`."""

    async def draft(self, intent: Intent) -> None:
        """Keep a new intent."""

    async def intent(self, intent_id: str) -> Intent | None:
        """Return an intent."""

    async def intent_beginning(self, start: str, channel: str) -> Intent | None:
        """Return the one intent of a channel whose id begins so; None where there is none, or several."""

    async def advance(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        state: IntentState,
        now: datetime,
        *,
        run_id: str | None = None,
        reason: str = "",
        by: str = "",
        approve_by: datetime | None = None,
        noted: AuditEntry | None = None,
    ) -> bool:
        """Change the state if it is one of those expected, in one conditional update; False otherwise.

        `by`: who decided it; `approve_by`: until when a second person can. `noted` is added to the trail with it.
        """

    async def confirm(
        self,
        intent_id: str,
        expected: frozenset[IntentState],
        now: datetime,
        *,
        reservation: Reservation | None = None,
        shares: Sequence[Share] = (),
        seen: Seen | None = None,
        by: str = "",
        noted: AuditEntry | None = None,
    ) -> bool | Full | Overtaken:
        """Change the state to `confirmed` and reserve what the run takes, both or neither; one at a time.

        False where its state is none of those expected; `Full` where one of the shares has no room; `Overtaken` where
        one like it was confirmed that is not among those `seen`, so that of two at once, here or in another process, the
        later one sees the other. The reservation counts as long as the intent may have become a run: not any more once it is rejected, declined or expired.
        `by`: who approved it, "" where nobody had to. `noted` is added to the trail with it.
        """

    async def used(self, shares: Sequence[Share]) -> tuple[Used, ...]:
        """Return how much of each share is reserved."""

    async def open_intents(self) -> tuple[Intent, ...]:
        """Return intents in `confirmed`, `posting` or `unknown`, oldest first."""

    async def asked_intents(self) -> tuple[Intent, ...]:
        """Return intents that wait for a second person, oldest first."""

    async def sent(
        self, kind: IntentKind, connection: str, subject: str, since: datetime
    ) -> tuple[Intent, ...]:
        """Return what was confirmed for a subject by anyone and asked for since then, newest first.

        What was never sent (draft, declined, expired) or was rejected does not count.
        """

    async def intent_of_run(self, ref: RunRef) -> Intent | None:
        """Return the intent that a run came from."""


class Schedules(Protocol):
    """Launches that are made at times. Raises `StoreError`."""

    async def schedules(self, channel: str | None = None) -> tuple[Schedule, ...]:
        """Return all schedules, or those of one channel, in the order they were made."""

    async def schedule(self, schedule: Schedule, now: datetime) -> bool:
        """Keep it, and its intent as accepted, in one transaction; False where that is no draft any more.

        It takes the place of one of its channel that launches the same at the same times.
        """

    async def change_schedule(
        self, before: Schedule, after: Schedule, now: datetime, *,
        draft: Intent | None = None, message: NewDelivery | None = None,
    ) -> bool:  # fmt: skip
        """Change it, with the draft and the message that belong to that, in one transaction; False where it changed meanwhile."""

    async def remove_schedule(self, schedule: Schedule) -> bool:
        """Forget it; False where it is gone already."""


class Publications(Protocol):
    """Runs that are written into other platforms, step by step. Raises `StoreError`."""

    async def plan_publication(
        self, publication: Publication, checks: Sequence[PublishedCheck], now: datetime
    ) -> None:
        """Keep what is to be written, whole or not at all, in place of an earlier plan of which nothing was written."""

    async def publication(self, key: str) -> Publication | None:
        """Return a publication."""

    async def open_publications(self) -> tuple[Publication, ...]:
        """Return those with something to do, oldest first: of what a person asked for, those whose record is there."""

    async def published(self, key: str) -> tuple[PublishedResult, ...]:
        """Return how far each check is, in the order in which they are written."""

    async def save_published(self, key: str, result: PublishedResult, into: RunRef, now: datetime) -> None:
        """Keep how far a check is, and what was written of it into the record `into` also in the ledger."""

    async def end_publication(
        self, key: str, state: PublicationState, now: datetime, *, reason: str = ""
    ) -> None:
        """Say that nothing more is done for it."""


class Ledger(Protocol):
    """What was written into platforms that do not let it be read back. Raises `StoreError`."""

    async def write_run(self, run: LedgerRun) -> None:
        """Keep a record, in place of what was kept of it before."""

    async def written_run(self, ref: RunRef) -> LedgerRun | None:
        """Return a record, None where nothing is known of it."""

    async def write_results(self, results: Sequence[LedgerResult]) -> None:
        """Keep results, in place of what was kept of them; when one was first written stays."""

    async def written_results(self, ref: RunRef) -> tuple[LedgerResult, ...]:
        """Return the results of a record that are known, in the order in which they were first written."""


class Audit(Protocol):
    """The append-only trail. Raises `StoreError`."""

    async def audit(self, entry: AuditEntry) -> None:
        """Add a line."""

    async def audit_lines(
        self, query: AuditQuery, *, skip: int, limit: int
    ) -> tuple[tuple[AuditLine, ...], int]:
        """Return lines that fit, newest first, without the first `skip` of them, and how many fit in all."""

    async def audit_actors(self) -> Mapping[str, str]:
        """Return everybody who stands in it, with the name that is kept of them, "" where none is."""


class Switches(Protocol):
    """What an admin switches in a chat, for every program on the database at once. Raises `StoreError`."""

    async def read_only(self) -> Switched | None:
        """Return who switched it on and when, None while it is off."""

    async def switch_read_only(self, to: Switched | None, noted: AuditEntry) -> bool:
        """Switch it on, or off with None; False where it was so already, and then nothing is noted."""
        ...


class Store(
    Inbox,
    WatchStore,
    HintStore,
    CheckHistory,
    PropertyStates,
    Subscriptions,
    Expectations,
    Notices,
    MentionRules,
    Links,
    Channels,
    Digests,
    Outbox,
    Conversations,
    Intents,
    Schedules,
    Publications,
    Ledger,
    Audit,
    Switches,
    Protocol,
):
    """All of it: one database."""
