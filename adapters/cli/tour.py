"""The tour: Clew shown without a keyboard, every line typed as a person would, every step waited for.

A step that does not happen ends the tour with what was missing; nothing here pretends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.chat.content import Control, RowKind
from adapters.chat.terminal.receive import Receiver
from adapters.chat.terminal.sender import Sender
from adapters.chat.terminal.transcript import Message

LAUNCHER = "basic_test"
SUITE = "Regression Suite"  # the job of a build that fails while the tour plays
PATIENCE = 90.0  # seconds that any one step may take
DONE, NOT_DONE = 0, 2

Test = Callable[[Message], bool]


class Missing(Exception):
    """A step did not happen; `str()` says which."""


class Tour:
    """Plays on a terminal that has nothing on it yet."""

    def __init__(self, receiver: Receiver, sender: Sender, *, patience: float = PATIENCE) -> None:
        self._receiver = receiver
        self._chat = sender
        self._patience = patience
        self._mine: set[str] = set()

    async def play(self) -> int:
        """Play every step; return 0 only if all of them happened."""
        self._say("This is a tour of Clew: two simulated platforms, and the code that runs in production.")
        try:
            await self._steps()
        except Missing as missing:
            self._say(f"The tour ends here: {missing}")
            return NOT_DONE
        self._say(
            "That was the tour. `make demo` (or `clew demo`) in a terminal lets you talk to it yourself."
        )
        return DONE

    async def _steps(self) -> None:
        self._say("See recent runs.")
        await self._shown("status", RowKind.ITEM, "status listed no runs")
        run = await self._launch()
        announced = await self._announced(run)
        root = announced.root
        self._say("In the thread of a run, every verb works without arguments.")
        await self._shown(f"#{root} failing", RowKind.ITEM, "no failing property was listed")
        await self._logs(root)
        await self._debug(root)
        await self._build()

    async def _launch(self) -> str:
        """Launch with a confirmation and follow the live card to its verdict; return the run's short id."""
        self._say("Start a run. Clew shows exactly what it would send, and asks first.")
        asked = await self._type(f'launch {LAUNCHER} duration=10 description="from the tour"')
        await self._press(asked, "Launch")
        self._say("The message follows the run until its verdict.")
        await self._until(
            "the live card never showed progress",
            lambda m: m.posted.id == asked.posted.id and bool((row := m.content.progress) and row.fraction),
        )
        ended = await self._until(
            "the launched run never came to its end",
            lambda m: m.posted.id == asked.posted.id and f"{LAUNCHER} FAILED" in m.content.whole,
        )
        return ended.content.whole.split()[-1]  # it ends in the id

    async def _announced(self, words: str) -> Message:
        """Wait for the announcement that has these words, which comes from the watcher through the outbox."""
        return await self._until(
            f"“{words}” was never announced",
            lambda m: m.posted.id not in self._mine and words in m.content.whole,
        )

    async def _logs(self, root: str) -> None:
        self._say("See what happened just before the failure.")
        shown = await self._shown(f"#{root} logs", RowKind.CODE, "no log line was shown")
        files = [row.segments[-1].text for row in shown.content.rows if len(row.segments) > 1]
        _require(any(map(_saved, files)), "the whole window was not saved as a file")

    async def _debug(self, root: str) -> None:
        self._say("Open a debugging session at that moment.")
        asked = await self._type(f"#{root} debug")
        await self._press(asked, "session")
        await self._until(
            "the debugging session never came up",
            lambda m: m.root == asked.root and "ready" in m.content.heading.lower(),
        )

    async def _build(self) -> None:
        """Look into a build that ended on the other platform: its tests, the log of one, and what its model says."""
        self._say("A Testhide server is connected to this channel too. A build of it has ended.")
        ended = await self._announced(f"{SUITE} on main FAILED")
        self._say("The same verbs work in its thread, in Testhide's own words.")
        await self._shown(f"#{ended.root} failing", RowKind.ITEM, "no failing test was listed")
        await self._shown(f"#{ended.root} logs test=1", RowKind.CODE, "no line of the build's log was shown")
        diagnosis = await self._type(f"#{ended.root} debug")
        _require(SUITE in diagnosis.content.heading, "the build was not diagnosed")

    # What a person does ---------------------------------------------------------------------------

    async def _type(self, line: str) -> Message:
        """Type a line and return the message that answers it."""
        self._chat.screen.typed(f"clew> {line}")
        with self._added() as added:
            await self._receiver.line(line)
        _require(bool(added), f"“{line}” was not answered")
        return added[-1]

    async def _shown(self, line: str, kind: RowKind, missing: str) -> Message:
        """Type a line and return its answer, which must have a row of that kind."""
        shown = await self._type(line)
        _require(any(row.kind is kind for row in shown.content.rows), missing)
        return shown

    async def _press(self, message: Message, label: str) -> None:
        """Press the button whose label has this word."""
        number = self._number(message, lambda control: label.lower() in control.label.lower())
        self._chat.screen.typed(f"clew> {number}")
        with self._added():
            await self._receiver.line(str(number))

    def _number(self, message: Message, test: Callable[[Control], bool]) -> int:
        numbers = self._chat.transcript.numbers(message)
        found = (n for n, control in zip(numbers, message.content.controls, strict=True) if test(control))
        number = next(found, None)
        if number is None:
            raise Missing(f"“{message.content.heading}” has no such button")
        return number

    async def _until(self, missing: str, test: Test) -> Message:
        """Wait for a message that passes a test."""
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    changed = self._chat.changed
                    found = next(filter(test, self._chat.transcript.messages), None)
                    if found is not None:
                        return found
                    await changed.wait()
        except TimeoutError:
            raise Missing(missing) from None

    @contextmanager
    def _added(self) -> Iterator[list[Message]]:
        """Note the messages that answer what is done meanwhile, apart from announcements."""
        before = {m.posted.id for m in self._chat.transcript.messages}
        added: list[Message] = []
        yield added
        added += (m for m in self._chat.transcript.messages if m.posted.id not in before and not m.announced)
        self._mine |= {m.posted.id for m in added}

    def _say(self, text: str) -> None:
        self._chat.screen.line(f"-- {text}")


def _saved(name: str) -> bool:
    return Path(name).is_file()


def _require(happened: bool, missing: str) -> None:
    if not happened:
        raise Missing(missing)
