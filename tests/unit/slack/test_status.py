"""What a status says: Slack puts the app's name before it."""

from __future__ import annotations

import pytest

from adapters.chat.slack.status import LENGTH, said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "is working on it…"),
        ("12 MB read", "is working on it: 12 MB read"),
        ("two\nlines\x1b[31m", "is working on it: two lines"),
        ("<!channel> <@U1>", "is working on it: (!channel) (@U1)"),
        ("?auth=v2.public.CANARY", "is working on it: ?auth=***"),
    ],
)
def test_said__is_inert(text: str, shown: str) -> None:
    """On one line, with nothing in it that pings, links or opens a report."""
    assert shown == said(text)


def test_said__is_bounded() -> None:
    """However much is told."""
    assert len(said("x" * 5_000)) == LENGTH
