"""The text on the table: each form takes out what it has read, the words that are left stay in order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from bot.moments.normalise import NamesNothing, quoted_values

_REACH = 120  # characters before a find in which its wrapping is looked for
ASSIGNED = r"(?:(?<![\w$])(?:(?:const|let|var)\s{1,3}+)?[A-Za-z_$][\w$]{0,40}+\s{0,3}+=\s{0,3}+)?"  # before pasted code
_CALL = re.compile(rf"{ASSIGNED}Moment\.from\(\s{{0,9}}$")
_CALL_END = re.compile(r"\s{0,9}\)\s{0,3};?")
_QUOTE = re.compile(r"(?:[\"'`]|``)$")
_NAME = re.compile(r"[\"']?(?:(?:failure|end|last|replay)_)?moment[\"']?\s{0,3}[=:]\s{0,3}$")


class RemainingText:
    """A tidied text of which parts get taken out; `open` is as long as `text`, with those parts blanked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._open = text
        self._blanked: list[tuple[int, int]] = []  # not in `_open` yet
        self._taken: list[tuple[int, int]] = []

    @property
    def open(self) -> str:
        """The text with all that is out blanked, written anew once for all that went out since it was asked for.

        A form may take thousands of parts: a copy of the text for each would be quadratic.
        """
        pieces, at = [], 0
        for start, end in sorted(self._blanked):
            pieces += [self._open[at:start], "\0" * (end - max(at, start))]
            at = max(at, end)
        if at:
            self._open, self._blanked = "".join([*pieces, self._open[at:]]), []
        return self._open

    def take(self, start: int, end: int) -> None:
        """Take out a span."""
        self._blanked.append((start, end))
        self._taken.append((start, end))

    def take_all(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take out several spans; what is out already stays out."""
        for start, end in spans:
            self.take(start, end)

    def take_wrapped(self, start: int, end: int) -> None:
        """Take out a span with the call, the quotes and the name that it stands in."""
        if call := _CALL.search(self.text, max(0, start - _REACH), start):
            start, closing = call.start(), _CALL_END.match(self.text, end)
            end = closing.end() if closing else end
        quote = _QUOTE.search(self.text, max(0, start - _REACH), start)
        if quote and self.text.startswith(quote.group(), end):
            start, end = quote.start(), end + len(quote.group())
        name = _NAME.search(self.text, max(0, start - _REACH), start)
        self.take(name.start() if name else start, end)

    def shield(self, names_nothing: NamesNothing) -> None:
        """Hide the quoted values of names from all forms: they are somebody's text."""
        self._blanked += [value.span() for value in quoted_values(self.open, names_nothing)]

    def before_taken(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Yield spans of the text, each up to the first part that begins in it and is out already."""
        begins = sorted(at for at, _ in self._taken)
        for start, end in spans:
            yield start, min([end, *begins[(place := bisect_left(begins, start)) : place + 1]])

    def rest(self) -> str:
        """Return the words that nothing was read from; commas behind a part taken out go with it."""
        pieces, at = [], 0
        for start, end in sorted(self._taken):
            pieces.append(self.text[at:start])
            at = max(at, end)
        pieces.append(self.text[at:])
        words = [pieces[0].strip(), *(piece.lstrip(" \n,;").rstrip() for piece in pieces[1:])]
        return " ".join(word for word in words if word)
