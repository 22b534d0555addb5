"""Webhooks of a Testhide server: registered once, delivered by the server itself, and what Clew makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.main import assemble
from adapters.platforms.kind import Checked
from adapters.platforms.testhide.hooks import EVENTS
from adapters.platforms.testhide.kind import KIND
from adapters.platforms.testhide.settings import Server
from adapters.settings import Settings
from adapters.simulator.testhide import SimulatedTesthide
from bot.errors import AccessRefused, ServiceError
from bot.model import Secret
from tests.fakes.clock import ManualClock
from tests.fakes.stage import CHANNEL
from tests.fakes.testhide import Caller, called_testhide
from tests.walk.hooks.hall import SECRET, Hall
from tests.walk.hooks.program import LISTEN, program

Testhide = tuple[SimulatedTesthide, Caller]
CLOCK = ManualClock()


@pytest.fixture
async def testhide() -> AsyncIterator[Testhide]:
    async with called_testhide() as both:
        yield both


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    async with Hall().open() as hall:
        yield hall


def connected(server: SimulatedTesthide, **changes: Any) -> Server:
    """Return Clew's connection to a server."""
    fields = {"api_key": Secret(server.api_token), "webhook_secret": Secret(SECRET), **changes}
    return Server(name="qa", base_url=server.base_url, **fields)


async def register(own: Server, url: str) -> str:
    assert KIND.register_hook is not None
    return await KIND.register_hook(own, url, CLOCK)


async def check(own: Server, url: str) -> list[Checked]:
    assert KIND.check_hook is not None
    return [found async for found in KIND.check_hook(own, url, CLOCK)]


# Registering --------------------------------------------------------------------------------------


async def test_register__once(testhide: Testhide, hall: Hall) -> None:
    """The second time nothing is added: the webhook of this address is given the secret and the events again."""
    (server, caller), url = testhide, f"{hall.url}/hooks/qa"
    await caller.post("/webhooks", {"url": "https://chat.example.com/in", "events": ["test.flaky"]})
    first = await register(connected(server), url)
    again = await register(connected(server), f"{url}")
    others, ours = await caller.get("/webhooks")

    assert first == f"Testhide sends webhooks to {url} from now on. `clew doctor` tests that they arrive."
    assert again.startswith("Testhide had this webhook already; ")
    assert (others["url"], others["events"]) == ("https://chat.example.com/in", ["test.flaky"])
    assert (ours["url"], ours["events"], ours["active"]) == (url, sorted(EVENTS), True)
    assert [r.method for r in server.requests("PUT")] == ["PUT"]


async def test_register__mends_what_somebody_changed(testhide: Testhide, hall: Hall) -> None:
    """One that was switched off, with another secret and fewer events, delivers again; events beside ours stay."""
    (server, caller), url = testhide, f"{hall.url}/hooks/qa"
    old = {"url": f"{url}/", "events": ["test.flaky"], "secret": "another-one-altogether", "active": False}
    await caller.post("/webhooks", old)
    await register(connected(server), url)
    (row,) = await caller.get("/webhooks")

    assert (row["events"], row["active"]) == (sorted([*EVENTS, "test.flaky"]), True)
    assert await check(connected(server), url) == [Checked(f"a test delivery to {url} arrived")]


@pytest.mark.parametrize("fault", ["forbidden", "server error", "bad gateway", "redirect"])
async def test_register__refused(testhide: Testhide, fault: str) -> None:
    """What the server refuses is said as an error, without the secret."""
    server, _ = testhide
    server.misbehave(fault, path="/api/v3/webhooks", method="POST")

    with pytest.raises(ServiceError) as caught:
        await register(connected(server), "https://clew.example.com/hooks/qa")

    assert SECRET not in str(caught.value)


async def test_register__after_a_lost_answer(testhide: Testhide, hall: Hall) -> None:
    """A webhook that was made although nobody heard so is found the next time: there is one."""
    (server, caller), url = testhide, f"{hall.url}/hooks/qa"
    server.misbehave("started, then dropped", path="/api/v3/webhooks", method="POST")
    with pytest.raises(ServiceError):
        await register(connected(server), url)
    await register(connected(server), url)

    assert [row["url"] for row in await caller.get("/webhooks")] == [url]


async def test_register__by_a_viewer(testhide: Testhide) -> None:
    """A token that may not do it is named as the reason."""
    server, _ = testhide

    with pytest.raises(AccessRefused):
        await register(
            connected(server, api_key=Secret(server.viewer_token)), "https://clew.example.com/hooks/qa"
        )


# The doctor ---------------------------------------------------------------------------------------


async def test_check__not_registered(testhide: Testhide, hall: Hall) -> None:
    """Nothing is sent where nothing is registered; the way there is said."""
    server, _ = testhide
    url = f"{hall.url}/hooks/qa"

    assert await check(connected(server), url) == [
        Checked(f"no webhook goes to {url}", "`clew hooks register qa` registers it.", odd=True)
    ]


