"""Keys, sessions, signed links and secrets of every kind of platform get into no log, row, card or file."""

from __future__ import annotations

import json
import logging
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
import stamina
from prometheus_client import generate_latest

from adapters import settings
from adapters.cli.doctor import doctor
from adapters.cli.parts import Parts
from adapters.clock import SystemClock
from adapters.configuration.table import secrets_in
from adapters.main import assemble
from adapters.platforms.kind import AnyPlatform
from adapters.platforms.registry import PLATFORMS
from adapters.platforms.testhide.kind import KIND as TESTHIDE
from adapters.settings import environment_names
from adapters.simulator.common.misbehave import Rule
from adapters.simulator.common.server import SimulatedServer
from adapters.simulator.registry import simulator
from adapters.simulator.testhide import SimulatedTesthide
from bot.access import Policy, Role
from bot.commands.registry import VERBS
from bot.model import RunQuery
from bot.platform import Platform, newest_runs
from bot.state import Invocation, Place, Subscription
from bot.watch.poll import Poller
from tests.fakes.chat import FakeChat
from tests.fakes.judged import judged
from tests.fakes.stage import ANN, CHANNEL, silent
from tests.walk.test_secrets import all_rows

HOOK_SECRET = "canary-hook-secret-4711"
LINKS = {"report"}  # shows a signed link to the person who asks for it


async def _ask(parts: Parts, texts: list[str]) -> str:
    """Say each, confirmed beforehand; return everything that was answered."""
    keys = count()
    told = ""
    for text in texts:
        act = Invocation(
            actor=ANN, place=Place(channel=CHANNEL), text=text, key=f"act-{next(keys)}",
            at=parts.clock.now(), confirmed=True,
        )  # fmt: skip
        told += repr(await parts.handler.handle(act, silent))
    return told


async def _questions(platform: Platform, most: int = 2) -> list[str]:
    """Return every verb, alone and about so many ended runs that this platform has."""
    runs = await newest_runs(platform, RunQuery())
    launchers = await platform.lists_launchers.launchers() if platform.lists_launchers else ()
    about = [run.ref.text for run in runs if run.status.terminal][:most]  # others' streams are waited for
    names = [row.name for row in launchers[:2]] + [run.launcher for run in runs[:1]]
    verbs = [name for name, verb in VERBS.items() if not verb.hidden and name not in LINKS]
    return [
        *(f"{verb} connection={platform.connection}" for verb in verbs),
        *(f"{verb} {ref}" for verb in verbs for ref in about),
        *(f'launch "{name}" connection={platform.connection} duration=30' for name in names),
        *(f'launch "{name}" connection={platform.connection}' for name in names),
        *(f"failing {ref} test=1" for ref in about),
        *(f"logs {ref} file=yes" for ref in about),
    ]


def _files(folder: Path) -> str:
    """Return what stands in the files of a folder, but for the database."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("clew.db"))
    return "".join(path.read_text("utf-8", "replace") for path in found)


async def _watched(parts: Parts, platform: Platform) -> str:
    """Look twice; return what was announced and what an operator was told."""
    told: list[str] = []

    async def notify(sentence: str) -> None:
        told.append(sentence)

    chat = FakeChat(clock=SystemClock())
    poller = Poller(
        platform, parts.store, clock=parts.clock, renderers={chat.name: chat.render},
        on_rows=lambda: None, notify_operator=notify,
    )  # fmt: skip
    await poller.tick()
    await poller.tick()
    return f"{told} {poller.health}"


@pytest.mark.parametrize("by_password", [False, True], ids=["keys", "a session"])
async def test_secrets__of_every_platform_stay_where_they_are(
    by_password: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every verb is asked of every platform, and every platform is watched; then everything that is left is read."""
    monkeypatch.chdir(tmp_path)
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'clew.db'}")
    caplog.set_level(logging.DEBUG)
    async with AsyncExitStack() as stack:
        servers: list[SimulatedServer] = []
        for kind in (TESTHIDE,) if by_password else PLATFORMS:
            servers.append(await stack.enter_async_context(judged(simulator(kind.name)(speed=1.0))))
            for name, value in servers[-1].environment().items():
                monkeypatch.setenv(name, value)
            if by_password and isinstance(servers[-1], SimulatedTesthide):
                monkeypatch.delenv("TESTHIDE_API_TOKEN")
                monkeypatch.setenv("TESTHIDE_USERNAME", servers[-1].username)
                monkeypatch.setenv("TESTHIDE_PASSWORD", servers[-1].password)
        loaded = settings.load()
        rights = Policy(roles={Role.ADMIN: frozenset({ANN.id})})
        async with assemble(loaded, policy=rights) as parts:
            await parts.store.subscribe(Subscription(channel=CHANNEL), parts.clock.now())
            told = ""
            for platform in parts.platforms.values():
                told += await _watched(parts, platform)
                told += await _ask(parts, await _questions(platform))
        secrets = {secret for server in servers for secret in server.secrets()}
        secrets |= {secret.reveal() for secret in loaded.secrets if len(secret.reveal()) > 20}

    left = "\n".join(
        [told, caplog.text, _files(tmp_path), generate_latest().decode(), *all_rows(tmp_path / "clew.db")]
    )
    assert len(secrets) > 2 * len(servers)
    assert "inbox: " in left or "audit: " in left
    assert [secret for secret in sorted(secrets) if secret in left] == []


def _quoting(status: int, secrets: set[str]) -> Rule:
    """Return a rule that answers everything with an error in which a validator or a proxy quotes secrets."""
    said = " ".join(f"{secret} (Authorization: Bearer {secret})" for secret in sorted(secrets))
    body = json.dumps({"message": said, "error": {"message": said}, "detail": [{"msg": said, "input": said}]})
    return Rule(status=status, body=body, content_type="application/json", times=None)


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: kind.name)
async def test_secrets__that_a_platform_quotes_go_no_further(
    kind: AnyPlatform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error that repeats the key, a password or a webhook's secret is shown, logged and kept without it."""
    monkeypatch.chdir(tmp_path)
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)
    caplog.set_level(logging.DEBUG)
    async with simulator(kind.name)(speed=0) as server:
        hook = {name: HOOK_SECRET for name in environment_names() if name.endswith("_WEBHOOK_SECRET")}
        for name, value in {**server.environment(), **hook}.items():
            if name.startswith(kind.least[0].partition("_")[0]):
                monkeypatch.setenv(name, value)
        loaded = settings.load()
        secrets = {secret.reveal() for secret in secrets_in(loaded.connections)}
        rights = Policy(roles={Role.ADMIN: frozenset({ANN.id})})
        with stamina.set_testing(True):
            async with assemble(loaded, policy=rights) as parts:
                await parts.store.subscribe(Subscription(channel=CHANNEL), parts.clock.now())
                (platform,) = parts.platforms.values()
                questions, told = await _questions(platform, 1), ""
                for status in (422, 500, 401):  # a wrong key stops everything, so it comes last
                    server.rules.add(_quoting(status, secrets))
                    told += await _ask(parts, questions) + await _watched(parts, platform)
                    await doctor()
                    server.behave()

    told += "".join(capsys.readouterr()) + generate_latest().decode()
    left = "\n".join([told, caplog.text, _files(tmp_path), *all_rows(tmp_path / "clew.db")])
    assert "***" in told, "what was quoted was shown, but for the secrets"
    assert [secret for secret in sorted(secrets) if secret in left] == []
