"""The sample of the README is what is printed: its words and buttons, whatever its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from adapters.chat.content import encode
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.render import render
from bot.model import Results, Run
from bot.ports import Post
from bot.state import Subscription
from bot.watch.finish import Render
from tests.fakes.runs import a_property, some_results
from tests.fakes.watching import Watching
from tests.unit.terminal.cards import a_chat, a_screen
from tests.unit.test_readme import README

NAMES = {
    "launcher": "Search Canary",
    "description": "search-canary on main",
    "test_name": "search-canary",
    "creator": "canary",
    "requested_minutes": 15.0,
}


class Announcing(Watching):
    """What is recorded is what the terminal prints."""

    @property
    def renderers(self) -> Mapping[str, Render]:
        return {"terminal": lambda card: encode(render(card))}


async def announced() -> str:
    """Return what the terminal prints of a run in which one property fails anew that failed before, once."""
    it = Announcing()
    await it.begin(Subscription(channel=CHANNEL))
    for number in range(1, 9):
        run = it.starts(number, **NAMES)
        it.service.set_report(run, f"https://demo.antithesis.com/report/{number}.html?auth=x")
        it.service.finish(run, results(run, failing=number in {4, 8}))
        await it.tick(3_000)
        await it.tick()
    screen, stream = a_screen()
    last = it.told[-1]
    await a_chat(screen).post(Post(channel=CHANNEL, payload=last.payload, key=last.key))
    return stream.getvalue()


def results(run: Run, *, failing: bool) -> Results:
    """Return 28 properties, one of which fails now and then, and rarely."""
    known = some_results(run, passing=tuple(f"property {number}" for number in range(27)))
    rare = a_property(
        "A deleted document is never found", failing=failing, example_count=8_500_000,
        counterexample_count=246 if failing else 0,
    )  # fmt: skip
    return replace(known, checks=(rare, *known.checks))


def said(text: str) -> list[str]:
    """Return the words of a message without its numbers, ids and places in the code, wherever its lines are broken."""
    return re.sub(r"[0-9a-f]{8}\b|[\w/]+\.\w+:\d+|\d+( h \d+| [A-Z][a-z]{2}\b)?", "N", text).split()


async def test_readme__sample_is_what_is_printed() -> None:
    """A newcomer sees in the terminal what the README shows."""
    sample = README.split("```text")[1].split("```")[0]

    printed = await announced()

    assert said(printed) == said(sample)
