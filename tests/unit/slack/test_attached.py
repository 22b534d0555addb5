"""Which files a message of Slack has, and which addresses take the token for one."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.chat.payload import Payload
from adapters.chat.slack import attached
from adapters.chat.slack.addresses import API_URL, Addresses
from bot.state import AttachedFile


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (None, ()),
        ("F1", ()),
        ([], ()),
        ([None, 7, "F1", {}], ()),
        ([{"id": "F1"}], (AttachedFile(ref="F1"),)),
        ([{"id": "F1", "file_access": "check_file_info"}], (AttachedFile(ref="F1"),)),
        ([{"id": "F1", "name": "a.xml", "size": 7}], (AttachedFile(ref="F1", name="a.xml", size=7),)),
        ([{"id": "F1", "title": "A", "size": "7"}], (AttachedFile(ref="F1", name="A"),)),
        ([{"id": "F1", "name": "x" * 999, "size": -7}], (AttachedFile(ref="F1", name="x" * attached.NAME),)),
        ([{"id": "../F1"}, {"id": "f1"}, {"id": "F1 "}, {"id": "F" + "1" * 99}, {"id": 1}], ()),
    ],
)
def test_of_message__whatever_it_holds(files: Any, found: tuple[AttachedFile, ...]) -> None:
    """An id that is none goes into no request; a name or size that is none is left out."""
    assert attached.of_message(Payload({"files": files})) == found


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.xml", True),
        ("https://files.slack-gov.com/files-pri/T1-F1/a.xml", True),
        ("https://files.slack.com:443/x", False),
        ("https://files.slack.com:8443/x", False),
        ("http://files.slack.com/x", False),
        ("https://slack.com/x", False),
        ("https://slack-files.com/x", False),
        ("https://acme.slack.com/x", False),
        ("https://files.slack.com.evil.example/x", False),
        ("https://evil.example/files.slack.com", False),
        ("https://u:p@files.slack.com/x", False),
        ("https://files.slack.com@evil.example/x", False),
        ("//files.slack.com/x", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_of_file__takes_the_host_for_files_alone(url: str, good: bool) -> None:
    """The bot's token goes along, so no other host of Slack does."""
    addresses = Addresses(API_URL)
    if good:
        assert addresses.of_file(url) == url
        return
    with pytest.raises(ValueError, match="Slack named an address") as raised:
        addresses.of_file(url)
    assert "evil" not in str(raised.value)


def test_of_file__where_another_address_stands_for_slack() -> None:
    """It has the files too, and nothing but it: a test's server, or a proxy that is set."""
    addresses = Addresses("http://127.0.0.1:8080/api/")

    assert addresses.of_file("http://127.0.0.1:8080/files-pri/x")
    for url in ("http://127.0.0.1:8081/x", "https://127.0.0.1:8080/x"):
        with pytest.raises(ValueError, match="Slack named"):
            addresses.of_file(url)
