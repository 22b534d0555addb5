from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from adapters.chat.discord import metrics as discord_metrics
from adapters.chat.metrics import ACCEPTED
from adapters.chat.slack import metrics as slack_metrics
from adapters.http_server import RETRY
from adapters.web.app import application, serving
from adapters.web.health import ASKED_AGAIN, LATE_CHATS, LATE_TICKS, Health, Program
from bot.errors import StoreError
from bot.state import Intent, IntentState, NewDelivery, OutboxDepth
from bot.watch.auditor import Polled, Snapshot
from tests.contract.store.kit import an_intent
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH
from tests.fakes.store import MemoryStore


class Down:
    """A database that does not answer."""

    async def depth(self) -> OutboxDepth:
        raise StoreError("The database cannot be reached.")

    async def prove(self) -> None:
        raise StoreError("The database cannot be reached.")

    async def open_intents(self) -> tuple[Intent, ...]:
        raise StoreError("The database cannot be reached.")


class Pages:
    """The pages over a real socket, and the state behind them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.since = 0.0  # when this process began to poll
        self.polled: float | None = None
        self.up = True
        self.health = Health(
            store=self.store,
            clock=self.clock,
            polls=self.polls,
            look=lambda: Snapshot(polls=self.polls()),
            chats=lambda: {"slack": self.up},
            deliveries=lambda: {"slack": {"sent": 7}},
            misses=lambda: 2,
            version="1.2.3",
            programs=lambda: [a_program("abcd", here=True), a_program("e"), a_program("")],
            free=lambda: {"live"},
        )

    def polls(self) -> dict[str, Polled]:
        age = self.clock.monotonic() - max(self.since, self.polled or 0.0)
        return {"prod": Polled(age=age, allowed=300.0, looked=self.polled is not None)}

    async def get(self, path: str) -> tuple[int, str]:
        async with TestClient(TestServer(application(self.health))) as client:
            answer = await client.get(path)
            return answer.status, await answer.text()

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)
        self.health.tick()


@pytest.fixture
def pages() -> Pages:
    return Pages()


async def test_healthz__the_loop_turns(pages: Pages) -> None:
    """Alive is who turns, whatever the database and the platforms do."""
    pages.health.store = Down()

    assert (await pages.get("/healthz"))[0] == 200


async def test_healthz__blocked(pages: Pages) -> None:
    """A loop that has not turned for long is reported dead, so that it is restarted."""
    pages.clock.pass_time(LATE_TICKS + 1)

    status, body = await pages.get("/healthz")

    assert status == 503
    assert '"seconds_since_tick": 31.0' in body


async def test_readyz__well(pages: Pages) -> None:
    """Ready names the last poll, the outbox and the chats."""
    pages.polled = 0.0
    pages.pass_time(12)
    await pages.store.enqueue(
        NewDelivery(key="k", channel="slack:channel:T1:C1", payload="{}"), pages.clock.now()
    )
    pages.pass_time(5)

    status, body = await pages.get("/readyz")

    assert status == 200
    assert '"outbox": {"waiting": 1, "oldest_seconds": 5.0, "unknown": 0, "dead": 0}' in body
    assert '"seconds_since_poll": {"prod": 17.0}' in body
    assert '"chats": {"slack": "connected"}' in body


async def test_readyz__database_down(pages: Pages) -> None:
    """Without its database it is not ready, and says so."""
    pages.health.store = Down()

    status, body = await pages.get("/readyz")

    assert status == 503
    assert "The database cannot be reached." in body


@pytest.mark.parametrize(
    ("stopping", "up", "polled_ago", "said"),
    [
        (True, True, 0.0, "stopping"),
        (False, False, 0.0, "no chat is connected"),
        (False, True, 301.0, "no good poll of prod for too long"),
        (False, True, None, "no good poll of prod for too long"),
    ],
)
async def test_readyz__not_ready(
    pages: Pages, stopping: bool, up: bool, polled_ago: float | None, said: str
) -> None:
    """Each reason for not being ready is said."""
    pages.pass_time(400)
    pages.health.stopping = stopping
    pages.up = up
    pages.polled = None if polled_ago is None else pages.clock.monotonic() - polled_ago

    status, body = await pages.get("/readyz")

    assert status == 503
    assert f'"problems": ["{said}"]' in body


async def test_readyz__before_anybody_said_which_chats_there_are(pages: Pages) -> None:
    """The page answers from the first moment; nothing that is known then means that work is being done."""
    pages.health.chats, pages.health.starting = dict, True
    status, body = await pages.get("/readyz")
    pages.health.starting = False

    assert (status, '"problems": ["starting"]' in body) == (503, True)
    assert (await pages.get("/readyz"))[0] == 200


async def test_readyz__took_over_an_hour_after_its_start(pages: Pages) -> None:
    """A process that polls since a moment is given time for its first poll, however long it runs."""
    pages.pass_time(3600)
    pages.since = pages.clock.monotonic()
    pages.pass_time(5)

    status, body = await pages.get("/readyz")
    _, metrics = await pages.get("/metrics")

    assert status == 200
    assert '"seconds_since_poll": {"prod": null}' in body
    assert 'clew_poll_age_seconds{connection="prod"} 5.0' in metrics


async def test_readyz__a_clock_set_back_hides_no_silence(pages: Pages) -> None:
    """The age of the last poll is what really passed, whatever the wall clock says."""
    pages.polled = 0.0
    pages.pass_time(400)
    pages.clock.jump(-3600)

    status, body = await pages.get("/readyz")

    assert status == 503
    assert "no good poll of prod for too long" in body


async def test_readyz__details_that_an_operator_mends(pages: Pages) -> None:
    """A lost channel and another program at the work are told, and stop nobody from being served."""
    pages.health.lost = lambda: {"slack:channel:T1:C1": "The bot is not in the channel."}
    pages.health.waits_for = lambda: "Another Clew (host a, process 7)"

    status, body = await pages.get("/readyz")

    assert status == 200
    assert '"channels_lost": {"slack:channel:T1:C1": "The bot is not in the channel."}' in body
    assert '"waits_for": "Another Clew (host a, process 7)"' in body


async def test_readyz__webhooks(pages: Pages) -> None:
    """Where webhooks are received is shown, or that this is not possible yet; readiness does not hang on it."""
    _, without = await pages.get("/readyz")
    pages.health.hooks = lambda: "127.0.0.1:8081 cannot be used yet"
    status, body = await pages.get("/readyz")

    assert "webhooks" not in without
    assert status == 200
    assert '"webhooks": "127.0.0.1:8081 cannot be used yet"' in body


async def test_readyz__before_the_first_poll(pages: Pages) -> None:
    """A process that has just begun is given time for its first poll."""
    assert (await pages.get("/readyz"))[0] == 200


async def test_metrics__figures(pages: Pages) -> None:
    """The metrics say what the pages say, without ids."""
    pages.polled = 0.0
    pages.pass_time(3)

    status, body = await pages.get("/metrics")

    assert status == 200
    for line in (
        'clew_outbox_messages{state="waiting"} 0.0',
        "clew_outbox_oldest_seconds 0.0",
        'clew_poll_age_seconds{connection="prod"} 3.0',
        'clew_chat_connected{chat="slack"} 1.0',
        'clew_deliveries_total{chat="slack",result="sent"} 7.0',
        "clew_scheduler_misses_total 2.0",
        "clew_ready 1.0",
        "clew_launches_unknown 0.0",
        "clew_replicas 3.0",
        'clew_duties{state="held"} 4.0',
        'clew_duties{state="free"} 1.0',
        'clew_info{version="1.2.3"} 1.0',
    ):
        assert f"{line}\n" in body


async def test_metrics__what_chats_count(pages: Pages) -> None:
    """What conversations, Slack, Discord and the system count is there too: who looks at one page sees all."""
    ACCEPTED.labels("slack", "command").inc()
    slack_metrics.SOCKETS.inc()
    discord_metrics.STARTS.inc()

    _, body = await pages.get("/metrics")

    assert 'clew_chat_accepted_total{chat="slack",kind="command"} ' in body
    assert "\nclew_slack_sockets " in body
    assert "\nclew_discord_starts_total " in body
    assert "\nprocess_resident_memory_bytes " in body
    assert "_created" not in body


async def test_metrics__not_ready(pages: Pages) -> None:
    """A chat that is away and a database that is gone are seen in one figure."""
    pages.up = False
    _, without_chat = await pages.get("/metrics")
    pages.up = True
    pages.pass_time(ASKED_AGAIN)
    _, well = await pages.get("/metrics")
    pages.health.store = Down()
    pages.pass_time(ASKED_AGAIN)
    _, without_database = await pages.get("/metrics")

    assert "clew_ready 0.0\n" in without_chat
    assert "clew_ready 1.0\n" in well
    assert "clew_ready 0.0\n" in without_database


async def test_metrics__launches_without_an_outcome(pages: Pages) -> None:
    """Those of which nobody knows whether a run was started are counted; those under way are none of them."""
    for number, state in enumerate((IntentState.UNKNOWN, IntentState.POSTING)):
        await pages.store.draft(an_intent(f"i{number}", state=state))

    _, body = await pages.get("/metrics")

    assert "clew_launches_unknown 1.0\n" in body


async def test_metrics__database_down(pages: Pages) -> None:
    """Without the database its figures are left out, and the others stay."""
    pages.health.store = Down()

    status, body = await pages.get("/metrics")

    assert status == 200
    assert "\nclew_outbox_oldest_seconds" not in body
    assert "clew_scheduler_misses_total 2.0" in body


async def test_serving__address_taken(pages: Pages) -> None:
    """An address that is in use stops nothing: it is said what to set, and tried again until it is free."""
    told: list[str] = []
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        address = await first.enter_async_context(serving(pages.health, ("127.0.0.1", 0), told.append))
        assert address is not None
        port = int(address.rpartition(":")[2])

        none = await second.enter_async_context(serving(pages.health, ("127.0.0.1", port), told.append))
        await first.aclose()
        await pages.clock.advance(RETRY)

        async with ClientSession() as session, session.get(f"{address}/healthz") as answer:
            status = answer.status

    assert none is None
    assert status == 200
    (sentence,) = told
    assert "[web]" in sentence
    assert "Everything else goes on" in sentence


async def test_readyz__one_chat_of_two_is_down(pages: Pages) -> None:
    """A chat that connects anew is given a moment; one that stays away is named, though the other works."""
    pages.health.chats = lambda: {"slack": True, "discord": False}
    pages.pass_time(1)
    pages.pass_time(LATE_CHATS - 1)
    early, _ = await pages.get("/readyz")
    pages.pass_time(1)

    status, body = await pages.get("/readyz")

    assert (early, status) == (200, 503)
    assert '"problems": ["discord is not connected"]' in body


async def test_readyz__why_a_connection_is_not_read(pages: Pages) -> None:
    """The reason is there as soon as it is known; ready it is as long as the last good poll is not too old."""
    pages.health.refusals = lambda: {"prod": "The key was not accepted."}

    status, body = await pages.get("/readyz")

    assert status == 200
    assert '"poll_problems": {"prod": "The key was not accepted."}' in body


async def test_readyz__a_crowd_of_probes_asks_once(pages: Pages) -> None:
    """Who asks again and again gets the last answer and costs the database nothing."""
    proved: list[None] = []
    prove = pages.store.prove

    async def counted() -> None:
        proved.append(None)
        await prove()

    pages.store.prove = counted  # type: ignore[method-assign]  # counts
    for _ in range(5):
        await pages.health.ready()
    pages.pass_time(ASKED_AGAIN)
    await pages.health.ready()

    assert len(proved) == 2


def a_program(duties: str, *, here: bool = False) -> Program:
    """Return a program that runs; each letter is a duty."""
    return Program(host="a", process=7, version="1", since=EPOCH, duties=tuple(duties), here=here)
