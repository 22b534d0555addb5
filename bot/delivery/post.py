"""Send one claimed row: fill its report link, make sure that the claim is fresh, post under a deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from bot.cache import Cache
from bot.cards import ReportLinks
from bot.delivery.backoff import fresh_for
from bot.errors import ServiceError
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Chat, Clock, Post, PostOutcome, Unconfirmed
from bot.state import Delivery

log = logging.getLogger(__name__)

LINKS_KEPT = 60.0  # seconds; links are good for hours at least


@dataclass(frozen=True, slots=True)
class Stale:
    """The claim grew too old before the request; nothing was sent by us, another may have."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The chat's own code raised; nobody knows how far it came."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Sends claimed rows to one chat. `deadline`: seconds for a whole post.

    `links`: the report links of the runs that are posted just now: a run that many channels hear of is asked for once.
    """

    chat: Chat
    platforms: Mapping[str, Platform]
    clock: Clock
    deadline: float
    links: Cache[Secret]

    async def send(self, delivery: Delivery, claimed: float) -> PostOutcome | Stale | Broken:
        """Post a row that was claimed at the monotonic time `claimed`; raises for cancelling only."""
        report_url = await self._report_url(delivery)
        post = Post(
            channel=delivery.channel,
            payload=delivery.payload,
            key=delivery.provider_key,
            thread=delivery.thread,
            report_url=report_url,
            repeat=delivery.repeat,
        )
        if self._age(delivery, claimed) > fresh_for(self.chat.reconcile_after):
            return Stale()
        return await self._post(post)

    async def _post(self, post: Post) -> PostOutcome | Broken:
        try:
            async with asyncio.timeout(self.deadline):
                return await self.chat.post(post)
        except TimeoutError:
            return Unconfirmed(f"no answer within {self.deadline:g} s")
        except Exception as error:
            log.exception("the %s sender failed unexpectedly", self.chat.name)
            return Broken(f"a fault of the sender: {type(error).__name__}")

    async def _report_url(self, delivery: Delivery) -> Secret | None:
        """Return a fresh signed link, or none: then the button answers in private."""
        run = delivery.report
        platform = self.platforms.get(run.connection) if run else None
        reports = platform.reports if platform else None
        if run is None or reports is None or delivery.report_links is not ReportLinks.POST:
            return None
        try:
            async with asyncio.timeout(fresh_for(self.chat.reconcile_after) / 2):
                if await self.chat.is_shared(delivery.channel):
                    return None
                key = f"{run.connection} {run.run_id}"
                return await self.links.get(key, lambda: reports.report_link(run.run_id))
        except (TimeoutError, ServiceError) as error:
            log.info("no report link for a post: %s", type(error).__name__)
        except Exception:
            log.exception("fetching a report link failed unexpectedly")
        return None

    def _age(self, delivery: Delivery, claimed: float) -> float:
        """Return the claim's age by both clocks: one stands still in a frozen machine, the other jumps."""
        by_wall = (self.clock.now() - delivery.attempt_at).total_seconds() if delivery.attempt_at else 0.0
        return max(self.clock.monotonic() - claimed, by_wall)
