"""Which ids are one person's."""

from __future__ import annotations

import re

import pytest

from bot.people import LENGTH, SIGNS, People, code_of, digest_of

ANN, THERE, HERE = "slack:user:T1:UANN", "discord:user:80351110224678912", "terminal:user:local"
OTHER = "slack:user:T2:UANN"


def test_people__share_an_id_share_all() -> None:
    """Groups that meet are one person; nobody else is, and nobody's id is nobody."""
    people = People([{ANN, THERE}, {"x:user:1", "x:user:2"}, {THERE, HERE}])

    assert people.ids(HERE) == {ANN, THERE, HERE}
    assert people.same(ANN, HERE)
    assert people.same("y:user:1", "y:user:1")
    assert not people.same(ANN, "x:user:1")
    assert not people.same("", "")


@pytest.mark.parametrize(
    ("actor", "channel", "who"),
    [
        (THERE, "slack:channel:T1:C1", ANN),
        (THERE, "slack:channel:T2:C1", OTHER),
        (THERE, "slack:channel:T3:C1", ANN),
        (ANN, "discord:channel:1:2", THERE),
        (ANN, "terminal:channel:local", HERE),
        (ANN, "slack:channel:T1:C1", ANN),
        ("slack:user:T1:UBO", "discord:channel:1:2", None),
        ("slack:usergroup:T1:S1", "slack:channel:T1:C1", None),
    ],
)
def test_people__are_reached_where_the_channel_is(actor: str, channel: str, who: str | None) -> None:
    """By the id of the channel's own workspace where they have one there; a group is no person."""
    assert People([{ANN, OTHER, THERE, HERE}]).reachable(actor, channel) == who


def test_code__is_read_however_it_is_typed() -> None:
    """Signs that read alike are not in it; case, spaces and dashes do not count, a wrong sign does."""
    codes = {code_of(f"{number:032x}") for number in range(500)}
    code = min(codes)

    assert len(codes) == 500
    assert all(re.fullmatch(f"[{SIGNS}]{{{LENGTH}}}", each) for each in codes)
    assert (
        len({digest_of(typed) for typed in (code, code.lower(), f"{code[:5]}-{code[5:]} ", f" {code}")}) == 1
    )
    assert digest_of(code) != digest_of(code[:-1])
    assert code not in digest_of(code)
