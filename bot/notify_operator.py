"""Notify an operator of what needs a person; that this fails stops nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

NOTIFYING = 10.0  # seconds that notifying may take

NotifyOperator = Callable[[str], Awaitable[None]]
"""Notifies an operator of something that needs a person, in one plain sentence."""


async def notify_carefully(notify: NotifyOperator, sentence: str) -> None:
    """Notify, or log that the operator could not be notified; never raises."""
    try:
        async with asyncio.timeout(NOTIFYING):
            await notify(sentence)
    except Exception:
        log.exception("the operator could not be notified: %s", sentence)
