"""`classify`: three calls, one act; what was taken is said and noted, and what was not is, too."""

from __future__ import annotations

import pytest

from bot.cards import Command, plain
from bot.triage import Classification
from tests.fakes.stage import ANN, READER, Stage, texts
from tests.unit.commands.triage_stage import REFRESH, a_triage_stage

LINK = "https://jira.example.com/browse/AUTH-421"


def last(stage: Stage) -> Classification:
    """Return what was kept last."""
    return stage.service.triage.classified[-1]


@pytest.mark.parametrize(
    "words",
    [
        "classify 1026 test=1 product_bug",
        "classify 1026 product_bug test=1",
        "classify 1026 test=1 kind=product_bug",
        "classify 1026 1 product_bug",
        "classify 1026 test=1 Product-Bug",
    ],
)
async def test_classify__a_kind(words: str) -> None:
    """However it is put; nothing is confirmed, and the platform is told which result is meant."""
    stage = a_triage_stage()
    reply = await stage.say(words)

    assert (last(stage).check, last(stage).ref, last(stage).kind) == (REFRESH, "1026-0", "product_bug")
    assert plain(reply.card.title) == "“test_token_refresh” is classified as product bug"
    assert "product bug, by Ann through Clew" in texts(reply.card)
    assert "Testhide shows Clew's account as the author." in plain(reply.card.footer)
    assert stage.service.violations == []


@pytest.mark.parametrize(
    "words",
    [
        f"classify 1026 test=1 infra defect=AUTH-421 {LINK}",
        f'classify 1026 test=1 infra defect="AUTH-421 {LINK}"',
        f"classify 1026 test=1 infra defect=AUTH-421 url={LINK}",
    ],
)
async def test_classify__a_defect(words: str) -> None:
    """Its key and its address, together or apart."""
    stage = a_triage_stage()
    await stage.say(words)

    assert (last(stage).kind, last(stage).defect_key, last(stage).defect_url) == ("infra", "AUTH-421", LINK)
    assert stage.service.violations == []


async def test_classify__a_note_is_signed() -> None:
    """The platform shows Clew's account, so the person's name stands in the text."""
    stage = a_triage_stage()
    await stage.say('classify 1026 test=1 note="since  the\\nrollout"')

    assert last(stage).note == "since the\\nrollout (Ann, through Clew)"


async def test_classify__in_the_thread_of_a_test() -> None:
    """Run and test are the thread's."""
    stage = a_triage_stage()
    await stage.say("failing 1026 property=1")
    message = stage.messages[-1]
    assert message is not None
    await stage.say("classify flaky", thread=message.message_id)

    assert (last(stage).check, last(stage).kind) == (REFRESH, "flaky")


async def test_classify__partly_taken_is_said_and_noted() -> None:
    """Nobody believes that a note is there which is not."""
    stage = a_triage_stage()
    stage.service.triage.refused = frozenset({"defect", "note"})
    reply = await stage.say(f"classify 1026 test=1 infra defect=AUTH-421 {LINK} note=x")
    noted = [entry for entry in stage.memory.trail if entry.decision == "taken"]

    assert "Testhide did not take the defect and the note: this token may not do that." in texts(reply.card)
    assert "AUTH-421" not in [plain(fact.value) for fact in reply.card.facts]
    assert reply.failed
    assert [(entry.actor, entry.action) for entry in noted] == [(ANN.id, "classify")]
    assert noted[0].detail.endswith(": infra")


async def test_classify__nothing_taken_is_an_error() -> None:
    """In the platform's words; nothing is noted as taken."""
    stage = a_triage_stage()
    stage.service.triage.refused = frozenset({"kind"})
    reply = await stage.say("classify 1026 test=1 infra")

    assert "Nothing of it was taken." in texts(reply.card)
    assert [entry.decision for entry in stage.memory.trail] == ["allowed"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("classify 1026 test=1", "It is not said what the failure is."),
        ("classify 1026 infra", "It is not clear which test is meant."),
        ("classify 1026 test=1 kind=boring", "it must be one of product_bug"),
        ("classify 1026 test=1 defect=AUTH-421", "A defect needs its key and its address."),
        (f"classify 1026 test=1 defect={LINK}", "A defect needs its key and its address."),
        (
            "classify 1026 test=1 defect=AUTH-421 url=javascript:alert(1)",
            "A defect needs its key and its address.",
        ),
        ("classify 1026 test=7 infra", "7"),
        ("classify 1026 test=1 nonsense", "It is unclear what “nonsense” after test=1 belongs to."),
        ("classify 1026 test=1 infra note=" + "x" * 1_001, "1,000 characters is the most"),
    ],
)
async def test_classify__what_is_missing_or_wrong(words: str, sentence: str) -> None:
    """Said before anything is sent."""
    stage = a_triage_stage()
    reply = await stage.say(words)

    assert sentence in texts(reply.card)
    assert stage.service.triage.classified == []


@pytest.mark.parametrize("verb", ["failing", "quarantine", "classify"])
async def test_test__another_name_of_property_can_be_corrected(verb: str) -> None:
    """What was given as `test=` is asked about, and its button runs the corrected command, whichever verb it is."""
    stage = a_triage_stage()
    behind = await stage.say(f"{verb} 1026 test=1 or so")
    slip = await stage.say(f"failing 1026 test={REFRESH}x")

    assert "Clew hit an internal error" not in texts(behind.card)
    assert "after test=1" in texts(behind.card)
    assert [b.command for b in slip.card.buttons] == [
        Command("failing", {"run": "1026", "property": REFRESH})
    ]


async def test_classify__a_secret_in_a_note_is_not_kept() -> None:
    """It would stand on the platform and in the chat."""
    stage = a_triage_stage()
    reply = await stage.say("classify 1026 test=1 infra note=th_live_CANARYCANARYCANARY1")

    assert stage.service.triage.classified == []
    assert "CANARY" not in texts(reply.card)


async def test_classify__needs_the_role() -> None:
    """It changes what others see."""
    assert (
        plain((await a_triage_stage().say("classify 1026 test=1 infra", by=READER)).card.title)
        == "Not allowed"
    )
