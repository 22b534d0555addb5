"""Every text that a person may paste to name a run or a moment, read and written; pure and linear in time."""

from bot.moments.find import OPENERS, find, read, run_ids
from bot.moments.normalise import MAX_LENGTH, tidy
from bot.moments.numbers import RUN_ID, is_platform_id, looks_shortened, read_moment, read_run_id

__all__ = [
    "MAX_LENGTH",
    "OPENERS",
    "RUN_ID",
    "find",
    "is_platform_id",
    "looks_shortened",
    "read",
    "read_moment",
    "read_run_id",
    "run_ids",
    "tidy",
]
