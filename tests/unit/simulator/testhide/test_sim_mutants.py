"""A simulated server that has forgotten a rule is caught by the test of that rule."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.simulator.common.journal import Journal
from adapters.simulator.testhide import access as keys
from adapters.simulator.testhide import part, world
from adapters.simulator.testhide.access import Account, Accounts
from adapters.simulator.testhide.build import FAILED, PASSED, Build
from adapters.simulator.testhide.builds import Builds
from adapters.simulator.testhide.model import Model
from adapters.simulator.testhide.results import Results
from adapters.simulator.testhide.world import World
from tests.fakes.testhide import called_testhide
from tests.unit.simulator.testhide import (
    test_sim_access as access,
)
from tests.unit.simulator.testhide import (
    test_sim_again as again,
)
from tests.unit.simulator.testhide import (
    test_sim_builds as builds,
)
from tests.unit.simulator.testhide import (
    test_sim_logs as logs,
)
from tests.unit.simulator.testhide import (
    test_sim_model as model,
)
from tests.unit.simulator.testhide import (
    test_sim_results as results,
)


def _returning(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


def _takes_any_key(self: Accounts, _header: str, _now: object) -> Account:
    return next(iter(self._accounts.values()))


def _never_ends(self: Accounts, header: str, _now: object) -> Account:
    token = header.partition(" ")[2]
    return self._tokens.get(token) or self._sessions[token][0]


def _greens(build: Build, _quarantined: object) -> str:
    return PASSED


def _reds(build: Build, _quarantined: object) -> str:
    return FAILED if any(r.status == FAILED for r in build.all_results) else PASSED


def _first_page(_self: object, _request: object, rows: Any, default: int) -> Any:
    return rows[:default]


async def _counted_early(self: Builds, request: Any) -> Any:
    found = self.build(request)
    return self.reply(self._detail(found) | {"failed": 0, "total_tests": 0, "passed": 0, "skipped": 0})


Mutant = tuple[object, str, Any, Callable[..., Awaitable[None]], dict[str, Any]]
MUTANTS: dict[str, Mutant] = {
    "accepts a wrong key": (Accounts, "of", _takes_any_key, access.test_key__missing_wrong_or_of_another_kind, {"given": "Bearer x"}),
    "lets sessions live": (Accounts, "of", _never_ends, access.test_session__lasts_eight_hours, {}),
    "forgets the logout": (Accounts, "revoke", _returning(None), access.test_session__ends_with_logout_and_a_revoked_token_at_once, {}),
    "never locks": (keys, "PATIENCE", 1_000, access.test_login__too_many_wrong_passwords_lock_the_account, {}),
    "shows every project": (Account, "sees", _returning(True), access.test_projects__what_an_account_does_not_see_is_not_there, {}),
    "judges nothing": (Journal, "judged", _returning([]), access.test_judge__what_breaks_the_contract_is_refused_and_taken_down,
                       dict(zip(("method", "path", "body", "query", "status", "problem"), access.BREAKS[3], strict=True))),
    "greens a failed": (Build, "verdict", _greens, builds.test_build__goes_from_queued_to_its_verdict, {}),
    "forgets the exit code": (Build, "verdict", _reds, logs.test_log__of_a_build_that_failed_although_no_test_did, {}),
    "forgets the quarantine": (World, "quarantined", _returning(()), results.test_quarantine__changes_the_verdict_of_later_builds_only, {}),
    "counts before the end": (Builds, "detail", _counted_early, builds.test_build__goes_from_queued_to_its_verdict, {}),
    "forgets max_parallel": (world, "RUNNING", "no status", builds.test_queue__max_parallel_nodes_and_priority, {}),
    "forgets priorities": (World, "push_to_top", _returning(None), builds.test_queue__push_to_top, {}),
    "stops what has ended": (World, "stop", _returning(True), builds.test_stop__queued_or_running_only, {}),
    "keeps running without a node": (World, "lose", _returning([]), builds.test_lost_node__aborts_what_runs_on_it, {}),
    "forgets the limit": (Build, "limit", property(lambda self: self.plan.takes), builds.test_timeout__ends_a_build_that_takes_too_long, {"word": "failed"}),
    "keeps everything": (World, "_is_kept", _returning(True), again.test_retention__old_builds_are_gone_and_kept_ones_stay, {}),
    "reruns everything": (Builds, "_again", lambda self, build, _: self.world.enqueue(self.world.make(build.job)),
                          again.test_retry_flaky__only_what_is_called_flaky, {}),
    "shows one page": (part.Part, "page", _first_page, again.test_list__newest_first_by_position_filtered_and_paged, {}),
    "takes nothing out": (Results, "_take_out", _returning(True), results.test_quarantine__taking_out_works_through_bulk, {}),
    "tells all at once": (Build, "results", lambda self, _: self.all_results, results.test_results__come_in_while_it_runs, {}),
    "logs all at once": (Build, "progress", _returning(1.0), logs.test_log__grows_while_it_runs_and_ends_with_the_exit_code, {}),
    "gives the model away": (Model, "_licensed", _returning(None), model.test_licence__without_ai_nothing_of_it_is_answered,
                             {"method": "GET", "path": "/ai/quota", "body": None}),
    "asks for nothing": (Model, "_ask", _returning(None), model.test_diagnose__an_opinion_that_costs_tokens, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
async def test_mutant__is_caught(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The test passes on the server as it is, and fails on the mutant by what it asserts."""
    target, attribute, value, test, arguments = MUTANTS[name]
    async with called_testhide() as both:
        await test(both, **arguments)

    monkeypatch.setattr(target, attribute, value)
    with pytest.raises(AssertionError):
        async with called_testhide() as both:
            await test(both, **arguments)
