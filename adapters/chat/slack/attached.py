"""Files that people attach: which there are, and their bytes, from the host that Slack serves files on alone.

A file is asked about each time it is opened: what an event says of it may be missing (files of other organisations come
with their id alone) or old. Objects: https://docs.slack.dev/reference/objects/file-object, downloads: the same, below
"Authentication".
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.download import download, pieces
from adapters.chat.payload import Payload
from adapters.chat.slack import ids, outcomes
from adapters.chat.slack.addresses import Addresses
from bot.errors import UserError
from bot.ports import OpenedFile
from bot.replies import reported
from bot.state import AttachedFile, Invocation

log = logging.getLogger(__name__)

CHAT = "Slack"
NAME = 255  # characters
_ID = re.compile(r"F[A-Z0-9]{1,40}", re.ASCII)
_GONE = frozenset({"file_not_found", "file_deleted", "no_file"})
_CLOSED = frozenset({"access_denied", "not_visible", "team_access_not_granted", "ekm_access_denied"})
_LACKING = frozenset({"missing_scope", "not_allowed_token_type"})
PAGE = "text/html"
_SHOWN_IN = ("channels", "groups", "ims")


def of_message(event: Payload) -> tuple[AttachedFile, ...]:
    """Return the files of a message; of some there is only an id."""
    found = (Payload(file) for file in event.listed("files"))
    return tuple(
        AttachedFile(ref=file.text("id"), name=_name(file), size=_size(file))
        for file in found
        if _ID.fullmatch(file.text("id"))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFiles:
    """Finds and opens files of one workspace; the token goes to Slack's host for files and to no other."""

    client: AsyncWebClient
    session: aiohttp.ClientSession
    addresses: Addresses

    @asynccontextmanager
    async def open(self, ref: str, asked: Invocation) -> AsyncIterator[OpenedFile]:
        """Open a file that came with a command, or that is shown where it was asked for. Raises `UserError`."""
        if not _ID.fullmatch(ref):
            raise reported.not_attached()
        file = await self._about(ref)
        own = any(attached.ref == ref for attached in asked.attached)
        if not own and not _is_shown(file, ids.last(asked.place.channel)):
            raise reported.not_attached()
        url = self._address(file)
        headers = {"Authorization": f"Bearer {self.client.token}"}
        async with download(self.session, url, chat=CHAT, headers=headers) as answer:
            _check(answer, file)
            yield OpenedFile(name=_name(file), pieces=pieces(answer), size=answer.content_length)

    async def missing(self, asked: Invocation) -> tuple[AttachedFile, ...]:
        """Return the files of a message as the history has them: the event of a mention may leave them out."""
        kind, _, rest = asked.key.partition(":")
        channel, _, own = rest.partition(":")
        if kind != "message" or asked.place.direct:
            return ()
        try:
            answer = await self.client.conversations_replies(
                channel=channel, ts=asked.place.thread or own, oldest=own, latest=own, inclusive=True, limit=2
            )
        except Exception as error:  # noqa: BLE001 - it is answered as a message without files
            log.info("whether a message has files could not be read: %s", outcomes.named(error))
            return ()
        found = Payload({"answer": answer.data})
        messages = Payload(found.inner("answer")).listed("messages")
        return next((of_message(Payload(each)) for each in messages if each.get("ts") == own), ())

    async def _about(self, ref: str) -> Payload:
        try:
            answer = await self.client.files_info(file=ref, count=1)
        except Exception as error:  # whatever it is, the person is told what to do
            raise _refusal(outcomes.code(error)) from error
        return Payload(Payload({"answer": answer.data}).inner("answer", "file"))

    def _address(self, file: Payload) -> str:
        """Return where a file is to be had. Raises `UserError` where it is not, or nowhere that is Slack's."""
        if (access := file.text("file_access")) not in {"", "visible", "check_file_info"}:
            raise _refusal(access)
        if file.at("is_external") is True or file.text("mode") == "external":
            raise reported.not_a_file()
        url = file.text("url_private_download") or file.text("url_private")
        if not url or file.text("mode") in {"tombstone", "hidden_by_limit"}:
            raise reported.gone()
        try:
            return self.addresses.of_file(url)
        except ValueError as error:
            raise reported.not_a_file() from error


def _is_shown(file: Payload, channel: str) -> bool:
    """Whether a file is shown in a channel."""
    if any(channel in value for name in _SHOWN_IN if isinstance(value := file.at(name), list)):
        return True
    return any(channel in file.inner("shares", kind) for kind in ("public", "private"))


def _check(answer: aiohttp.ClientResponse, file: Payload) -> None:
    """Let only the file through: in place of one that Slack does not give it shows a page, or leads to one."""
    page = answer.content_type == PAGE and file.text("mimetype") != PAGE
    if answer.status in {404, 410}:
        raise reported.gone()
    if answer.status in {401, 403} or 300 <= answer.status < 400 or page:  # noqa: PLR2004 - redirects
        raise reported.not_given(CHAT)
    if answer.status != 200:  # noqa: PLR2004 - a file
        raise reported.not_handed_over(CHAT)


def _refusal(code: str) -> UserError:
    if code in _GONE:
        return reported.gone()
    if code in _CLOSED:
        return reported.not_given(CHAT)
    return reported.may_not_read() if code in _LACKING else reported.not_handed_over(CHAT)


def _name(file: Payload) -> str:
    return (file.text("name") or file.text("title"))[:NAME]


def _size(file: Payload) -> int | None:
    size = file.number("size")
    return size if size >= 0 else None
