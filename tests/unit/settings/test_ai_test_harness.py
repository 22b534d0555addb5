"""The settings of an AI Test Harness account: an address that is whole, one key, a rate."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError
from adapters.platforms.ai_test_harness.settings import VENDORS, Account

KEY = 'api_key = "ath_0123456789abcdef"\n'


def _load(rows: str) -> Account:
    Path("clew.toml").write_text(f'[[connection]]\nname = "ath"\nkind = "ai-test-harness"\n{rows}\n')
    (found,) = settings.load().connections
    assert isinstance(found, Account)
    return found


def _problem(rows: str) -> str:
    with pytest.raises(SettingsError) as caught:
        _load(rows)
    return " ".join(str(problem) for problem in caught.value.problems)


def test_account__from_the_file() -> None:
    """The vendor's address and the smallest rate stand where nothing is said; no channel changes by itself."""
    own = _load(
        f'{KEY}debug_agent = "agent_planning"\ndebug_task = "analyze-failures"\nrequests_per_minute = 1000'
    )

    assert (own.address, own.notified_by_default) == (VENDORS, False)
    assert (own.debug_agent, own.debug_task, own.requests_per_minute) == (
        "agent_planning",
        "analyze-failures",
        1000,
    )
    assert _load(KEY).requests_per_minute == 100


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://localhost:8080/api/v1", "http://localhost:8080/api/v1"),
        ("https://staging-api.aitestharness.com/v1/", "https://staging-api.aitestharness.com/v1"),
    ],
)
def test_address__is_whole(given: str, kept: str) -> None:
    """No path is cut off, and none is added."""
    assert _load(f'{KEY}base_url = "{given}"').address == kept


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "It is missing. Create an API key in AI Test Harness."),
        ('api_key = "th_live_0123456789"', "That looks like a Testhide API token."),
        (f"{KEY}requests_per_minute = 0", "requests_per_minute"),
        (f'{KEY}base_url = "http://ath.example.com/v1"', "Use https."),
        (f"{KEY}projects = [1]", "projects"),
    ],
)
def test_account__what_is_wrong_is_said(rows: str, said: str) -> None:
    """Before anything is sent."""
    assert said in _problem(rows)


def test_account__from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor's own variable is enough."""
    monkeypatch.setenv("AI_TEST_HARNESS_API_KEY", "ath_0123456789abcdef")
    (own,) = settings.load().connections

    assert isinstance(own, Account)
    assert (own.name, own.address) == ("ai-test-harness", VENDORS)
