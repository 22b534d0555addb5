"""Notify an operator what needs a person; that this fails stops nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

TELLING = 10.0  # seconds that telling may take

NotifyOperator = Callable[[str], Awaitable[None]]
"""Tells an operator something that needs a person, in one plain sentence."""


async def notify_carefully(tell: NotifyOperator, sentence: str) -> None:
    """Tell it, or write down that it could not be told."""
    try:
        async with asyncio.timeout(TELLING):
            await tell(sentence)
    except Exception:
        log.exception("the operator could not be told: %s", sentence)
