"""Which files a message or a command of Discord has, and what they are called until they are opened."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.chat.discord import attached
from adapters.chat.payload import Payload
from bot.state import AttachedFile

CHANNEL, MESSAGE, FILE = "1400000000000000001", "1400000000000000002", "1400000000000000003"
REF = f"{CHANNEL}-{MESSAGE}-{FILE}"


@pytest.mark.parametrize(
    ("attachments", "found"),
    [
        (None, ()),
        ("x", ()),
        ([None, 7, {}, {"id": 7}, {"id": "x"}, {"id": "../1"}], ()),
        ([{"id": FILE}], (AttachedFile(ref=REF),)),
        ([{"id": FILE, "filename": "a.xml", "size": 7}], (AttachedFile(ref=REF, name="a.xml", size=7),)),
        ([{"id": FILE, "filename": "_.xml", "title": "ü.xml"}], (AttachedFile(ref=REF, name="ü.xml"),)),
        (
            [{"id": FILE, "filename": "x" * 999, "size": "7"}],
            (AttachedFile(ref=REF, name="x" * attached.NAME),),
        ),
    ],
)
def test_of_message__whatever_it_holds(attachments: Any, found: tuple[AttachedFile, ...]) -> None:
    """An id that is none goes into no request."""
    message = Payload({"id": MESSAGE, "channel_id": CHANNEL, "attachments": attachments})

    assert attached.of_message(message) == found
    assert all(attached.parts(file.ref) == (CHANNEL, MESSAGE, FILE) for file in found)


@pytest.mark.parametrize("resolved", [None, [], {}, {"attachments": []}, {"attachments": {FILE: "x"}}])
def test_of_options__without_any(resolved: Any) -> None:
    """Whatever stands in their place."""
    interaction = Payload({"channel_id": CHANNEL, "data": {"resolved": resolved}})

    assert attached.of_options(interaction) == ((), {})


def test_of_options__names_the_address_by_what_the_file_is_called() -> None:
    """The address stays out of what is kept."""
    file = {
        "id": FILE,
        "filename": "a.xml",
        "url": "https://cdn.discordapp.com/ephemeral-attachments/1/2/a.xml",
    }
    interaction = Payload({"channel_id": CHANNEL, "data": {"resolved": {"attachments": {FILE: file}}}})
    files, addresses = attached.of_options(interaction)

    assert [attached.parts(each.ref) for each in files] == [(CHANNEL, attached.OPTION, FILE)]
    assert addresses == {files[0].ref: file["url"]}
    assert "cdn" not in repr(files)


@pytest.mark.parametrize(
    "ref", ["", "1", "1-2", "1-2-3-4", "0-1-2", "1-x-2", "1-2-", "-1-2-3", "1-00-2", "\uff11-2-3", "../1-2-3"]
)
def test_parts__of_what_is_no_such_name(ref: str) -> None:
    """Nothing is asked of Discord for it."""
    assert attached.parts(ref) is None
