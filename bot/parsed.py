"""What a text says once it is read: a command, and what was pasted into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import UserError
from bot.model import NOTHING, Moment, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What a pasted text names. `rest`: the words left when the pasted part is taken out.

    `session_id` is valid for a debugging session only; for logs it has to be mapped to a run.
    """

    run_id: str | None = None
    session_id: str | None = None
    report_url: Secret | None = None
    moment: Moment | None = None
    rest: str = ""
    warning: str = ""  # a sentence for the person, "" where nothing is odd
    refusal: UserError | None = None  # why what looks like a moment is none; only where there is no other


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCommand:
    """A command, read. Names without a dot are lower case with `_`; those with one are kept as typed.

    `strays`: the bare words that stand behind a named value, with its name: maybe they were meant to belong to it.
    `typed`: how names were typed that stand here under another one, "test" for "property".
    """

    verb: str = ""  # lower case; "" where the text does not begin with a word
    positional: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    pasted: Pasted | None = None
    strays: tuple[tuple[str, str], ...] = ()
    typed: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @property
    def bare(self) -> str:
        """All positional words as one text, "" where there are none."""
        return " ".join(self.positional)

    def as_typed(self, name: str) -> str:
        """Return the name of a parameter as it was typed."""
        return self.typed.get(name, name)
