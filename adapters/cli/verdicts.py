"""How a run stands as an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.analysis import RunAnalysis
from bot.cards import Reply
from bot.errors import NotFound, UserError
from bot.model import VerdictKind
from bot.replies.data import CheckFound

PASSED, FAILED, INCOMPLETE, NOT_ENDED, GONE = 0, 1, 3, 4, 5
CODES: Mapping[VerdictKind, int] = MappingProxyType({
    VerdictKind.PASSED: PASSED,
    VerdictKind.FAILED: FAILED,
    VerdictKind.STARTING: NOT_ENDED,
    VerdictKind.RUNNING: NOT_ENDED,
    VerdictKind.UNKNOWN: NOT_ENDED,
})  # fmt: skip
"""Every other verdict is `INCOMPLETE`: the run ended, and nobody knows how good its software is."""


def code_of(reply: Reply) -> int | None:
    """Return the exit code for the run that an answer is about; None where it is about none, or could not be answered."""
    if isinstance(reply.error, NotFound | UserError):
        return GONE
    found = reply.data.found if isinstance(reply.data, CheckFound) else reply.data
    return CODES.get(found.verdict.kind, INCOMPLETE) if isinstance(found, RunAnalysis) else None
