"""A connection's settings: what cannot work, or would send the key elsewhere, is refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.configuration.problems import plainly
from adapters.platforms.antithesis.settings import Tenant
from bot.model import Secret

KEY = Secret("k3y-k3y-k3y")


def _tenant(**settings: Any) -> Tenant:
    return Tenant(**{"name": "prod", "api_key": KEY, **settings})


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({"tenant": "acme"}, "https://acme.antithesis.com"),
        ({"tenant": "Acme-1"}, "https://acme-1.antithesis.com"),
        ({"base_url": "https://acme.antithesis.com/"}, "https://acme.antithesis.com"),
        ({"base_url": "https://acme.antithesis.com/api/v1/"}, "https://acme.antithesis.com"),
        ({"base_url": "http://127.0.0.1:8123"}, "http://127.0.0.1:8123"),
        ({"base_url": "http://localhost:1"}, "http://localhost:1"),
        ({"base_url": "http://[::1]:99"}, "http://[::1]:99"),
        ({"tenant": "ignored", "base_url": "https://other.example:8443"}, "https://other.example:8443"),
    ],
)
def test_origin__good(settings: dict[str, Any], origin: str) -> None:
    """A tenant's name or a base URL, cut to scheme, host and port."""
    assert _tenant(**settings).address == origin


@pytest.mark.parametrize(
    ("settings", "home"),
    [
        ({"tenant": "acme"}, "https://acme.antithesis.com"),
        ({"base_url": "https://proxy.example.com"}, "https://proxy.example.com"),
        ({"tenant": "acme", "base_url": "https://proxy.example.com"}, "https://acme.antithesis.com"),
    ],
)
def test_home__is_the_tenants_own(settings: dict[str, Any], home: str) -> None:
    """Whoever passes the requests on, people open pages and reports at the tenant."""
    assert _tenant(**settings).home == home


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tenant": "evil.com/x"},
        {"tenant": "acme.evil.com"},
        {"tenant": "antithesis.com"},
        {"tenant": "a b"},
        {"tenant": "-a"},
        {"tenant": "a\n"},
        {"tenant": "a" * 64},
        {"tenant": "a@b"},
        {"tenant": "a:80"},
        {"base_url": "acme.antithesis.com"},
        {"base_url": "http://acme.antithesis.com"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://"},
        {"base_url": "https://user:pw@acme.antithesis.com"},
        {"base_url": "https://acme.antithesis.com/report"},
        {"base_url": "https://acme.antithesis.com?x=1"},
        {"base_url": "https://acme.antithesis.com#x"},
        {"base_url": "https://acme.antithesis.com:99999"},
        {"base_url": "https://[::1"},
        {"tenant": "acme", "api_key": None},
        {"tenant": "acme", "api_key": Secret("two words")},
        {"tenant": "acme", "api_key": Secret("line\n")},
        {"tenant": "acme", "proxy": "socks5://x"},
    ],
)
def test_settings__bad(settings: dict[str, Any]) -> None:
    """One sentence says what is wrong, and no secret is shown."""
    with pytest.raises(ValidationError) as caught:
        _tenant(**settings)

    (error,) = caught.value.errors()
    what, hint, _ = plainly(error)
    assert what.endswith(".")
    assert hint.endswith(".")
    assert "two words" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_settings__show_no_key() -> None:
    """However a tenant is printed."""
    assert "k3y" not in f"{_tenant(tenant='acme')!r} {_tenant(tenant='acme')}"
