"""What a run's parameters say of the code that it tested: commit, branch, pull request, author, images.

Whoever launches a run writes them, so they are text from outside. An address becomes a link only where it leads to the host
that the parameters name, over https, to the repository that they name, and holds nothing but a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from adapters.platforms.http.text import shown_name
from bot.model import Code

_LONGEST = 300  # characters of an address
_NAME, _TITLE, _IMAGES = 60, 80, 10
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")
_PATH = re.compile(r"(?:/[\w.~+%-]+)+/?", re.ASCII)
_PULL = re.compile(r"[0-9]{1,12}")
_PUBLIC = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
    "codeberg": "codeberg.org",
}


def code_of(served: Mapping[str, str]) -> Code | None:
    """Return what is known of the code; None where the parameters say nothing of it."""

    def name(*keys: str, limit: int = _NAME) -> str:
        value = next((served[key] for key in keys if served.get(key)), "")
        return shown_name(value.strip(), limit)

    pull = served.get("vcs.pr_id", "").strip()
    found = Code(
        commit=name("vcs.version_id"),
        commit_page=_page(served, "vcs.version_link"),
        branch=name("vcs.repo_branch", "vcs.branch"),
        pull=pull if _PULL.fullmatch(pull) else "",
        pull_page=_page(served, "vcs.pr_link"),
        pull_title=name("vcs.pr_title", limit=_TITLE),
        author=name("vcs.pr_owner"),
        images=_images(served.get("antithesis.images", "")),
    )
    return None if found == Code() else found


def _images(text: str) -> tuple[str, ...]:
    there = [
        shown_name(image.strip(), _TITLE) for image in text.split(";", _IMAGES)[:_IMAGES] if image.strip()
    ]
    return tuple(there)


def _page(served: Mapping[str, str], key: str) -> str | None:
    """Return an address that may stand behind a link."""
    url = served.get(key, "").strip()
    if not url.startswith("https://") or len(url) > _LONGEST or not url.isascii():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    plain = parts.netloc == parts.hostname and not parts.query and not parts.fragment
    if (
        not plain
        or not _HOST.fullmatch(parts.netloc)
        or not _PATH.fullmatch(parts.path)
        or "/.." in parts.path
    ):
        return None
    return url if _is_named(parts.netloc, served) and _is_of_repository(parts.path, served) else None


def _is_named(host: str, served: Mapping[str, str]) -> bool:
    """Whether a host is the one that the parameters name, by the name of its service or by its own; without any a public one."""
    names = {served.get(key, "").strip().lower() for key in ("vcs.repo_type", "vcs.system_name")} - {
        "",
        "git",
    }
    return host in ({_PUBLIC.get(name, name) for name in names} or _PUBLIC.values())


def _is_of_repository(path: str, served: Mapping[str, str]) -> bool:
    whole = [served.get(key, "").strip().strip("/").lower() for key in ("vcs.repo_owner", "vcs.repo_name")]
    return not all(whole) or path.lower().startswith(f"/{whole[0]}/{whole[1].rpartition('/')[2]}/")
