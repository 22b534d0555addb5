"""The error shapes of the two halves of Antithesis' API, and its streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from adapters.simulator.common import answers
from adapters.simulator.common.answers import Refusal
from adapters.simulator.common.clock import SimulatedClock

NDJSON = "application/x-ndjson"
AN_HOUR = {"Cache-Control": "private, max-age=3600"}


def refuse(status: int, message: str) -> Refusal:
    """Return an error of the read endpoints."""
    return Refusal(status, {"message": message})


def refuse_launch(status: int, *, reached: bool = True) -> Refusal:
    """Return an error of the launch endpoints; `reached` the launcher, or rejected before."""
    return Refusal(status, {"statusCode": status} | ({"runId": None} if reached else {}))


async def stream(
    request: web.Request, lines: Iterable[bytes], clock: SimulatedClock, *, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send lines as they come; a rule of the request may spoil them."""
    return await answers.stream(request, lines, clock, kind=NDJSON, headers=headers)
