"""What is kept of a pasted text opens nothing to whoever reads it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moments import find, unsigned

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
def test_unsigned__takes_out_keys_and_leaves_the_rest(pasted: str, kept: str) -> None:
    """Signatures and credentials go; words that only look alike stay as they were typed."""
    assert kept == unsigned(pasted)


@settings(max_examples=60)
@given(st.text(alphabet="abc=&?#v2.public -u'\"\n", max_size=60))
def test_unsigned__of_what_was_kept_changes_nothing(text: str) -> None:
    """Keeping what was kept before, as a second restart does, loses nothing more."""
    once = unsigned(f"{LINK}?{text} curl {text}")

    assert once == unsigned(once)


def test_unsigned__still_names_the_same_report() -> None:
    """A command that is taken up after a restart finds its run as before."""
    kept = find(unsigned(f"what about {LINK}?auth=v2.public.KEY"))

    assert LINK == (kept.report_url.reveal() if kept and kept.report_url else None)
