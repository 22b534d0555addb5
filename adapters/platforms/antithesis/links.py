"""Links of a run: the signed report link, believed only if it leads to the tenant, and the page behind login."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from bot.model import Moment, Secret

_LONGEST = 2_048
_TO_ID = 5  # parts of a link up to the report's id: "https:", "", host, "report", id


def checked_report(url: str | None, *origins: str) -> Secret | None:
    """Return a report link if it goes to the tenant's own reports, at one of its origins, else None.

    It opens the report to whoever holds it and has no expiry that we know of: it stays a `Secret`.
    """
    parts = _split(url)
    if url is None or parts is None or not parts.path.startswith("/report/") or ".." in parts.path:
        return None
    homes = {(home.scheme, home.netloc) for home in map(urlsplit, filter(None, origins))}
    return Secret(url) if (parts.scheme, parts.netloc.lower()) in homes else None


def host_of(url: str | None) -> str | None:
    """Return the host that a link leads to, to say why it is not shown; None where it is no link at all."""
    parts = _split(url)
    return parts.hostname if parts and parts.scheme in {"http", "https"} else None


def _split(url: str | None) -> SplitResult | None:
    if (
        not url
        or len(url) > _LONGEST
        or not url.isascii()
        or not url.isprintable()
        or set(url) & set(' \\"<>')
    ):
        return None
    try:
        return urlsplit(url)
    except ValueError:
        return None


def stem(url: str) -> str:
    """Return the part of a report link that stays the same: without query, fragment and letter case of the host."""
    parts = urlsplit(url.partition("#")[0].partition("?")[0])
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def same_report(link: str, pasted: str) -> bool:
    """Whether a pasted link leads to the same report, even when it was cut somewhere behind the report's id."""
    whole, part = stem(link).split("/"), stem(pasted).rstrip("/").split("/")
    asset = "/".join(part[_TO_ID:])
    return (
        len(part) >= _TO_ID and whole[:_TO_ID] == part[:_TO_ID] and "/".join(whole[_TO_ID:]).startswith(asset)
    )


def explorer_url(origin: str, session_id: str, moment: Moment) -> str:
    """Return the address of the Logs Explorer at one moment of a session; it asks for a login.

    Its form is not documented: it is what the explorer itself writes there (v6v).
    """

    def field(name: str, value: str) -> dict[str, object]:
        return {"h": [{"c": name, "f": "general.custom", "o": "matches", "v": value}], "o": "or"}

    both = {
        "h": [field("moment.vtime", moment.vtime), field("moment.input_hash", moment.input_hash)],
        "o": "and",
    }
    search = {"q": {"n": {"r": both, "t": {"g": False, "m": ""}, "y": "none"}}, "s": session_id}
    return f"{origin}/search?search=v6v{urlsafe_b64encode(msgspec.json.encode(search)).decode().rstrip('=')}"


def commands(run_id: str, moment: Moment) -> tuple[str, ...]:
    """Return what the platform's own command line is told to show the log before a moment, and to debug there."""
    return (
        f"snouty runs logs {run_id} {moment.input_hash} {moment.vtime}",
        f"snouty debug --run-id {run_id} --input-hash={moment.input_hash} --vtime {moment.vtime}",
    )


def page_url(origin: str, run_id: str) -> str:
    """Return the address of the runs view, filtered to one run; it asks for a login."""
    return f"{origin}/runs?primary-filter={quote(run_id, safe='')}"
