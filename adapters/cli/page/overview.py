"""The first view: whether all is well, and what is wrong where it is not; most of it is known without the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.cli.page.known import Known, State
from adapters.web.page.app import Query, Values
from bot.errors import StoreError
from bot.replies import operating, pages
from bot.replies.access import read_only_by
from bot.replies.wording import ago, clock_time, duration
from bot.state import Notice
from bot.watch.auditor import Polled

MOST = 50  # of one kind that are shown
PATIENCE = 5.0  # seconds for the database; what is known without it is shown then
WELL = "ok"
SILENT = 5.0  # seconds; two beats may be late


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A connection or a chat: its name, its state, when it was last well, and what there is to say of it."""

    name: str
    about: str
    state: State
    last: str
    said: tuple[str, ...] = ()


async def read(known: Known, _: Query) -> Values:
    """Return everything, and why the database cannot be read where it cannot. Raises nothing."""
    trouble, read_only = "", None
    figures: Mapping[str, Any] = {}
    notices: tuple[Notice, ...] = ()
    try:
        async with asyncio.timeout(PATIENCE):
            figures = (await known.health.ready())[1]
            if figures["database"] == WELL:
                notices, read_only = await known.store.notices(), await known.store.read_only()
    except (StoreError, TimeoutError) as error:
        trouble = str(error) or pages.too_slow(PATIENCE)
    if figures.get("database", WELL) != WELL:
        trouble = figures["database"]
    ready = not trouble and figures["ready"]
    outbox = None if trouble else figures["outbox"]
    in_settings = known.policy.read_only
    connections, chats, programs = [*_connections(known)], [*_chats(known)], [*_programs(known)]
    return {
        "trouble": trouble,
        "ready": ready,
        "wrong": [
            *figures.get("problems", []),
            *_wrong([*connections, *chats, *programs]),
            *_stuck(outbox),
            *pages.need_a_person(len(notices)),
        ],
        "connections": connections,
        "chats": chats,
        "programs": programs,
        "free": sorted(known.health.free()),
        "outbox": outbox,
        "oldest": _span(outbox.get("oldest_seconds")) if outbox else "",
        "notices": [*map(_told, notices[:MOST])],
        "notices_left_out": max(0, len(notices) - MOST),
        "read_only": read_only_by(read_only, in_settings=in_settings) if read_only or in_settings else "",
        "waits_for": known.health.waits_for(),
        "hooks": known.health.hooks(),
        "started": f"{clock_time(known.started)}, {ago(known.started, known.now)}",
        "every": pages.polls_every(known.health.poll_seconds),
        "channels_off": sorted(known.health.lost().items())[:MOST],
        "channels_off_left_out": max(0, len(known.health.lost()) - MOST),
        "crowded": [*known.health.look().crowded.values()][:MOST],
    }  # fmt: skip


def _wrong(lines: Iterable[Line]) -> Iterator[str]:
    return (f"{line.name}: {line.state.word}" for line in lines if line.state.kind in {"bad", "odd"})


def _stuck(outbox: Mapping[str, int] | None) -> Iterator[str]:
    if outbox and outbox["dead"]:
        yield pages.not_posted(outbox["dead"])
    if outbox and outbox["unknown"]:
        yield pages.not_known_whether_posted(outbox["unknown"])


def _connections(known: Known) -> Iterator[Line]:
    seen, elsewhere = known.health.look().polls, known.health.waits_for()
    for connection in known.parts.settings.connections:
        polled = None if elsewhere else seen.get(connection.name)
        nothing = State("not polled here") if elsewhere else State("not polled yet", "odd")
        state, last, said = (nothing, "", ()) if polled is None else _polled(polled)
        about = f"{connection.kind}, {connection.address}"
        yield Line(name=connection.name, about=about, state=state, last=last, said=said)


def _polled(polled: Polled) -> tuple[State, str, tuple[str, ...]]:
    """Say how polling goes: what is wrong now, when it last went well, and what cannot be read."""
    age = _time(polled.age)
    last = f"{age} ago" if polled.looked else pages.never_polled(age)
    said = tuple(
        filter(None, (polled.problem, polled.behind, polled.unlisted, *[*polled.too_large.values()][:MOST]))
    )
    if polled.refused or polled.age > polled.allowed:
        return State("cannot be polled", "bad"), last, said
    if polled.problem:
        return State("last poll failed", "odd"), last, said
    if not polled.looked:
        return State("not polled yet", "odd"), last, said
    return State("polled", "odd" if said else "good"), last, said


def _chats(known: Known) -> Iterator[Line]:
    seen = known.health.look()
    for name, connected in known.health.chats().items():
        why = seen.off.get(name) or seen.halted.get(name) or ""
        somewhere = connected and seen.connected.get(name, connected)  # or this program only stands by
        state = State("connected", "good") if somewhere else State("not connected", "bad")
        counts = ", ".join(
            f"{number:,} {result}" for result, number in known.health.deliveries().get(name, {}).items()
        )
        yield Line(
            name=name,
            about="",
            state=State("refuses Clew", "bad") if why else state,
            last=counts,
            said=(why,) if why else (),
        )


def _programs(known: Known) -> Iterator[Line]:
    """Say who runs on the database, and what each does; what one of them never does here nobody does."""
    for program in known.health.programs():
        late = program.silent > SILENT
        yield Line(
            name=pages.program(program.host, program.process, here=program.here),
            about=program.version,
            state=State(f"silent for {_time(program.silent)}", "odd") if late else State("alive", "good"),
            last=f"{clock_time(program.since)}, {ago(program.since, known.now)}",
            said=_duties(program.duties),
        )


def _duties(names: Sequence[str]) -> tuple[str, ...]:
    left = len(names) - MOST
    return (*([", ".join(names[:MOST])] if names else []), *([f"and {left:,} more"] if left > 0 else []))


def _told(notice: Notice) -> dict[str, str]:
    return {
        "title": operating.TITLES[notice.cause],
        "problem": notice.problem,
        "since": clock_time(notice.since),
        "channel": notice.channel,
    }


def _span(seconds: object) -> str:
    return _time(seconds) if isinstance(seconds, int | float) else ""


def _time(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))
