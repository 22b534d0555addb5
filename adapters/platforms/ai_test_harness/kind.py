"""AI Test Harness, as the registry knows it; its HTTP client is loaded when an account is opened."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.configuration.tokens import Shape
from adapters.platforms.ai_test_harness.settings import KIND_OF_KEY, MAKE_A_KEY, Account
from adapters.platforms.kind import Checked, PlatformKind
from bot.errors import AccessRefused, Unreachable
from bot.platform import Platform
from bot.ports import Clock, Ledger


@asynccontextmanager
async def _open(own: Account, _clock: Clock, _ledger: Ledger) -> AsyncIterator[Platform]:
    """Open one account; nothing is sent yet."""
    from adapters.platforms.ai_test_harness.client import ExecutionService
    from adapters.platforms.http.transport import open_http

    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        yield ExecutionService(http, own).platform


async def _register_hook(own: Account, url: str, _clock: Clock) -> str:
    from adapters.platforms.ai_test_harness.hooks import registration

    return registration(own, url)


def _check(own: Account, clock: Clock) -> AsyncIterator[Checked]:
    from adapters.platforms.ai_test_harness.checkup import check

    return check(own, clock)


def _clock(own: Account) -> str:
    return f"{own.address}/agents"


KIND = PlatformKind(
    name="ai-test-harness",
    title="AI Test Harness",
    connection=Account,
    open=_open,
    default="ai-test-harness",
    least=("AI_TEST_HARNESS_API_KEY",),
    clock=_clock,
    check=_check,
    hook_ids=("executionId",),
    register_hook=_register_hook,
    hints={AccessRefused: MAKE_A_KEY, Unreachable: "Look at the base URL of this connection first."},
    shapes={KIND_OF_KEY: Shape(re.compile(r"ath_[A-Za-z0-9_-]{8,}"))},
)
