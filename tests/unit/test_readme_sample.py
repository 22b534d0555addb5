"""The sample of the README is what is printed: its lines and buttons, whatever the run's name and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from adapters.chat.terminal.content import encode
from adapters.chat.terminal.events import CHANNEL
from adapters.chat.terminal.render import render
from bot.ports import Post
from bot.state import Subscription
from bot.watch.finish import Render
from tests.fakes.runs import some_results
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
    """Return what the terminal prints of a run in which one property fails anew."""
    it = Announcing()
    await it.begin(Subscription(channel=CHANNEL))
    for number, failing in ((1, ()), (2, ("A deleted document is never found",))):
        run = it.starts(number, **NAMES)
        it.service.set_report(run, f"https://demo.antithesis.com/report/{number}.html?auth=x")
        it.service.finish(run, some_results(run, failing=failing, passing=("x", "y")))
        await it.tick(3_000)
        await it.tick()
    screen, stream = a_screen()
    last = it.told[-1]
    await a_chat(screen).post(Post(channel=CHANNEL, payload=last.payload, key=last.key))
    return stream.getvalue()


def shape(text: str) -> Iterator[str]:
    """Yield what each line is: the title without the run's name, a label, a mark, or the buttons."""
    for line in text.strip().splitlines():
        words = line.strip()
        if words.startswith("#"):
            yield re.sub(r"#\d+ (. \w+): .* [0-9a-f]{8}\b", r"\1: RUN", words)
        elif words.startswith("["):
            yield " ".join(re.findall(r"\[\d+\] (\w+(?: \w+)*)", words))
        elif re.match(r"fails in \d|\d+ counterexamples", words):
            yield "how often it fails"
        else:
            yield re.split(r" {2,}", words, maxsplit=1)[0]


async def test_readme__sample_is_what_is_printed() -> None:
    """A newcomer sees in the terminal what the README shows."""
    sample = README.split("```text")[1].split("```")[0]

    printed = await announced()

    assert list(shape(printed)) == list(shape(sample))
