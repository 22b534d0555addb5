"""Secrets never reach a log, an error or a metric."""

from __future__ import annotations

import io
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.redact import MASK, redact, redactor
from bot.model import Secret

TOKEN = "CANARY" + "a1B2c3D4" * 6
SHAPES = (
    f"xoxb-{TOKEN}",
    f"curl -u 'bot:{TOKEN}' https://acme",
    f'curl -su "bot:{TOKEN}"',
    f"curl --user bot:{TOKEN}",
    f"curl -H 'X-Api-Key: {TOKEN}'",
    f"xoxe.xoxp-1-{TOKEN}",
    f"xapp-1-{TOKEN}",
    f"https://hooks.slack.com/services/T1/B1/{TOKEN}",
    f"https://hooks.slack.com/actions/T1/{TOKEN}",
    f"https://hooks.chat.example.com/services/{TOKEN}",
    f"vendor.ci.access_token={TOKEN}",
    f"https://discord.com/api/webhooks/123456789/{TOKEN}",
    f"POST /interactions/123456789/{TOKEN}/callback",
    "CANARYCANARYCANARYCANARY.Gabcde.CANARYCANARYCANARYCANARYCANARY",
    f"https://acme.antithesis.com/report/a/b.html?auth=v2.public.{TOKEN}&debug=true",
    f"v2.public.{TOKEN}",
    f"v4.local.{TOKEN}.{TOKEN}",
    f"/x?a=1&token={TOKEN}",
    f"/x?signature={TOKEN}#top",
    f"Authorization: Bearer {TOKEN}",
    f"Authorization: Basic {TOKEN}==",
    f"authorization: bot {TOKEN}",
    f"https://user:{TOKEN}@acme.antithesis.com/",
    f"postgresql+asyncpg://clew:{TOKEN}@db/clew",
    f'{{"antithesis.integrations.slack.token": "{TOKEN}"}}',
    f"antithesis.integrations.github.callback_url={TOKEN}",
    f'"antithesis.report.recipients": "CANARY@{TOKEN}.com; CANARY@b.com"',
    f"antithesis.report.recipients=CANARY@{TOKEN}.com",
    f"th_live_{TOKEN}",
    f"wh_sec_{TOKEN}",
    f"agt_{TOKEN}",
    f"ath_{TOKEN}",
    f"key%3Dath_{TOKEN}",
    f'"line\\nth_live_{TOKEN}"',
    f'"line\\nxoxb-{TOKEN}"',
    f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.{TOKEN}",
    f"session_eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.{TOKEN}",
    f'"x\\neyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.{TOKEN}"',
    f"eyJlbmMiOiJBMjU2R0NNIn0.{TOKEN}.{TOKEN}.{TOKEN}.{TOKEN}",
    f"Authorization: {TOKEN}",
    f"authorization={TOKEN}",
    f'"Authorization": "{TOKEN}"',
    f"{{'Authorization': '{TOKEN}'}}",
    f"Authorization: Token {TOKEN}",
    f"Authorization: AWS4-HMAC-SHA256 Credential={TOKEN}/2026/s3, SignedHeaders=host, Signature={TOKEN}",
    f"https://b.example.com/k?X-Amz-Credential={TOKEN}%2F2026&X-Amz-Signature={TOKEN}&X-Amz-Security-Token={TOKEN}",
    f"x&amp;X-Amz-Signature={TOKEN}",
    f"https://storage.example.com/o?X-Goog-Credential={TOKEN}&X-Goog-Signature={TOKEN}",
    f"?AWSAccessKeyId={TOKEN}&Signature={TOKEN}",
    f"https://c.example.com/b?sv=2022&sig={TOKEN}",
    f'{{"username": "ann", "password": "{TOKEN} and \\" CANARY", "n": 1}}',
    f"{{'password': '{TOKEN}'}}",
    f'{{\\"password\\": \\"{TOKEN} \\\\\\" CANARY\\"}}',
    f'"client_secret":"{TOKEN}"',
    f'"api_key": "{TOKEN}"',
    f'"token": "{TOKEN}"',
    f"postgres password={TOKEN} host=db",
)
PLAIN = (
    "The run 9043254f65c9c65d63fe043a0abfc7fc-53-1 has ended.",
    "-3625518438076122494 398.4898056755774",
    "https://acme.antithesis.com/runs?primary-filter=abc",
    "antithesis.description=nightly on main, antithesis.duration=30",
    "a basic test of a bot that is the bearer of news",
    "basic functionality, bot framework",
    "authorization: required, authorization=misconfigured, Authorization: denied for ann",
    "a path_to_something, mirath_x, the oauth flow, th_live, wh_sec",
    '{"password": null, "tokens_used": 512, "monkey": "banana", "secret": ""}',
    "Signature=valid Credential=none, exec_def456, plan_abc123",
    "raft.go:1064 version 3.5.0 etcd0.etcd.default.svc.cluster.local",
)


