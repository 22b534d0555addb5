"""What a command says when it fails: a sentence, its mend, and the exit code."""

from __future__ import annotations

import logging

from adapters.cli.ask import FAILURE, USER_ERROR
from adapters.configuration.problems import SettingsError
from bot.errors import ClewError, StoreError, UserError
from bot.replies.problems import MENDS

log = logging.getLogger(__name__)


def explain(error: Exception) -> tuple[int, str]:
    """Return the exit code and what to tell the person."""
    if isinstance(error, SettingsError):
        return USER_ERROR, f"{error}\nThe README lists all settings."
    if isinstance(error, UserError):
        return USER_ERROR, f"{error.problem} {error.mend}".rstrip()
    if isinstance(error, StoreError):
        return FAILURE, str(error)
    if isinstance(error, ClewError):
        mend = next((MENDS[kind] for kind in type(error).__mro__ if kind in MENDS), "")
        return FAILURE, f"{error} {mend}".rstrip()
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return FAILURE, f"{where}{error.strerror or type(error).__name__}."
    log.error("a command failed", exc_info=error)
    return (
        FAILURE,
        f"That did not work because of a fault in Clew ({type(error).__name__}); its log has the rest.",
    )
