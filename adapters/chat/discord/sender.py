"""Sends and edits messages: the `Chat` port, at Discord's pace, with a nonce that makes repeats harmless.

A message for a thread that does not exist yet opens it, one for a forum opens a post. Nothing here sends a
post again on its own, but for the library's repeats under the same nonce.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.chat import pressed
from adapters.chat.discord import buttons, ids, metrics, outcomes, render
from adapters.chat.discord.calls import Calls, Upload
from adapters.chat.discord.history import History, marked, nonce
from adapters.chat.discord.markup import Json
from adapters.chat.discord.places import Places, Where
from adapters.chat.edits import Slots
from adapters.chat.pace import ChannelPace
from bot.cache import Bounded
from bot.cards import Card
from bot.ports import (
    Clock,
    Conversations,
    Delivered,
    Found,
    Halted,
    Lookup,
    NotDelivered,
    Post,
    PostOutcome,
    Undeliverable,
    Unreadable,
)
from bot.replies import conversation
from bot.state import MessageRef

log = logging.getLogger(__name__)

CALL_SECONDS = 10.0
POST_INTERVAL, POST_BURST = 1.0, 4  # one below Discord's five: the fifth call would sleep inside the library
ARCHIVE_MINUTES = 1440
KEYS = 5000
OVERFLOW_NAME = "details.txt"
NAMELESS = "Clew"  # a thread of which no run is known


class Sender:
    """Fills `bot.ports.Chat`; calls may run concurrently.

    `reconcile_after`: the deadline of a call and a reserve, as Discord may still store what we gave up on.
    """

    name = ids.CHAT

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        *,
        conversations: Conversations,
        places: Places,
        reconcile_after: float,
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._conversations = conversations
        self.reconcile_after = reconcile_after
        self._pace = ChannelPace(clock, "Discord", metrics.WAITED, interval=POST_INTERVAL, burst=POST_BURST)
        self._slots: Slots[Json] = Slots(clock)
        self._keys: Bounded[str, str] = Bounded(KEYS)  # by message, so that edits keep the short id
        self.places = places
        self.history = History(calls)

    def resume(self) -> None:
        """Send again: Discord has let us in."""
        self._pace.halted = ""

    def render(self, card: Card) -> str:
        """Turn a card into a message as JSON."""
        return render.render(card)

    async def post(
        self, post: Post, *, uploads: Sequence[Upload] = (), reply_to: str | None = None
    ) -> PostOutcome:
        """Send one message with files when its channel's turn comes, maybe as a reply."""
        if not _sendable(post.channel, post.thread):
            return Undeliverable("That is not a channel of Discord.")
        refused = await self._pace.turn(post.thread or post.channel)
        if refused is not None:
            return refused
        body, ours = await self.prepared(fill(post))
        body = marked(body, post.key)
        outcome = await self._placed(post, body, ours, [*uploads, *overflow(ours)], reply_to)
        if isinstance(outcome, Delivered):
            self._keys.put(outcome.message_id, post.key)
        return outcome

    async def _placed(
        self, post: Post, body: Json, ours: Json, files: list[Upload], reply_to: str | None
    ) -> PostOutcome:
        """Send a message to where it belongs: a forum, a channel or a thread."""
        if reply_to is not None:
            body["message_reference"] = {"message_id": reply_to, "fail_if_not_exists": False}
        if post.thread is None and not ids.is_direct(post.channel):
            where = await self.places.where(ids.last(post.channel))
            if where is not None and where.forum:
                return await self._open_post(post, where, body, ours, files)
        body |= {"nonce": nonce(post.key), "enforce_nonce": True}
        if post.thread is None:
            outcome, _ = await self._create(post.channel, ids.last(post.channel), body, files)
            return outcome
        return await self._into_thread(post, body, ours, files)

    async def edit(
        self, message: MessageRef, card: Card, *, key: str | None = None, uploads: Sequence[Upload] = ()
    ) -> PostOutcome:
        """Show another card in a message, with the short id of `key` where it has to be found again.

        It notifies nobody again. Of many edits in a short time the newest is sent.
        """
        card = replace(card, mentions=())
        body, ours = await self.prepared(render.message(card, signed=ids.is_direct(message.channel)))
        if key is not None:
            self._keys.put(message.message_id, key)
        known = self._keys.get(message.message_id)
        body = marked(body, known) if known is not None else body
        files = [*uploads, *overflow(ours)]
        slot = self._slots.of(message)
        return await slot.show(body, lambda newest: self._update(message, newest, files))

    async def delete(self, message: MessageRef) -> None:
        """Take back a message of ours; where that fails it stays."""
        channel = await self._home(message)
        await self._try("", lambda: self._calls.delete_message(channel, message.message_id))

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        """Read the history from `since` on, looking for the key's short id in our messages."""
        if not self.history.me:
            return Unreadable("Discord has not said yet who this bot is.")
        where = None if ids.is_direct(channel) else await self.places.where(ids.last(channel))
        if where is not None and where.forum and thread is None:
            return await self.history.find_post(ids.guild_of(channel), ids.last(channel), key, since)
        if thread is not None:
            seen = await self.history.find(thread, key, since)
            if isinstance(seen, Found | Unreadable) or (where is not None and where.forum):
                return seen
        return await self.history.find(ids.last(channel), key, since)

    async def is_shared(self, channel: str) -> bool:
        """Whether other organisations read a channel."""
        return await self.places.is_shared(channel)

    async def direct(self, user_id: str) -> str | None:
        """Return the name of the conversation with a person, None where there is none."""
        try:
            opened = await self._calls.open_direct(user_id)
        except Exception as error:  # noqa: BLE001 - the person is told another way
            log.warning("a direct conversation was not opened: %s", outcomes.named(error))
            return None
        return ids.channel(None, str(opened["id"]))

    async def prepared(self, message: Json) -> tuple[Json, Json]:
        """Take out what is meant for us, and keep what long buttons ask for. Raises `StoreError`."""
        body = dict(message)
        ours: Json = body.pop(render.OURS, {})
        for token, value in ours.get("words", {}).items():
            await self._conversations.keep_button(token, pressed.read(value))
        return body, ours

    # Where it goes ----------------------------------------------------------------------------------

    async def _into_thread(self, post: Post, body: Json, ours: Json, files: list[Upload]) -> PostOutcome:
        """Post into a thread, opening it first where it does not exist; a closed one leads to the channel."""
        thread, channel = str(post.thread), ids.last(post.channel)
        known = self.places.is_open(thread)
        for _ in range(2):
            refused = None if known else await self._opened(post, ours)
            if isinstance(refused, NotDelivered | Halted):
                return refused
            if refused is not None:
                break
            outcome, code = await self._create(thread, thread, body, files)
            if code not in {outcomes.UNKNOWN_CHANNEL, *outcomes.THREAD_CLOSED}:
                return outcome
            if code != outcomes.UNKNOWN_CHANNEL or not known:
                break
            known = False  # it was there, and somebody deleted it
            self.places.closed(thread)
        reference = {"message_id": thread, "fail_if_not_exists": False}
        outcome, _ = await self._create(channel, channel, body | {"message_reference": reference}, files)
        return outcome

    async def _opened(self, post: Post, ours: Json) -> PostOutcome | None:
        """Open the thread of a message; None where it can be posted into now, else why not."""
        thread, channel = str(post.thread), ids.last(post.channel)
        name = {"name": await self._thread_name(post, ours), "auto_archive_duration": ARCHIVE_MINUTES}
        outcome, code = await self._try(channel, lambda: self._calls.open_thread(channel, thread, name))
        if isinstance(outcome, NotDelivered | Halted):
            return outcome
        there = isinstance(outcome, Delivered) or code == outcomes.THREAD_EXISTS
        if there or await self.places.where(thread) is not None:  # a thread may hang on no message
            self.places.opened(thread)
            return None
        return outcome

    async def _thread_name(self, post: Post, ours: Json) -> str:
        """Name a thread by its run: the one that the message speaks of, else the one that it hangs on."""
        known = ours.get("name")
        if not known and post.thread is not None:
            context = await self._conversations.context(post.channel, post.thread)
            known = render.run_thread(context.run) if context is not None and context.run else ""
        return known or NAMELESS

    async def _open_post(
        self, post: Post, where: Where, body: Json, ours: Json, files: list[Upload]
    ) -> PostOutcome:
        """Open a post in a forum, tagged with its verdict; Discord takes no nonce here."""
        whole = {
            "name": await self._thread_name(post, ours),
            "auto_archive_duration": ARCHIVE_MINUTES,
            "applied_tags": where.tag(str(ours.get("verdict")), str(ours.get("tone"))),
            "message": body,
        }
        forum = ids.last(post.channel)
        outcome, _ = await self._try(forum, lambda: self._calls.open_post(forum, whole, files))
        return outcome

    async def _create(
        self, limited: str, channel_id: str, body: Json, files: list[Upload]
    ) -> tuple[PostOutcome, int]:
        return await self._try(limited, lambda: self._calls.create_message(channel_id, body, files))

    async def _update(self, message: MessageRef, body: Json, files: list[Upload]) -> PostOutcome:
        if not _sendable(message.channel, message.message_id, message.thread):
            return Undeliverable(outcomes.SENTENCES[outcomes.UNKNOWN_MESSAGE], channel_lost=False)
        if self._pace.halted:
            return Halted(self._pace.halted)
        channel = await self._home(message)

        async def edited() -> tuple[PostOutcome, int]:
            return await self._try(
                f"edit:{channel}", lambda: self._calls.edit_message(channel, message.message_id, body, files)
            )

        outcome, code = await edited()
        if code == outcomes.UNKNOWN_CHANNEL and message.thread:
            return Undeliverable(outcomes.SENTENCES[code], channel_lost=False)
        if code == outcomes.THREAD_ARCHIVED:
            await self._try("", lambda: self._calls.change_channel(channel, {"archived": False}))
            outcome, code = await edited()
        if code == outcomes.UNKNOWN_MESSAGE:  # of a message that is edited it means that it is gone
            return Undeliverable(outcomes.SENTENCES[code], channel_lost=False)
        return outcome

    async def _home(self, message: MessageRef) -> str:
        """Return the channel that a message stands in: its thread; a forum's messages stand in their own posts."""
        if message.thread is not None:
            return message.thread
        channel = ids.last(message.channel)
        where = None if ids.is_direct(message.channel) else await self.places.where(channel)
        return message.message_id if where is not None and where.forum else channel

    # One call ---------------------------------------------------------------------------------------

    async def _try(self, limited: str, call: Callable[[], Awaitable[Json | None]]) -> tuple[PostOutcome, int]:
        """Make one call under a deadline; return what it means, and Discord's code where it gave one."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await call()
        except Exception as error:  # noqa: BLE001 - the table decides what any error means
            outcome = outcomes.classify(error)
            self._remember(limited, outcome)
            return outcome, outcomes.code(error)
        return Delivered(str((answer or {}).get("id", ""))), 0

    def _remember(self, channel: str, outcome: PostOutcome) -> None:
        if isinstance(outcome, Halted) and not self._pace.halted:
            self._pace.halted = outcome.reason
            log.error("nothing is sent to Discord any more: %s", outcome.reason)
        if isinstance(outcome, NotDelivered) and outcome.limits_channel:
            wait = outcome.retry_after
            self._pace.rate_limit(channel, outcomes.DEFAULT_WAIT if wait is None else wait)
            metrics.LIMITED.inc()
            metrics.RATE_LIMITED.set(self._pace.rate_limited_channels)


def _sendable(channel: str, *own: str | None) -> bool:
    """Whether ids can be Discord's at all; addresses are made of nothing else."""
    return all(ids.is_snowflake(i) for i in (ids.last(channel), *own) if i is not None)


def fill(post: Post) -> Json:
    """Turn a frozen payload into what is sent: the report link filled in, a possible repeat marked."""
    message: Json = json.loads(post.payload)
    if post.report_url is not None:
        buttons.fill_report(message.get("components", []), post.report_url.reveal())
    if post.repeat:
        shown = f"{message.get('content', '')}\n-# {conversation.possible_repeat('Discord')}".strip()
        message["content"] = shown
    return message


def overflow(ours: Json) -> list[Upload]:
    """Return the file with all that had no room in a message, if there is one."""
    text = ours.get("overflow")
    return [Upload(name=OVERFLOW_NAME, content=str(text).encode("utf-8", "replace"))] if text else []
