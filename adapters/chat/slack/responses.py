"""Answers through a `response_url`: one request each, and what came of it; such a message cannot be found again.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from adapters.chat.slack import outcomes
from adapters.chat.slack.addresses import Addresses
from adapters.chat.slack.markup import Json
from bot.ports import Clock, Delivered, NotDelivered, PostOutcome, Unconfirmed, Undeliverable

OK, LIMITED, FAILED = 200, 429, 500


@dataclass(frozen=True, slots=True)
class Responses:
    """Posts to the addresses that Slack gave along with a command or a button."""

    session: aiohttp.ClientSession
    addresses: Addresses
    clock: Clock

    async def send(
        self, url: str, message: Json, *, thread: str | None = None, replace: bool = False
    ) -> PostOutcome:
        """Show a message to the one person, or show it instead of the ephemeral message that was pressed."""
        body = {"text": message["text"], "blocks": message["blocks"], "replace_original": replace}
        body["response_type"] = "ephemeral"
        if thread is not None:
            body["thread_ts"] = thread
        try:
            async with self.session.post(
                self.addresses.checked(url), json=body, allow_redirects=False
            ) as answer:
                return self._outcome(answer.status, answer.headers.get("Retry-After"))
        except ValueError as error:
            return Undeliverable(str(error), channel_lost=False)
        except Exception as error:  # noqa: BLE001 - the table decides what any error means
            return outcomes.classify(error, self.clock.now())

    def _outcome(self, status: int, wait: str | None) -> PostOutcome:
        if status == OK:
            return Delivered("")
        if status == LIMITED:
            return NotDelivered(
                "Slack asks for a pause.", retry_after=outcomes.waiting_time(wait, self.clock.now())
            )
        if status >= FAILED:
            return Unconfirmed(f"Slack answered with status {status}.")
        return Undeliverable(f"The way to answer is used up ({status}).", channel_lost=False)
