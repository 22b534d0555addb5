"""What people said of properties: who owns what, what is known, snoozed or no bug, and what was reopened."""

from __future__ import annotations

from adapters.cli.page.known import Known, ListPage, State, asked_for, begin_of
from adapters.web.page.app import Query, Values
from bot.cards import plain
from bot.replies import marks
from bot.replies.wording import clock_time
from bot.state import PropertyState
from bot.terms import PLAIN, Terms

SIZE = 50


async def read(known: Known, query: Query) -> Values:
    """Return a page of them. Raises `StoreError`."""
    asked, first = asked_for(query, "name"), begin_of(query)
    found, total = await known.store.all_property_states(naming=asked["name"], skip=first - 1, limit=SIZE)
    people = {who for state, _ in found for who in (state.owner, state.said_by)}
    names = {who: await known.store.name(who) for who in people if who}
    page = ListPage(first=first, shown=len(found), size=SIZE, total=total, query=query)
    return {"page": page, "asked": asked, "states": [_row(*each, names, known) for each in found]}


def _row(state: PropertyState, launcher: str, names: dict[str, str], known: Known) -> dict[str, object]:
    platform = known.parts.platforms.get(state.connection)
    terms = platform.terms if platform else PLAIN
    return {
        "name": state.name,
        "connection": state.connection,
        "launcher": launcher,
        "state": _state(state, known),
        "said": _said(state, terms),
        "by": _person(state.said_by, names),
        "at": clock_time(state.said_at) if state.said_at else "",
        "owner": _person(state.owner, names),
        "owned": clock_time(state.owned_at) if state.owned_at else "",
    }


def _state(state: PropertyState, known: Known) -> State:
    if state.reopened:
        return State(marks.REOPENED, "bad")
    if state.word is None:
        return State("owned")
    return State(f"{state.word.value}, over" if state.is_over(known.now) else state.word.value, "odd")


def _said(state: PropertyState, terms: Terms) -> str:
    """Say the rest of it; a ticket is text here: what people typed leads nowhere from this page."""
    if state.reopened:
        return plain(marks.reopened(state, terms, marks.REOPENED))
    until = f"until {clock_time(state.until)}" if state.until else ""
    runs = f"for {state.runs} {terms.run.many}" if state.runs else ""
    return ", ".join(filter(None, (until, runs, state.ticket)))


def _person(who: str, names: dict[str, str]) -> dict[str, str]:
    return {"id": who, "name": names.get(who, "")}
