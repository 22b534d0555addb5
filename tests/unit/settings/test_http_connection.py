"""What every connection over HTTP can say: an address with its path, whom to trust, how much to ask, and who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest

from adapters import settings
from adapters.configuration.checks import HeaderSecret, WebAddress
from adapters.configuration.problems import SettingsError
from adapters.configuration.table import Variable, WithPassword
from adapters.platforms.kind import PlatformKind
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Clock, Ledger
from tests.fakes.certificates import AUTHORITY


class Lab(WithPassword):
    """A platform that says everything there is to say."""

    no_key: ClassVar[str] = "Make one in the lab."
    kind: Literal["lab"] = "lab"
    allow_http: Annotated[bool, Variable("LAB_ALLOW_HTTP", "plain http", alone=False)] = False
    base_url: Annotated[WebAddress, Variable("LAB_BASE_URL", "where it is")] = "https://lab.example.com/v1"
    api_key: Annotated[HeaderSecret | None, Variable("LAB_API_KEY", "its key")] = None


@asynccontextmanager
async def _open(lab: Lab, clock: Clock, ledger: Ledger) -> AsyncIterator[Platform]:
    raise NotImplementedError
    yield


LAB = PlatformKind(
    name="lab", title="Lab", connection=Lab, open=_open, default="lab",
    least=("LAB_API_KEY",), clock=lambda lab: lab.address,
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the lab as the only kind."""
    monkeypatch.setattr(settings, "PLATFORMS", (LAB,))


def load(rows: str) -> Lab:
    Path("clew.toml").write_text(f'[[connection]]\nname = "a"\nkind = "lab"\n{rows}\n')
    (found,) = settings.load().connections
    assert isinstance(found, Lab)
    return found


def problems(rows: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(rows)
    return [str(problem) for problem in caught.value.problems]


KEY = 'api_key = "k"\n'


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://qa.example.com/api/v3", "https://qa.example.com/api/v3"),
        ("https://qa.example.com/api/v3/", "https://qa.example.com/api/v3"),
        ("https://qa.example.com", "https://qa.example.com"),
        ("http://localhost:8080/api/v1", "http://localhost:8080/api/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://my_host/v1", "https://my_host/v1"),
        ("https://bücher.example./v1", "https://bücher.example./v1"),
    ],
)
def test_address__keeps_its_path(given: str, used: str) -> None:
    """Nothing but the slash at the end is cut off."""
    assert load(f'{KEY}base_url = "{given}"').address == used


def test_http__is_refused_unless_asked_for_by_name() -> None:
    """The sentence says how, in the file and from the environment."""
    (problem,) = problems(f'{KEY}base_url = "http://qa:8000/api/v3"')

    assert problem == (
        "clew.toml, connection 1, base_url: Over http, keys and tokens could be read on the way. Use https. "
        "Where the network is trusted, allow_http = true (LAB_ALLOW_HTTP=true) allows it."
    )


@pytest.mark.parametrize(
    ("address", "warned"),
    [("http://qa:8000/api/v3", True), ("http://127.0.0.1:8000", False), ("https://qa", False)],
)
def test_http__that_is_allowed_is_warned_of(address: str, warned: bool) -> None:
    """Only where somebody could read along."""
    load(f'{KEY}allow_http = true\nbase_url = "{address}"')

    said = (
        "clew.toml, connection 1, base_url is not encrypted: whoever is on the way to qa can read the key and "
        "everything else. Use https as soon as the server has it."
    )
    assert settings.load().warnings == ((said,) if warned else ())


def test_ca_file__of_a_private_authority() -> None:
    """A file of certificates is taken as it is."""
    assert load(f'{KEY}ca_file = "{AUTHORITY}"').ca_file == AUTHORITY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file FILE. Check the path."),
        (
            b"",
            "The file FILE has no certificate in PEM form. It has to begin with -----BEGIN CERTIFICATE-----.",
        ),
        (b"\x30\x82\x01\x00", "The file FILE has no certificate in PEM form."),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "has no certificate in PEM form.",
        ),
    ],
)
def test_ca_file__that_is_none(content: bytes | None, said: str, tmp_path: Path) -> None:
    """It is said before Clew starts, and what helps."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)

    (problem,) = problems(f'{KEY}ca_file = "{file}"')

    assert problem.startswith("clew.toml, connection 1, ca_file: ")
    assert said.replace("FILE", str(file)) in problem


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "requests_per_minute = 0",
            "requests_per_minute: This number of requests is out of range. Give 1 to 100000.",
        ),
        ("requests_per_minute = -5", "requests_per_minute: This number of requests is out of range."),
        ('requests_per_minute = "many"', "requests_per_minute: This is not a whole number."),
        ('base_url = "https://user:pw@lab"', "base_url: This is not a web address."),
        ('base_url = "https://a..b/v1"', "base_url: This is not a web address."),
        (f'base_url = "https://{"a" * 64}.example"', "base_url: This is not a web address."),
        ('base_url = "https://lab%20/v1"', "base_url: This is not a web address."),
        ('proxy = "http://a..b:3128"', "proxy: This is not an HTTP proxy address."),
        ('base_url = "https://lab/v1?x=1"', "base_url: It contains a query."),
        ('allow_http = "perhaps"', "allow_http: This is neither true nor false."),
    ],
)
def test_values__out_of_range(rows: str, said: str) -> None:
    """Each is named with what helps."""
    (problem,) = problems(KEY + rows)

    assert said in problem


def test_requests__a_minute() -> None:
    """What the platform allows, or nothing."""
    assert load(f"{KEY}requests_per_minute = 100").requests_per_minute == 100
    assert load(KEY).requests_per_minute is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "api_key: It is missing. Make one in the lab."),
        ('username = "clew"', "password: It is missing. Give the password of the user, best as a file."),
        ('password = "p"', "username: It is missing. Give the name of the user whose password this is."),
        (
            f'{KEY}username = "clew"\npassword = "p"',
            "api_key: A key is given as well as a user. Keep one of them",
        ),
        (f'{KEY}password = "p"', "api_key: A key is given as well as a user."),
        ('api_key_file = "none"', "api_key_file: There is no file none."),
    ],
)
def test_credentials__one_way_in(rows: str, said: str) -> None:
    """Half of one is named, and both are too many."""
    (problem,) = problems(rows)

    assert said in problem


def test_credentials__of_a_user(tmp_path: Path) -> None:
    """A password may stand in a file, and is a secret to be masked like any other."""
    file = tmp_path / "password"
    file.write_text("canary password\n")

    found = load(f'username = "clew"\npassword_file = "{file}"')

    assert found.username == "clew"
    assert Secret("canary password") in settings.load().secrets
    assert "canary" not in repr(found)


def test_environment__describes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key alone is enough where the vendor has an address; plain http is asked for by name there too."""
    monkeypatch.setenv("LAB_API_KEY", "k")
    (found,) = settings.load().connections
    assert found.address == "https://lab.example.com/v1"

    monkeypatch.setenv("LAB_BASE_URL", "http://qa:8000/api")
    with pytest.raises(SettingsError, match=r"LAB_BASE_URL: Over http.*LAB_ALLOW_HTTP=true"):
        settings.load()
    monkeypatch.setenv("LAB_ALLOW_HTTP", "true")
    loaded = settings.load()
    assert loaded.connections[0].address == "http://qa:8000/api"
    assert loaded.warnings[0].startswith("LAB_BASE_URL is not encrypted")
