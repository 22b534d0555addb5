"""Events that hold the name of a property, as the platform's search gives them: an unordered sample with moments."""

from __future__ import annotations

from adapters.platforms.antithesis.events import line_of, mapping, read_event, verdict, word
from adapters.platforms.antithesis.intake import lines_of, vtime_of
from adapters.platforms.antithesis.ndjson import stub_size
from adapters.platforms.antithesis.properties import NAME, moment_in
from adapters.platforms.antithesis.shorten import shortened
from adapters.platforms.http.text import shown
from bot.model import Instance, Instances


class Found:
    """Takes the events of a search as blocks of whole lines. `most`: how many are kept, of more only that there are."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._found: list[Instance] = []
        self._more = False

    def take(self, block: bytes) -> None:
        """Take the next block."""
        for raw in lines_of(block):
            if stub_size(raw) is not None:
                continue
            self._more = len(self._found) == self._most
            if self._more:
                return
            self._found.append(_instance(raw, self._name))

    async def turn(self) -> None:
        """Wait for nothing: all of it is in memory."""

    def instances(self, cut: str | None) -> Instances:
        """Return what was found; `cut`: why the answer is not whole."""
        return Instances(found=tuple(self._found), more=self._more, cut=cut)


def _instance(raw: bytes, name: str) -> Instance:
    short = shortened(raw)
    line = line_of(short, vtime_of(short) or None, size=len(raw) if short is not raw else None)
    return Instance(line=line, moment=moment_in(short), holds=_holds(short, name))


def _holds(event: bytes, name: str) -> bool | None:
    """Whether an assertion of that name held or failed; None where its event is neither, or is another one's.

    One that holds sometimes does not fail by an event in which it did not, so that is neither.
    """
    body = mapping(read_event(event).get("antithesis_assert"))
    if body.get("hit") is not True or "condition" not in body:
        return None
    if shown(word(body.get("message")) or word(body.get("id")), NAME) != name:
        return None
    if verdict(body, word(body.get("display_type")) or word(body.get("assert_type"))) == "FAIL":
        return False
    return True if body["condition"] else None