async def test_check__switched_off(testhide: Testhide, hall: Hall) -> None:
    """One that is switched off is not tried."""
    (server, caller), url = testhide, f"{hall.url}/hooks/qa"
    await caller.post("/webhooks", {"url": url, "events": ["build.finished"], "active": False})

    (found,) = await check(connected(server), url)

    assert (found.found, found.odd) == (f"the webhook is switched off that goes to {url}", True)


@pytest.mark.parametrize(
    ("manner", "said"),
    [({"secret": "of-somebody-else"}, "was answered 401"), ({"padding": 1_000_000}, "was answered 413")],
)
async def test_check__refused_here(testhide: Testhide, hall: Hall, manner: dict[str, Any], said: str) -> None:
    """A delivery that this side refuses is shown with its status, and what helps."""
    (server, _), url = testhide, f"{hall.url}/hooks/qa"
    await register(connected(server), url)
    server.deliver_as(**manner)

    (found,) = await check(connected(server), url)

    assert found.found == f"a test delivery to {url} {said}"
    assert found.odd
    assert "`clew hooks register qa` sets the secret again" in found.hint


async def test_check__nobody_listens(testhide: Testhide) -> None:
    """Where nobody answers, that is said."""
    server, _ = testhide
    async with Hall().open() as gone:
        url = f"{gone.url}/hooks/qa"
    await register(connected(server), url)

    (found,) = await check(connected(server), url)

    assert found.found == f"a test delivery to {url} did not arrive"


# Deliveries ---------------------------------------------------------------------------------------


async def delivered(testhide: Testhide, hall: Hall, **manner: Any) -> tuple[list[int], list[tuple[str, ...]]]:
    """Let two builds end; return the statuses that the server saw, and the ids that were hinted at."""
    server, caller = testhide
    await register(connected(server), f"{hall.url}/hooks/qa")
    job = server.add_job("Smoke Tests")
    builds = [server.add_build(job, status="running", takes=3600) for _ in range(2)]
    server.deliver_as(**manner)
    for build in builds:
        server.finish_build(build)
    await server.webhooks.settled()
    server.release()
    await server.webhooks.settled()
    rows = await caller.get("/webhooks/1/history")
    names = {build: f"build {n}" for n, build in enumerate(builds)}
    hinted = [tuple(names[run_id] for run_id in ids) for _, ids in hall.hints]
    return [row["status_code"] for row in rows], hinted


BOTH = [("build 0",), ("build 1",)]


@pytest.mark.parametrize("form", ["hex", "sha256", "base64"])
@pytest.mark.parametrize("header", ["X-Hub-Signature-256", "Testhide-Signature"])
async def test_delivery__in_each_form(testhide: Testhide, hall: Hall, form: str, header: str) -> None:
    """However the server signs, its delivery is a hint at the build that it names."""
    assert await delivered(testhide, hall, form=form, header=header) == ([202, 202], BOTH)


@pytest.mark.parametrize(
    ("manner", "statuses", "hinted"),
    [
        ({"copies": 2}, [202] * 4, BOTH),
        ({"copies": 0}, [], []),
        ({"held": True}, [202, 202], BOTH[::-1]),
        ({"forged": True}, [401, 401], []),
        ({"form": "none"}, [401, 401], []),
        ({"secret": "of-somebody-else"}, [401, 401], []),
        ({"padding": 1_000_000}, [413, 413], []),
    ],
    ids=["twice", "not at all", "out of order", "forged", "unsigned", "foreign secret", "1 MB"],
)
async def test_delivery__spoiled(
    testhide: Testhide, hall: Hall, manner: dict[str, Any], statuses: list[int], hinted: list[tuple[str, ...]]
) -> None:
    """Twice is once, any order will do, and what is not signed with our secret is nothing."""
    assert await delivered(testhide, hall, **manner) == (statuses, hinted)


async def test_delivery__announces_a_build(
    testhide: Testhide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a build's end to the outbox by a webhook alone: the next poll would come in an hour."""
    (server, _), clock = testhide, ManualClock()
    job = server.add_job("Smoke Tests")
    server.add_build(job)
    build = server.add_build(job, status="running", takes=3600)
    address = Secret(f"sqlite:///{tmp_path / 'clew.db'}")
    settings = Settings(connections=(connected(server),), database_url=address, hooks=LISTEN)
    async with assemble(settings, clock) as parts, program(parts, "qa", monkeypatch) as it:
        await register(connected(server), it.url)
        await clock.advance(5)
        server.finish_build(build, failing=["tests/test_part_000.py::test_case_1"])
        await it.told.wait()

    assert [row.key for row in it.rows] == [f"qa:{build}:completed:{CHANNEL}"]
