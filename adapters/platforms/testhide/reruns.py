"""Starts builds again: all of one, what failed in it, or what the server calls flaky. Each is sent once."""

from __future__ import annotations

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.wire import Request
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import build_in
from bot.model import LaunchOutcome
from bot.triage import RerunRequest, RerunScope


class Reruns:
    """Fills `bot.platform.Reruns`."""

    scopes: frozenset[RerunScope] = frozenset(RerunScope)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def rerun(self, request: RerunRequest) -> LaunchOutcome:
        """Start a build again; the server has the same commit and configuration."""
        return await self._caller.start(lambda: _request(request), target="build", id_in=build_in)


def _request(request: RerunRequest) -> Request:
    if request.scope is RerunScope.FLAKY:
        return protocol.retry_flaky_request(request.run_id)
    return protocol.restart_request(request.run_id, failed_only=request.scope is RerunScope.FAILED)
