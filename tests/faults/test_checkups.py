"""What `clew doctor` says of each kind of platform, over real sockets: rights, licences, and what is not seen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from adapters.clock import SystemClock
from adapters.configuration.table import Connection
from adapters.platforms.kind import Checked
from adapters.platforms.testhide.kind import KIND as TESTHIDE
from adapters.platforms.testhide.settings import Server
from bot.errors import AccessRefused
from bot.model import Secret
from tests.fakes.raw_http import Reply, json_says, raw_server, says

Check = Callable[[Any, SystemClock], AsyncIterator[Checked]]


async def _found(check: Check | None, own: Connection) -> list[Checked]:
    assert check is not None
    return [one async for one in check(own, SystemClock())]


def _says(value: object) -> Reply:
    return json_says(json.dumps(value))


ME = _says({"id": 1, "email": "CANARY@example.com", "role": "developer", "projects": [1]})
JOBS = _says([{"id": 55, "name": "Smoke", "project_id": 1, "enabled": True},
              {"id": 56, "name": "Nightly", "project_id": 1, "enabled": False}])  # fmt: skip
LICENCE = _says(
    {"tier": "team", "valid": True, "expires_at": "2027-01-01T00:00:00Z", "capabilities": {"ai_chat": True}}
)
MODEL = _says({"provider": "x", "model": "y", "available": True, "features": []})


async def _testhide(*replies: Reply, projects: tuple[int, ...] = ()) -> tuple[list[Checked], list[str]]:
    async with raw_server(*replies) as server:
        own = Server(name="qa", base_url=server.base_url, api_key=Secret("th_live_CANARY"), projects=projects)
        return await _found(TESTHIDE.check, own), [sent.target for sent in server.requests]


async def test_testhide__well() -> None:
    """A developer's token, jobs, and a licence with AI."""
    found, asked = await _testhide(ME, JOBS, LICENCE, MODEL)

    assert found == [
        Checked("role developer"),
        Checked("2 jobs seen, 1 disabled"),
        Checked("licence team, until 01 Jan 2027, with AI"),
    ]
    assert asked == [f"/api/v3/{path}" for path in ("me", "jobs", "license/status", "ai/llm/status")]


@pytest.mark.parametrize(
    ("role", "said", "odd"),
    [
        ("admin", "the token is an admin's, who may run commands on nodes and manage users", True),
        ("Admin", "the token is an admin's", True),
        ("viewer", "the token is a viewer's: it can read, but not", True),
        ("owner\x1b[31m", "role owner", False),
        (None, "the server does not say the token's role", True),
        (5, "the server does not say the token's role", True),
    ],
)
async def test_testhide__role(role: object, said: str, odd: bool) -> None:
    """Too much and too little are both worth a look; whatever it is, it is said."""
    found, _ = await _testhide(_says({"role": role}), JOBS, LICENCE, MODEL)

    assert found[0].found.startswith(said)
    assert found[0].odd is odd
    assert bool(found[0].hint) is (odd and isinstance(role, str))


@pytest.mark.parametrize(
    ("replies", "said", "odd"),
    [
        ([_says({"tier": "team", "valid": False, "expires_at": "2026-01-01T00:00:00Z"})], "licence team, until 01 Jan 2026, is not valid", True),
        ([_says({"tier": "free", "valid": True, "capabilities": {"ai_chat": False}})], "licence free, without AI: `debug` and `ask` are refused", False),
        ([_says({"tier": 5})], "licence of a tier that is not named", False),
        ([LICENCE, _says({"available": False})], "licence team, until 01 Jan 2027, with AI, but its model is not available", True),
        ([says("403 Forbidden")], "the token may not see the licence", False),
        ([says("404 Not Found")], "the token may not see the licence", False),
        ([says("302 Found", Location="http://elsewhere")], "the licence cannot be read: The address answered with a redirect", True),
        ([says("200 OK", b"<html>")], "licence of a tier that is not named", False),
    ],
)  # fmt: skip
async def test_testhide__licence(replies: list[Reply], said: str, odd: bool) -> None:
    """What is gated is said before somebody tries; a server that says nothing of it works all the same."""
    found, _ = await _testhide(ME, JOBS, *replies)

    assert found[-1].found.startswith(said)
    assert found[-1].odd is odd


async def test_testhide__nothing_is_seen() -> None:
    """No job, and a project of the settings that the token does not see."""
    found, _ = await _testhide(
        ME, _says([]), _says([{"id": 1, "name": "A"}, {"id": "x"}]), LICENCE, MODEL, projects=(1, 7)
    )

    assert found[1].found == "no job is seen, so there are no builds to notify of"
    assert found[2] == Checked(
        "project 7 is in the settings, but the token does not see it",
        "Check `projects`, or give the token's user access.",
        bad=True,
    )


async def test_testhide__refuses() -> None:
    """What the doctor makes a line of, with what helps."""
    with pytest.raises(AccessRefused):
        await _testhide(says("401 Unauthorized"))
