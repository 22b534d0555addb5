"""A time is told in words, and kept current where a chat can do that."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.chat.discord import markup as discord
from adapters.chat.layout import flat
from adapters.chat.slack import markup as slack
from bot.cards import When, plain

LINE = ("Ended ", When(datetime(2026, 5, 14, 3, 0, tzinfo=UTC), "22 s ago"), ".")


def test_when__discord_keeps_it_current() -> None:
    """Discord shows how long ago it was at the time of reading; cut and spoken texts hold the words."""
    assert discord.marked(LINE) == r"Ended <t:1778727600:R>."
    assert flat(LINE) == "Ended 22 s ago."


def test_when__elsewhere_it_is_words() -> None:
    """Other chats show what was true when it was said."""
    section = slack.section(LINE)

    assert section is not None
    assert [part["text"] for part in section["elements"]] == ["Ended ", "22 s ago", "."]
    assert plain(LINE) == "Ended 22 s ago."
