"""Who gets in, and what the audit trail says of it: every way in, and everybody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, FormData
from yarl import URL

from adapters.html.tokens import session
from adapters.web.page.entrance import COOKIE, MOST_NOTED, ONE_EACH
from bot.model import Secret
from tests.walk.web.hall import HOOK, NOW, TOKEN, Site, a_site

OTHERS = session(Secret("another-token-that-is-as-long-as-it"), NOW)
BY_PROXY = 'user_header = "X-Forwarded-User"\nproxies = ["127.0.0.1"]\n'
ELSEWHERE = 'user_header = "X-Forwarded-User"\nproxies = ["10.0.0.0/8"]\n'


@pytest.mark.parametrize(
    ("headers", "status", "said", "noted"),
    [
        ({}, 401, "Give the token to read this page.", "no token"),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401, "This is not the token.", "wrong token"),
        ({"Authorization": f"Bearer {HOOK}"}, 401, "This is not the token.", "wrong token"),
        ({"Authorization": "Bearer"}, 401, "Give the token", "no token"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "Give the token", "no token"),
        ({"Cookie": f"{COOKIE}={TOKEN}"}, 401, "You are signed out", "session that is over, or of another token"),
        ({"Cookie": f"{COOKIE}={OTHERS}"}, 401, "You are signed out", "session that is over, or of another token"),
    ],
)  # fmt: skip
async def test_token__nobody_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    status: int,
    said: str,
    noted: str,
) -> None:
    """A clear page, nothing of what there is, and a line in the trail; a path that is not there is told of neither."""
    async with a_site(tmp_path, monkeypatch) as site:
        for path in ("", "/settings", "/no-such-page"):
            assert said in await refused(site, path, headers, status)
        (line,) = await site.trail()

    assert (line.actor, line.decision, line.detail) == ("web:address:127.0.0.1", "denied", noted)


async def refused(site: Site, path: str, headers: dict[str, str], status: int) -> str:
    found, text = await site.get(path, **headers)
    assert found == status
    assert "prod" not in text
    assert "Overview" not in text
    return text


async def test_token__in_the_address_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stand in the history of a browser and in the log of a proxy."""
    async with a_site(tmp_path, monkeypatch) as site:
        assert (await site.get(f"?token={TOKEN}"))[0] == 401


async def test_token__as_a_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script gets in with it; who came is noted once, not with every view."""
    async with a_site(tmp_path, monkeypatch) as site:
        for path in ("", "/audit", "/"):
            status, text = await site.get(path, Authorization=f"bearer {TOKEN}")
            assert status == 200
        assert "Sign out" not in text
        lines = await site.trail()

    assert [(line.actor, line.decision, line.detail) for line in lines] == [
        ("web:token", "allowed", "from 127.0.0.1")
    ]


async def test_form__gives_a_cookie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No script and no other site gets hold of it, it does not hold the token, and it is over after its time."""
    async with a_site(tmp_path, monkeypatch) as site, browser_of(site) as browser:
        async with browser.post(f"{site.page}/sign-in", data={"token": "wrong"}) as answer:
            assert answer.status == 401
            assert "This is not the token." in await answer.text()
        async with browser.post(
            f"{site.page}/sign-in", data={"token": f" {TOKEN} "}, allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/operator")
            cookie = answer.headers["Set-Cookie"]
        assert TOKEN not in cookie
        assert {"HttpOnly", "SameSite=Strict", "Path=/operator"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        async with browser.get(site.page) as answer:
            assert "Sign out" in await answer.text()
        site.clock.pass_time(12 * 3600)
        async with browser.get(site.page) as answer:
            assert answer.status == 401
        lines = [(line.actor, line.decision, line.detail) for line in await site.trail()]

    assert lines == [
        ("web:address:127.0.0.1", "denied", "wrong token"),
        ("web:token", "allowed", "from 127.0.0.1"),
        ("web:address:127.0.0.1", "denied", "session that is over, or of another token"),
    ]


def browser_of(site: Site) -> ClientSession:
    return ClientSession(cookie_jar=CookieJar(unsafe=True))


@pytest.mark.parametrize(
    ("toml", "headers"),
    [('url = "https://clew.example.com"\n', {}), ("", {"X-Forwarded-Proto": "https"})],
)
async def test_form__behind_encryption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: str, headers: dict[str, str]
) -> None:
    """There the cookie never goes over a line that others read."""
    async with a_site(tmp_path, monkeypatch, toml=toml) as site, ClientSession() as browser:
        form = {"token": TOKEN}
        async with browser.post(
            f"{site.page}/sign-in", data=form, headers=headers, allow_redirects=False
        ) as answer:
            assert "Secure" in answer.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('listen = "0.0.0.0:8080"\n', 'listen = "127.0.0.1:8080"\n'),
        ('listen = "0.0.0.0:8080"\n', "page = false\n"),
        ('url = "https://clew.example.com"\n', ""),
    ],
)  # fmt: skip
async def test_token__is_taken_away_with_what_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    """The token goes at once and the listener at the next start: until then the page is open to nobody, not to everybody."""
    async with a_site(tmp_path, monkeypatch, toml=before) as site:
        file = tmp_path / "clew.toml"
        text = file.read_text(encoding="utf-8").replace(before, after)
        file.write_text(
            text.replace("page = true\n", "") if "page = false" in after else text, encoding="utf-8"
        )
        monkeypatch.delenv("CLEW_PAGE_TOKEN")
        await site.following.reload(asked=True)

        assert site.following.in_force.page_token is None
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
            status, said = await site.get("/settings", **headers)
            assert (status, "so nobody can read it" in said) == (403, True)


