"""One redactor for everything that is logged, stored as an error or counted: secrets become `***`.

Known secret values are replaced first, exactly; then whatever has the shape of one. All patterns are linear
in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

from bot.model import Secret

MASK = "***"
_SHORTEST = 6  # a shorter known value would blank out ordinary words

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Slack: bot, user, app, config and refresh tokens; incoming webhooks and response URLs.
    (re.compile(r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}"), MASK),
    (re.compile(r"\bxapp-[A-Za-z0-9-]{8,}"), MASK),
    (re.compile(r"(https://hooks\.slack(?:-gov)?\.com/)[^\s\"'<>]+"), rf"\1{MASK}"),
    # Discord: bot tokens; tokens of webhooks and interactions are a part of the path.
    (re.compile(r"\b[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}"), MASK),
    (re.compile(r"(/(?:webhooks|interactions)/\d{5,25}/)[\w-]{20,}"), rf"\1{MASK}"),
    # Signed report links: the token alone opens the report.
    (re.compile(r"\bv[1-4]\.(?:public|local)\.[\w-]+(?:\.[\w-]+)?"), MASK),
    # Anything in a URL's query, or a header, that says itself that it is one.
    (re.compile(r"(?i)([?&;](?:auth|token|sig|signature|key|code|state)=)[^&\s\"'<>]+"), rf"\1{MASK}"),
    (
        re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|bot)\s+)[\w.~+/=-]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"), rf"\1{MASK}"),
    # Without the header's name "basic functionality" is prose: a credential has a digit, "=" or mixed case.
    (
        re.compile(r"\b((?i:basic|bot)\s+)(?=[\w.~+/=-]{8})(?=\S*(?:[0-9=]|[a-z][A-Z]))[\w.~+/=-]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,19}://[^\s:/@]{0,200}:)[^\s@/]+(@)"), rf"\1{MASK}\2"),
    # Parameters of a run that carry tokens, chat webhooks and people's addresses.
    (
        re.compile(
            r"(?i)(\bantithesis\.integrations\.[\w.-]{0,80}?(?:token|callback_url)[\"']?\s{0,9}[:=]\s{0,9}[\"']?)"
            r"[^\"',\s}]+"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"(?i)(\bantithesis\.report\.recipients[\"']?\s{0,9}[:=]\s{0,9})(?:\"[^\"]*\"|'[^']*'|[^,}\n]+)"
        ),
        rf"\1{MASK}",
    ),
)


def redact(text: str, secrets: Iterable[str | Secret] = ()) -> str:
    """Return the text with known secrets and everything shaped like one masked."""
    for value in _forms(secrets):
        text = text.replace(value, MASK)
    for pattern, masked in _PATTERNS:
        text = pattern.sub(masked, text)
    return text


def _forms(secrets: Iterable[str | Secret]) -> list[str]:
    """List the texts under which known secrets may show up, longest first, so that no rest stays."""
    plain = {s.reveal() if isinstance(s, Secret) else s for s in secrets}
    forms = {form for value in plain for form in (value, quote(value, safe=""), quote(value))}
    return sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)


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
