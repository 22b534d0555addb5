"""How answers are written: JSON, the error shapes of the two halves of the API, streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.simulator.misbehave import Cut, Rule, spoil
from adapters.simulator.run import Json

if TYPE_CHECKING:
    from adapters.simulator.clock import TenantClock

NDJSON = "application/x-ndjson"
CHUNK = 64 * 1024  # bytes of lines sent at once
RULE = web.RequestKey("rule", Rule)
NEVER = {"Cache-Control": "no-cache"}
AN_HOUR = {"Cache-Control": "private, max-age=3600"}


class Refusal(Exception):
    """An answer other than success, from anywhere below a route."""

    def __init__(self, status: int, body: Json | None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    def answer(self) -> web.Response:
        """Return it as a response; without a body it is empty text, as gateways send it."""
        if self.body is None:
            return web.Response(status=self.status, text="", headers=NEVER)
        return web.json_response(self.body, status=self.status, headers=NEVER)


def refuse(status: int, message: str) -> Refusal:
    """Return an error of the read endpoints."""
    return Refusal(status, {"message": message})


def refuse_launch(status: int, *, reached: bool = True) -> Refusal:
    """Return an error of the launch endpoints; `reached` the launcher, or rejected before."""
    return Refusal(status, {"statusCode": status} | ({"runId": None} if reached else {}))


async def stream(
    request: web.Request, lines: Iterable[bytes], clock: TenantClock, *, headers: dict[str, str]
) -> web.StreamResponse:
    """Send lines as they come; a rule of the request may spoil them."""
    rule = request.get(RULE)
    response = web.StreamResponse(headers={"Content-Type": NDJSON, **headers})
    try:
        await response.prepare(request)
        if rule is not None and rule.first_byte_delay:
            await clock.sleep(rule.first_byte_delay)
        await _send(response, spoil(iter(lines), rule))
    except Cut:
        drop(request)
    except ConnectionError:
        pass  # the client has read enough
    return response


async def _send(response: web.StreamResponse, lines: Iterator[bytes]) -> None:
    waiting = bytearray()
    try:
        for line in lines:
            waiting += line
            if len(waiting) >= CHUNK:
                await response.write(bytes(waiting))
                waiting.clear()
                await asyncio.sleep(0)  # a long stream must not hold up other requests
    finally:
        if waiting:
            await response.write(bytes(waiting))


def drop(request: web.Request) -> None:
    """Close the connection under the client's feet."""
    if request.transport is not None:
        request.transport.close()
