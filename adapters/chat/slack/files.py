"""Files: three calls each; the last one is like a post and never repeated. The local file is deleted after.

https://docs.slack.dev/messaging/working-with-files#upload
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack import outcomes
from adapters.chat.slack.addresses import Addresses
from adapters.lanes import Lane
from bot import cleaning
from bot.cards import Attachment

log = logging.getLogger(__name__)

CHUNK = 1 << 18  # bytes
SECONDS = 600.0
AT_ONCE, PER_CHANNEL = 8, 2  # uploads
NAME = 120
OVERFLOW_NAME = "details.txt"


class Files:
    """Uploads into a channel or thread."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, addresses: Addresses) -> None:
        self._client = client
        self._session = session
        self._addresses = addresses
        self._turns = Lane(AT_ONCE, PER_CHANNEL)

    async def send_text(self, channel: str, thread: str | None, text: str) -> None:
        """Send a long text as a file; a failure is logged."""
        content = text.encode("utf-8", "replace")
        await self._upload(channel, thread, OVERFLOW_NAME, "The whole answer", content, len(content))

    async def send(self, channel: str, thread: str | None, attachment: Attachment) -> bool:
        """Send a file, and delete it where it lies on the disk; False where it did not arrive."""
        if not attachment.path:
            name, title, content = attachment.name, attachment.title, attachment.content
            return bool(await self._upload(channel, thread, name, title, content, len(content)))
        path = Path(attachment.path)
        try:
            size = await asyncio.to_thread(lambda: path.stat().st_size)
            return bool(await self._upload(channel, thread, attachment.name, attachment.title, path, size))
        except OSError as error:
            log.warning("a file could not be read: %s", type(error).__name__)
            return False
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def keep(self, name: str, title: str, content: bytes) -> str:
        """Upload a file that no conversation shows yet; return its id, "" where it did not arrive."""
        return await self._upload(None, None, name, title, content, len(content))

    async def _upload(
        self, channel: str | None, thread: str | None, name: str, title: str, content: bytes | Path, size: int
    ) -> str:
        """Upload a file in its turn; return its id, "" where it did not arrive or is empty."""
        if size == 0:
            return ""
        try:
            async with self._turns.turn(channel or ""):
                return await self._upload_now(
                    channel, thread, cleaning.one_line(name)[:NAME], title, content, size
                )
        except Exception as error:  # noqa: BLE001 - the message it belongs to is there already
            log.warning("a file was not uploaded: %s", outcomes.named(error))
            return ""

    async def _upload_now(
        self, channel: str | None, thread: str | None, name: str, title: str, content: bytes | Path, size: int
    ) -> str:
        ticket = await self._client.files_getUploadURLExternal(filename=name, length=size)
        url = self._addresses.checked(str(ticket["upload_url"]))
        body = content if isinstance(content, bytes) else _chunks(content)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        deadline = aiohttp.ClientTimeout(total=SECONDS)
        async with self._session.post(
            url, data=body, headers=headers, timeout=deadline, allow_redirects=False
        ) as answer:
            answer.raise_for_status()
        await self._client.files_completeUploadExternal(
            files=[{"id": ticket["file_id"], "title": cleaning.one_line(title)[:NAME]}],
            channel_id=channel,
            thread_ts=thread,
        )
        return str(ticket["file_id"])


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
