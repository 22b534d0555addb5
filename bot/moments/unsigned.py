"""Take out of a pasted text what opens a report or an account to whoever reads it, before the text is kept."""

from __future__ import annotations

import re

MASK = "***"

# The part before the query names the report for good; the query is its signature.
_SIGNED = re.compile(r"(/report/[^\s<>\"'`|?#]{1,2000})\?[^\s<>\"'`|#]*")
_TOKEN = re.compile(r"\bv[1-4]\.(?:public|local)\.[\w-]+(?:\.[\w-]+)?", re.ASCII)
_USER = re.compile(r"((?<!\S)(?:-u|--user)(?:\s{1,3}|=)?)(?:\"[^\"]*\"|'[^']*'|\S+)")
_HEADER = re.compile(r"(authorization\s{0,3}:\s{0,3})[^\"'\n]+", re.IGNORECASE)


def unsigned(text: str) -> str:
    """Return the text with signatures of report links and credentials of commands taken out; the rest stays."""
    text = _TOKEN.sub(MASK, _SIGNED.sub(r"\1", text))
    text = _HEADER.sub(rf"\1{MASK}", text)
    return _USER.sub(rf"\1{MASK}", text) if "curl" in text else text
