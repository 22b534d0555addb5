"""Opens files that people attached, from the host that Discord serves files on, with no token.

An address there is signed and good for a while, so no address is kept: the message is read again. What an option of a
command brings is in no message. Its address is remembered while this process lives, and after that the file is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import discord

from adapters.chat.discord import attached, ids, outcomes
from adapters.chat.discord.calls import MESSAGE_PATH, Calls
from adapters.chat.download import download, pieces
from adapters.chat.payload import Payload
from bot.errors import UserError
from bot.ports import OpenedFile
from bot.replies import reported
from bot.state import Invocation

CHAT = "Discord"
HOST = "https://cdn.discordapp.com"
REMEMBERED = 1_000  # addresses


class AttachedFiles:
    """Opens them. `host`: the one address that files are taken from."""

    def __init__(self, calls: Calls, *, host: str = HOST) -> None:
        self._calls = calls
        self._host = urlsplit(host)
        self._options: dict[str, tuple[str, str]] = {}  # name and address by `ref`

    @asynccontextmanager
    async def open(self, ref: str, asked: Invocation, given: Mapping[str, str]) -> AsyncIterator[OpenedFile]:
        """Open a file that is attached where it is asked for; `given`: addresses that came with the command. Raises `UserError`."""
        named = attached.parts(ref)
        if named is None or named[0] not in {ids.last(asked.place.channel), asked.place.thread}:
            raise reported.not_attached()
        channel, message, own = named
        if message == attached.OPTION:
            name, url = self._of_option(ref, asked, given)
        else:
            name, url = await self._in_message(channel, message, own)
        async with download(
            self._calls.session, self._checked(url), chat=CHAT, proxy=self._calls.proxy
        ) as answer:
            _check(answer)
            yield OpenedFile(name=name, pieces=pieces(answer), size=answer.content_length)

    def _of_option(self, ref: str, asked: Invocation, given: Mapping[str, str]) -> tuple[str, str]:
        """Return the name and the address of what came as an option, and remember them for the next page."""
        came = next(
            ((file.name, given[ref]) for file in asked.attached if file.ref == ref and ref in given), None
        )
        known = came or self._options.pop(ref, None)
        if known is None:
            raise reported.gone()
        self._options[ref] = known  # the last one used is the last one forgotten
        if len(self._options) > REMEMBERED:
            del self._options[next(iter(self._options))]
        return known

    async def _in_message(self, channel: str, message: str, own: str) -> tuple[str, str]:
        """Return the name and the address of a file as its message has them now."""
        try:
            found = Payload(await self._calls.get(MESSAGE_PATH, channel_id=channel, message_id=message))
        except Exception as error:  # whatever it is, the person is told what to do
            raise _refusal(error) from error
        file = next((Payload(each) for each in found.listed("attachments") if each.get("id") == own), None)
        if file is None:
            raise reported.gone()
        return attached.name_of(file), file.text("url")

    def _checked(self, url: str) -> str:
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != (self._host.scheme, self._host.netloc):
            raise reported.not_a_file()
        return url


def _check(answer: aiohttp.ClientResponse) -> None:
    """Let only a file through; an address that is no longer good is answered as one that never was."""
    if answer.status in {401, 403, 404, 410}:
        raise reported.gone()
    if answer.status != 200:  # noqa: PLR2004 - a file
        raise reported.not_handed_over(CHAT)


def _refusal(error: Exception) -> UserError:
    """Say why a message could not be read."""
    if outcomes.code(error) in {outcomes.NO_ACCESS, outcomes.NO_PERMISSION}:
        return reported.no_history()
    if isinstance(error, discord.NotFound):
        return reported.gone()
    return reported.not_handed_over(CHAT)
