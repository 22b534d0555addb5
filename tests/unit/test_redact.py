"""What is kept of a pasted text opens nothing to whoever reads it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Secret
from bot.moments import find
from bot.redact import MASK, scrub, scrub_given, scrub_word

LINK = "https://acme.antithesis.com/report/aXz/triage.html"


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        (f"{LINK}?auth=v2.public.KEY", LINK),
        (f"status <{LINK}?auth=KEY&amp;x=1|report> now", f"status <{LINK}|report> now"),
        (f"{LINK}?auth=KEY#/run/d5d1-18-1/x", f"{LINK}#/run/d5d1-18-1/x"),
        ("the token v2.public.eyJ-_x.Zm9v alone", "the token *** alone"),
        ("curl -u 'ann:KEY' -X POST https://acme.antithesis.com/api", "curl -u *** -X POST https://acme.antithesis.com/api"),
        ("curl --user=ann:KEY https://a", "curl --user=*** https://a"),
        ('curl -H "Authorization: Bearer KEY" https://a', 'curl -H "Authorization: ***" https://a'),
        ("launch Basic nightly-payments duration=30", "launch Basic nightly-payments duration=30"),
        ("logs grep=-u source=a?b=c", "logs grep=-u source=a?b=c"),
    ],
)  # fmt: skip
def test_scrub__takes_out_keys_and_leaves_the_rest(pasted: str, kept: str) -> None:
    """Signatures and credentials go; words that only look alike stay as they were typed."""
    assert kept == scrub(pasted).text


@settings(max_examples=60)
@given(st.text(alphabet="abc=&?#v2.public -u'\"\n", max_size=60))
def test_scrub__of_what_was_kept_changes_nothing(text: str) -> None:
    """Keeping what was kept before, as a second restart does, loses nothing more."""
    once = scrub(f"{LINK}?{text} curl {text}").text

    assert once == scrub(once).text


def test_scrub__still_names_the_same_report() -> None:
    """A command that is taken up after a restart finds its run as before."""
    kept = find(scrub(f"what about {LINK}?auth=v2.public.KEY").text)

    assert LINK == (kept.report_url.reveal() if kept and kept.report_url else None)


CANARY = "CANARY7a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"launch xoxb-{CANARY}-1 x", "launch *** x"),
        (f"curl -su ann:{CANARY} https://a", "curl -su *** https://a"),
        (f"curl -uann:{CANARY} https://a", "curl -u*** https://a"),
        (f"curl --proxy-user 'a b:{CANARY}' https://a", "curl --proxy-user *** https://a"),
        (f"X-Api-Key: {CANARY} and more", "X-Api-Key: *** and more"),
        (f"api_key={CANARY}", "api_key=***"),
        (f"https://ann:{CANARY}@host/x", "https://ann:***@host/x"),
        (f"Bearer {CANARY} x", "Bearer *** x"),
        (f"Authorization: Basic {CANARY}== x", "Authorization: *** x"),
        (f"the key is {CANARY}!", "the key is ***!"),
        (f"launch x custom.db-password={CANARY} y", "launch x custom.db-password=*** y"),
        (f"launch x custom.dbPassword='{CANARY} {CANARY}' y", "launch x custom.dbPassword=*** y"),
        (f"launch x --token {CANARY} y", "launch x --token *** y"),
        (f"https://a/b?client_secret={CANARY}&run=1", "https://a/b?client_secret=***&run=1"),
        (f'{{"password": "{CANARY} x", "run": 1}}', '{"password": ***, "run": 1}'),
        (f'a="b" token="{CANARY} x" run=1', 'a="b" token=*** run=1'),
        (f'description="token={CANARY}" run=1', 'description="token=***" run=1'),
        (f"-H 'Private-Token: {CANARY}' y", "-H 'Private-Token: ***' y"),
        (f"set SLACK_BOT_TOKEN={CANARY}; y", "set SLACK_BOT_TOKEN=*** y"),
        (f"ghp_{CANARY}{CANARY} y", "*** y"),
        (f"glpat-{CANARY} y", "*** y"),
        ("AKIAIOSFODNN7EXAMPLE y", "*** y"),
        (f"eyJhbGciOiJI.eyJzdWIiOiIx.{CANARY} y", "*** y"),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY----- y", "*** y"),
        (f"-----BEGIN PRIVATE KEY-----\n{CANARY}", "***"),
        (f"th_live_{CANARY} y", "*** y"),
        (f"the agt_{CANARY}, the ath_{CANARY} and wh_sec_{CANARY}", "the ***, the *** and ***"),
        (f"Authorization: {CANARY} y", "Authorization: *** y"),
        (f'"Authorization": "{CANARY}"', '"Authorization": "***"'),
        (f'{{"password": "{CANARY} \\" CANARY", "run": 1}}', '{"password": ***, "run": 1}'),
        (f"https://b/k?X-Amz-Signature={CANARY}&run=1", "https://b/k?X-Amz-Signature=***&run=1"),
    ],
)
def test_scrub__takes_out_every_shape_and_known_values(text: str, clean: str) -> None:
    """The credential goes, the words around it stay, and that something went is known."""
    scrubbed = scrub(text, (Secret(CANARY),) if "the key is" in text else ())

    assert (clean, True) == (scrubbed.text, scrubbed.removed)
    assert clean == scrub(clean).text


@pytest.mark.parametrize(
    "text",
    [
        "launch basic_test duration=30 images=registry.example.com/team/app@sha256:" + "0a" * 32,
        "launch basic duration=30 recipients=ann@example.com;bo@example.com",
        'launch basic_test description="the bearer protocol, key exchange"',
        "find 9043254f65c9c65d63fe043a0abfc7fc-53-1 -9067336385060865277 45.334635781589895",
        "logs grep=token source=etcd0 window=20",
        "curl is a tool",
        'logs grep="token: expired" source=auth-service',
        "the token is old, the password too; auth-service: started",
        "launch basic_test duration=30 custom.author=ann custom.seed=7",
    ],
)
def test_scrub__leaves_commands_alone(text: str) -> None:
    """What people ordinarily type holds nothing that looks like a secret."""
    assert (text, False) == (scrub(text).text, scrub(text).removed)


@pytest.mark.parametrize(
    ("word", "clean"),
    [
        (f"custom.db-password={CANARY} and 'more'", "custom.db-password=***"),
        (f"description=see ghp_{CANARY}{CANARY} now", "description=see *** now"),
        (f"{LINK}?auth=v2.public.{CANARY}#/run/x/", f"{LINK}#/run/x/"),
        ("grep=a?b=c", "grep=a?b=c"),
    ],
)
def test_scrub__of_a_word_that_came_apart_already(word: str, clean: str) -> None:
    """A shell has undone the quotes, so a secret goes on to the end of its word."""
    assert clean == scrub_word(word).text
    assert clean == scrub_word(clean).text


@pytest.mark.parametrize("name", ["access_token", "custom.db-password", "custom.dbPassword", "custom.pwd"])
def test_scrub__of_a_value_whose_name_says_that_it_is_a_secret(name: str) -> None:
    """Whatever it looks like, nothing of it stays; what is empty or masked already was none."""
    assert (MASK, True) == (scrub_given(name, "it is 'x' y").text, scrub_given(name, "x").removed)
    assert not scrub_given(name, MASK).removed
    assert scrub_given("source", "main").text == "main"


def test_scrub__of_a_report_link_is_no_removal() -> None:
    """Links are pasted on purpose: they lose their signature, and nobody is told off."""
    assert not scrub(f"find {LINK}?auth=v2.public.KEY").removed


@pytest.mark.parametrize(
    "fragment",
    [
        "/report/",
        "Bearer ",
        "a://b:",
        "-u '",
        '-u "',
        "xox",
        "authorization: ",
        "v2.public.",
        "?key=",
        "curl -",
        "a.",
        "token=",
        "token='",
        "token=\u201c",
        "--token ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJaaaaaaaa.",
    ],
)
def test_scrub__survives_hostile_repetition(fragment: str) -> None:
    """A long text made of one fragment is read in one go, and once is enough."""
    once = scrub(fragment * (40_000 // len(fragment)) + "curl").text

    assert once == scrub(once).text
