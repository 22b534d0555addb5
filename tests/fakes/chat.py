"""A chat in memory: it keeps messages, answers as it is told to, and judges what it is sent.

It fills `bot.ports.Chat`. Like real chats it has no idempotency: what is posted twice is there twice
(`doubled`). A test programs the next posts (`next_posts`) and look-ups (`next_lookups`) and reads `messages`.
Whatever a well-behaved deliverer would never send is collected in `violations`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from bot.cards import Card, plain
from bot.model import Secret
from bot.ports import (
    Clock,
    Delivered,
    Found,
    Halted,
    Lookup,
    Missing,
    NotDelivered,
    Post,
    PostOutcome,
    Unconfirmed,
    Undeliverable,
    Unreadable,
)
from bot.state import MessageRef
from tests.fakes.crash import Crash

_KEY = re.compile(r"[A-Za-z0-9_-]{1,24}")
_SIGNED = re.compile(r"auth=|v[1-4]\.(public|local)\.")


class Posting(Enum):
    """What happens to the next post; those that say "no answer" end in `Unconfirmed`."""

    NORMAL = "stored and answered"
    LOST_REPLY = "stored, no answer"
    DROPPED = "not stored, no answer"
    LATE = "stored `late` seconds from now, no answer"
    NO_CONNECTION = "not stored, certainly"
    RATE_LIMITED = "not stored, the whole channel has to wait `retry_after` seconds"
    GONE = "not stored, the channel is gone"
    REFUSED = "not stored, this message is bad"
    REVOKED = "not stored, our token is"
    HANGING = "stored, and the answer never comes"
    FAULTY = "not stored, the sender raises an error of its own"
    FAULTY_AFTER = "stored, and the sender raises an error of its own"
    CRASH_BEFORE = "our process dies before the request"
    CRASH_AFTER = "stored, and our process dies before the answer"


class Seeing(Enum):
    """What happens to the next look into the history."""

    NORMAL = "it is read"
    UNREADABLE = "it cannot be read now"
    FORBIDDEN = "it can never be read"
    LOST = "it cannot be read while the channel refuses us"
    FAULTY = "the sender raises an error of its own"
    HANGING = "the answer never comes"
    CRASH = "our process dies meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that people see from `at` on."""

    id: str
    channel: str
    thread: str | None
    key: str
    payload: str
    at: datetime
    report_url: Secret | None = None
    repeat: bool = False


