"""`readiness` and `clusters`: a platform's own ratings, shown as its opinion and in its own numbers."""

from __future__ import annotations

import pytest

from bot.cards import Tone, plain
from bot.errors import Unreachable
from bot.triage import Cluster, Readiness
from tests.fakes.service import FakeRunService, a_harness
from tests.fakes.stage import READER, Stage, texts

RATED = Readiness(
    version="v2.3.0",
    score="87",
    confidence="high",
    metrics=(("Pass rate", "94"), ("Critical failures", "0")),
    recommendation="Ready for production deployment",
)


def a_stage(**changes: object) -> Stage:
    """Return a stage whose platform rates one release."""
    stage = Stage(service=a_harness(), **changes)  # type: ignore[arg-type]  # the test's own fields
    stage.service.triage.rated["v2.3.0"] = RATED
    return stage


async def test_readiness__shows_the_rating_as_served() -> None:
    """It is the platform's, of an unknown scale, so no good news by itself; anybody who reads may ask."""
    stage = a_stage()
    card = (await stage.say("readiness v2.3.0", by=READER)).card

    assert plain(card.title) == "Release v2.3.0: 87, high confidence"
    assert {fact.label: plain(fact.value) for fact in card.facts} == {
        "Score": "87", "Confidence": "high", "It says": "Ready for production deployment",
        "Pass rate": "94", "Critical failures": "0",
    }  # fmt: skip
    assert card.tone is Tone.NEUTRAL
    assert "AI Test Harness's rating. Its scale is not documented." in plain(card.text)


async def test_readiness__of_what_is_only_partly_said() -> None:
    """What is missing is left out, and a score that is missing is said so."""
    stage = a_stage()
    stage.service.triage.rated["v3"] = Readiness(version="v3", recommendation="Wait.")
    card = (await stage.say("readiness v3")).card

    assert plain(card.title) == "Release v3: no score"
    assert "It says: Wait. This is" in plain(card.text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("readiness", "version"),
        ("readiness v9", "AI Test Harness has no rating of “v9”."),
        (f"readiness {'v' * 200}", "200"),
        ("clusters days=0", "days"),
        ("clusters days=many", "days"),
        ("clusters days=91", "90"),
    ],
)
async def test_rating__bad_input_is_a_sentence(words: str, said: str) -> None:
    """It names what is wrong; nothing foreign is asked."""
    stage = a_stage()
    reply = await stage.say(words)

    assert reply.failed
    assert said in texts(reply.card)
    assert stage.service.triage.windows == []


async def test_clusters__with_their_causes() -> None:
    """The largest names it gives, never more than it gives, and how far back it looked."""
    stage = a_stage()
    stage.service.triage.groups = (
        Cluster(
            category="Authentication",
            count=12,
            cause="JWT token expiration",
            checks=("a", "b", "c", "d", "e"),
        ),
        Cluster(category=""),
    )
    card = (await stage.say("clusters 30")).card

    assert plain(card.title) == "2 clusters of failures in the last 30 days"
    assert [(item.mark, plain(item.title)) for item in card.items] == [
        ("12 failures", "Authentication"), ("failures", "without a category"),
    ]  # fmt: skip
    assert [plain(line) for line in card.items[0].lines] == [
        "Likely cause: JWT token expiration", "Tests: “a”, “b”, “c” and 2 more",
    ]  # fmt: skip
    assert stage.service.triage.windows == [30]
    assert "not a verdict" in plain(card.text)


async def test_clusters__none_is_no_good_news() -> None:
    """That nothing is grouped says nothing of what fails."""
    stage = a_stage()
    card = (await stage.say("clusters")).card

    assert plain(card.text) == "AI Test Harness has no groups of failures for the last 7 days."
    assert card.tone is Tone.NEUTRAL
    assert stage.service.triage.windows == [7]


async def test_rating__of_the_connection_that_has_it() -> None:
    """Without a name the first that rates; a connection that does not says who does."""
    stage = Stage(service=FakeRunService(connection="prod"), others=(a_harness(connection="ath"),))
    found = await stage.say("clusters")
    other = await stage.say("clusters connection=prod")

    assert not found.failed
    assert "Add connection=NAME for one that does: ath." in texts(other.card)


async def test_rating__a_platform_that_is_down() -> None:
    """Its own words."""
    stage = a_stage()
    stage.service.triage.fail("clusters", Unreachable("No answer came in time."))

    assert "No answer came in time." in texts((await stage.say("clusters")).card)
