"""A signed report link is believed only where it leads to the tenant."""

from __future__ import annotations

import pytest

from adapters.platforms.antithesis.links import checked_report, host_of, page_url, stem

ORIGIN = "https://acme.antithesis.com"
GOOD = f"{ORIGIN}/report/a_b/c-d.html?auth=v2.public.x&debug=true"


@pytest.mark.parametrize(
    ("url", "origin"),
    [(GOOD, ORIGIN), ("http://127.0.0.1:8123/report/a/b.html?auth=x", "http://127.0.0.1:8123")],
)
def test_report__leads_home(url: str, origin: str) -> None:
    """Scheme, host and port are those of the tenant's own address."""
    link = checked_report(url, origin)

    assert link is not None
    assert link.reveal() == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://acme.antithesis.com/report/a",
        "https://acme.antithesis.com.evil/report/a",
        "https://user@acme.antithesis.com/report/a",
        "https://acme.antithesis.com:8443/report/a",
        "https://evil.example/report/a",
        "https://acme.antithesis.com/runs",
        "https://acme.antithesis.com/report/../api",
        "https://acme.antithesis.com\\@evil/report/a",
        "//acme.antithesis.com/report/a",
        "https://\u0430cme.antithesis.com/report/a",
        "https://acme.antithesis.com/report/a b",
        'https://acme.antithesis.com/report/"><x>',
        "https://acme.antithesis.com/report/a\n",
        "https://[acme/report/a",
        f"{ORIGIN}/report/{'a' * 2048}",
    ],
)
def test_report__leads_elsewhere(url: str | None) -> None:
    """Anything else is no link."""
    assert checked_report(url, ORIGIN) is None


def test_report__at_either_address() -> None:
    """Behind a proxy a link may lead to the tenant or to the proxy; one that is not set opens nothing."""
    proxied = "https://proxy.example.com/report/a.html"

    assert checked_report(GOOD, ORIGIN, "https://proxy.example.com") is not None
    assert checked_report(proxied, ORIGIN, "https://proxy.example.com") is not None
    assert checked_report(proxied, ORIGIN, "") is None
    assert checked_report("/report/a.html", ORIGIN, "") is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (GOOD, "acme.antithesis.com"),
        ("javascript:alert(1)", None),
        (None, None),
        ("https://[acme/report/a", None),
    ],
)
def test_host__of_a_link_that_is_not_shown(url: str | None, host: str | None) -> None:
    """Where a link is not believed, its host is all that is said of it."""
    assert host_of(url) == host


def test_stem__is_what_stays_the_same() -> None:
    """Signature, fragment and the case of the host do not count."""
    other = "https://ACME.antithesis.com/report/a_b/c-d.html#/run/x/finding/y"

    assert stem(GOOD) == stem(other) == f"{ORIGIN}/report/a_b/c-d.html"


def test_page__filters_to_the_run() -> None:
    """The safe link asks for a login and shows one run."""
    assert page_url(ORIGIN, "a-1-1") == f"{ORIGIN}/runs?primary-filter=a-1-1"
