"""Charts as pictures: a message stands there at once with bars of text, and the picture takes their place later.

So no answer waits for a picture or is lost with it: uploading takes three calls, needs a permission that may be
missing, and Slack refuses a file in a message until it has looked at it, which it does in its own time.
https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from adapters.chat import chart
from adapters.chat.slack import charts
from adapters.chat.slack.files import Files
from adapters.chat.slack.markup import Json
from bot.ports import Delivered, PostOutcome, Undeliverable

log = logging.getLogger(__name__)

NAME = "chart.png"
TRIES = 4  # edits, as far apart as edits of one message are

Edit = Callable[[list[Json]], Awaitable[PostOutcome | None]]


async def show(picture: Json, blocks: list[Json], *, files: Files, edit: Edit) -> None:
    """Draw and upload a picture and put it into its message; `edit` gives None where that was changed since."""
    content = await asyncio.to_thread(chart.png, picture["values"])
    file = await files.keep(NAME, picture["block"]["title"]["text"], content)
    if not file:
        return
    shown = charts.with_picture(blocks, picture, file)
    outcome = await edit(shown)
    for _ in range(TRIES - 1):
        if not _too_early(outcome):
            break
        outcome = await edit(shown)
    if not isinstance(outcome, Delivered | None):
        log.warning("a picture was not shown, its numbers stand as text: %s", outcome.reason)


def _too_early(outcome: PostOutcome | None) -> bool:
    """Whether Slack may take it later: a file that it has not looked at yet is refused like a wrong block."""
    return isinstance(outcome, Undeliverable) and not outcome.channel_lost
