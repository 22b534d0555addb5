"""The app's home: the cards that the core makes of what it knows, as one view."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.layout import flat
from adapters.chat.slack import buttons, markup, outcomes
from adapters.chat.slack.markup import Json, plain, section
from bot.cards import Card, Line
from bot.home import Channels
from bot.replies import home as sentences
from bot.replies import layout

log = logging.getLogger(__name__)

CHANNEL_PAGES = 5
BLOCKS = 100
PARAGRAPH = 1500  # characters of one line


def view(cards: Iterable[Card]) -> Json:
    """Draw the home: a header for each card, then its paragraphs, its buttons and its entries with theirs."""
    numbers = itertools.count(1)
    blocks = [block for card in cards for block in _blocks(card, numbers)]
    if len(blocks) > BLOCKS:
        blocks[BLOCKS - 1 :] = _line((sentences.NO_ROOM,))
    return {"type": "home", "blocks": blocks}


async def channels(client: AsyncWebClient, user: str) -> Channels:
    """Return the channels that somebody is in."""
    found: dict[str, str] = {}
    cursor: str | None = None
    for _ in range(CHANNEL_PAGES):
        try:
            page = await client.users_conversations(
                user=user,
                types="public_channel,private_channel",
                limit=200,
                exclude_archived=True,
                cursor=cursor,
            )
        except Exception as error:  # noqa: BLE001 - the home is shown without this part
            log.warning("Slack did not list channels: %s", outcomes.named(error))
            return Channels(names=found, whole=False)
        found |= {str(c["id"]): str(c.get("name") or "") for c in page.get("channels") or ()}
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return Channels(names=found, whole=cursor is None)


def _blocks(card: Card, numbers: Iterator[int]) -> Iterator[Json]:
    yield {"type": "header", "text": plain(flat(card.title), 150)}
    yield from filter(None, (markup.rich(*(section(line, limit=PARAGRAPH) for line in card.body)),))
    yield from buttons.row(card.buttons, numbers)
    for item in card.items:
        title = section(item.title, bold=item.mark, limit=PARAGRAPH)
        block = markup.rich(title, *(section(line, limit=PARAGRAPH) for line in item.lines))
        yield from filter(None, (block,))
        yield from buttons.row(item.buttons, numbers)
    if card.items_left_out:
        yield from _line((layout.not_shown(card.items_left_out),))


def _line(line: Line) -> Iterator[Json]:
    block = markup.rich(section(line))
    if block is not None:
        yield block
