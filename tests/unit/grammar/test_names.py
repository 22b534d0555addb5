"""Names that go into an address, and yes or no."""

from __future__ import annotations

import pytest

from bot import grammar
from bot.errors import UserError


def test_run_id__names_its_field() -> None:
    """A plain id passes, another one is refused under the field's name."""
    result = grammar.run_id("abc-1-2")

    assert result == "abc-1-2"
    with pytest.raises(UserError, match=r"^run: “a/b”"):
        grammar.run_id("a/b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("basic_test", "basic_test"),
        ("  Payments   Nightly ", "Payments Nightly"),
        ("Überprüfung (v1.2), teil-3", "Überprüfung (v1.2), teil-3"),
        ("x" * 128, "x" * 128),
        *(
            (name, name)
            for name in ("CI/CD smoke", "100 % coverage", "a..b", "..", "C# build #7", "what?", "a\\b")
        ),
    ],
)
def test_launcher__takes_free_text(text: str, expected: str) -> None:
    """ParsedCommand in any script pass, spaces are made single."""
    result = grammar.launcher(text)

    assert expected == result


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "a\nb", "a\tb", "a\0b", "a\u202eb",
        "a\u200bb", "a\ud800b", "a\u00a0b", "x" * 129, "x" * 10_000,
    ],
)  # fmt: skip
def test_launcher__refuses_what_nobody_can_read(text: str) -> None:
    """Invisible characters and floods are refused, naming the field, briefly; what bends an address, the platform refuses."""
    with pytest.raises(UserError, match=r"^launcher= ") as refused:
        grammar.launcher(text)

    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True), ("YES", True), (" on ", True), ("1", True),
        ("false", False), ("No", False), ("off", False), ("0", False),
    ],
)  # fmt: skip
def test_flag__reads_yes_and_no(text: str, expected: bool) -> None:
    """The usual words mean what they say, in any case."""
    result = grammar.flag(text, "ephemeral")

    assert expected is result


@pytest.mark.parametrize("text", ["", "maybe", "y", "2", "true;", "yes" * 1_000])
def test_flag__refuses_the_rest(text: str) -> None:
    """Anything else is refused, naming the field, briefly."""
    with pytest.raises(UserError, match=r"^ephemeral= is ") as refused:
        grammar.flag(text, "ephemeral")

    assert len(refused.value.problem) < 200
