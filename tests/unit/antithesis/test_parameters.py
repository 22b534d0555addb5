"""Launch parameters: exact names, checked values; and what people may see of a run's own."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.platforms.antithesis.parameters import (
    KEY,
    debug_parameters,
    launch_parameters,
    shown_parameters,
)
from bot.errors import Rejected
from bot.model import DebugRequest, LaunchRequest, Moment

MOMENT = Moment("-9067336385060865277", "45.334635781589895")


def _launch(**fields: Any) -> LaunchRequest:
    return LaunchRequest(**{"launcher": "basic_test", "key": "k-1", **fields})


def test_launch__all_names_in_order() -> None:
    """Every field has its documented name; our key comes last."""
    request = _launch(
        minutes="0.5",
        config_image="registry.example/config:latest",
        images=("a:1", "b@sha256:00ff"),
        description="two\nlines",
        source="main",
        test_name="t",
        ephemeral=False,
        recipients=("a@b.example", "c@d.example"),
        extra=(("custom.seed", "7"),),
    )

    assert launch_parameters(request) == (
        ("antithesis.duration", "0.5"),
        ("antithesis.config_image", "registry.example/config:latest"),
        ("antithesis.images", "a:1;b@sha256:00ff"),
        ("antithesis.description", "two\nlines"),
        ("antithesis.source", "main"),
        ("antithesis.test_name", "t"),
        ("antithesis.is_ephemeral", "false"),
        ("antithesis.report.recipients", "a@b.example;c@d.example"),
        ("custom.seed", "7"),
        (KEY, "k-1"),
    )


def test_launch__nothing_but_the_key() -> None:
    """What is not given is not sent; true is a text."""
    assert launch_parameters(_launch()) == ((KEY, "k-1"),)
    assert ("antithesis.is_ephemeral", "true") in launch_parameters(_launch(ephemeral=True))


@pytest.mark.parametrize(
    "fields",
    [
        *(
            {"minutes": text}
            for text in ("-1", "0", "0.0", "1e9", "NaN", "٣٠", "30;x", "30\n", "3" * 10_000, "1h")
        ),
        *({"images": (text,)} for text in ("a;b", "a,b", "a b", "a\n", "", "-a", "x" * 600)),
        {"config_image": "a b"},
        *({"recipients": (text,)} for text in ("a", "a@b", "a@b.c;d@e.f", "a@b.c\n", "<a@b.c>", "")),
        {"description": "x" * 4_001},
        {"description": "nul\x00"},
        {"source": "\ud800"},
        {"extra": (("antithesis.filter_logs_matching", "x"),)},
        {"extra": (("antithesis.integrations.slack.token", "x"),)},
        {"extra": (("antithesis.integrations.slack.callback_url", "x"),)},
        {"extra": (("antithesis.report.recipients", "x@y.z"),)},
        {"extra": (("custom.password", "x"),)},
        {"extra": (("antithesis.duration", "30"),)},
        {"extra": ((KEY, "other"),)},
        {"extra": (("a", "1"), ("a", "2"))},
        *({"extra": ((name, "1"),)} for name in ("", "a b", "a=b", "a\n", ".a", "x" * 200)),
        {"extra": (("custom.a", "\x1b[31m"),)},
    ],
)
def test_launch__refused_before_anything_is_sent(fields: dict[str, Any]) -> None:
    """The launcher checks nothing, so a bad value would be a paid run."""
    with pytest.raises(Rejected, match=r"\.$"):
        launch_parameters(_launch(**fields))


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
