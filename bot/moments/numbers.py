"""The three parts of a moment's address, checked before they go anywhere; texts stay exactly as they came."""

from __future__ import annotations

import math
import re

from bot.model import Moment
from bot.replies import pasting, values

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", re.ASCII)
_PLATFORM_ID = re.compile(r"[0-9a-f]{32}-[0-9]{1,6}-[0-9]{1,6}", re.ASCII)
_HASH = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_VTIME = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_VTIME_LENGTH = 64
_TICK = 2.0**-32  # virtual time is counted in such parts of a second; every exact value is a multiple


def read_run_id(text: str, *, name: str = "run", like: str = "") -> str:
    """Return a run or session id. Raises `UserError` for anything that could bend an address; `like`: an example."""
    if RUN_ID.fullmatch(text):
        return text
    raise values.not_an_id(text, name, like)


def is_platform_id(text: str) -> bool:
    """Whether a text has exactly the shape that the platform gives to run and session ids."""
    return _PLATFORM_ID.fullmatch(text) is not None


def read_moment(input_hash: str, vtime: str) -> Moment:
    """Return the moment with both texts as given.

    Raises `UserError` unless the hash is a signed 64-bit integer in its plain form and the virtual time a
    finite decimal number of at least 0.
    """
    return Moment(_read_hash(input_hash), _read_vtime(vtime))


def looks_shortened(moment: Moment) -> bool:
    """Whether digits of the virtual time seem to be missing: the platform never prints such a value."""
    return moment.seconds % _TICK != 0


def _read_hash(text: str) -> str:
    if _HASH.fullmatch(text) and str(int(text)) == text and -(2**63) <= int(text) < 2**63:
        return text
    raise pasting.bad_hash(text)


def _read_vtime(text: str) -> str:
    if len(text) <= _VTIME_LENGTH and _VTIME.fullmatch(text) and math.isfinite(float(text)):
        return text
    raise pasting.bad_virtual_time(text)
