"""`clew hooks register`: what it needs, and that the platform's kind does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.cli import hooks
from adapters.configuration.problems import SettingsError
from bot.errors import UserError

HARNESS = '[[connection]]\nname = "qa"\nkind = "ai-test-harness"\napi_key = "ath_canary-key-0000"\n'
TENANT = '[[connection]]\nname = "qa"\ntenant = "acme"\napi_key = "canary-key"\n'
SECRET = 'webhook_secret = "canary-hook-secret"\n'
URL = '[hooks]\nlisten = "127.0.0.1:8081"\nurl = "https://clew.example.com/in"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an empty folder, and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in settings.environment_names():
        monkeypatch.delenv(name, raising=False)


def write(toml: str) -> None:
    Path("clew.toml").write_text(toml)


async def test_register(capsys: pytest.CaptureFixture[str]) -> None:
    """The platform is told the public address, with the connection's name behind it; no secret is printed."""
    write(HARNESS + SECRET + URL)

    assert await hooks.register("qa") == 0
    printed = capsys.readouterr().out
    assert '"url": "https://clew.example.com/in/qa"' in printed
    assert "canary" not in printed


async def test_register__half_set_up() -> None:
    """All that is missing is said at once, each with its place and how to give it."""
    write(HARNESS)

    with pytest.raises(SettingsError) as caught:
        await hooks.register("qa")

    assert [str(problem) for problem in caught.value.problems] == [
        f"connection qa, webhook_secret: It is missing. {hooks.HOW_TO_MAKE_ONE}",
        f"hooks, url: It is missing. {hooks.SAY_WHERE}",
    ]


async def test_register__a_connection_that_is_not_there() -> None:
    """A slip in the name is answered with the names that there are."""
    write(HARNESS + SECRET + URL)

    with pytest.raises(UserError, match="“q”") as caught:
        await hooks.register("q")

    assert caught.value.hint == "Known connections: qa."


async def test_register__a_platform_without_webhooks() -> None:
    """It is said that nothing has to be done."""
    write(TENANT + URL)

    with pytest.raises(UserError, match="“qa” sends no webhooks") as caught:
        await hooks.register("qa")

    assert caught.value.hint == "There is nothing to register: Clew polls it without them."
