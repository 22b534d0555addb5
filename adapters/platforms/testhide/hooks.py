"""Webhooks out of Testhide: one is known by the address that it goes to, so registering twice makes no second one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from adapters.platforms.http.answers import check_done
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct
from adapters.platforms.http.transport import open_http
from adapters.platforms.http.wire import Request
from adapters.platforms.kind import Checked
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.client import BuildService
from adapters.platforms.testhide.decode import array_of
from adapters.platforms.testhide.ids import id_of
from adapters.platforms.testhide.settings import CHECK_KEY, Server
from bot.errors import UnexpectedAnswer
from bot.ports import Clock

EVENTS = ("build.finished", "build.failed", "build.cancelled")
"""What a poll finds something new after; a build that begins is shown where it was launched."""

NOT_TAKEN = "`clew run` has to be running, and reachable there. After 401, `clew hooks register {name}` sets the secret again."


class _Webhook(msgspec.Struct):
    id: msgspec.Raw
    url: str
    events: list[str] | None = None
    active: bool | None = None


class _Tried(msgspec.Struct):
    delivered: bool
    status_code: int | None = None


@dataclass(frozen=True, slots=True)
class _Hook:
    """A webhook that goes to an address. `active`: whether it is sent."""

    id: str
    events: tuple[str, ...]
    active: bool


async def register(own: Server, url: str, clock: Clock) -> str:
    """Let the server send what happens to builds to an address, signed, and say so. Raises `ServiceError`.

    The secret of a webhook cannot be read, so one that is there is always given ours again.
    """
    async with _caller(own, clock) as caller:
        known = await _find(caller, url)
        body: dict[str, object] = {
            "url": url,
            "events": sorted({*EVENTS, *(known.events if known else ())}),
            "secret": own.webhook_secret.reveal() if own.webhook_secret else "",
            "active": True,
        }
        if known is None:
            await _sent(caller, protocol.add_hook_request(body))
            return f"Testhide sends webhooks to {url} from now on. `clew doctor` tests that they arrive."
        await _sent(caller, protocol.change_hook_request(known.id, body))
        return (
            f"Testhide had this webhook already; its secret and its events are set again. It goes to {url}."
        )


async def check(own: Server, url: str, clock: Clock) -> AsyncIterator[Checked]:
    """Let the server send a test to an address, and say what became of it. Raises `ServiceError`."""
    async with _caller(own, clock) as caller:
        hook = await _find(caller, url)
        if hook is None or not hook.active:
            found = "no webhook goes" if hook is None else "the webhook is switched off that goes"
            yield Checked(f"{found} to {url}", f"`clew hooks register {own.name}` registers it.", odd=True)
            return
        tried = read_struct((await _sent(caller, protocol.try_hook_request(hook.id))), _Tried)
    if tried is None:
        raise UnexpectedAnswer("Testhide did not say whether the webhook arrived.")
    if tried.delivered:
        yield Checked(f"a test delivery to {url} arrived")
        return
    became = f"was answered {tried.status_code}" if tried.status_code else "did not arrive"
    yield Checked(f"a test delivery to {url} {became}", NOT_TAKEN.format(name=own.name), odd=True)


async def _find(caller: Caller, url: str) -> _Hook | None:
    """Return the webhook that goes to an address, None where there is none."""
    answer = await caller.read(protocol.hooks_request())
    rows = (read_struct(item, _Webhook) for item in array_of(answer.body))
    ours = (row for row in rows if row is not None and row.url.rstrip("/") == url and id_of(row.id))
    return next(
        (_Hook(id_of(row.id), tuple(row.events or ()), row.active is not False) for row in ours), None
    )


async def _sent(caller: Caller, request: Request) -> bytes:
    """Send once what changes or does something, and return the answer's body."""
    answer = await caller.once(request)
    check_done(answer, check=CHECK_KEY)
    return answer.body


@asynccontextmanager
async def _caller(own: Server, clock: Clock) -> AsyncIterator[Caller]:
    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        yield BuildService(http, own, spool=Path(), now=clock.now).caller
