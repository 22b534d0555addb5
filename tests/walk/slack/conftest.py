"""A loopback Slack and a bot in it; whatever Slack would mind fails the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_bot import Bot, running_bot


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with serve() as slack:
        yield slack
        assert slack.world.violations == []


@pytest.fixture
async def bot(slack: FakeSlack) -> AsyncIterator[Bot]:
    async with running_bot(slack) as bot:
        yield bot
