"""What counts as signed: nothing but the right HMAC, in whichever header and form."""

from __future__ import annotations

import pytest

from adapters.hooks.signature import is_signed
from bot.model import Secret

SECRET = Secret("s3cr3t-of-th")
BODY = b'{"event": "build.finished", "data": {"build_id": 1026, "status": "failed"}}'
HEX = "e185f10496e3ba672b293a12efe5dfcceccaa261ea2dff934633094f5c11872a"
BASE64 = "4YXxBJbjumcrKToS7+XfzOzKomHqLf+TRjMJT1wRhyo="


@pytest.mark.parametrize(
    "form", [HEX, HEX.upper(), f"sha256={HEX}", f"sha256={HEX.upper()}", BASE64, f"sha256={BASE64}"]
)
def test_is_signed__every_form(form: str) -> None:
    """Hexadecimal in any case and base64, with `sha256=` and without, beside headers that say other things."""
    assert is_signed(SECRET, BODY, ["application/json", "", "naïve \udcff", form])


@pytest.mark.parametrize(
    "given",
    [
        "",
        "sha256=",
        HEX[:-1],
        f"{HEX} ",
        HEX.replace("e", "f", 1),
        BASE64.swapcase(),
        BASE64.rstrip("="),
        f"sha1={HEX}",
        f"t=1,v1={HEX}",
        "\udcff" * 64,
    ],
)
def test_is_signed__nothing_else(given: str) -> None:
    """A part, another case of base64, another scheme and bytes that are no text are not the signature."""
    assert not is_signed(SECRET, BODY, [given])


def test_is_signed__another_body_or_secret() -> None:
    """The signature is of this body and of this secret; without headers there is none."""
    assert not is_signed(SECRET, BODY + b"\n", [HEX])
    assert not is_signed(Secret("s3cr3t-of-tg"), BODY, [HEX])
    assert not is_signed(SECRET, BODY, [])
