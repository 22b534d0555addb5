"""Names that become part of an address or a choice: run ids, launchers, yes and no."""

from __future__ import annotations

from bot.errors import UserError, WrongValue
from bot.moments import read_run_id

LONGEST_LAUNCHER = 128  # characters
_FORBIDDEN = frozenset("/\\?#%")
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
_SHOWN = 40


def run_id(text: str, name: str = "run") -> str:
    """Return a run id that may go into an address. Raises `UserError`."""
    return read_run_id(text, name=name)


def launcher(text: str, name: str = "launcher") -> str:
    """Return a launcher's name with single spaces. Raises `UserError` for what could bend an address."""
    plain = " ".join(word for word in text.split(" ") if word)
    if not plain or len(plain) > LONGEST_LAUNCHER:
        raise WrongValue(name, f"has to be 1 to {LONGEST_LAUNCHER} characters long.", "basic_test")
    if not plain.isprintable() or ".." in plain or plain == "." or _FORBIDDEN & set(plain):
        what = f"is “{plain[:_SHOWN]}”; that is not the name of a launcher."
        hint = "Names hold no / \\ .. ? # % and no invisible characters."
        raise WrongValue(name, what, "basic_test", hint=hint)
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
        raise WrongValue(name, f"is “{text[:_SHOWN]}”; it has to be yes or no.", "yes")
    return said
