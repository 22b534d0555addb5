"""A build that failed, on a server that has every part for working on failures, with everything around it."""

from __future__ import annotations

from bot.model import Run, RunStatus, Says
from bot.state import Intent
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import Stage

REFRESH = "tests/test_auth.py::test_token_refresh"
REFUND = "tests/test_payment.py::TestRefund::test_refund_twice[eur]"


def failed_build(stage: Stage, number: int = 1026) -> Run:
    """Put a build with two failing tests into the world of a stage."""
    run = a_build(number, says=Says.FAILED, status_text="failed")
    return stage.service.add_run(run, build_results(number, failing=(REFRESH, REFUND), passing=("b",)))


def a_triage_stage(service: FakeRunService | None = None, **changes: object) -> Stage:
    """Return a stage with the build 1026 of the job 55, "Regression Suite"."""
    stage = Stage(service=service or a_build_server(), **changes)  # type: ignore[arg-type]  # the caller's fields
    failed_build(stage)
    return stage


def a_running_build(stage: Stage, number: int = 1027) -> Run:
    """Put a build that goes on into the world of a stage."""
    return stage.service.add_run(a_build(number, status=RunStatus.IN_PROGRESS, status_text="running"))


def last_intent(stage: Stage) -> Intent:
    """Return what was asked for last."""
    return list(stage.memory.intents.values())[-1]
