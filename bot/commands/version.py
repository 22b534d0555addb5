"""Say which version runs, and the release of each platform behind it.

version
"""

from __future__ import annotations

import asyncio

from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.errors import ServiceError
from bot.platform import Platform
from bot.replies import help as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with the versions; a platform that does not answer is said to."""
    releases = await asyncio.gather(*(_release(platform) for platform in services.platforms.values()))
    return replies.version(services.version, dict(zip(services.platforms, releases, strict=True)))


async def _release(platform: Platform) -> str | None:
    """Return a platform's release, "" where it does not say, None where it does not answer."""
    try:
        return await platform.reads.version()
    except ServiceError:
        return None


VERB = Verb(name="version", summary="which version runs", handle=handle, hidden=True, private=True)
