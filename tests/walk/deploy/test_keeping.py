"""What an operator types to keep a copy, to put it back, to take a new version and to change secrets: as the README says it."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy.engine import make_url

from adapters.simulator.antithesis.gate import Credentials
from adapters.store.store import open_store
from bot.state import Subscription
from tests import earlier
from tests.links import ROOT
from tests.postgresql import Server
from tests.walk.deploy.company import PATIENCE, Company, company

README = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
CLEW = f'#!/bin/sh\nexec {sys.executable} -m adapters.main "$@"\n'
PAGE_TOKEN = "page-token-canary-{}-0000000000000000"


def said(heading: str, containing: str) -> str:
    """Return the one block of commands under a heading that contains something."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (found,) = [block for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) if containing in block]
    assert isinstance(found, str)
    return found


async def typed(operator: Company, commands: str, **more: str) -> tuple[int, str]:
    """Let a shell run commands where Clew runs; return its exit code and all that was printed."""
    own = operator.folder / "bin/clew"
    own.parent.mkdir(exist_ok=True)
    own.write_text(CLEW)
    own.chmod(0o755)
    path = f"{own.parent}:{operator.environment['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", commands,
        cwd=operator.folder, env={**operator.environment, "PATH": path, **more},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def channels(url: str) -> list[str]:
    """Return what is subscribed in a database; it is brought up to date."""
    async with open_store(url) as store:
        await store.verify_audit()
        return [s.channel for s in await store.subscriptions()]


async def test_backup__and_restore(tmp_path: Path) -> None:
    """Copied while Clew runs; what came later is gone once it is put back, and Clew goes on with what was there."""
    database = f"sqlite:///{tmp_path / 'clew.db'}"
    watch = '[[watch]]\nchannel = "slack:channel:T01:C0{}"\n'
    settings = tmp_path / "clew.toml"
    async with company(tmp_path) as operator:
        settings.write_text(settings.read_text() + watch.format("FIRST"))
        async with operator.running("run", "--no-terminal") as clew:
            await operator.slack.gate.connected(1)
            copied = await typed(operator, said("Backups", "clew db backup"))
            beside = await typed(operator, said("Restoring", "clew db restore"))
            await clew.ends(signal.SIGTERM)
        async with open_store(database) as store:
            await store.subscribe(Subscription(channel="slack:channel:T01:C0LATER"), datetime.now(UTC))
        before = await channels(database)
        back = await typed(operator, said("Restoring", "clew db restore"))
        after = await channels(database)

    assert copied[0] == 0, copied
    assert beside[0] != 0
    assert "Stop it first" in beside[1]
    assert back[0] == 0, back
    assert len(before) == 2
    assert after == ["slack:channel:T01:C0FIRST"]


async def test_backup__and_restore_on_postgresql(postgresql_server: Server, tmp_path: Path) -> None:
    """Dumped by an earlier version, and restored into a new database: Clew brings that up to date."""
    if not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not here")
    async with postgresql_server.database(laid=False) as old, company(tmp_path) as operator:
        await earlier.load(old)
        restored = make_url(old).set(database="clew_restored").render_as_string(hide_password=False)
        urls = {"DATABASE_URL": old, "RESTORED_URL": restored}
        dumped = await typed(operator, said("Backups", "pg_dump"), **urls)
        _, there = await typed(
            operator, 'psql "$DATABASE_URL" -Atc "SELECT count(*) FROM subscriptions"', **urls
        )
        try:
            back = await typed(operator, said("Restoring", "pg_restore"), **urls)
            operator.secret("DATABASE_URL", restored)
            opened = await operator.does("audit", "verify")
            found = await channels(restored)
        finally:
            await typed(operator, 'dropdb --if-exists --maintenance-db="$DATABASE_URL" clew_restored', **urls)

    assert dumped[0] == 0, dumped
    assert back[0] == 0, back
    assert opened[0] == 0, opened
    assert len(found) == int(there) > 0


async def test_secrets__of_a_platform_and_of_the_page(tmp_path: Path) -> None:
    """Both are changed while Clew runs: a new key once the old one is refused, a token with SIGHUP."""
    async with company(tmp_path) as operator:
        settings = tmp_path / "clew.toml"
        settings.write_text(settings.read_text().replace("[web]", "[web]\npage = true"))
        operator.secret("CLEW_PAGE_TOKEN", PAGE_TOKEN.format(1))
        async with (
            operator.running("run", "--no-terminal") as clew,
            httpx.AsyncClient(base_url=operator.web, trust_env=False) as http,
        ):
            await operator.slack.gate.connected(1)
            operator.secret("ANTITHESIS_API_KEY", "the-next-key")
            operator.tenant.credentials = Credentials(api_key="the-next-key")
            await operator.slack.command("status latest")
            await operator.slack.world.answer("Run")

            operator.secret("CLEW_PAGE_TOKEN", PAGE_TOKEN.format(2))
            clew.process.send_signal(signal.SIGHUP)
            await clew.sees("the page's token")
            pages = [
                (
                    await http.get("/operator", headers={"Authorization": f"Bearer {PAGE_TOKEN.format(n)}"})
                ).status_code
                for n in (1, 2)
            ]
            await clew.ends(signal.SIGTERM)

    assert pages == [401, 200]
    assert "canary" not in clew.printed
    assert "the-next-key" not in clew.printed


async def test_secrets__of_a_chat(tmp_path: Path) -> None:
    """The doctor looks at what is in the files now, before anybody restarts Clew, and names a token that is refused."""
    async with company(tmp_path) as operator:
        operator.secret("SLACK_BOT_TOKEN", "xoxb-1-revoked-canary")
        checked = await operator.does("doctor")

    assert checked[0] == 1
    assert "SLACK_BOT_TOKEN" in checked[1]
    assert "canary" not in checked[1]


async def test_secrets__for_kubernetes(tmp_path: Path) -> None:
    """The folder becomes the object that the pods mount: each file is a key, named as its variable."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not here")
    command, _, _ = said("Changing secrets", "kubectl create").partition(" | kubectl apply")
    async with company(tmp_path) as operator:
        code, printed = await typed(operator, command)
    found = yaml.safe_load(printed)

    assert code == 0, printed
    assert (found["kind"], found["metadata"]["name"], found["metadata"]["namespace"]) == (
        "Secret",
        "clew",
        "clew",
    )
    assert found["data"].keys() == {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ANTITHESIS_API_KEY"}
