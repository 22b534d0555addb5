"""Names that become part of an address or a choice: run ids, launchers, yes and no."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.errors import UserError
from bot.moments import read_run_id
from bot.replies import values
from bot.replies.commands import given_twice

LONGEST_LAUNCHER = 128  # characters
_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def run_id(text: str, name: str = "run", *, like: str = "") -> str:
    """Return a run id that may go into an address; `like`: what one looks like. Raises `UserError`."""
    return read_run_id(text, name=name, like=like)


def launcher(text: str, name: str = "launcher") -> str:
    """Return a launcher's name with single spaces. Raises `UserError` for one that nobody could read.

    Jobs are called "CI/CD smoke" or "100 % coverage": what could bend an address, the platform's adapter refuses.
    """
    plain = " ".join(word for word in text.split(" ") if word)
    if not plain or len(plain) > LONGEST_LAUNCHER:
        raise values.wrong_length(LONGEST_LAUNCHER, name)
    if not plain.isprintable():
        raise values.invisible_characters(name)
    return plain


def is_launcher(text: str) -> bool:
    """Whether a text can be a launcher's name."""
    try:
        return bool(launcher(text))
    except UserError:
        return False


def flag(text: str, name: str) -> bool:
    """Read true, yes, on, 1 or false, no, off, 0 in any case. Raises `UserError`."""
    said = _FLAGS.get(text.strip().lower())
    if said is None:
        raise values.not_yes_or_no(text, name)
    return said


def by_one_name(given: Mapping[str, str], one_name: Callable[[str], str]) -> dict[str, str]:
    """Return what is given by the one name of each, blank values left out.

    `one_name` raises `UserError` for a name that is not known. Raises it too where one is there twice.
    """
    found: dict[str, str] = {}
    for name, value in given.items():
        known = one_name(name) if value.strip() else ""
        if known in found:
            raise given_twice(known, name)
        if known:
            found[known] = value
    return found