@pytest.mark.parametrize("text", SHAPES)
def test_redact__what_looks_like_a_secret(text: str) -> None:
    """Every known shape is masked, at the start, the end and inside a sentence."""
    assert "CANARY" not in redact(text)
    assert "CANARY" not in redact(f"failed: {text} (again)")
    assert MASK in redact(text)


@pytest.mark.parametrize("text", PLAIN)
def test_redact__plain_text_stays(text: str) -> None:
    """Ids, moments, hosts and prose are not touched."""
    assert redact(text) == text


def test_redact__keeps_what_helps_to_find_the_place() -> None:
    """Only the secret goes; the address around it stays readable."""
    text = "GET https://acme.antithesis.com/report/a/b.html?auth=v2.public.abcdefgh&debug=true"

    assert redact(text) == f"GET https://acme.antithesis.com/report/a/b.html?auth={MASK}&debug=true"


def test_redact__known_values() -> None:
    """Exact values are masked in plain and in URL-encoded form, the longer one first."""
    secrets = (Secret("pass/word 1"), "pass/word 1 and more", "abc")
    text = "pass/word 1 and more; pass/word 1; pass%2Fword%201; abc"

    assert redact(text, secrets) == f"{MASK}; {MASK}; {MASK}; abc"


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.sampled_from(SHAPES))
def test_redact__nothing_around_a_secret_saves_it(before: str, after: str, secret: str) -> None:
    """Whatever stands beside it on other lines, the secret goes."""
    assert "CANARY" not in redact(f"{before}\n{secret}\n{after}")


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_redact__twice_is_once(text: str) -> None:
    """Redacting what is redacted changes nothing."""
    once = redact(text)

    assert redact(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "-",
        "a.",
        "a://b:",
        "v2.public.",
        "antithesis.integrations.",
        "?auth",
        "xoxb-",
        "bot ",
        "eyJaaaaaaaa-",
        "eyJaaaaaaaa.",
        "%3Dath_",
        '"token":"',
        '\\"password\\":\\"',
        "Authorization: ",
        "X-Amz-Signature",
    ],
)
def test_redact__long_repetitions(unit: str) -> None:
    """A long text made to make patterns backtrack is worked through, and a secret behind it is found."""
    text = unit * (200_000 // len(unit))

    assert "CANARY" not in redact(f"{text}\n{SHAPES[0]}")


def test_redactor__scrubs_every_field_of_an_event() -> None:
    """Texts deep inside, other objects, fields named like secrets and the exception's text are all masked."""
    out = io.StringIO()
    processors: list[Any] = [
        structlog.processors.format_exc_info,
        redactor(["KNOWNCANARY"]),
        structlog.processors.JSONRenderer(),
    ]
    log = structlog.wrap_logger(structlog.WriteLogger(out), processors=processors)
    nested: dict[str, Any] = {"antithesis.integrations.x.token": "CANARY1", "list": [f"Bearer {TOKEN}"]}
    try:
        raise ValueError(f"https://h/?auth={TOKEN}")  # noqa: TRY301 - the exception is the test
    except ValueError:
        log.exception("KNOWNCANARY", nested=nested, api_key="CANARY2", secret=Secret("CANARY3"), n=1, x=None)

    assert "CANARY" not in out.getvalue()
    assert '"n": 1' in out.getvalue()


def test_redactor__deep_data_ends() -> None:
    """Data nested deeper than a person would log is printed, redacted and not followed."""
    deep: Any = f"Bearer {TOKEN}"
    for _ in range(20):
        deep = [deep]
    event = redactor()(None, "info", {"event": "x", "deep": deep, "tuple": (1, 2.5, True)})

    assert "CANARY" not in str(event)
    assert event["tuple"] == [1, 2.5, True]
