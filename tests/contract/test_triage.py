"""The parts for working on failures: one suite for the platform in memory and for the Testhide client over a simulated server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import NotFound
from bot.model import Check, Refused, RunStatus, Started, Unclear
from bot.triage import Classification, QuarantineRequest, Question, RerunRequest, RerunScope
from tests.contract.platform_stages import Stage, builds, second_face
from tests.fakes.service import Launching, there

LEDGER = "The ledger adds up"


@pytest.fixture(params=[second_face, builds], ids=["in memory", "testhide"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Open a platform; at its end nothing may have been asked that should not have been."""
    async with request.param(tmp_path) as opened:
        yield opened
        assert opened.violations() == []


async def _failed(stage: Stage) -> tuple[str, Check, str]:
    """Add a run in which one check fails; return its id, that check, and the key of its launcher."""
    run_id = stage.add(RunStatus.COMPLETED, failing=(LEDGER,))
    run = await stage.platform.reads.run(run_id)
    (check,) = (await stage.platform.reads.results(run)).failing
    assert run.launcher_key is not None
    return run_id, check, run.launcher_key


@pytest.mark.parametrize("scope", [RerunScope.ALL, RerunScope.FAILED])
async def test_rerun__starts_another_run_of_the_launcher(stage: Stage, scope: RerunScope) -> None:
    """The answer names it, and it can be read."""
    run_id, _, launcher = await _failed(stage)
    outcome = await there(stage.platform.reruns).rerun(RerunRequest(run_id=run_id, scope=scope))

    assert isinstance(outcome, Started)
    assert outcome.run_id not in {None, run_id}
    new = await stage.platform.reads.run(str(outcome.run_id))
    assert (new.launcher_key, new.status.terminal) == (launcher, False)


@pytest.mark.parametrize(
    ("how", "expected"),
    [(Launching.LOST_REPLY, Unclear), (Launching.LOST_REQUEST, Unclear), (Launching.REFUSED, Refused)],
)
async def test_rerun__outcome_is_never_guessed(stage: Stage, how: Launching, expected: type[object]) -> None:
    """What got no answer may have been done; what was refused was not."""
    run_id, _, _ = await _failed(stage)
    stage.next_launch(how)

    assert isinstance(await there(stage.platform.reruns).rerun(RerunRequest(run_id=run_id)), expected)


async def test_diagnose__is_an_opinion(stage: Stage) -> None:
    """It names a cause; how sure it is lies between nothing and everything."""
    run_id, _, _ = await _failed(stage)
    opinion = await there(stage.platform.diagnoses).diagnose(run_id)

    assert opinion.cause
    assert opinion.confidence is not None
    assert 0 <= opinion.confidence <= 1


async def test_diagnose__of_no_run(stage: Stage) -> None:
    """There is nothing to have an opinion of."""
    with pytest.raises(NotFound):
        await there(stage.platform.diagnoses).diagnose(stage.unknown)


async def test_ask__goes_on_with_the_talk(stage: Stage) -> None:
    """An answer names its talk; a question that names one goes on with it."""
    run_id, check, _ = await _failed(stage)
    asks = there(stage.platform.asks)
    first = await asks.ask(Question(text="why?", run_id=run_id, check=check.name))
    second = await asks.ask(Question(text="and since when?", conversation=first.conversation))

    assert first.text
    assert first.conversation
    assert second.conversation == first.conversation


async def test_classify__all_in_one(stage: Stage) -> None:
    """Its kind, a defect and a note are kept."""
    run_id, check, _ = await _failed(stage)
    classifies = there(stage.platform.classifies)
    wanted = Classification(
        run_id=run_id,
        check=check.name,
        ref=there(check.ref),
        kind=classifies.kinds[0],
        defect_key="AUTH-421",
        defect_url="https://jira.example.com/browse/AUTH-421",
        note="since the rollout (Ann, through Clew)",
    )

    assert (await classifies.classify(wanted)).taken == ("kind", "defect", "note")


async def test_quarantine__in_and_out(stage: Stage) -> None:
    """What was put in is listed with its reason, and is gone when it was taken out."""
    _, check, launcher = await _failed(stage)
    quarantines = there(stage.platform.quarantines)
    change = QuarantineRequest(
        launcher="basic_test", launcher_key=launcher, check=check.name, reason=quarantines.reasons[0]
    )
    before = await quarantines.quarantined(launcher)
    put_in = await quarantines.quarantine(change)
    held = await quarantines.quarantined(launcher)
    out = await quarantines.quarantine(
        QuarantineRequest(launcher="basic_test", launcher_key=launcher, check=check.name, remove=True)
    )

    assert before == ()
    assert (put_in, out) == (Started(None), Started(None))
    assert [entry.check for entry in held] == [check.name]
    assert held[0].since is not None
    assert await quarantines.quarantined(launcher) == ()


async def test_quarantine__outcome_is_never_guessed(stage: Stage) -> None:
    """A change without an answer may have been made."""
    _, check, launcher = await _failed(stage)
    quarantines = there(stage.platform.quarantines)
    stage.next_launch(Launching.LOST_REPLY)
    change = QuarantineRequest(launcher="x", launcher_key=launcher, check=check.name, reason="flaky")

    assert isinstance(await quarantines.quarantine(change), Unclear)


async def test_flaky__can_be_asked_for_one_launcher_and_for_all(stage: Stage) -> None:
    """The answer is a list of names, maybe an empty one."""
    for _ in range(6):
        _, _, launcher = await _failed(stage)
    flaky = there(stage.platform.finds_flaky)

    assert {check.name for check in await flaky.flaky(launcher)} <= {LEDGER, "one", "two"}
    assert {check.name for check in await flaky.flaky("")} <= {LEDGER, "one", "two"}
