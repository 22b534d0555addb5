"""`clew hooks register`: what it needs, and that the platform's kind does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from adapters import settings
from adapters.cli import hooks
from adapters.configuration.problems import SettingsError
from adapters.configuration.table import Hooked
from adapters.platforms import registry
from adapters.platforms.kind import PlatformKind
from bot.errors import UserError
from bot.platform import Platform
from bot.ports import Clock, Ledger


class Lab(Hooked):
    """A connection to a platform that sends webhooks."""

    kind: Literal["lab"] = "lab"

    @property
    def address(self) -> str:
        return "https://lab.example.com"


@asynccontextmanager
async def _open(lab: Lab, clock: Clock, ledger: Ledger) -> AsyncIterator[Platform]:
    raise NotImplementedError
    yield


async def _register(lab: Lab, url: str, clock: Clock) -> str:
    assert lab.webhook_secret is not None
    return f"{lab.name} sends its webhooks to {url} from now on."


LAB = PlatformKind(
    name="lab", title="Lab", connection=Lab, open=_open, default="lab", least=("LAB_API_KEY",),
    clock=lambda lab: lab.address, hook_ids=("build_id",), register_hook=_register,
)  # fmt: skip
LABS = '[[connection]]\nname = "qa"\nkind = "lab"\n'
SECRET = 'webhook_secret = "canary-hook-secret"\n'
URL = '[hooks]\nlisten = "127.0.0.1:8081"\nurl = "https://clew.example.com/in"\n'


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an empty folder, and a kind of platform that sends webhooks."""
    monkeypatch.chdir(tmp_path)
    for name in settings.environment_names():
        monkeypatch.delenv(name, raising=False)
    for module in (settings, registry):
        monkeypatch.setattr(module, "PLATFORMS", (*registry.PLATFORMS, LAB))


def write(toml: str) -> None:
    Path("clew.toml").write_text(toml)


async def test_register(capsys: pytest.CaptureFixture[str]) -> None:
    """The platform is asked to send to the public address, with the connection's name."""
    write(LABS + SECRET + URL)

    assert await hooks.register("qa") == 0
    assert capsys.readouterr().out == "qa sends its webhooks to https://clew.example.com/in/qa from now on.\n"


async def test_register__half_set_up() -> None:
    """All that is missing is said at once, each with its place and how to give it."""
    write(LABS)

    with pytest.raises(SettingsError) as caught:
        await hooks.register("qa")

    assert [str(problem) for problem in caught.value.problems] == [
        f"connection qa, webhook_secret: It is missing. {hooks.HOW_TO_MAKE_ONE}",
        f"hooks, url: It is missing. {hooks.SAY_WHERE}",
    ]


async def test_register__a_connection_that_is_not_there() -> None:
    """A slip in the name is answered with the names that there are."""
    write(LABS + SECRET + URL)

    with pytest.raises(UserError, match="“q”") as caught:
        await hooks.register("q")

    assert caught.value.hint == "Known connections: qa."


async def test_register__a_platform_without_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that nothing has to be done."""
    write(LABS + SECRET + URL)
    bare = replace(LAB, register_hook=None)
    monkeypatch.setattr(registry, "PLATFORMS", (bare,))

    with pytest.raises(SettingsError, match="connection qa: Its platform sends no webhooks"):
        await hooks.register("qa")
