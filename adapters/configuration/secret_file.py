"""A secret in a file, which is read again when it is refused: a key is changed without a restart."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from adapters.configuration.environment import Unusable, read_secret
from bot.model import Secret

log = logging.getLogger(__name__)

_HEADER = re.compile(r"[\x21-\x7e]+")


class FileSecret(Secret):
    """The secret as it was last read; whoever masks it masks what it is now. `first`: what it was at start."""

    __slots__ = ("first", "path")

    def __init__(self, value: str, path: Path) -> None:
        super().__init__(value)
        self.path = path
        self.first = Secret(value)

    def renew(self) -> None:
        """Read the file again, since the secret was refused; a file that is of no use changes nothing."""
        found = read_secret(self.path)
        if isinstance(found, Unusable):
            log.warning("a secret was refused, and its file is of no use: %s %s", found.what, found.hint)
        elif not _HEADER.fullmatch(found):
            log.warning(
                "a secret was refused, and in its file %s are spaces or characters beyond ASCII", self.path
            )
        elif found != self._value:
            self._value = found
            log.warning(
                "a secret was refused, and %s holds another one, which is used from now on", self.path
            )

    __hash__ = object.__hash__  # its value changes

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)
