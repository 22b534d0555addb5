"""A tenant that is reached through an address that is not its own: what its report links say stays true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.chat.terminal.events import invocation
from adapters.cli.parts import Parts
from adapters.main import assemble
from adapters.platforms.antithesis.settings import Tenant
from adapters.settings import Settings
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from bot.cards import Reply, plain
from bot.model import RunQuery, Secret
from bot.platform import listed

OWN = "https://acme.antithesis.com"


@asynccontextmanager
async def proxied(tenant: SimulatedTenant) -> AsyncIterator[str]:
    """Pass requests on to the tenant; links lead to its own address, as those of real tenants do."""

    async def forward(request: web.Request) -> web.Response:
        headers = {"Authorization": request.headers["Authorization"]}
        async with session.get(f"{tenant.base_url}{request.path_qs}", headers=headers) as answer:
            body = (await answer.read()).replace(tenant.base_url.encode(), OWN.encode())
            return web.Response(status=answer.status, body=body, content_type=answer.content_type)

    app = web.Application()
    app.router.add_get("/{path:.*}", forward)
    async with aiohttp.ClientSession() as session, TestServer(app) as server:
        yield str(server.make_url("/"))


@asynccontextmanager
async def clew(folder: Path, tenant_name: str | None) -> AsyncIterator[Parts]:
    async with simulated_tenant() as tenant, proxied(tenant) as address:
        connection = Tenant(
            name="default", base_url=address, tenant=tenant_name, api_key=Secret(tenant.api_key)
        )
        settings = Settings(connections=(connection,), database_url=Secret(f"sqlite:///{folder}/clew.db"))
        async with assemble(settings) as parts:
            yield parts


async def say(parts: Parts, words: str) -> Reply:
    said = invocation(words, thread="t", key=uuid4().hex, at=parts.clock.now())
    await parts.handler.accept(said)
    return await parts.handler.handle(said, _silent)


async def _silent(_text: str) -> None:
    pass


def words(reply: Reply) -> str:
    return " ".join(plain(line) for line in (reply.card.title, reply.card.text, *reply.card.body))


@pytest.fixture
async def known(tmp_path: Path) -> AsyncIterator[Parts]:
    async with clew(tmp_path, "acme") as parts:
        yield parts


async def test_report__leads_to_the_tenant(known: Parts) -> None:
    """With the tenant's name beside the address, the report opens and the run's page is the tenant's."""
    reply = await say(known, "report latest")

    (link,) = [button.signed.reveal() for button in reply.card.buttons if button.signed]
    pages = [button.page for button in (await say(known, "status latest")).card.buttons if button.page]
    assert link.startswith(f"{OWN}/report/")
    assert pages
    assert all(page.startswith(f"{OWN}/runs") for page in pages)


async def test_pasted_link__finds_its_run(known: Parts) -> None:
    """A report's link, as people copy it from the browser, belongs to its run."""
    async for page in listed(known.platforms["default"], RunQuery()):
        run = next(run for run in page if run.report_url)
        break
    assert run.report_url is not None

    reply = await say(known, f"status {run.report_url.reveal()}")

    assert reply.card.context is not None
    assert run.ref == reply.card.context.run


async def test_report__of_an_unknown_tenant_is_said_as_such(tmp_path: Path) -> None:
    """Without the tenant's name nothing false is said of the platform, and what helps is named."""
    async with clew(tmp_path, None) as parts:
        reply = await say(parts, "report latest")

    assert reply.failed
    assert "its link leads to acme.antithesis.com" in words(reply)
    assert "offers none" not in words(reply)