async def test_token__is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as soon as the settings are read again, and whoever signed in with the one before is out."""
    monkeypatch.setenv("CLEW_PAGE_TOKEN_FILE", "token")
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    (tmp_path / "token").chmod(0o600)
    async with a_site(tmp_path, monkeypatch, token=None) as site, browser_of(site) as browser:
        async with browser.post(f"{site.page}/sign-in", data={"token": TOKEN}) as answer:
            assert answer.status == 200
        (tmp_path / "token").write_text(f"new-{TOKEN}", encoding="utf-8")
        await site.following.reload(asked=True)
        async with browser.get(site.page) as answer:
            assert answer.status == 401
        assert (await site.get(Authorization=f"Bearer {TOKEN}"))[0] == 401
        assert (await site.get(Authorization=f"Bearer new-{TOKEN}"))[0] == 200
        details = [line.entry.detail async for line in site.store.chained_lines()]

    assert any(detail.startswith("the page's token. In force: ") for detail in details)
    assert not any(TOKEN in detail for detail in details)


async def test_sign_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cookie is gone."""
    async with a_site(tmp_path, monkeypatch) as site, browser_of(site) as browser:
        async with browser.post(f"{site.page}/sign-in", data={"token": TOKEN}) as answer:
            assert answer.status == 200
        async with browser.post(f"{site.page}/sign-out") as answer:
            assert answer.status == 401
        assert browser.cookie_jar.filter_cookies(URL(site.page)) == {}


async def test_proxy__names_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom it names gets in and is noted by that name, whatever it looks like; nobody named is nobody."""
    async with a_site(tmp_path, monkeypatch, toml=BY_PROXY, token=None) as site:
        assert (await site.get(X_Forwarded_User="ann@example.com"))[0] == 200
        assert (await site.get(X_Forwarded_User="x" * 121))[0] == 401
        status, text = await site.get()
        lines = [(line.actor, line.decision) for line in await site.trail()]

    assert (status, "The proxy before this page named no user." in text) == (401, True)
    assert 'name="token"' not in text
    assert lines == [("web:user:ann@example.com", "allowed"), ("web:address:127.0.0.1", "denied")]


async def test_proxy__two_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that somebody slipped past the proxy is not taken for the proxy's."""
    async with a_site(tmp_path, monkeypatch, toml=BY_PROXY, token=None) as site, ClientSession() as client:
        headers = [("X-Forwarded-User", "root"), ("X-Forwarded-User", "ann")]
        async with client.get(site.page, headers=headers) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("token", [None, TOKEN])
async def test_proxy__forged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    """The header from an address that is no proxy opens nothing, with a token to be had or without; it is noted as that."""
    async with a_site(tmp_path, monkeypatch, toml=ELSEWHERE, token=token) as site:
        forwarded = {"X_Forwarded_User": "root", "X_Forwarded_For": "10.1.2.3"}
        status, text = await site.get("", **forwarded)
        if token:
            assert (await site.get("", Authorization=f"Bearer {token}", **forwarded))[0] == 200
        lines = [(line.actor, line.decision, line.detail) for line in await site.trail()]

    assert (status, "read through its proxy alone" in text) == (403, True)
    assert lines[0] == (
        "web:address:127.0.0.1", "denied", "X-Forwarded-User from an address that is no proxy"
    )  # fmt: skip
    assert lines[1:] == ([("web:token", "allowed", "from 127.0.0.1")] if token else [])


async def test_loopback__without_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is on this machine reads it, by names of this machine: a foreign name that leads here gets nothing."""
    async with a_site(tmp_path, monkeypatch, token=None) as site:
        assert (await site.get())[0] == 200
        status, text = await site.get("/settings", Host="evil.example.com")

    assert (status, "prod" in text) == (421, False)


async def test_trail__is_not_flooded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line a minute for an address and a reason, so many in all; the next line says how many were left out."""
    async with a_site(tmp_path, monkeypatch) as site:
        for _ in range(30):
            await site.get()
        site.clock.pass_time(ONE_EACH + 1)
        await site.get()
        lines = [line.detail for line in await site.trail()]

    assert lines == ["no token", "no token; 29 more were not noted"]
    assert MOST_NOTED < 30


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_page__changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """No view takes anything but a question."""
    async with a_site(tmp_path, monkeypatch) as site, ClientSession() as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for path in ("", "/outbox", "/audit", "/settings"):
            async with client.request(method, site.page + path, headers=headers, data=b"x=1") as answer:
                assert answer.status == 405


async def test_form__too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers cannot fill the memory."""
    form = FormData({"token": "x" * 100_000})
    async with (
        a_site(tmp_path, monkeypatch) as site,
        ClientSession() as client,
        client.post(f"{site.page}/sign-in", data=form) as answer,
    ):
        assert answer.status == 413
