"""Look at a Testhide server without serving it: who the token is, what the licence has, and which jobs are seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import NULL, read_struct, time_of
from adapters.platforms.http.text import shown
from adapters.platforms.http.transport import open_http
from adapters.platforms.http.wire import Request
from adapters.platforms.kind import Checked
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.client import BuildService
from adapters.platforms.testhide.decode import array_of
from adapters.platforms.testhide.ids import id_of
from adapters.platforms.testhide.settings import MAKE_A_KEY, Server
from bot.errors import AccessRefused, NotFound, ServiceError
from bot.ports import Clock
from bot.replies.wording import count
from bot.triage import LauncherRow

ROLE = "developer"  # may start builds and change tests; an admin may also run commands on nodes
_NAME = 60


class _Me(msgspec.Struct):
    role: str | None = None


class _Capabilities(msgspec.Struct):
    ai_chat: bool | None = None


class _Licence(msgspec.Struct):
    tier: str | None = None
    valid: bool | None = None
    expires_at: str | None = None
    capabilities: _Capabilities | None = None


class _Model(msgspec.Struct):
    available: bool | None = None


class _Project(msgspec.Struct):
    id: msgspec.Raw = NULL


async def check(own: Server, clock: Clock) -> AsyncIterator[Checked]:
    """Say of each thing what was found and how to fix it. Raises `ServiceError`."""
    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        service = BuildService(http, own, spool=Path(), now=clock.now)
        yield role_found((await service.caller.read(protocol.me_request())).body)
        yield jobs_found(await service.launchers())
        for unseen in await _unseen(service.caller, own):
            yield unseen
        yield await _licence(service.caller)


def role_found(body: bytes) -> Checked:
    """Say what the token may do: neither too little nor too much."""
    me = read_struct(body, _Me)
    role = shown(me.role or "", _NAME).lower() if me else ""
    if role == "admin":
        return Checked(
            "the token is an admin's, who may run commands on nodes and manage users",
            f"Use a token of a user with the role {ROLE}. {MAKE_A_KEY}",
            odd=True,
        )
    if role == "viewer":
        return Checked(
            "the token is a viewer's: it can read, but not start, stop or change anything",
            f"Use a token of a user with the role {ROLE}, unless that is what you want.",
            odd=True,
        )
    return Checked(f"role {role}") if role else Checked("the server does not say the token's role", odd=True)


def jobs_found(rows: tuple[LauncherRow, ...]) -> Checked:
    """Say how many jobs the token sees."""
    if not rows:
        return Checked(
            "no job is seen, so there are no builds to notify of",
            "Give the token's user access to the projects, and check `projects` of the connection.",
            odd=True,
        )
    off = sum(row.enabled is False for row in rows)
    return Checked(f"{count(len(rows), 'job')} seen{f', {off:,} disabled' if off else ''}")


async def _unseen(caller: Caller, own: Server) -> list[Checked]:
    """Name the projects of the settings that the token does not see."""
    if not own.projects:
        return []
    items = array_of((await caller.read(Request(path="projects"))).body)
    seen = {id_of(found.id) for item in items if (found := read_struct(item, _Project))}
    return [
        Checked(
            f"project {project} is in the settings, but the token does not see it",
            "Check `projects`, or give the token's user access.",
            bad=True,
        )
        for project in own.projects
        if str(project) not in seen
    ]


async def _licence(caller: Caller) -> Checked:
    """Say what the licence has of what `debug` and `ask` need; a server that keeps that to itself works all the same."""
    try:
        found = licence_found((await caller.read(Request(path="license/status"))).body)
        if found.odd or "with AI" not in found.found:
            return found
        model = read_struct((await caller.read(Request(path="ai/llm/status"))).body, _Model)
    except (AccessRefused, NotFound):
        return Checked("the token may not see the licence, so whether `debug` and `ask` work shows when used")
    except ServiceError as error:
        return Checked(f"the licence cannot be read: {error}", odd=True)
    if model is not None and model.available is False:
        return Checked(
            f"{found.found}, but its model is not available, so `debug` and `ask` are refused",
            "Check the AI settings of the server.",
            odd=True,
        )
    return found


def licence_found(body: bytes) -> Checked:
    """Say what the licence has."""
    licence = read_struct(body, _Licence) or _Licence()
    tier = shown(licence.tier or "", _NAME) or "of a tier that is not named"
    until = time_of(licence.expires_at)
    said = f"licence {tier}{f', until {until:%d %b %Y}' if until else ''}"
    if licence.valid is False:
        return Checked(
            f"{said}, is not valid", "Renew it in Testhide; it may refuse builds until then.", odd=True
        )
    ai = licence.capabilities.ai_chat if licence.capabilities else None
    if ai is None:
        return Checked(said)
    return Checked(f"{said}, {'with AI' if ai else 'without AI: `debug` and `ask` are refused'}")
