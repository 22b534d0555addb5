"""What a command says when it fails: a sentence and its hint.

The exit code is 2 for all of it, as the command line's own errors have: nothing was asked, or nothing could be
answered. 1 is left to what was asked and cannot be answered as it was.
"""

from __future__ import annotations

import logging

from adapters.configuration.problems import SettingsError
from bot.errors import ClewError, StoreError, UserError
from bot.replies.problems import HINTS

log = logging.getLogger(__name__)


def explain(error: Exception) -> str:
    """Return what to tell the person."""
    if isinstance(error, SettingsError):
        return f"{error}\nThe README lists all settings."
    if isinstance(error, UserError):
        return f"{error.problem} {error.hint}".rstrip()
    if isinstance(error, StoreError):
        return str(error)
    if isinstance(error, ClewError):
        hint = next((HINTS[kind] for kind in type(error).__mro__ if kind in HINTS), "")
        return f"{error} {hint}".rstrip()
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or type(error).__name__}."
    log.error("a command failed", exc_info=error)
    return f"Clew hit an internal error ({type(error).__name__}). The log has the details."
