"""`clew audit`: who did what, whether anybody changed that, and all of it as data.

Nothing here changes anything, and nobody who writes waits for it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from adapters.chat.terminal.events import PERSON
from adapters.cli.ask import ANSWERED, USER_ERROR
from adapters.cli.opened import Opened, opened
from adapters.redact import redact
from adapters.store.audit import ChainedLine, TrailBroken
from bot import grammar
from bot.commands.audit import Wanted, query_of
from bot.replies import audit as replies


async def show(*, about: str, person: str, run: str, verb: str, since: str, until: str, limit: int) -> int:
    """List lines, newest first. Raises `UserError`, `StoreError`, `SettingsError`."""
    async with opened() as services:
        begin = grammar.since(since, "since", services.now) if since else None
        end = grammar.since(until, "until", services.now) if until else None
        wanted = Wanted(about=about, person=person, run=run, verb=verb, since=begin, until=end, me=PERSON)
        query = await query_of(wanted, services.store)
        lines, total = await services.store.audit_lines(query, skip=0, limit=limit)
        names = await services.store.audit_actors()
        for line in lines:
            services.say(replies.text_of(line, names))
        if total > len(lines):
            services.say(replies.more(total - len(lines), total), err=True)
        if not total:
            services.say(replies.nothing(wanted.words, (begin, end)))
    return ANSWERED


async def verify() -> int:
    """Check the whole chain; return 1 where a line was changed, added or removed. Raises `StoreError`."""
    async with opened() as services:
        try:
            lines = await services.store.verify_audit()
        except TrailBroken as error:
            for broken in (*error.breaks, *replies.further(error.count - len(error.breaks))):
                services.say(broken, err=True)
            services.say(replies.COMPARE, err=True)
            return USER_ERROR
        services.say(replies.holds(lines))
        services.say(replies.HOW_FAR, err=True)
    return ANSWERED


async def export() -> int:
    """Write every line as JSON on a line of its own, oldest first, as it is read. Raises `StoreError`, `OSError`."""
    async with opened() as services:
        async for line in services.store.chained_lines():
            sys.stdout.write(f"{json.dumps(_data(line, services))}\n")
    return ANSWERED


def _data(line: ChainedLine, services: Opened) -> dict[str, Any]:
    """Return a line as data; `redacted` where a secret of today was in it, so that its hash cannot be made again."""
    entry = line.entry
    words = {
        "actor": entry.actor,
        "channel": entry.channel,
        "action": entry.action,
        "decision": entry.decision,
        "detail": entry.detail,
    }
    clean = {name: redact(word, services.loaded.secrets) for name, word in words.items()}
    return {
        "seq": line.seq,
        "at": line.hashed_at,
        **clean,
        "prev_hash": line.prev_hash,
        "hash": line.hash,
        "redacted": clean != words,
    }
