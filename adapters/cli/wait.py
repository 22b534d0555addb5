"""`clew wait`: wait until a run has ended, and leave with its verdict, for scripts and CI."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from adapters.chat.terminal.events import invocation
from adapters.cli.answer_json import answer_json
from adapters.cli.ask import FAILURE, print_json
from adapters.cli.finishing import reader_may_leave
from adapters.cli.parts import Parts
from adapters.cli.verdicts import NOT_ENDED, code_of
from bot.analysis import RunAnalysis
from bot.cards import Reply, plain
from bot.cleaning import one_line
from bot.model import Availability

TRIES = 5  # looks in a row that may fail: a platform that restarts is no end of a run
RESULTS_WITHIN = 900.0  # seconds after a run's end in which its platform may still be writing the results


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, None for ever, and how long between two looks; in seconds."""

    timeout: float | None
    every: float


async def wait(parts: Parts, run: Sequence[str], patience: Patience, *, as_json: bool) -> int:
    """Look until the run has ended, with a line on standard error; answer, and return the exit code. Raises `StoreError`.

    What is named is looked up once: “latest” stays the run that it was.
    """
    progress = _Progress()
    try:
        reply, code = await _until_ended(parts, tuple(run), patience, progress)
    finally:
        progress.end()
    return _answer(reply, FAILURE if code is None else code, as_json=as_json)


async def _until_ended(
    parts: Parts, words: tuple[str, ...], patience: Patience, progress: _Progress
) -> tuple[Reply, int | None]:
    """Return the last look, and its exit code; None where nobody knows how the run stands."""
    now = parts.clock.monotonic
    began, ended, failures, pinned = now(), None, 0, False
    while True:
        reply = await _look(parts, words)
        found = reply.data
        failures = failures + 1 if reply.fault else 0
        code = code_of(reply)
        if isinstance(found, RunAnalysis):
            words, pinned = (f"run={found.run.ref.text}",), True
            if code != NOT_ENDED and _unwritten(found):
                ended = now() if ended is None else ended
                code = NOT_ENDED if now() - ended < RESULTS_WITHIN else code
        left = None if patience.timeout is None else patience.timeout - (now() - began)
        goes_on = code == NOT_ENDED or (code is None and pinned and failures < TRIES)
        if not goes_on or (left is not None and left <= 0):
            return reply, code
        progress.show(_line(reply))
        await parts.clock.sleep(patience.every if left is None else min(patience.every, left))


async def _look(parts: Parts, words: Sequence[str]) -> Reply:
    asked = invocation("status", thread=None, key=uuid4().hex, at=parts.clock.now(), arguments=tuple(words))
    return await parts.handler.handle(asked, _silent)


async def _silent(_: str) -> None:
    """Report nothing: a line says how the run stands."""


def _unwritten(found: RunAnalysis) -> bool:
    """Whether the platform is still writing the results of a run that ended."""
    return found.results is not None and found.results.availability is Availability.NOT_YET


def _line(reply: Reply) -> str:
    card = reply.card
    return one_line(f"{plain(card.title)}: {card.progress.text}" if card.progress else plain(card.text))


def _answer(reply: Reply, code: int, *, as_json: bool) -> int:
    """Print the last look as the answer."""
    if as_json:
        print_json(answer_json(reply, verb="wait", exit_code=code, thread=None, hints=(), show_link=False))
        return code
    with reader_may_leave():
        print(one_line(plain(reply.card.text)), file=sys.stderr if reply.failed else sys.stdout)
    return code


class _Progress:
    """One line on standard error: on a terminal always the same one, elsewhere a new one where it changed."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, line: str) -> None:
        """Show how it stands."""
        if line == self._shown:
            return
        with reader_may_leave():
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{line.ljust(len(self._shown))}")
            else:
                sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
        self._shown = line

    def end(self) -> None:
        """Leave the line."""
        if self._shown and sys.stderr.isatty():
            sys.stderr.write("\n")
