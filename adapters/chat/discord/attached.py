"""Files that people attach, out of a message or out of the options of a command; pure.

Attachments: https://docs.discord.com/developers/resources/message#attachment-object
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.chat.discord import ids
from adapters.chat.payload import Payload
from bot.state import AttachedFile

OPTION = "0"  # in the place of a message's id
NAME = 255  # characters


def of_message(message: Payload) -> tuple[AttachedFile, ...]:
    """Return the files of a message."""
    return _files(message.listed("attachments"), message.text("channel_id"), message.text("id"))


def of_options(interaction: Payload) -> tuple[tuple[AttachedFile, ...], dict[str, str]]:
    """Return the files that came as options, and by `ref` the address of each."""
    found = interaction.inner("data", "resolved", "attachments").values()
    given = [file for file in found if isinstance(file, dict)]
    channel = interaction.text("channel_id") or interaction.text("channel", "id")
    files = _files(given, channel, OPTION)
    return files, {ref: str(file.get("url") or "") for file in given for ref in [_ref(channel, OPTION, file)]}


def parts(ref: str) -> tuple[str, str, str] | None:
    """Return the ids of the channel, of the message or `OPTION`, and of the file; None for what is no such name."""
    match ref.split("-"):
        case [channel, message, file] if ids.is_snowflake(channel) and ids.is_snowflake(file):
            return (channel, message, file) if message == OPTION or ids.is_snowflake(message) else None
    return None


def _files(found: list[dict[str, object]], channel: str, message: str) -> tuple[AttachedFile, ...]:
    return tuple(
        AttachedFile(ref=_ref(channel, message, file), name=name_of(Payload(file)), size=_size(Payload(file)))
        for file in found
        if ids.is_snowflake(file.get("id"))
    )


def _ref(channel: str, message: str, file: Mapping[str, object]) -> str:
    return f"{channel}-{message}-{file.get('id')}"


def name_of(file: Payload) -> str:
    """Return what people call it: Discord puts other characters into the name of the file itself."""
    return (file.text("title") or file.text("filename"))[:NAME]


def _size(file: Payload) -> int | None:
    size = file.number("size")
    return size if size >= 0 else None
