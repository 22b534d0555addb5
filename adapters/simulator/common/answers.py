"""How answers are written: refusals, streams, and what a rule makes of them."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.simulator.common.misbehave import Cut, Json, Rule, Spoiler, set_fields

if TYPE_CHECKING:
    from adapters.simulator.common.clock import SimulatedClock

CHUNK = 64 * 1024  # bytes of lines sent at once
MIB = 1024 * 1024
GZIP = 31  # zlib's window bits for a gzip header
RULE = web.RequestKey("rule", Rule)
NEVER = {"Cache-Control": "no-cache"}


class Refusal(Exception):
    """An answer other than success, from anywhere below a route."""

    def __init__(self, status: int, body: Json | None, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = {**NEVER, **(headers or {})}

    def answer(self) -> web.Response:
        """Return it as a response; without a body it is empty text, as gateways send it."""
        if self.body is None:
            return web.Response(status=self.status, text="", headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


def query(request: web.Request) -> dict[str, str]:
    """Return what is asked for, in the way that the request's rule has it."""
    rule = request.get(RULE)
    return {**request.query, **(rule.query if rule is not None else {})}


def instead(rule: Rule) -> web.Response:
    """Return what a rule answers in the place of the server."""
    if rule.unpacks_to:
        packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=_zeros(rule.unpacks_to), headers=packed)
    status = rule.status or 500  # a dropped connection never sees it
    return web.Response(status=status, text=rule.body, content_type=rule.content_type, headers=rule.headers)


def changed(answer: web.Response, rule: Rule, asked: Mapping[str, str]) -> web.Response:
    """Return an answer as a rule leaves it."""
    content = answer.body
    if not isinstance(content, bytes) or not (rule.sets or rule.rewrite or rule.half or rule.answer_status):
        return answer
    if rule.sets or rule.rewrite:
        body = set_fields(json.loads(content), rule.sets)
        content = json.dumps(rule.rewrite(body, asked) if rule.rewrite else body).encode()
    if rule.half:
        content = content[: len(content) // 2]
    status = rule.answer_status or answer.status
    return web.Response(body=content, status=status, content_type=answer.content_type)


async def stream(
    request: web.Request,
    lines: Iterable[bytes],
    clock: SimulatedClock,
    *,
    kind: str,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """Send lines of a media type at once; a rule of the request may spoil them."""
    rule = request.get(RULE)
    response = web.StreamResponse(headers={"Content-Type": kind, **headers})
    try:
        await response.prepare(request)
        if rule is not None and rule.first_byte_delay:
            await clock.sleep(rule.first_byte_delay)
        await _send(response, spoilt(iter(lines), rule))
    except Cut:
        drop(request)
    except ConnectionError:
        pass  # the client has read enough
    return response


async def live(
    request: web.Request, events: AsyncIterator[bytes], clock: SimulatedClock
) -> web.StreamResponse:
    """Send server-sent events as they come; a rule of the request may spoil them."""
    rule = request.get(RULE)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **NEVER})
    spoiler = Spoiler(rule)
    try:
        await response.prepare(request)
        if rule is not None and rule.first_byte_delay:
            await clock.sleep(rule.first_byte_delay)
        async for event in events:
            for part in spoiler.spoil(event):
                await response.write(part)
    except Cut:
        drop(request)
    except ConnectionError:
        pass  # the client has read enough
    return response


def spoilt(lines: Iterator[bytes], rule: Rule | None) -> Iterator[bytes]:
    """Yield lines of a stream until the rule ends it: with an error line, or with `Cut` in the middle of one."""
    spoiler = Spoiler(rule)
    for line in lines:
        yield from spoiler.spoil(line)
        if spoiler.ended:
            return


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


@cache
def _zeros(mebibytes: int) -> bytes:
    packer = zlib.compressobj(level=1, wbits=GZIP)
    block = bytes(MIB)
    return b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()
