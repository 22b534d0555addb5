"""Allow-lists for everything that becomes part of an address: checked before a URL is built.

Quoting is no check: `..` and an encoded slash pass through it and turn a read into a launch address.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.errors import Rejected
from bot.model import Moment

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_RELEASE = re.compile(r"[0-9a-f]{32}-([0-9]{1,4})-([0-9]{1,4})")
_LAUNCHER = re.compile(r"[^\x00-\x1f\x7f/\\?#%]{1,200}")
_HASH = re.compile(r"-?[0-9]{1,19}")
_VTIME = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_CURSOR = re.compile(r"[\x21-\x7e]{1,512}")
_INT64 = 1 << 63


def is_run_id(text: str) -> bool:
    """Whether a text can be the id of a run or a session; both look alike."""
    return _RUN_ID.fullmatch(text) is not None


def is_assigned_id(text: str) -> bool:
    """Whether a text has exactly the shape of the ids that the platform gives to runs and sessions."""
    return _RELEASE.fullmatch(text) is not None


def checked_run_id(text: str) -> str:
    """Return a run id that may stand in a path. Raises `Rejected`."""
    if not is_run_id(text):
        raise Rejected("That is not a run id: it has letters, digits, - and _ only, as in 9043254f…-53-1.")
    return text


def is_launcher(text: str) -> bool:
    """Whether a text can be a launcher's name: nothing in it bends an address."""
    return bool(_LAUNCHER.fullmatch(text)) and text == text.strip() and ".." not in text and text != "."


def checked_launcher(text: str) -> str:
    """Return a launcher's name, encoded for a path. Raises `Rejected`."""
    if not is_launcher(text):
        raise Rejected(
            "A launcher's name has up to 200 characters and none of / \\ ? # % and no two dots in a row."
        )
    if text == "debugging":
        raise Rejected("Debugging is not a launcher: use the debug command with a moment.")
    return quote(text.encode("utf-8", "replace"), safe="")


def checked_moment(moment: Moment) -> Moment:
    """Return a moment that may be sent. Raises `Rejected`."""
    if not is_hash(moment.input_hash):
        raise Rejected("The input hash of a moment is a whole number that fits 64 bits, often negative.")
    if not is_vtime(moment.vtime):
        raise Rejected("The virtual time of a moment is a decimal number of seconds, 0 or more.")
    return moment


def is_hash(text: str) -> bool:
    """Whether a text is the decimal form of a signed 64-bit integer."""
    return _HASH.fullmatch(text) is not None and -_INT64 <= int(text) < _INT64


def is_vtime(text: str) -> bool:
    """Whether a text is a finite decimal number, 0 or more, of virtual seconds."""
    return _VTIME.fullmatch(text) is not None and float(text) != float("inf")


def usable_cursor(text: object) -> str | None:
    """Return a cursor that may be sent back as a query value, None for anything else."""
    return text if isinstance(text, str) and _CURSOR.fullmatch(text) else None


def release_of(run_id: str) -> str | None:
    """Return the platform release that a run's id ends with ("62.14"), None where it does not say."""
    match = _RELEASE.fullmatch(run_id)
    return f"{int(match[1])}.{int(match[2])}" if match else None


def older_than(run_id: str, major: int) -> bool:
    """Whether a run certainly ran on a release before this major one."""
    release = release_of(run_id)
    return release is not None and int(release.partition(".")[0]) < major
