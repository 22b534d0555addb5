"""The links of a tenant that name a run, one function each; every pattern is linear in the text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from bot.model import Moment, Secret
from bot.moments.embedded_json import objects
from bot.moments.found import Found
from bot.moments.numbers import RUN_ID, read_moment
from bot.moments.remaining_text import RemainingText

_ORIGIN = r"""https?://[^\s/<>"'`|]{1,300}"""
_MORE = r"""[^\s<>"'`|\0]*+"""

_REPORT = re.compile(
    rf"""(?://\s{{0,3}}URL:\s{{0,3}})?
        (?P<url>(?:{_ORIGIN}|(?<![\w./@:-])[A-Za-z0-9.-]{{4,253}})/report/[^\s<>"'`|\0]+)""",
    re.VERBOSE,
)
_SESSION_PART = re.compile(r"#/run/([A-Za-z0-9_-]{1,128})(?:/|$)", re.ASCII)


def report_links(remaining: RemainingText) -> Iterator[Found]:
    """Read links to triage reports; the token in them opens the report, so they stay secret."""
    for link in _REPORT.finditer(remaining.open):
        url = link["url"].rstrip(".,;)…")
        remaining.take(*link.span())
        session = _SESSION_PART.search(url)
        yield Found(
            report_url=Secret(url if "://" in url else f"https://{url}"),
            session_id=session.group(1) if session else None,
        )


_PLATFORM_ID = r"[0-9a-f]{32}-[0-9]{1,6}-[0-9]{1,6}"
_RUN_PAGE = re.compile(
    rf"""{_ORIGIN}/(?:
          (?:api/v[0-9]/)?runs(?:/|\?primary-filter=)(?P<run>{_PLATFORM_ID})(?![\w-])
        | debugging-session/(?P<session>[A-Za-z0-9][A-Za-z0-9_-]{{0,127}})
        ){_MORE}""",
    re.VERBOSE | re.ASCII,
)


def run_pages(remaining: RemainingText) -> Iterator[Found]:
    """Read addresses of the runs view, of debugging sessions and of the API, the last with its moment."""
    for link in _RUN_PAGE.finditer(remaining.open):
        remaining.take_wrapped(*link.span())
        yield Found(run_id=link["run"] or link["session"], moment=_queried(link.group()))


def _queried(url: str) -> Moment | None:
    query = parse_qs(urlsplit(url).query)
    input_hash, vtime = query.get("input_hash"), query.get("vtime")
    return read_moment(input_hash[0], vtime[0]) if input_hash and vtime else None


EXPLORER = re.compile(
    rf"(?:{_ORIGIN}/)?[^\s<>\"'`|\0?]{{0,40}}[?&]search=v[0-9]{{1,2}}v([A-Za-z0-9+/_=%-]{{8,}}+){_MORE}"
)


def explorer_links(remaining: RemainingText) -> Iterator[Found]:
    """Read links to the Logs Explorer: a session, and the moment where one is searched for.

    Their format is not documented and may change, so what cannot be read is left alone.
    """
    for link in EXPLORER.finditer(remaining.open):
        values = _searched(link.group(1))
        session = values.get("session", set())
        if len(session) != 1:
            continue
        hashes, vtimes = values.get("moment.input_hash", set()), values.get("moment.vtime", set())
        one = len(hashes) == 1 and len(vtimes) == 1
        remaining.take(*link.span())
        yield Found(session_id=session.pop(), moment=read_moment(hashes.pop(), vtimes.pop()) if one else None)


def _searched(encoded: str) -> dict[str, set[str]]:
    """Return what a search names, by field; "session" is the session that it looks in."""
    plain = unquote(encoded).rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    values: dict[str, set[str]] = {}
    try:
        text = base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8", "replace")
    except binascii.Error:
        return values
    for node in objects(text):
        named = node.scalars
        if named.get("f") == "general.custom" and {"c", "v"} <= named.keys():
            values.setdefault(named["c"], set()).add(named["v"])
        if node.parent is None and RUN_ID.fullmatch(named.get("s", "")):
            values.setdefault("session", set()).add(named["s"])
    return values