@dataclass(kw_only=True)
class FakeChat:
    """A stateful chat with a clock of its own: when ours jumps, its does not.

    `shared`: channels that other organisations read. `raised`: keys over which the sender broke.
    """

    clock: Clock
    name: str = "fake"
    reconcile_after: float = 30.0
    late: float = 10.0
    retry_after: float = 30.0
    shared: set[str] = field(default_factory=set)
    posts: list[Post] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    raised: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    _stored: list[Message] = field(default_factory=list)
    _payloads: dict[str, str] = field(default_factory=dict)
    _posting: deque[Posting] = field(default_factory=deque)
    _seeing: deque[Seeing] = field(default_factory=deque)
    _epoch: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._epoch = self.clock.now() - timedelta(seconds=self.clock.monotonic())

    # Programming and reading --------------------------------------------------------------------

    def next_posts(self, *how: Posting) -> None:
        """Say how the next posts go, one after the other."""
        self._posting.extend(how)

    def next_lookups(self, *how: Seeing) -> None:
        """Say how the next looks into the history go, one after the other."""
        self._seeing.extend(how)

    def behave(self) -> None:
        """Forget every fault that was programmed and has not happened yet."""
        self._posting.clear()
        self._seeing.clear()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What people see by now, in the order of storing."""
        seen = (message for message in self._stored if message.at <= self._now())
        return tuple(sorted(seen, key=lambda message: message.at))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the messages that people see."""
        return tuple(message.key for message in self.messages)

    @property
    def doubled(self) -> tuple[str, ...]:
        """Keys of messages that are there more than once, those included that are stored late."""
        return tuple(key for key, times in Counter(m.key for m in self._stored).items() if times > 1)

    def delete(self, key: str) -> None:
        """Remove a message, as a moderator does."""
        self._stored = [message for message in self._stored if message.key != key]

    # bot.ports.Chat -----------------------------------------------------------------------------

    def render(self, card: Card) -> str:
        """Write a card as JSON."""
        self._judge(not plain(card.title).strip(), "a card without a title")
        self._judge(len(plain(card.text).strip()) <= len("FAILED"), f"not a sentence: {plain(card.text)!r}")
        return json.dumps(dataclasses.asdict(card), sort_keys=True, default=str)

    async def post(self, post: Post) -> PostOutcome:
        """Take one message the way `next_posts` says."""
        how = self._posting.popleft() if self._posting else Posting.NORMAL
        if how is Posting.CRASH_BEFORE:
            raise Crash
        self._judge_post(post)
        self.posts.append(post)
        await asyncio.sleep(0)
        if how in {Posting.FAULTY, Posting.FAULTY_AFTER}:
            self.raised.add(post.key)
        refused = self._refusal(how)
        if refused is not None:
            return refused
        return await self._store(post, how)

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Show another card in a message."""
        for index, stored in enumerate(self._stored):
            if (stored.channel, stored.id) == (message.channel, message.message_id):
                self._stored[index] = dataclasses.replace(stored, payload=self.render(card))
                return Delivered(stored.id)
        return Undeliverable("There is no such message.", channel_lost=False)

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        """Look for a key the way `next_lookups` says."""
        how = self._seeing.popleft() if self._seeing else Seeing.NORMAL
        self._judge(since.tzinfo is None, "a look-up from a time without a zone")
        self._judge(since > self._now(), f"a look-up from the future: {since}")
        self.looks.append(key)
        await asyncio.sleep(0)
        answer = await self._blindness(how)
        if answer is not None:
            return answer
        fitting = (
            message.id
            for message in self.messages
            if (message.channel, message.thread, message.key) == (channel, thread, key)
            and message.at >= since
        )
        found = next(fitting, None)
        return Missing() if found is None else Found(found)

    async def is_shared(self, channel: str) -> bool:
        """Whether the test put it among the shared ones."""
        return channel in self.shared

    # Inside -------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._epoch + timedelta(seconds=self.clock.monotonic())

    def _refusal(self, how: Posting) -> PostOutcome | None:
        if how is Posting.FAULTY:
            raise ValueError("the sender has a fault")
        refusals: dict[Posting, PostOutcome] = {
            Posting.DROPPED: Unconfirmed("the connection broke"),
            Posting.NO_CONNECTION: NotDelivered("no connection"),
            Posting.RATE_LIMITED: NotDelivered(
                "too many messages", retry_after=self.retry_after, limits_channel=True
            ),
            Posting.GONE: Undeliverable("the channel is gone"),
            Posting.REFUSED: Undeliverable("the message is too long", channel_lost=False),
            Posting.REVOKED: Halted("the token was revoked"),
        }
        return refusals.get(how)

    async def _store(self, post: Post, how: Posting) -> PostOutcome:
        message = Message(
            id=f"m{len(self._stored) + 1}",
            channel=post.channel,
            thread=post.thread,
            key=post.key,
            payload=post.payload,
            at=self._now() + timedelta(seconds=self.late if how is Posting.LATE else 0),
            report_url=post.report_url,
            repeat=post.repeat,
        )
        self._stored.append(message)
        if how is Posting.CRASH_AFTER:
            raise Crash
        if how is Posting.FAULTY_AFTER:
            raise ValueError("the sender has a fault")
        if how is Posting.HANGING:
            await asyncio.Event().wait()
        return Delivered(message.id) if how is Posting.NORMAL else Unconfirmed("the connection broke")

    async def _blindness(self, how: Seeing) -> Unreadable | None:
        if how is Seeing.CRASH:
            raise Crash
        if how is Seeing.FAULTY:
            raise ValueError("the sender has a fault")
        if how is Seeing.HANGING:
            await asyncio.Event().wait()
        if how is Seeing.NORMAL:
            return None
        return Unreadable("no history", for_good=how is Seeing.FORBIDDEN, channel_lost=how is Seeing.LOST)

    def _judge_post(self, post: Post) -> None:
        self._judge(not post.channel.startswith(f"{self.name}:"), f"a foreign channel: {post.channel}")
        self._judge(not _KEY.fullmatch(post.key), f"not a key: {post.key!r}")
        self._judge(not post.payload, "an empty payload")
        self._judge(bool(_SIGNED.search(post.payload)), "a signed link in a stored payload")
        known = self._payloads.setdefault(post.key, post.payload)
        self._judge(known != post.payload, f"another payload under the key {post.key}")
        threads = {None} | {m.id for m in self.messages if m.channel == post.channel}
        self._judge(post.thread not in threads, f"a thread that is not there: {post.thread}")
        wrong_place = post.report_url is not None and post.channel in self.shared
        self._judge(wrong_place, "a signed link for a shared channel")

    def _judge(self, wrong: bool, what: str) -> None:
        if wrong:
            self.violations.append(what)
