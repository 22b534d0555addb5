"""What the trail says of who came: every time that somebody signs in, and so many of whom it did not let in."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from adapters.web.page.entrance import MOST_NOTED, ONE_EACH, Doors, Entrance, Viewer, judge
from bot.model import Secret
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH
from tests.fakes.store import MemoryStore

TOKEN = Secret("page-token-0123456789abcdef")


def _from(address: str) -> web.Request:
    return make_mocked_request("GET", "/operator").clone(remote=address)


async def test_trail__is_not_flooded_from_many_addresses() -> None:
    """Strangers who come from everywhere fill no trail; how many were left out is said."""
    store, clock = MemoryStore(), ManualClock()
    entrance = Entrance(lambda: Doors(token=TOKEN), clock, store.audit)

    for number in range(3 * MOST_NOTED):
        await entrance.who(_from(f"10.0.0.{number}"))
    assert len(store.trail) == MOST_NOTED

    clock.pass_time(ONE_EACH + 1)
    await entrance.who(_from("10.0.1.1"))
    assert store.trail[-1].detail == f"no token; {2 * MOST_NOTED} more were not noted"


async def test_trail__notes_everybody_who_signs_in() -> None:
    """The token was shown once more from an address where a session is open: maybe by somebody else."""
    store = MemoryStore()
    entrance = Entrance(lambda: Doors(token=TOKEN), ManualClock(), store.audit)

    for _ in range(2):
        await entrance.sign_in(_from("10.0.0.1"), web.Response())

    assert [(row.actor, row.decision, row.detail) for row in store.trail] == [
        ("web:token", "allowed", "from 10.0.0.1")
    ] * 2


@pytest.mark.parametrize(
    ("address", "who"),
    [("10.0.0.7", "web:user:ann"), ("::ffff:10.0.0.7", "web:user:ann"), ("fd00::1%eth0", "web:user:ann"), ("10.0.0.8", None),
     ("::ffff:10.0.0.8", None), ("::10.0.0.7", None), ("", None), ("unix", None)],
)  # fmt: skip
def test_proxy__by_its_address(address: str, who: str | None) -> None:
    """An address of version 4 that comes in by a listener of version 6 is the same one; what is none is no proxy."""
    doors = Doors(
        user_header="X-Forwarded-User", proxies=(ip_network("10.0.0.7/32"), ip_network("fd00::/64"))
    )
    request = make_mocked_request("GET", "/operator", headers={"X-Forwarded-User": "ann"}).clone(
        remote=address
    )

    found = judge(request, doors, EPOCH)

    assert (found.id if isinstance(found, Viewer) else None) == who
