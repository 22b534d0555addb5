"""Take secrets out of what people type and paste, before anything of it is kept or shown.

Known values are replaced first, exactly; then whatever has the shape of a credential. All patterns are linear in
the length of the text, and masking a text twice changes nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from bot.model import Secret

MASK: Final = "***"
SHORTEST: Final = 6  # characters; a shorter known value would blank out ordinary words

# The part before the query names the report for good; the query is its signature.
# From one such part to the next, so that none is looked at twice.
_SIGNED = re.compile(r"(/report/(?:(?!/report/)[^\s<>\"'`|?#])++)\?[^\s<>\"'`|#]*")

SIGNATURE: Final = re.compile(r"v[1-4]\.(?:public|local)\.[\w-]+(?:\.[\w-]+)?", re.ASCII)
"""The token of a report link (https://github.com/paseto-standard/paseto-spec), wherever it stands."""

SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # Slack: bot, user, app, config and refresh tokens; incoming webhooks and response URLs.
    (re.compile(r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}"), MASK),
    (re.compile(r"\bxapp-[A-Za-z0-9-]{8,}"), MASK),
    (re.compile(r"(https://hooks\.slack(?:-gov)?\.com/)[^\s\"'<>]+"), rf"\1{MASK}"),
    # Discord: bot tokens; tokens of webhooks and interactions are a part of the path.
    (re.compile(r"\b[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}"), MASK),
    (re.compile(r"(/(?:webhooks|interactions)/\d{5,25}/)[\w-]{20,}"), rf"\1{MASK}"),
    # Signed report links: the token alone opens the report.
    (SIGNATURE, MASK),
    # Anything in a URL's query, or a header, that says itself that it is one.
    (re.compile(r"(?i)([?&;](?:auth|token|sig|signature|key|code|state)=)[^&\s\"'<>]+"), rf"\1{MASK}"),
    (
        re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|bot)\s+)[\w.~+/=-]+"),
        rf"\1{MASK}",
    ),
    # What people paste from a shell: the user of curl, and headers that carry a key.
    (
        re.compile(
            r"((?:^|\s)(?:-[A-Za-z]{0,5}[uU]|--(?:proxy-)?user)[ =]{0,3})"
            r"(?:\"[^\":\n]{0,200}:[^\"\n]*\"?|'[^':\n]{0,200}:[^'\n]*'?|[^\s:'\"]{1,200}:\S+)"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"(?i)(\bx-(?:[a-z]{1,20}-){0,3}(?:key|token|secret)[\"']?\s{0,3}[:=]\s{0,3}[\"']?)[^\s\"',}]+"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,19}://[^\s:/@]{0,200}:)[^\s@/]+(@)"), rf"\1{MASK}\2"),
    (
        re.compile(
            r"(?i)(\bantithesis\.integrations\.[\w.-]{0,80}?(?:token|callback_url)[\"']?\s{0,9}[:=]\s{0,9}[\"']?)"
            r"[^\"',\s}]+"
        ),
        rf"\1{MASK}",
    ),
)

# Only where people type: in running text and in logs these would blank out too much, or are masked more widely.
_TYPED: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(r"(?i)(\b(?:proxy-)?authorization\s{0,9}[:=]\s{0,9})(?:(?:bearer|basic|bot|token)\s{1,9})?[^\s\"',;]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)(\b(?:api|auth|access)[-_]?(?:key|token)[\"']?\s{0,9}[:=]\s{0,9}[\"']?)[^\s\"',;]+"), rf"\1{MASK}"),
    # "the bearer protocol" is prose: a credential has a digit, a sign or capitals.
    (re.compile(r"(\b[Bb]earer\s{1,9})(?=[\w.~+/=-]{0,200}?[0-9A-Z_=+/])[\w.~+/=-]{6,}"), rf"\1{MASK}"),
)  # fmt: skip
_USER = re.compile(
    r"""((?<!\S)(?:-[A-Za-z]{0,8}u|--(?:proxy-)?user)(?:\s{1,3}|=)?)(?:"[^"]*"|'[^']*'|\S)++"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """A text without its secrets. `removed`: something else than the signature of a report link was one."""

    text: str
    removed: bool


def scrub(text: str, secrets: Iterable[str | Secret] = ()) -> Scrubbed:
    """Return a text from outside without the secrets in it; a report link still names its report."""
    unsigned = _SIGNED.sub(r"\1", text)
    clean = masked(unsigned, secrets, (*SHAPES, *_TYPED))
    if "curl" in clean:
        clean = _USER.sub(rf"\1{MASK}", clean)
    return Scrubbed(text=clean, removed=clean != unsigned)


def masked(
    text: str,
    secrets: Iterable[str | Secret] = (),
    shapes: Collection[tuple[re.Pattern[str], str]] = SHAPES,
) -> str:
    """Return a text with known secrets and everything of these shapes masked."""
    for value in _forms(secrets):
        text = text.replace(value, MASK)
    for pattern, mask in shapes:
        text = pattern.sub(mask, text)
    return text


def _forms(secrets: Iterable[str | Secret]) -> list[str]:
    """List the texts under which known secrets may show up, longest first, so that no rest stays."""
    plain = {s.reveal() if isinstance(s, Secret) else s for s in secrets}
    forms = {form for value in plain for form in (value, quote(value, safe=""), quote(value))}
    return sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True)
