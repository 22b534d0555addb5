"""Sends and edits messages: the `Chat` port, at Slack's pace, one request that can store a message per try.

Nothing here sends a post again on its own; the outcome says whether that would be safe (`outcomes`).
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat import chart
from adapters.chat.edits import Slots
from adapters.chat.pace import Bucket, ChannelPace
from adapters.chat.slack import buttons, charts, ids, metrics, outcomes, render
from adapters.chat.slack.files import Files
from adapters.chat.slack.markup import Json, plain
from adapters.chat.tasks import Tasks
from bot.cache import Cache
from bot.cards import Card
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
from bot.replies.conversation import possible_repeat
from bot.state import MessageRef

log = logging.getLogger(__name__)

EVENT_TYPE = "clew_message"
REPEAT = possible_repeat("Slack")
HISTORY_PAGE = 100
HISTORY_PAGES = 50
MARGIN = timedelta(seconds=60)  # between Slack's clock and ours
POST_INTERVAL, POST_BURST = 1.0, 4  # a channel: https://docs.slack.dev/apis/web-api/rate-limits
EDIT_INTERVAL, EDIT_BURST = 1.25, 10  # tier 3: 50 a minute and workspace, of each method
UPDATE, UNFURL = "chat.update", "chat.unfurl"
EDITS = "edits"  # rate limited as a whole: Slack counts edits per workspace
SHARED_SECONDS = 600.0
PICTURE_NAME = "chart.png"
PICTURE_TRIES = 4  # edits, as far apart as edits of one message are
BLIND = frozenset({"missing_scope", "thread_not_found"})
LOST = frozenset({"channel_not_found", "not_in_channel", "is_archived"})  # until we are in it again


class Sender:
    """Fills `bot.ports.Chat` for one workspace; calls may run concurrently.

    `reconcile_after`: the client's total timeout and a reserve, as Slack may still store what we gave up on.
    """

    name = ids.CHAT

    def __init__(self, client: AsyncWebClient, clock: Clock, *, files: Files, reconcile_after: float) -> None:
        self._client = client
        self._clock = clock
        self._files = files
        self.reconcile_after = reconcile_after
        self._pace = ChannelPace(clock, "Slack", metrics.WAITED, interval=POST_INTERVAL, burst=POST_BURST)
        self._edit_pace = Bucket(clock, interval=EDIT_INTERVAL, burst=EDIT_BURST)
        self._unfurl_pace = Bucket(clock, interval=EDIT_INTERVAL, burst=EDIT_BURST)
        metrics.RATE_LIMITED.set_function(lambda: self._pace.rate_limited_channels)
        self._slots: Slots[Json] = Slots(clock)
        self._shared: Cache[bool] = Cache(clock, SHARED_SECONDS)
        self._tables = True
        self.stopped = asyncio.Event()
        self.bot_id = ""  # known once Slack has said who we are
        self.uploads = Tasks()

    @property
    def halted(self) -> str:
        """Why nothing is sent any more, "" while it is."""
        return self._pace.halted

    def render(self, card: Card) -> str:
        """Turn a card into a message as JSON."""
        return render.render(card)

    async def post(self, post: Post) -> PostOutcome:
        """Send one message when its channel's turn comes."""
        refused = await self._pace.turn(post.channel)
        if refused is not None:
            return refused
        message = fill(post)
        overflow, picture = message.pop("overflow", None), message.pop("picture", None)
        arguments = {
            "channel": ids.last(post.channel),
            "thread_ts": post.thread,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"k": post.key}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        outcome = await self._store(post.channel, "chat.postMessage", message | arguments)
        if overflow and isinstance(outcome, Delivered):
            thread = post.thread or outcome.message_id
            self.uploads.start(self._files.send_text(ids.last(post.channel), thread, str(overflow)))
        if picture and isinstance(outcome, Delivered):
            posted = MessageRef(channel=post.channel, message_id=outcome.message_id, thread=post.thread)
            self.uploads.start(self._show_picture(posted, message, picture, self._slots.of(posted).count))
        return outcome

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Show another card in a message, which notifies nobody again; of many edits in a short time the newest is sent."""
        card = replace(card, mentions=())
        shown = render.message(card, signed=ids.is_direct(ids.last(message.channel)))
        shown.pop("overflow", None)
        picture = shown.pop("picture", None)
        slot = self._slots.of(message)
        count = slot.count + 1
        outcome = await slot.show(shown, lambda newest: self._update(message, newest))
        if picture and isinstance(outcome, Delivered):
            self.uploads.start(self._show_picture(message, shown, picture, count))
        return outcome

    async def delete(self, message: MessageRef) -> None:
        """Take back a message of ours; where that fails it stays."""
        try:
            await self._client.chat_delete(channel=ids.last(message.channel), ts=message.message_id)
        except Exception as error:  # noqa: BLE001 - what it was for has happened already
            log.warning("chat.delete failed: %s", outcomes.named(error))

    async def ephemeral(self, channel: str, thread: str | None, user: str, card: Card) -> PostOutcome:
        """Send a message that only one person sees; it cannot be found again."""
        refused = await self._pace.turn(channel)
        if refused is not None:
            return refused
        message = render.message(card, signed=True)
        for later in ("overflow", "picture"):  # nothing can be added to what only one person sees
            message.pop(later, None)
        arguments = {"channel": ids.last(channel), "thread_ts": thread, "user": user}
        return await self._store(channel, "chat.postEphemeral", message | arguments)

    async def unfurl(self, channel: str, message_id: str, unfurls: Json) -> None:
        """Show blocks beside links in somebody's message, by address. Tried once; where it fails nothing is shown.

        A permission that lacks for this is no reason to send nothing any more.
        """
        if self.halted or self._pace.rate_limited(UNFURL):
            return
        await self._unfurl_pace.turn()
        if self._pace.rate_limited(UNFURL):
            return
        try:
            await self._client.chat_unfurl(channel=ids.last(channel), ts=message_id, unfurls=unfurls)
        except Exception as error:  # noqa: BLE001 - nobody asked, so nobody waits for it
            outcome = outcomes.classify(error, self._clock.now())
            if isinstance(outcome, NotDelivered):
                self._remember(UNFURL, UNFURL, outcome)
            log.warning("chat.unfurl failed: %s", outcomes.named(error))

    async def find_posted(self, channel: str, thread: str | None, key: str, since: datetime) -> Lookup:
        """Read the channel's or thread's history from `since` on, looking for the key in our messages."""
        if not self.bot_id:
            return Unreadable("Slack has not said yet who this bot is.")
        oldest = f"{(since - MARGIN).timestamp():.6f}"
        cursor = ""
        for _ in range(HISTORY_PAGES):
            try:
                page = await self._history(channel, thread, oldest, cursor)
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the history was not read
                code = outcomes.code(error)
                reason = outcomes.sentence(outcomes.named(error))
                return Unreadable(reason, for_good=code in BLIND, channel_lost=code in LOST)
            for message in page.get("messages") or ():
                if self._is(message, key):
                    return Found(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return Missing()
        return Unreadable("The history is too long to be read whole.")

    async def is_shared(self, channel: str) -> bool:
        """Whether other organisations read a channel; asked again after some minutes."""
        if ids.is_direct(ids.last(channel)):
            return False
        shared = await self._shared.get(channel, lambda: self._ask_shared(channel))
        return shared is not False  # what cannot be told counts as shared

    def halt(self, reason: str) -> None:
        """Send nothing any more; every later post says why."""
        self._pace.halted = reason
        self.stopped.set()

    async def _ask_shared(self, channel: str) -> bool | None:
        try:
            info = await self._client.conversations_info(channel=ids.last(channel))
        except Exception as error:  # noqa: BLE001 - None says that it cannot be told
            log.warning("Slack did not say who reads a channel: %s", outcomes.named(error))
            return None
        channel_info = info.get("channel") or {}
        return any(
            channel_info.get(name) for name in ("is_ext_shared", "is_pending_ext_shared", "is_org_shared")
        )

    async def _store(self, channel: str, method: str, arguments: Json) -> PostOutcome:
        """Make the one request, and another only where Slack certainly refused how the message looks."""
        if not self._tables:
            arguments["blocks"] = render.without_table(arguments["blocks"])
        has_table = any(block["type"] == "table" for block in arguments["blocks"])
        outcome, code = await self._send(channel, method, arguments)
        if has_table and code in outcomes.NO_TABLES:
            arguments["blocks"] = render.without_table(arguments["blocks"])
            outcome, code = await self._send(channel, method, arguments)
            self._tables = not isinstance(outcome, Delivered)
        if code in outcomes.NO_BLOCKS and method != UPDATE:  # what an edit cannot show is posted instead
            log.warning("Slack refused a message's blocks (%s); its sentence is posted alone", code)
            arguments["blocks"] = render.sentence_alone(arguments["text"])
            outcome, _ = await self._send(channel, method, arguments)
        return outcome

    async def _send(self, channel: str, method: str, arguments: Json) -> tuple[PostOutcome, str]:
        sent = {name: value for name, value in arguments.items() if value is not None}
        try:
            answer = await self._client.api_call(method, json=sent)
        except Exception as error:  # noqa: BLE001 - the table decides what any error means
            outcome = outcomes.classify(error, self._clock.now())
            self._remember(channel, method, outcome)
            return outcome, outcomes.code(error)
        stored = answer.get("ts") or answer.get("message_ts")
        if isinstance(stored, str) and stored:
            return Delivered(stored), ""
        return Unconfirmed("Slack did not say where the message is."), ""

    def _remember(self, channel: str, method: str, outcome: PostOutcome) -> None:
        if isinstance(outcome, Halted) and not self.halted:
            self.halt(outcome.reason)
        if isinstance(outcome, NotDelivered) and outcome.limits_channel:
            self._pace.rate_limit(channel, outcome.retry_after or outcomes.DEFAULT_WAIT)
            metrics.LIMITED.labels(method).inc()

    async def _update(self, message: MessageRef, shown: Json) -> PostOutcome:
        if self.halted:
            return Halted(self.halted)
        if not self._pace.rate_limited(EDITS):
            metrics.WAITED.observe(await self._edit_pace.turn())
        if limited := self._pace.rate_limited(EDITS):
            return NotDelivered("Slack asked for a pause.", retry_after=limited)
        arguments = {"channel": ids.last(message.channel), "ts": message.message_id}
        return await self._store(EDITS, UPDATE, shown | arguments)

    async def _show_picture(self, message: MessageRef, shown: Json, picture: Json, count: int) -> None:
        """Put a chart's picture into a message that has seen `count` edits, unless there are more by then.

        So no answer waits for a picture or is lost with it: uploading takes three calls and a permission that may be
        missing, and Slack refuses a file in a message until it has looked at it, which it does in its own time.
        https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
        """
        content = await asyncio.to_thread(chart.png, picture["values"], full=picture.get("full", False))
        file = await self._files.keep(PICTURE_NAME, picture["block"]["title"]["text"], content)
        if not file:
            return
        shown = shown | {"blocks": charts.with_picture(shown["blocks"], picture, file)}
        slot = self._slots.of(message)
        for _ in range(PICTURE_TRIES):
            if slot.count != count:
                return
            count += 1
            outcome = await slot.show(shown, lambda newest: self._update(message, newest))
            if not isinstance(outcome, Undeliverable) or outcome.channel_lost:
                break  # a file that Slack has not looked at yet is refused like a wrong block; all else is final
        if not isinstance(outcome, Delivered):
            log.warning("a picture was not shown, its numbers stand as text: %s", outcome.reason)

    async def _history(self, channel: str, thread: str | None, oldest: str, cursor: str) -> Any:
        arguments: Json = {
            "channel": ids.last(channel),
            "oldest": oldest,
            "limit": HISTORY_PAGE,
            "include_all_metadata": True,
            "cursor": cursor or None,
        }
        if thread is None:
            return await self._client.conversations_history(**arguments)
        return await self._client.conversations_replies(ts=thread, **arguments)

    def _is(self, message: Json, key: str) -> bool:
        metadata = message.get("metadata") or {}
        ours = message.get("bot_id") == self.bot_id and metadata.get("event_type") == EVENT_TYPE
        return ours and (metadata.get("event_payload") or {}).get("k") == key


def fill(post: Post) -> Json:
    """Turn a frozen payload into what is sent: the report link filled in, a possible repeat marked."""
    message: Json = json.loads(post.payload)
    if post.report_url is not None:
        for block in message["blocks"]:
            buttons.fill_report(block, post.report_url.reveal())
    if post.repeat:
        message["text"] = f"{message['text'][: render.TEXT - len(REPEAT) - 1]} {REPEAT}"
        message["blocks"].append({"type": "context", "elements": [plain(REPEAT, render.FOOTER)]})
    return message
