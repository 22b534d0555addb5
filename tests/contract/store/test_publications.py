"""What is written elsewhere survives a restart: the plan, how far it is, and the ledger of what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import CheckStatus, Moment, RunRef, RunStatus
from bot.ports import Store
from bot.publication import LedgerResult, PublicationState, PublishedResult
from bot.state import IntentState
from tests.contract.store.kit import (
    NOW,
    a_check,
    a_publication,
    a_record,
    a_step,
    a_written_result,
    an_intent,
    later,
)

INTO = RunRef("af", "run_1")
FULL = a_check(
    "tests/test_pay.py::test_x[ü\u0000]",
    status=CheckStatus.FAILING,
    excused=True,
    message="Expected 200, got 401",
    took=timedelta(milliseconds=1234),
    log=True,
    moment=Moment("-9067336385060865277", "45.334635781589895"),
)


async def test_plan__everything_comes_back(store: Store) -> None:
    """A plan is kept with every field of its checks, in their order."""
    await store.plan_publication(a_publication(), [FULL, a_check("b")], NOW)

    assert await store.publication("i1") == a_publication()
    assert await store.publication("i2") is None
    kept = await store.published("i1")
    assert [result.position for result in kept] == [0, 1]
    assert kept[0] == PublishedResult(position=0, check=replace(FULL, name="tests/test_pay.py::test_x[ü]"))
    assert await store.published("i2") == ()


async def test_plan__takes_the_place_of_an_earlier_one(store: Store) -> None:
    """What a rule wanted is planned later, and a plan of which nothing was written can be made anew."""
    wanted = a_publication("rule", intent_id=None, by_rule=True, state=PublicationState.WANTED)
    await store.record(a_step(publications=(wanted,)))
    await store.plan_publication(wanted, [a_check("a"), a_check("b")], NOW)
    planned = replace(wanted, state=PublicationState.PLANNED, intent_id="i9")
    await store.plan_publication(planned, [a_check("c")], later(1))

    assert await store.publication("rule") == planned
    assert [result.check.name for result in await store.published("rule")] == ["c"]


async def test_record__wanted_once(store: Store) -> None:
    """A rule that wants the same again changes nothing of what is under way."""
    wanted = a_publication("rule", intent_id=None, by_rule=True, state=PublicationState.WANTED)
    await store.record(a_step(publications=(wanted,)))
    planned = replace(wanted, state=PublicationState.PLANNED, intent_id="i9")
    await store.plan_publication(planned, [a_check()], NOW)

    await store.record(a_step(publications=(replace(wanted, created_at=later(9)),)))

    assert await store.publication("rule") == planned


async def test_open__what_has_something_to_do(store: Store) -> None:
    """Open are those of rules, and those of people whose record is there; not what nobody confirmed, nor what is over."""
    for number, state in enumerate(IntentState):
        await store.draft(an_intent(state.value, state=state))
        await store.plan_publication(a_publication(state.value, created_at=later(number)), [], NOW)
    rule = a_publication(
        "rule", intent_id=None, by_rule=True, state=PublicationState.WANTED, created_at=later(99)
    )
    over = replace(rule, key="over")
    await store.record(a_step(publications=(rule, over)))
    await store.end_publication("over", PublicationState.STOPPED, later(1), reason="refused")

    assert [p.key for p in await store.open_publications()] == ["accepted", "rule"]
    ended = await store.publication("over")
    assert ended is not None
    assert (ended.state, ended.reason) == (PublicationState.STOPPED, "refused")


async def test_save__also_in_the_ledger(store: Store) -> None:
    """A try is kept before anything is known of it; the id of a result goes into the ledger in the same write."""
    await store.plan_publication(a_publication(), [FULL, a_check("b")], NOW)
    first, second = await store.published("i1")
    tried = replace(first, tries=1)
    await store.save_published("i1", tried, INTO, later(1))
    assert await store.written_results(INTO) == ()

    written = replace(tried, result_id="res_1", told=True, file_id="art_1", attached=True, trouble="?")
    await store.save_published("i1", written, INTO, later(2))
    await store.save_published("i1", replace(written, attached=False), INTO, later(3))

    assert await store.published("i1") == (replace(written, attached=False), second)
    assert await store.written_results(INTO) == (
        LedgerResult(
            connection="af",
            result_id="res_1",
            run_id="run_1",
            name="tests/test_pay.py::test_x[ü]",
            status=CheckStatus.FAILING,
            excused=True,
            written_at=later(2),
            ended_at=later(3),
        ),
    )


async def test_ledger__records(store: Store) -> None:
    """A record is known by connection and id, as it was written last."""
    await store.write_run(a_record())
    ended = a_record(status=RunStatus.COMPLETED, ended_at=later(5), origin="demo/r1")
    await store.write_run(ended)

    assert await store.written_run(INTO) == ended
    assert await store.written_run(RunRef("other", "run_1")) is None


async def test_ledger__results(store: Store) -> None:
    """Results stand in the order in which they were first written, each as it was known last."""
    await store.write_results([])
    await store.write_results([a_written_result("res_2"), a_written_result("res_1", written_at=later(1))])
    other = a_written_result("res_3", run_id="run_2")
    known = a_written_result("res_2", status=CheckStatus.PASSING, written_at=later(7), ended_at=later(7))
    await store.write_results([other, known])

    assert await store.written_results(INTO) == (
        replace(known, written_at=NOW),
        a_written_result("res_1", written_at=later(1)),
    )
    assert await store.written_results(RunRef("other", "run_1")) == ()
