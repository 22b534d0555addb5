"""The whole of `clew run` and a collector: one span from what was typed to its answer, one from a look to its post."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

from adapters.chat.slack.kind import KIND
from adapters.store.store import open_store
from bot.cards import Card, Context
from bot.model import RunRef
from bot.state import NewDelivery
from tests.fakes.collector import Collector, collecting
from tests.fakes.slack_world import MAIN, TEAM
from tests.walk.deploy.company import company

CHANNEL = f"slack:channel:{TEAM}:{MAIN}"
CANARY = "canary text of a person"


async def test_run__is_traced(tmp_path: Path) -> None:
    """Ids and verbs alone: what was typed, what a card says and the secrets are in none of it."""
    assert KIND.render is not None
    row = NewDelivery(
        key="default:r1:completed:main",
        channel=CHANNEL,
        payload=KIND.render(Card(title=(CANARY,), text=(CANARY,))),
        context=Context(run=RunRef("default", "r1")),
    )
    async with company(tmp_path) as operator, collecting(Collector()) as collector:
        async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
            await store.enqueue(row, datetime.now(UTC))
        operator.secret("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary-key")
        async with operator.running(
            "run", "--no-terminal", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url
        ) as clew:
            await operator.slack.gate.connected(1)
            await operator.slack.command(f"{CANARY}?")
            await operator.slack.world.answer("Unknown command")
            await operator.slack.command("status latest")
            await operator.slack.world.answer("Run")
            await operator.slack.world.answer(CANARY)
            code = await clew.ends(signal.SIGTERM)

    commands = [attributes for name, attributes in collector.spans if name == "command"]
    here = {"clew.chat": "slack", "clew.channel": CHANNEL}
    about = {"clew.connection": "default", "clew.run": "r1"}
    assert code == 0, clew.printed
    assert {authorization for authorization, _ in collector.requests} == {"canary-key"}
    assert dict(collector.spans)["message"] == {**here, **about, "clew.attempts": "1"}
    assert [attributes["clew.verb"] for attributes in commands] == ["", "status"]
    assert commands[0] == {**here, "clew.verb": ""}
    assert commands[1].keys() == {*here, *about, "clew.verb"}
    assert not any(text in body for _, body in collector.requests for text in (b"canary", b"latest"))
    assert "canary" not in clew.printed
