"""Requests go to the address with its whole path, and elsewhere only where nobody reads along."""

from __future__ import annotations

import pytest

from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.ids import checked
from adapters.platforms.http.login import Key
from adapters.platforms.http.wire import Request, headers_for
from bot.errors import Rejected, UnexpectedAnswer
from bot.model import Secret

LINK = "https://store.example.com/a%2Fb?X-Amz-Signature=CANARY%2B1%3D"


def _at(address: str) -> Endpoint:
    return Endpoint(address=address, login=Key(Secret("k3y")), check="", secrets=())


@pytest.mark.parametrize(
    ("address", "path", "url"),
    [
        ("https://h/api/v3", "/builds/7", "https://h/api/v3/builds/7"),
        ("https://h/api/v3/", "builds/7", "https://h/api/v3/builds/7"),
        ("https://h/v1/test", "/project/", "https://h/v1/test/project/"),
        ("http://localhost:8080/api/v1", "/agents", "http://localhost:8080/api/v1/agents"),
        ("https://h", "/api/version", "https://h/api/version"),
    ],
)
def test_url__keeps_the_path(address: str, path: str, url: str) -> None:
    """One slash between the two, and a slash at the end where the path has one."""
    assert _at(address).url(Request(path=path)) == url
    assert _at(address).url(Request(path=path, query=(("a", "b/ü"),))) == f"{url}?a=b%2F%C3%BC"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://h/v1", LINK),
        ("http://127.0.0.1:1/v1", "http://localhost:2/file?sig=x"),
        ("http://[::1]:1/v1", LINK),
    ],
)
def test_elsewhere__where_nobody_reads_along(address: str, link: str) -> None:
    """Over https, or on this machine alone; the address stays as it was signed."""
    assert _at(address).url(Request(elsewhere=Secret(link))) == link


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://h/v1", "http://store.example.com/CANARY"),
        ("https://h/v1", "http://127.0.0.1/CANARY"),
        ("http://localhost:1/v1", "http://store.example.com/CANARY"),
        ("https://h/v1", "ftp://store.example.com/CANARY"),
        ("https://h/v1", "https://user:CANARY@store.example.com/"),
        ("https://h/v1", "https:///CANARY"),
        ("https://h/v1", "https://[CANARY"),
        ("https://h/v1", "https://h/CANARY\r\nX: y"),
        ("https://h/v1", "https://h/CANARY HTTP"),
        ("https://h/v1", "CANARY"),
        ("https://h/v1", "https://a..CANARY/"),
        ("https://h/v1", f"https://{'CANARY' * 20}.example/"),
        ("https://h/v1", "https://h\\CANARY/"),
        ("https://h/v1", ""),
    ],
)
def test_elsewhere__nowhere_else(address: str, link: str) -> None:
    """Anything else is refused, without a word of it."""
    with pytest.raises(UnexpectedAnswer) as caught:
        _at(address).url(Request(elsewhere=Secret(link)))

    assert "CANARY" not in caught.value.problem


def test_headers__say_who_sends_and_never_ask_for_compression() -> None:
    """Content has a type, nothing has none; a request of nobody says so by saying nothing."""
    always = {"User-Agent": "clew", "Accept": "application/json", "Accept-Encoding": "identity"}

    assert headers_for(Request(), None) == always
    assert headers_for(Request(), "Bearer k3y") == {**always, "Authorization": "Bearer k3y"}
    assert headers_for(Request(method="POST"), None) == always
    assert headers_for(Request(method="PUT", body=b"x", content_type="text/plain"), None) == {
        **always,
        "Content-Type": "text/plain",
    }


@pytest.mark.parametrize("text", ["", "..", "a/b", "a%2Fb", "a b", "é", "1" * 129, "a\n"])
def test_ids__that_would_bend_an_address(text: str) -> None:
    """They are refused before an address is built."""
    with pytest.raises(Rejected, match="id of a build"):
        checked(text, "build")


@pytest.mark.parametrize("text", ["1024", "exec_def456", "5f8d0d55b54764421b7156c3", "a-b"])
def test_ids__of_any_platform(text: str) -> None:
    """Numbers, words and long hexadecimal ones."""
    assert checked(text, "build") == text
