"""What a debugging launch sends, and what people may see of a run's own parameters."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.platforms.antithesis.launching import KEY
from adapters.platforms.antithesis.parameters import (
    debug_parameters,
    shown_parameters,
)
from bot.errors import Rejected
from bot.model import DebugRequest, Moment

MOMENT = Moment("-9067336385060865277", "45.334635781589895")


def test_debug__exact_names() -> None:
    """Only the documented keys; the virtual time is sent as its exact text."""
    request = DebugRequest(moment=MOMENT, run_id="a-1-1", description="k", recipients=("a@b.example",))

    assert debug_parameters(request) == (
        ("antithesis.debugging.run_id", "a-1-1"),
        ("antithesis.debugging.input_hash", MOMENT.input_hash),
        ("antithesis.debugging.vtime", MOMENT.vtime),
        ("antithesis.event_description", "k"),
        ("antithesis.report.recipients", "a@b.example"),
    )
    assert debug_parameters(DebugRequest(moment=MOMENT, session_id="s-1-1"))[0] == (
        "antithesis.debugging.session_id",
        "s-1-1",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"run_id": "a-1-1", "session_id": "b-1-1"},
        {"run_id": "../x"},
        {"run_id": "a-1-1", "moment": Moment("0", "0")},
        {"run_id": "a-1-1", "moment": Moment("x", "1")},
    ],
)
def test_debug__refused(fields: dict[str, Any]) -> None:
    """Exactly one target, at a real moment."""
    with pytest.raises(Rejected):
        debug_parameters(DebugRequest(**{"moment": MOMENT, **fields}))


def test_shown__only_known_names_and_no_secrets() -> None:
    """Tokens, callbacks, addresses and unknown names are left out; values are redacted."""
    served = {
        "antithesis.duration": "30",
        "antithesis.description": "Bearer abcdefgh12345678",
        "antithesis.integrations.type": "slack",
        "antithesis.integrations.slack.token": "CANARY",
        "antithesis.integrations.slack.callback_url": "CANARY",
        "antithesis.integrations.token": "CANARY",
        "antithesis.integrations.callback_url": "CANARY",
        "antithesis.report.recipients": "CANARY@b.example",
        "antithesis.brand_new": "CANARY",
        "custom.api_key": "CANARY",
        "custom.db_password": "CANARY",
        "custom.x.token": "CANARY",
        "vcs.pr_id": "12",
        "run.team": "payments",
        "evil": "CANARY",
        KEY: "k-1",
    }
    shown = shown_parameters(served)

    assert "CANARY" not in str(shown)
    assert set(shown) == {
        "antithesis.duration",
        "antithesis.description",
        "antithesis.integrations.type",
        "vcs.pr_id",
        "run.team",
        KEY,
    }
    assert shown["antithesis.description"] == "Bearer ***"
