"""The whole watch walk: a run ends at a simulated tenant, and the channel reads about it, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import empty_world, simulated_tenant
from adapters.store.store import open_store
from bot.delivery.deliver import Deliverer, Pace
from bot.model import LogQuery, Secret
from bot.state import Subscription
from bot.watch.poll import Poller
from tests.fakes.chat import FakeChat

CHANNEL = "fake:channel:C1"


def stored(folder: Path) -> bytes:
    """Return all that the database wrote, its journal included."""
    return b"".join(path.read_bytes() for path in folder.glob("clew.db*"))


LOST = "No acknowledged write is lost"


@pytest.mark.parametrize(
    ("failing", "title", "said"),
    [
        ([LOST], ": 1 failure", " FAILED with 1 failure"),
        (["All containers joined", LOST], ": environment problem", "Not to be relied on: "),
        (["No Antithesis errors"], ": environment problem", "1 setup property fails."),
    ],
)
async def test_watch__tells_a_channel_how_a_run_ended(
    tmp_path: Path, failing: list[str], title: str, said: str
) -> None:
    """Poll over real HTTP, record in a real database, deliver with a fresh signed link that is stored nowhere."""
    clock = SystemClock()
    database = tmp_path / "clew.db"
    async with (
        simulated_tenant(world=empty_world, speed=1.0) as tenant,
        open_http() as http,
        open_store(f"sqlite:///{database}") as store,
    ):
        address = Tenant(name="demo", tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        service = AntithesisService(http, address, spool=tmp_path, now=tenant.now)
        chat = FakeChat(clock=clock)
        told: list[str] = []

        async def notify(sentence: str) -> None:
            told.append(sentence)

        deliverer = Deliverer(
            chat,
            store,
            platforms={"demo": service.platform},
            clock=clock,
            notify_operator=notify,
            pace=Pace(per_channel=0),
        )
        poller = Poller(
            service.platform,
            store,
            clock=clock,
            renderers={chat.name: chat.render},
            on_rows=deliverer.wake,
            notify_operator=notify,
        )
        await store.subscribe(Subscription(channel=CHANNEL), clock.now())
        run_id = tenant.add_run()
        await poller.tick()
        tenant.finish_run(run_id, failing=failing)
        await poller.tick()
        await poller.tick()
        while (await store.depth()).waiting:
            await deliverer.step()

        assert poller.health.problem == ""
        assert told == []
        assert chat.violations == []
        assert tenant.violations() == []
    assert [m.channel for m in chat.messages] == [CHANNEL]
    card = json.loads(chat.messages[0].payload)
    text = json.dumps(card["text"])
    assert card["title"][-1] == title
    assert said in text
    assert all(name in text for name in failing)
    assert "Newly" not in text
    link = chat.messages[0].report_url
    assert link is not None
    assert "auth=" in link.reveal()
    assert b"auth=" not in stored(tmp_path)


async def test_watch__reads_the_window_of_a_new_failure_once_for_the_post_and_for_whoever_looks(
    tmp_path: Path,
) -> None:
    """The post says the faults; the same window by hand makes no request, and a passing run makes none."""
    clock = SystemClock()
    async with (
        simulated_tenant(world=empty_world, speed=1.0) as tenant,
        open_http() as http,
        open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store,
    ):
        address = Tenant(name="demo", tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        platform = AntithesisService(http, address, spool=tmp_path, now=tenant.now).platform
        chat = FakeChat(clock=clock)
        poller = Poller(
            platform,
            store,
            clock=clock,
            renderers={chat.name: chat.render},
            on_rows=lambda: None,
            notify_operator=_nobody,
        )
        deliverer = Deliverer(chat, store, platforms={"demo": platform}, clock=clock, notify_operator=_nobody,
                              pace=Pace(per_channel=0))  # fmt: skip
        await store.subscribe(Subscription(channel=CHANNEL), clock.now())
        await poller.tick()
        for failing, reads in (((), 0), ((LOST,), 1)):
            run_id = tenant.add_run(age=5.0)
            await poller.tick()
            tenant.finish_run(run_id, failing=failing)
            await poller.tick()
            await poller.tick()
            assert len(tenant.requests(path=".*/logs")) == reads
        while (await store.depth()).waiting:
            await deliverer.step()
        run = await platform.reads.run(run_id)
        (check,) = (await platform.reads.results(run)).failing
        assert check.moment is not None
        assert platform.moment_logs is not None
        window = await platform.moment_logs.logs(LogQuery(run_id=run_id, moment=check.moment), _nobody)

        assert len(tenant.requests(path=".*/logs")) == 1
        assert tenant.violations() == []
    assert [message.payload.count("Faults active then: ") for message in chat.messages] == [0, 1]
    assert window.faults[0].name in chat.messages[1].payload


async def _nobody(_: str) -> None:
    """Notify nobody."""
