"""A file that a chat serves, read piece by piece: no redirect is followed, nothing is unpacked, nothing kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from bot.replies import reported

SECONDS = 60.0  # for a file in whole
PIECE = 1 << 16  # bytes


@asynccontextmanager
async def download(
    session: aiohttp.ClientSession,
    url: str,
    *,
    chat: str,
    headers: Mapping[str, str] | None = None,
    proxy: str | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for a file; the caller has checked the address. Raises `UserError` where the chat gives no answer in time.

    What is packed on its way stays packed: a small answer must not become a large one.
    """
    try:
        async with session.get(
            url,
            headers={"Accept-Encoding": "identity", **(headers or {})},
            proxy=proxy,
            allow_redirects=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
        ) as answer:
            yield answer
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise reported.not_handed_over(chat) from error


def pieces(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the bytes as they come."""
    return answer.content.iter_chunked(PIECE)
