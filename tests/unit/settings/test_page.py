"""The operator's page in the settings: never open by mistake, and every mistake is said with what helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.page.serve import address_of, doors_of, way_in
from adapters.configuration.problems import SettingsError

TOKEN = "0123456789abcdef01234567"
HEADER = 'user_header = "X-Forwarded-User"\n'
PROXIES = 'proxies = ["10.0.0.7", "fd00::/64"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    return tmp_path


def loaded(folder: Path, web: str) -> settings.Settings:
    (folder / "clew.toml").write_text(f"[web]\n{web}", encoding="utf-8")
    return settings.load()


def test_page__is_off() -> None:
    """Nobody has a page who did not ask for one."""
    assert settings.Settings(connections=()).web.page is False


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_page__on_loopback_needs_nothing(folder: Path, host: str) -> None:
    """Whoever is on this machine may do everything anyhow."""
    found = loaded(folder, f'page = true\nlisten = "{host}:8080"')

    assert (found.warnings, way_in(found)) == ((), "whoever is on this machine")


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "[::]", "clew.example.com"])
def test_page__off_loopback_is_refused(folder: Path, host: str) -> None:
    """Unless something says who may read it."""
    with pytest.raises(SettingsError) as refused:
        loaded(folder, f'page = true\nlisten = "{host}:8080"')

    (problem,) = refused.value.problems
    assert str(problem).startswith(
        f"clew.toml, web, page: Everybody who reaches {host.strip('[]')} could read the page."
    )
    assert "Set CLEW_PAGE_TOKEN" in problem.hint


@pytest.mark.parametrize("url", ["https://clew.example.com", "http://10.0.0.1:8080/"])
def test_page__that_a_proxy_leads_to_is_refused(folder: Path, url: str) -> None:
    """It listens on this machine alone, and its url says that others come by a proxy: as whoever is on this machine."""
    with pytest.raises(SettingsError) as refused:
        loaded(folder, f'page = true\nurl = "{url}"')

    (problem,) = refused.value.problems
    assert f"Everybody who reaches {url.rstrip('/')} could read the page." in str(problem)
    assert problem.hint.endswith("or leave url out.")


def test_page__whose_url_is_this_machine(folder: Path) -> None:
    """A port forwarded to it, say."""
    found = loaded(folder, 'page = true\nurl = "http://localhost:9000"')

    assert doors_of(found).alone


def test_page__off_loopback_with_a_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a file too; without encryption there is a warning."""
    (folder / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    (folder / "token").chmod(0o400)
    monkeypatch.setenv("CLEW_PAGE_TOKEN_FILE", "token")
    plain = loaded(folder, 'page = true\nlisten = "0.0.0.0:8080"')
    private = loaded(folder, 'page = true\nlisten = "0.0.0.0:8080"\nurl = "https://clew.example.com/"')

    assert doors_of(plain).token is not None
    assert TOKEN in [secret.reveal() for secret in plain.secrets]
    (warning,) = plain.warnings
    assert "served without encryption" in warning
    assert private.warnings == ()
    assert (doors_of(plain).secure, doors_of(private).secure) == (False, True)
    assert address_of(plain, "http://0.0.0.0:8080") == "http://0.0.0.0:8080/operator"
    assert address_of(private, "http://0.0.0.0:8080") == "https://clew.example.com/operator"


def test_page__off_loopback_behind_a_proxy(folder: Path) -> None:
    """The header counts from these addresses alone."""
    found = loaded(
        folder, f'page = true\nlisten = "0.0.0.0:8080"\nurl = "https://clew.example.com"\n{HEADER}{PROXIES}'
    )

    assert [str(network) for network in doors_of(found).proxies] == ["10.0.0.7/32", "fd00::/64"]
    assert way_in(found) == "whoever the proxy names in X-Forwarded-User"


@pytest.mark.parametrize(
    ("web", "said"),
    [
        (f"page = true\n{HEADER}", "web, proxies: It is missing. Name the addresses that set X-Forwarded-User"),
        (f"page = true\n{PROXIES}", "web, user_header: It is missing."),
        ('page = true\nlisten = "off"', "web, page: There is no page while listen is off."),
        (f'{HEADER}proxies = ["0.0.0.0/0"]', "web, proxies 1: This is everybody."),
        (f'{HEADER}proxies = ["::/0"]', "web, proxies 1: This is everybody."),
        (f'{HEADER}proxies = ["10.0.0.7/8"]', "web, proxies 1: This is not an address or a network. Its last part"),
        (f'{HEADER}proxies = ["proxy.example.com"]', "web, proxies 1: This is not an address or a network."),
        (f'user_header = "X User"\n{PROXIES}', "web, user_header: This is not the name of a header."),
        (f'user_header = "Cookie"\n{PROXIES}', "web, user_header: Cookie says something else than the user."),
        ('token = "x"', "web, token: Unknown key."),
        ('url = "clew.example.com"', "web, url: This is not a web address."),
    ],
)  # fmt: skip
def test_page__bad_input(folder: Path, web: str, said: str) -> None:
    """Each is named with its place."""
    with pytest.raises(SettingsError) as refused:
        loaded(folder, web)

    assert f"clew.toml, {said}" in str(refused.value)


@pytest.mark.parametrize("token", ["guess-me", "0123456789abcdef 01234567", "ä" * 30])
def test_page__a_token_that_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """One that can be guessed, or that no header can hold."""
    monkeypatch.setenv("CLEW_PAGE_TOKEN", token)
    with pytest.raises(SettingsError) as refused:
        loaded(folder, "page = true")

    assert "CLEW_PAGE_TOKEN: " in str(refused.value)
    assert token not in str(refused.value)


def test_page__set_up_by_half(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever set a token believes that there is a page."""
    monkeypatch.setenv("CLEW_PAGE_TOKEN", TOKEN)

    assert loaded(folder, HEADER + PROXIES).warnings == (
        "CLEW_PAGE_TOKEN is set, but [web] page is not true, so there is no page.",
        "[web] user_header is set, but [web] page is not true, so there is no page.",
    )
