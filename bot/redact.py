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
_SIGNED = re.compile(r"(/report/(?>(?:(?!/report/)[^\s<>\"'`|?#])+))\?[^\s<>\"'`|#]*")

SIGNATURE: Final = re.compile(r"v[1-4]\.(?:public|local)\.[\w-]+(?:\.[\w-]+)?", re.ASCII)
"""The token of a report link (https://github.com/paseto-standard/paseto-spec), wherever it stands."""

# Where a key may begin: not inside a word, but behind what a percent sign or a backslash wrote (%3D, \n).
_EDGE = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"

SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # Tokens of chats, which say by their beginning what they are; addresses that whoever has them can post to.
    (re.compile(rf"{_EDGE}xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{{8,}}"), MASK),
    (re.compile(rf"{_EDGE}xapp-[A-Za-z0-9-]{{8,}}"), MASK),
    (re.compile(r"(?i)(https://hooks\.[a-z0-9.-]{1,100}/)[^\s\"'<>]+"), rf"\1{MASK}"),
    # Bot tokens of three parts; tokens of webhooks and interactions, which are a part of the path.
    (re.compile(r"\b[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}"), MASK),
    (re.compile(r"(/(?:webhooks|interactions)/\d{5,25}/)[\w-]{20,}"), rf"\1{MASK}"),
    # Keys of other services, which say by their beginning what they are.
    (
        re.compile(
            rf"{_EDGE}(?:gh[oprsu]_[A-Za-z0-9]{{20,}}|github_pat_\w{{20,}}|glpat-[\w-]{{16,}}|(?:AKIA|ASIA)[0-9A-Z]{{16}}\b"
            r"|sk-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|AIza[\w-]{30,})"
        ),
        MASK,
    ),
    # Test platforms: API tokens, webhook secrets, tokens of agents, keys.
    (re.compile(rf"{_EDGE}(?:th_(?:live|test)|wh_sec|agt|ath)_[\w-]{{6,}}", re.ASCII), MASK),
    # Tokens of three or five parts (JWS, JWE), wherever in a word they begin; each word is gone through once.
    (
        re.compile(
            r"(?<![\w-])((?>(?:(?!eyJ[\w-]{8})[\w-])*))eyJ[\w-]++\.(?:eyJ[\w-]{8,}+(?:\.[\w-]*+)?|[\w-]*+(?:\.[\w-]{8,}+){3})",
            re.ASCII,
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?>(?:[^-]|-(?!----))*)(?:-----END[A-Z ]{0,40}+-----)?"
        ),
        MASK,
    ),
    # Signed report links: the token alone opens the report.
    (SIGNATURE, MASK),
    # Anything in a URL's query, or a header, that says itself that it is one.
    (re.compile(r"(?i)([?&;](?:auth|token|sig|signature|key|code|state)=)[^&\s\"'<>]+"), rf"\1{MASK}"),
    (
        re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|bot|token)\s+)[\w.~+/=-]+"),
        rf"\1{MASK}",
    ),
    # A key without a scheme. "authorization: required" is prose: a credential has a digit, a sign or mixed case.
    (
        re.compile(
            r"((?i:\bauthorization)[\"']?\s{0,9}[:=]\s{0,9}[\"']?)"
            r"(?=[\w.~+/=-]{8})(?=[\w.~+/=-]{0,200}?(?:[0-9_=+/]|[a-z][A-Z]))[\w.~+/=-]+"
        ),
        rf"\1{MASK}",
    ),
    # Signed requests and links of object stores.
    (re.compile(r"(?i)(\bx-[a-z]{2,5}-(?:signature|credential|security-token)=)[^&\s\"'<>,]+"), rf"\1{MASK}"),
    (
        re.compile(r"(\b(?:Signature|Credential|AWSAccessKeyId|GoogleAccessId)=)[^&\s\"'<>,]{12,}"),
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
    (re.compile(r"(?i)((?:password|passwd|passphrase)=[\"']?)[^\s\"'&,;]+"), rf"\1{MASK}"),
    # A field of JSON, or of a printed dictionary, whose name says it; also of JSON inside a JSON text.
    (
        re.compile(
            r"((?P<quote>\\{0,7}[\"'])(?=[\w.-]{4,80}(?P=quote))[\w.-]{0,60}?"
            r"(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)"
            r"(?P=quote)\s{0,9}:\s{0,9}(?P=quote))(?>(?:[^\\\"']++|(?!(?P=quote))(?:\\++[\"']?|[\"']))+)"
        ),
        rf"\1{MASK}",
    ),
    # A parameter of a run whose dotted name ends in one.
    (
        re.compile(
            r"(?i)((?<=\.)[\w-]{0,40}?(?:token|callback_url)[\"']?\s{0,9}[:=]\s{0,9}[\"']?)"
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
_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", re.ASCII)  # of a name in any of the usual spellings
_SECRET = frozenset({"token", "secret", "secrets", "password", "passwords", "passwd", "pwd", "passphrase",
                     "credential", "credentials", "webhook", "auth", "bearer", "cookie", "cookies", "pat", "jwt"})  # fmt: skip
_SECRET_ENDS = ("token", "secret", "password", "passwd", "apikey", "accesskey", "privatekey", "secretkey", "webhook",
                "webhookurl", "callbackurl", "credential", "credentials")  # fmt: skip
# A name and how a value is given to it: `name=value`, `--name value`, `name: value`, `"name": "value"`.
_GIVEN = re.compile(
    r"(?<![\w.-])(?P<option>-{1,2})?(?P<name>[A-Za-z_][\w.-]{0,127}+)(?P<quote>[\"']?)(?P<how>\s{0,3}[=:]\s{0,3}|\s{1,3})",
    re.ASCII,
)
_NAME = re.compile(r"-{0,2}[A-Za-z_][\w.-]{0,127}", re.ASCII)
_VALUE = re.compile(
    r"\*\*\*(?![^\s\"',;}])|(?:\"[^\"]*+\"?|'[^']*+'?|\u201c[^\u201c\u201d]*+\u201d?)[^\s\"'\u201c\u201d,}]*+|[^\s\"'\u201c\u201d]++"
)
_IN_QUERY = re.compile(r"[^\s\"'&#<>]++")
_SAID_WITH_COLON = frozenset({"password", "passwd", "cookie"})  # "token: expired" is prose
_USER = re.compile(
    r"""((?<!\S)(?:-[A-Za-z]{0,8}u|--(?:proxy-)?user)(?:\s{1,3}|=)?)(?>(?:"[^"]*"|'[^']*'|\S)+)"""
)


def is_secret(name: str) -> bool:
    """Whether a name says that its value is a secret: `custom.db-password`, `apiKey`, `callback_url`."""
    return not _SECRET.isdisjoint(part.lower() for part in _PARTS.findall(name)) or _ends_secret(name)


def _ends_secret(name: str) -> bool:
    return "".join(_PARTS.findall(name)).lower().endswith(_SECRET_ENDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """A text without its secrets. `removed`: something else than the signature of a report link was one."""

    text: str
    removed: bool


def scrub(text: str, secrets: Iterable[str | Secret] = ()) -> Scrubbed:
    """Return a text from outside without the secrets in it; a report link still names its report."""
    if not text:
        return Scrubbed(text="", removed=False)
    unsigned = _SIGNED.sub(r"\1", text)
    clean = masked(unsigned, secrets, (*SHAPES, *_TYPED))
    if "curl" in clean:
        clean = _USER.sub(rf"\1{MASK}", clean)
    clean = _without_given(clean)
    return Scrubbed(text=clean, removed=clean != unsigned)


def scrub_given(name: str, value: str, secrets: Iterable[str | Secret] = ()) -> Scrubbed:
    """Return a value without its secrets; of a name that says that it is one, nothing stays."""
    if value.strip() in {"", MASK} or not is_secret(name):
        return scrub(value, secrets)
    return Scrubbed(text=MASK, removed=True)


def scrub_word(text: str, secrets: Iterable[str | Secret] = ()) -> Scrubbed:
    """Return one word of a command that came apart already: a value in it may have spaces and quotes."""
    name, given, value = text.partition("=")
    if not given or not _NAME.fullmatch(name):
        return scrub(text, secrets)
    clean = scrub_given(name, value, secrets)
    return Scrubbed(text=f"{name}={clean.text}", removed=clean.removed)


def _without_given(text: str) -> str:
    """Mask what is given to a name that says that it is a secret, whatever it looks like."""
    kept: list[str] = []
    at = 0
    for match in _GIVEN.finditer(text):
        if match.start() < at or not _gives_away(match):
            continue
        in_query = text[match.start() - 1 : match.start()] in {"?", "&"}
        value = (_IN_QUERY if in_query else _VALUE).match(text, match.end())
        if value is not None:
            kept += (text[at : match.end()], MASK)
            at = value.end()
    return "".join([*kept, text[at:]])


def _gives_away(match: re.Match[str]) -> bool:
    """Whether a name and what follows it look like a secret and not like prose."""
    name, how = match["name"], match["how"].strip()
    if how == ":":
        several = match["quote"] or len(_PARTS.findall(name)) > 1 or name.lower() in _SAID_WITH_COLON
        return bool(several) and (_ends_secret(name) or name.lower().endswith("cookie"))
    return (how == "=" or match["option"] is not None) and is_secret(name)


def masked(
    text: str, secrets: Iterable[str | Secret] = (), shapes: Collection[tuple[re.Pattern[str], str]] = SHAPES
) -> str:
    """Return a text with known secrets and everything of these shapes masked."""
    for value in _forms(secrets):
        text = text.replace(value, MASK)
    for pattern, mask in shapes:
        if pattern.search(text):  # looking first costs a third of replacing, which most often finds nothing
            text = pattern.sub(mask, text)
    return text


def _forms(secrets: Iterable[str | Secret]) -> list[str]:
    """List the texts under which known secrets may show up, longest first, so that no rest stays."""
    plain = {s.reveal() if isinstance(s, Secret) else s for s in secrets}
    forms = {form for value in plain for form in (value, quote(value, safe=""), quote(value))}
    return sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True)
