"""Images and addresses are checked before a paid run can carry a wrong one."""

from __future__ import annotations

import pytest

from bot import grammar
from bot.errors import UserError

DIGEST = "sha256:" + "0a" * 32
GOOD_IMAGES = [
    "app:1.4",
    f"app@{DIGEST}",
    "team/app:latest",
    "registry.example.com/team/app:v1",
    "localhost:5000/a__b/c-d.e:_x",
    f"us-central1-docker.pkg.dev/molten-verve-216720/acme-repository/config@{DIGEST}",
]
BAD_IMAGES = [
    "", " ", "app", "app:", "app@", "App:1", "app:1 2", "app:1\nb:2", "app:1;rm", "app:1,b", ":1", "/app:1",
    "app//b:1", "-app:1", "app-:1", "app:.1", f"app:1@{DIGEST}", "app@sha256:0a", f"app@{DIGEST.upper()}",
    "https://example.com/app:1", "user@host/app:1", "app:" + "x" * 129, "äpp:1", "a/" * 400 + "b:1",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD_IMAGES)
def test_image__takes_a_tag_or_a_digest(text: str) -> None:
    """Registries, paths, tags and digests pass; spaces around are dropped."""
    result = grammar.image(f" {text} ")

    assert text == result


@pytest.mark.parametrize("text", BAD_IMAGES)
def test_image__refuses_the_rest(text: str) -> None:
    """Missing tags, separators, schemes and floods are refused, naming the field, briefly."""
    with pytest.raises(UserError, match=r"^config_image= has ") as refused:
        grammar.image(text, "config_image")

    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    "text",
    ["a:1;b:2", "a:1,b:2", " a:1 ; b:2 ", "a:1; ;b:2;", "a:1,b:2,a:1"],
)
def test_images__splits_a_list(text: str) -> None:
    """Semicolons and commas separate, spaces and empty places do not matter, repeats are dropped."""
    result = grammar.images(text)

    assert result == ("a:1", "b:2")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has 0 entries"),
        (";,", "has 0 entries"),
        (";".join(f"a:{n}" for n in range(51)), "has 51 entries"),
        ("a:1;b", "“b”"),
        ("a:1 b:2", "“a:1 b:2”"),
    ],
)
def test_images__says_what_is_wrong(text: str, problem: str) -> None:
    """An empty list, too many entries and the one that is wrong are named."""
    with pytest.raises(UserError) as refused:
        grammar.images(text)

    assert problem in refused.value.problem


def test_recipients__splits_a_list() -> None:
    """Addresses are separated like images."""
    result = grammar.recipients("ann@example.com; bo.b+x@mail.example.co.uk, ann@example.com")

    assert result == ("ann@example.com", "bo.b+x@mail.example.co.uk")


@pytest.mark.parametrize(
    "text",
    [
        "ann", "ann@", "@example.com", "ann@example", "ann@@example.com", "ann@example..com", "a b@example.com",
        "ann@-x.com", "Ann <ann@example.com>", "ann@example.com\nbcc:x@y.z", "änn@example.com", "ann@exämple.com",
        "x" * 65 + "@example.com", "a@" + "b" * 64 + ".com", "a@" + "bb." * 100 + "com",
    ],
)  # fmt: skip
def test_recipients__refuses_what_is_no_address(text: str) -> None:
    """Names, missing parts, line breaks and other scripts are refused, naming the field."""
    with pytest.raises(UserError, match=r"^recipients= has ") as refused:
        grammar.recipients(text)

    assert len(refused.value.problem) < 200
