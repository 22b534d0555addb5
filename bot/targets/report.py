"""Which report file a command is about, and what it says. An attached file wins over the thread; a run and a file are two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from bot.cards import Context
from bot.command import FILE, Asked, ReportTarget, Services
from bot.errors import UnexpectedAnswer
from bot.platform import REPORT_FILES
from bot.replies import reported as replies
from bot.state import AttachedFile
from bot.targets.run import platform_with

LARGEST = 16 * 1024 * 1024  # bytes


def files_meant(asked: Asked) -> tuple[AttachedFile, ...]:
    """Return the files that a command is about, none where it is about a run. Raises `UserError` where it names both."""
    named, attached = asked.value(FILE), asked.invocation.attached
    of_run = asked.value("run", 0) is not None or asked.command.pasted is not None
    if named is not None and of_run:
        raise replies.run_and_file()
    if named is not None:
        return (next((file for file in attached if file.ref == named), AttachedFile(ref=named)),)
    if attached and of_run:
        asked.remarks.append(replies.left_unread(len(attached)))
        return ()
    return attached


async def report_in(file: AttachedFile, asked: Asked, services: Services) -> ReportTarget:
    """Read a file. Raises `UserError` where it cannot be read, or is no report."""
    if asked.open_file is None:
        raise replies.no_files_here()
    apart = replace(asked, context=Context())  # what the thread is about says nothing of the file
    platform, reader = await platform_with(apart, services, REPORT_FILES)
    if asked.flag(platform.terms.excused):
        raise replies.excused_not_known(platform.terms)
    name = file.name
    async with asked.open_file(file.ref) as opened:
        name = opened.name or name
        if (opened.size or 0) > LARGEST:
            raise replies.too_large(name, LARGEST)
        try:
            report = await reader.read(_bounded(opened.pieces, name))
        except UnexpectedAnswer as error:
            raise replies.unreadable(name, error.problem) from error
    return ReportTarget(platform=platform, ref=file.ref, name=name, report=report)


async def _bounded(pieces: AsyncIterator[bytes], name: str) -> AsyncIterator[bytes]:
    """Yield the pieces of a file until they are more than is read, whatever its size was said to be."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > LARGEST:
            raise replies.too_large(name, LARGEST)
        yield piece
