"""Turn pasted text into a card: a run id, a report link, a moment, a curl command, a log event.

find TEXT
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import moments
from bot.cards import FieldKind, Reply
from bot.commands.aim import moment_of
from bot.commands.target import GIVE_RUN, findings_for
from bot.commands.verb import Asked, Desk, Parameter, Verb
from bot.errors import UserError
from bot.replies import runs as replies

WORD = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
READ_AT_MOST = 20_000  # characters of a pasted text


async def handle(asked: Asked, desk: Desk) -> Reply:
    """Answer with what the text is about, and the buttons that follow from it."""
    pasted = asked.words.pasted
    if pasted is not None and pasted.moment is not None and not pasted.moment.placeholder:
        aim = await moment_of(asked, desk)
        return replies.moment_found(aim)
    if pasted is None:
        asked = _naming_run(asked)
    service, found = await findings_for(asked, desk)
    return Reply(card=replies.one(found, desk.clock.now(), service.capabilities))


def _naming_run(asked: Asked) -> Asked:
    """Take the one run id that stands somewhere in the text; without any, the thread's run."""
    text = asked.value("run") or asked.invocation.words
    ids = sorted({word for word in WORD.findall(text[:READ_AT_MOST]) if moments.is_platform_id(word)})
    if len(ids) > 1:
        raise UserError(f"That text names {len(ids)} runs.", "Say “status” with the one you mean.")
    if not ids and asked.context.run is None:
        said = asked.value("run", 0) or asked.words.named
        problem = "Nothing in that text names a run or a moment." if said else "What should be found?"
        raise UserError(problem, GIVE_RUN)
    words = replace(asked.words, positional=tuple(ids), named={}, pasted=None)
    return replace(asked, words=words, invocation=replace(asked.invocation, values={}))


VERB = Verb(
    name="find",
    summary="turn a pasted link, moment or run id into a card with the next steps",
    handle=handle,
    parameters=(
        Parameter(
            name="run",
            summary="What was pasted: a run id, a report link or a moment",
            kind=FieldKind.LONG_TEXT,
            positional=True,
            example="latest",
        ),
    ),
    examples=("find 9043254f65c9c65d63fe043a0abfc7fc-53-1",),
    open_names=True,  # whatever stands around a link or id
)
