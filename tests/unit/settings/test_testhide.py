"""The settings of a Testhide server: its address with the API's path, one way in, the projects that count."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError
from adapters.platforms.testhide.settings import Server

KEY = 'api_key = "th_live_0123456789"\n'


def _load(rows: str, address: str = "https://qa.example.com") -> Server:
    Path("clew.toml").write_text(
        f'[[connection]]\nname = "qa"\nkind = "testhide"\nbase_url = "{address}"\n{rows}\n'
    )
    (found,) = settings.load().connections
    assert isinstance(found, Server)
    return found


def _problem(rows: str, address: str = "https://qa.example.com") -> str:
    with pytest.raises(SettingsError) as caught:
        _load(rows, address)
    return " ".join(str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize(
    "given",
    [
        "https://qa.example.com",
        "https://qa.example.com/",
        "https://qa.example.com/api/v3",
        "https://qa.example.com/api/v3/",
    ],
)
def test_address__has_the_path_of_the_api_once(given: str) -> None:
    """It is understood with the path and without."""
    assert _load(KEY, given).address == "https://qa.example.com/api/v3"


def test_address__keeps_a_path_of_its_own() -> None:
    """A server may stand below a path of a proxy."""
    assert _load(KEY, "https://ci.example.com/testhide").address == "https://ci.example.com/testhide/api/v3"


def test_defaults__change_no_channel() -> None:
    """A new connection notifies only the channels that name it; all projects count."""
    found = _load(KEY)

    assert (found.notified_by_default, found.projects) == (False, ())
    assert _load(f"{KEY}projects = [1, 3]").projects == (1, 3)


def test_login__one_way_in() -> None:
    """A token, or a user with a password."""
    assert _load('username = "clew"\npassword = "p"').username == "clew"
    assert "Create an API token in Testhide" in _problem("")
    assert "Keep one of them" in _problem(f'{KEY}username = "clew"\npassword = "p"')


def test_login__a_secret_of_another_kind_is_named() -> None:
    """The webhook's secret is no token."""
    assert "That looks like a webhook secret of Testhide." in _problem('api_key = "wh_sec_0123456789"')


def test_environment__describes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variables are enough; plain http beyond this machine is asked for by name."""
    monkeypatch.setenv("TESTHIDE_BASE_URL", "http://qa:8000")
    monkeypatch.setenv("TESTHIDE_API_TOKEN", "th_live_0123456789")
    with pytest.raises(SettingsError, match="TESTHIDE_ALLOW_HTTP=true"):
        settings.load()
    monkeypatch.setenv("TESTHIDE_ALLOW_HTTP", "true")
    (found,) = settings.load().connections

    assert (found.name, found.kind, found.address) == ("testhide", "testhide", "http://qa:8000/api/v3")
