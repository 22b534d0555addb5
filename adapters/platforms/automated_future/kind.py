"""Automated Future, as the registry knows it; its HTTP client is loaded when a team is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.platforms.automated_future.settings import MAKE_A_KEY, Team
from adapters.platforms.kind import Checked, PlatformKind
from bot.errors import AccessRefused, Unreachable
from bot.platform import Platform
from bot.ports import Clock, Ledger


@asynccontextmanager
async def _open(own: Team, clock: Clock, ledger: Ledger) -> AsyncIterator[Platform]:
    """Open one team; nothing is sent yet."""
    from adapters.platforms.automated_future.client import ReportService
    from adapters.platforms.http.spool import folder
    from adapters.platforms.http.transport import open_http

    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        with folder() as spool:
            yield ReportService(http, own, spool=spool, ledger=ledger, now=clock.now).platform


def _check(own: Team, clock: Clock) -> AsyncIterator[Checked]:
    from adapters.platforms.automated_future.checkup import check

    return check(own, clock)


def _clock(own: Team) -> str:
    return f"{own.address}/status"


KIND = PlatformKind(
    name="automated-future",
    title="Automated Future",
    connection=Team,
    open=_open,
    default="automated-future",
    least=("AUTOMATED_FUTURE_API_KEY",),
    clock=_clock,
    check=_check,
    hints={AccessRefused: MAKE_A_KEY, Unreachable: "Look at the base URL of this connection first."},
    takes_runs=True,
    runs_nothing=True,
)
