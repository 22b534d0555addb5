"""Who did what, newest first, and whether anybody changed that."""

from __future__ import annotations

from dataclasses import replace

from adapters.cli.page.known import Kind, Known, ListPage, State, asked_for, begin_of
from adapters.web.page.app import Query, Values
from bot import grammar
from bot.commands.audit import NEWEST, Wanted, known_actions, query_of
from bot.errors import UserError
from bot.replies import audit as replies
from bot.replies import pages
from bot.replies.wording import clock_time
from bot.state import AuditLine, AuditQuery

SIZE = 50
KINDS: dict[str, Kind] = {"denied": "bad", "refused": "bad", "unknown": "odd", "allowed": "", "done": "good"}
ASKED = ("person", "run", "verb", "since")
HIGHEST = 10**12


async def read(known: Known, query: Query) -> Values:
    """Return a page of the trail. Raises `StoreError`; what cannot be read of a filter is said beside its form."""
    asked, first = asked_for(query, *ASKED), begin_of(query)
    values: Values = {"asked": asked, "verbs": sorted(known_actions()), "checked": _checked(known)}
    try:
        wanted = await _query(asked, query, known)
    except UserError as error:
        page = ListPage(first=1, shown=0, size=SIZE, total=0, query=query)
        return {**values, "page": page, "lines": [], "problem": f"{error.problem} {error.hint}".strip()}
    lines, total = await known.store.audit_lines(wanted, skip=first - 1, limit=SIZE)
    newest = query.get(NEWEST) or (str(lines[0].number) if lines else "")
    page = ListPage(first=first, shown=len(lines), size=SIZE, total=total, query={**asked, NEWEST: newest})
    names = {actor: await known.store.name(actor) for actor in {line.entry.actor for line in lines}}
    return {**values, "page": page, "lines": [_row(line, names) for line in lines], "problem": ""}


async def _query(asked: dict[str, str], query: Query, known: Known) -> AuditQuery:
    since = grammar.since(asked["since"], "since", known.now) if asked["since"] else None
    wanted = Wanted(person=asked["person"], run=asked["run"], verb=asked["verb"], since=since)
    found = await query_of(wanted, known.store)
    newest = query.get(NEWEST)
    return replace(found, newest=grammar.whole_number(newest, NEWEST, HIGHEST)) if newest else found


def _row(line: AuditLine, names: dict[str, str]) -> dict[str, object]:
    entry = line.entry
    return {
        "number": line.number,
        "at": replies.full_time(entry.at),
        "decision": State(entry.decision, KINDS.get(entry.decision, "")),
        "action": entry.action,
        "name": names.get(entry.actor, ""),
        "actor": entry.actor,
        "channel": entry.channel,
        "detail": entry.detail,
    }


def _checked(known: Known) -> dict[str, object]:
    """Say whether the chain holds, as far as this program looked: once at its start and once a day."""
    found = known.health.trail()
    if found is None:
        return {"kind": "", "said": pages.TRAIL_NOT_CHECKED}
    at, problem = found
    return {"kind": "bad" if problem else "good", "said": problem or pages.trail_holds(clock_time(at))}
