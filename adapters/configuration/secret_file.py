"""A secret in a file, which is read again when it is refused: a key is changed without a restart."""

from __future__ import annotations

import logging
import re
import stat
from pathlib import Path

from adapters.configuration.problems import PLAINLY, Unusable
from bot.model import Secret

log = logging.getLogger(__name__)

LONGEST_SECRET = 16_384  # bytes; a larger file is not a secret
_HEADER = re.compile(r"[\x21-\x7e]+")


class FileSecret(Secret):
    """The secret as it was last read; whoever masks it masks what it is now. `first`: what it was at start."""

    __slots__ = ("first", "path")

    def __init__(self, value: str, path: Path) -> None:
        super().__init__(value)
        self.path = path
        self.first = Secret(value)

    @property
    def exposed(self) -> bool:
        """Whether everyone on this machine may read the file."""
        try:
            return bool(self.path.stat().st_mode & stat.S_IROTH)
        except OSError:
            return False

    def renew(self) -> None:
        """Read the file again, since the secret was refused; a file that is of no use changes nothing."""
        found = read_secret(self.path)
        if isinstance(found, Unusable):
            log.warning("a secret was refused and its file is unusable: %s %s", found.what, found.hint)
        elif not _HEADER.fullmatch(found):
            log.warning(
                "a secret was refused and its file %s contains spaces or non-ASCII characters", self.path
            )
        elif found != self._value:
            self._value = found
            log.warning("a secret was refused; the new one in %s is used from now on", self.path)

    __hash__ = object.__hash__  # its value changes

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


def secret_in(path: object, setting: str) -> FileSecret | Unusable:
    """Return the secret of the file that a setting names."""
    if not isinstance(path, str):
        return Unusable(*PLAINLY["string_type"])
    if path != path.strip():
        return Unusable(f"{setting} begins or ends in white space.", "Remove the space or line break.")
    found = read_secret(Path(path))
    return found if isinstance(found, Unusable) else FileSecret(found, Path(path))


def read_secret(path: Path) -> str | Unusable:
    """Read a secret's file; white space around it is cut off."""
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_SECRET + 1)
        if len(text) > LONGEST_SECRET:
            return Unusable(f"The file {path} is too long for a secret.", "Name the secret's own file.")
        value = text.decode("utf-8").strip()
    except FileNotFoundError:
        return Unusable(f"There is no file {path}.", "Check the path.")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        return Unusable(
            f"The file {path} cannot be read ({reason}).",
            "Check its permissions: mode 0400, owned by Clew's user.",
        )
    return value or Unusable(f"The file {path} is empty.", "Write the secret into it.")
