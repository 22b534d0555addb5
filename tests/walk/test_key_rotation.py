"""A platform's key is changed without a restart: its file is read again when the old one is refused."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters import settings
from adapters.clock import SystemClock
from adapters.platforms.registry import open_platform
from adapters.platforms.unwritten import EmptyLedger
from adapters.redact import redact
from adapters.settings import Settings, environment_names
from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from bot.errors import AccessRefused
from bot.model import LaunchRequest, RunQuery, Started
from bot.platform import Platform, listed
from tests.fakes.service import there

OLD = "old-key-that-was-revoked"


@pytest.fixture
async def tenant() -> AsyncIterator[SimulatedTenant]:
    async with simulated_tenant() as running:
        yield running


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a key that the tenant does not know into a file, and nothing else into the environment."""
    for name in environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "key"
    path.write_text(f"{OLD}\n")
    return path


def _loaded(tenant: SimulatedTenant, path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    if how == "environment":
        monkeypatch.setenv("ANTITHESIS_BASE_URL", tenant.base_url)
        monkeypatch.setenv("ANTITHESIS_API_KEY_FILE", str(path))
    else:
        table = f'[[connection]]\nname = "prod"\nbase_url = "{tenant.base_url}"\napi_key_file = "{path}"\n'
        Path("clew.toml").write_text(table)
    return settings.load()


def _put(path: Path, text: str) -> None:
    path.write_text(text)


async def _look(service: Platform) -> tuple[str, ...]:
    """Return the newest runs' ids."""
    async for page in listed(service, RunQuery()):
        return tuple(run.ref.run_id for run in page)
    return ()


@pytest.mark.parametrize("how", ["environment", "file"])
async def test_key__is_read_again_when_it_is_refused(
    tenant: SimulatedTenant,
    key_file: Path,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The request that was refused is answered; both keys stay masked, and the log says which file it was."""
    loaded = _loaded(tenant, key_file, how, monkeypatch)
    async with open_platform(loaded.connections[0], SystemClock(), EmptyLedger()) as service:
        with pytest.raises(AccessRefused):
            await _look(service)
        _put(key_file, f"{tenant.api_key}\n")
        with caplog.at_level(logging.WARNING, logger="adapters"):
            await _look(service)

    assert f"the new one in {key_file} is used from now on" in caplog.text
    assert tenant.api_key not in caplog.text
    assert redact(f"{OLD} and {tenant.api_key}", loaded.secrets) == "*** and ***"


async def test_key__many_that_are_refused_at_once(
    tenant: SimulatedTenant, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them go on with the new key, whoever was first to read it."""
    loaded = _loaded(tenant, key_file, "environment", monkeypatch)
    async with open_platform(loaded.connections[0], SystemClock(), EmptyLedger()) as service:
        _put(key_file, tenant.api_key)

        looks = await asyncio.gather(*(_look(service) for _ in range(5)))

    assert len(looks[0]) > 0
    assert len(set(looks)) == 1


async def test_key__a_launch_that_was_refused_is_sent_once_more(
    tenant: SimulatedTenant, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was refused for its key was not started, so there is one run in the end."""
    loaded = _loaded(tenant, key_file, "environment", monkeypatch)
    async with open_platform(loaded.connections[0], SystemClock(), EmptyLedger()) as service:
        _put(key_file, tenant.api_key)
        outcome = await there(service.launches).launch(
            LaunchRequest(launcher="basic_test", key="k-1", values={"duration": "15"})
        )

    assert isinstance(outcome, Started)
    assert len(tenant.requests("POST")) == 2


@pytest.mark.parametrize("content", ["", "two words", "\x00\x01", OLD])
async def test_key__a_file_that_is_of_no_use(
    tenant: SimulatedTenant, key_file: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """The old key is refused as before, without a second request where nothing is new."""
    loaded = _loaded(tenant, key_file, "environment", monkeypatch)
    async with open_platform(loaded.connections[0], SystemClock(), EmptyLedger()) as service:
        _put(key_file, content)
        with pytest.raises(AccessRefused):
            await _look(service)

    assert len(tenant.requests()) == 1
