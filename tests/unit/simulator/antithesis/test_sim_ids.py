"""Made-up values have the shape of real ones and come from the seed alone."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime

from adapters.simulator.antithesis import ids
from adapters.simulator.common.ids import dice

AT = datetime(2026, 5, 14, 3, 1, 27, tzinfo=UTC)


def test_run_id__has_the_release_as_its_end() -> None:
    """32 hexadecimal digits and the release."""
    made = ids.run_id("62.14", 1, "slot", 3)

    assert re.fullmatch(r"[0-9a-f]{32}-62-14", made)
    assert made == ids.run_id("62.14", 1, "slot", 3)
    assert made != ids.run_id("62.14", 2, "slot", 3)


def test_input_hash__is_signed_64_bit_text() -> None:
    """Both signs occur and none is too big."""
    made = [ids.input_hash("x", n) for n in range(50)]

    assert all(-(2**63) <= int(text) < 2**63 for text in made)
    assert {text.startswith("-") for text in made} == {True, False}


def test_vtime__is_a_whole_number_of_ticks() -> None:
    """A float holds it exactly, so its text can be sent back."""
    rng = dice("test")

    for _ in range(50):
        vtime = ids.vtime_between(rng, 150, 187.5)

        assert 150 <= vtime < 187.5
        assert (vtime * 2**32).is_integer()


def test_report_link__decodes_to_a_scope_without_expiry() -> None:
    """The token names its report and when it becomes valid, never when it ends."""
    link = ids.report_link("http://host", "run", AT)
    path, _, token = link.partition("?auth=v2.public.")
    signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))

    claims = json.loads(signed[:-64])

    scope = claims["scope"]["ReportScopeV1"]
    assert path == f"http://host/report/{scope['report_id']}/{scope['asset']}"
    assert claims.keys() == {"nbf", "scope"}
    assert claims["nbf"] == "2026-05-14T02:01:27Z"
