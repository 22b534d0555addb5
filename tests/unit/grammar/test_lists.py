"""Images and addresses are checked before a paid run can carry a wrong one."""

from __future__ import annotations

import pytest

from bot import grammar
from bot.errors import UserError
from bot.model import Repository

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
    "a..b/app:1", "-a.b/app:1", "a.b-/app:1", "a.b:/app:1", "a.b:x/app:1", "[x]/app:1", "a/B:1", "a/b__:1", "a/b..c:1",
    "a.b/:1", "a" * 256 + ":1", "a.b./app:1",
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
    ("text", "registry", "path"),
    [
        ("app:1", "docker.io", "library/app"),
        ("team/app:1", "docker.io", "team/app"),
        ("docker.io/app:1", "docker.io", "library/app"),
        ("index.docker.io/team/app:1", "docker.io", "team/app"),
        ("library/app:1", "docker.io", "library/app"),
        ("localhost/app:1", "localhost", "app"),
        ("Team/app:1", "team", "app"),
        ("team:5000/app:1", "team:5000", "app"),
        ("REGISTRY.example.com:5000/a/b:1", "registry.example.com:5000", "a/b"),
        (f"ghcr.io/acme/app@{DIGEST}", "ghcr.io", "acme/app"),
        ("[::1]:5000/app:1", "[::1]:5000", "app"),
        ("localhost.evil.example/app:1", "localhost.evil.example", "app"),
        ("a/b.example.com/app:1", "docker.io", "a/b.example.com/app"),
    ],
)
def test_repository__is_where_everything_that_pulls_images_looks(text: str, registry: str, path: str) -> None:
    """A dot, a port or a capital letter before the first slash makes a registry; without one it is the hub."""
    assert grammar.repository(text) == Repository(registry, path)


@pytest.mark.parametrize(
    ("text", "of", "within"),
    [
        ("ghcr.io/acme/app:1", "ghcr.io", True),
        ("ghcr.io/acme/app:1", "GHCR.io/acme/", True),
        ("ghcr.io/acme:1", "ghcr.io/acme", True),
        ("ghcr.io/acme-evil/app:1", "ghcr.io/acme", False),
        ("ghcr.io:443/acme/app:1", "ghcr.io", False),
        ("evil.example/ghcr.io/app:1", "ghcr.io", False),
        ("redis:7", "docker.io/library", True),
        ("team/redis:7", "docker.io/library", False),
        ("redis:7", "index.docker.io", True),
    ],
)
def test_repository__is_within_a_registry_by_whole_parts(text: str, of: str, *, within: bool) -> None:
    """A port belongs to the registry, a folder that only begins alike is another one."""
    assert grammar.repository(text).within(grammar.registry(of, "image_registries")) is within


@pytest.mark.parametrize("text", ["-" * 100_000, "a-" * 50_000, "a." * 50_000 + "/b:1", "a/" * 50_000 + ":1"])
def test_repository__is_bounded(text: str) -> None:
    """What is too long to be one is refused before it is looked at part by part."""
    with pytest.raises(UserError):
        grammar.repository(text)
    with pytest.raises(UserError):
        grammar.registry(text, "image_registries")


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
