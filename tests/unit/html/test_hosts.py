"""The name that a request asks for: it is one, and ours."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from adapters.html.hosts import by_its_name

OURS = ("127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST", "Clew.Example.com:443")
OTHERS = (
    (), ("",), ("evil.example",), ("127.0.0.1", "evil.example"), ("127.0.0.1", "127.0.0.1"), ("127.0.0.1@evil.example",),
    ("localhost.evil.example",), ("[::1",), ("localhost:99999999",), ("clew.example.com.",),
)  # fmt: skip


def _asked(*hosts: str) -> web.Request:
    return make_mocked_request("GET", "/", headers=CIMultiDict([("Host", host) for host in hosts]))


async def _answer(_: web.Request) -> web.StreamResponse:
    return web.Response()


@pytest.mark.parametrize("host", OURS)
async def test_host__is_ours(host: str) -> None:
    """An address, this machine, or the name in the settings, however it is written."""
    assert (await by_its_name(["clew.example.com"])(_asked(host), _answer)).status == 200


@pytest.mark.parametrize("hosts", OTHERS)
async def test_host__is_not_ours(hosts: tuple[str, ...]) -> None:
    """Another one, none, several of which a proxy may have read the other one, or what is no name."""
    with pytest.raises(web.HTTPMisdirectedRequest):
        await by_its_name(["clew.example.com"])(_asked(*hosts), _answer)
