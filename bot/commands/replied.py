"""What people answer to a post about a failure, in so many words and no others: “mine”, “known JIRA-12”, “snooze 3 runs”, “not a bug”.

A whole message has to be one of them: a sentence that only holds such a word asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.commands import mark

LONGEST = 400  # characters

_TICKET = r"https?://\S{1,300}|[A-Za-z][A-Za-z0-9_]{0,20}-[0-9]{1,9}|#[0-9]{1,9}"
_FORMS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), what, name)
    for pattern, what, name in (
        (r"mine", mark.OWN, ""),
        (r"not(?: |-)a(?: |-)bug", mark.NOT_A_BUG, ""),
        (rf"known ({_TICKET})", mark.KNOWN, "link"),
        (r"snooze (?:for )?([0-9]{1,4} ?[a-z]{1,20})", mark.SNOOZE, "until"),
        (r"snooze until (\S{1,40}(?: [0-9:]{1,8})?)", mark.SNOOZE, "until"),
    )
)


def read(text: str) -> Mapping[str, str] | None:
    """Return what a whole message says as values of `mark`; None where it says anything else, or more."""
    if len(text) > LONGEST:
        return None
    said = " ".join(text.split()).rstrip(" .!")
    for form, what, name in _FORMS:
        found = form.fullmatch(said)
        if found is not None:
            return {"as": what} | ({name: found[1]} if name else {})
    return None
