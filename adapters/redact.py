"""One redactor for everything that is logged, stored as an error or counted: secrets become `***`.

Its shapes are those that the core takes out of what people type, and some more: a log loses nothing by a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

from bot.model import Secret
from bot.redact import MASK, SHAPES, masked

__all__ = ["MASK", "redact", "redactor"]

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    *SHAPES,
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"), rf"\1{MASK}"),
    # Without the header's name "basic functionality" is prose: a credential has a digit, "=" or mixed case.
    (
        re.compile(r"\b((?i:basic|bot)\s+)(?=[\w.~+/=-]{8})(?=\S*(?:[0-9=]|[a-z][A-Z]))[\w.~+/=-]+"),
        rf"\1{MASK}",
    ),
    # People's addresses among the parameters of a run.
    (
        re.compile(r"(?i)((?<=\.)recipients[\"']?\s{0,9}[:=]\s{0,9})(?:\"[^\"]*\"|'[^']*'|[^,}\n]+)"),
        rf"\1{MASK}",
    ),
)


def redact(text: str, secrets: Iterable[str | Secret] = ()) -> str:
    """Return the text with known secrets and everything shaped like one masked."""
    return masked(text, secrets, _PATTERNS)


EventDict = MutableMapping[str, Any]
Processor = Callable[[Any, str, EventDict], EventDict]


def redactor(secrets: Iterable[str | Secret] = ()) -> Processor:
    """Return a structlog processor that redacts every text of an event; put it last before the renderer.

    Exceptions have to be rendered into text before it (`structlog.processors.format_exc_info`).
    """
    known = tuple(secrets)

    def process(_logger: Any, _method: str, event: EventDict) -> EventDict:
        for key in event:
            event[key] = _field(key, event[key], known, depth=6)
        return event

    return process


def _scrub(value: Any, secrets: tuple[str | Secret, ...], *, depth: int) -> Any:
    """Redact texts inside a value; what is neither plain data nor text is redacted as it prints."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact(value, secrets)
    if depth and isinstance(value, Mapping):
        return {
            redact(str(key), secrets): _field(str(key), item, secrets, depth=depth - 1)
            for key, item in value.items()
        }
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_scrub(item, secrets, depth=depth - 1) for item in value]
    return redact(str(value), secrets)


_SECRET_NAMES = re.compile(
    r"(?i)(?:token|callback_url|password|secret|api_?key|authorization|cookie|recipients)$"
)


def _field(name: str, value: Any, secrets: tuple[str | Secret, ...], *, depth: int) -> Any:
    """Mask a field whose name says that it is secret; its value need not look like it."""
    return MASK if _SECRET_NAMES.search(name) else _scrub(value, secrets, depth=depth)
