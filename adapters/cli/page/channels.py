"""What each channel is notified of, when it is quiet, and why it gets nothing."""

from __future__ import annotations

from adapters.cli.channels import Standing
from adapters.cli.page.known import Known, ListPage, asked_for, begin_of
from adapters.store.by_channel import OfChannel
from adapters.web.page.app import Query, Values
from bot.replies.wording import count

SIZE = 25
MOST = 20  # lines of one kind that are said of a channel


async def read(known: Known, query: Query) -> Values:
    """Return a page of channels. Raises `StoreError`."""
    asked, first = asked_for(query, "channel"), begin_of(query)
    found, total = await known.store.of_channels(
        known.now, naming=asked["channel"], skip=first - 1, limit=SIZE
    )
    page = ListPage(first=first, shown=len(found), size=SIZE, total=total, query=query)
    return {"page": page, "asked": asked, "channels": [_row(each, known) for each in found]}


def _row(of: OfChannel, known: Known) -> dict[str, object]:
    standing = Standing(of, known.parts.settings, known.now)
    lost = known.health.lost().get(of.channel)
    return {
        "channel": of.channel,
        "notified": _bounded([*standing.notified()]),
        "kept_back": _bounded([*standing.kept_back()]),
        "off": _bounded(
            [*dict.fromkeys(filter(None, (*standing.off(), lost if not standing.off() else "")))]
        ),
        "waiting": [*standing.waiting()],
    }


def _bounded(lines: list[str]) -> list[str]:
    more = len(lines) - MOST
    return [*lines[:MOST], f"and {count(more, 'more', 'more')}"] if more > 0 else lines
