"""The simulated Testhide: a server over a world, and its strings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from aiohttp import web

from adapters.simulator.common.answers import Refusal
from adapters.simulator.common.contract import Contract, load
from adapters.simulator.common.delivering import DeliveringServer
from adapters.simulator.common.misbehave import FAULTS, Rule, answers
from adapters.simulator.testhide.access import PASSWORD, Accounts, refuse
from adapters.simulator.testhide.artifacts import Artifacts
from adapters.simulator.testhide.build import QUEUED, RUNNING, Build, Job, Plan
from adapters.simulator.testhide.builds import Builds
from adapters.simulator.testhide.hooks import Hooks
from adapters.simulator.testhide.house import OPEN, House
from adapters.simulator.testhide.ids import Ids
from adapters.simulator.testhide.model import Model
from adapters.simulator.testhide.part import ACCOUNT, API, Part
from adapters.simulator.testhide.results import Results
from adapters.simulator.testhide.world import World

READS = frozenset({"GET", "HEAD", "OPTIONS"})

OWN_FAULTS: Mapping[str, Rule] = {
    "unlicensed": answers(402, {"detail": "The licence of this server does not include the AI features"}),
    "cut before done": Rule(cut_before='"done"'),
    "no done": Rule(leaves_out='"done"'),
    "no [DONE]": Rule(leaves_out="[DONE]"),
    "null counts": Rule(sets=dict.fromkeys(("total_tests", "passed", "failed", "skipped", "failed_tests"))),
}
Failing = Sequence[str] | Mapping[str, str]
"""Node ids, with or without a message."""


class SimulatedTesthide(DeliveringServer):
    """A server that runs. Ids are given and taken as text; a number will do where they are numbers."""

    mount: ClassVar[str] = API
    faults: ClassVar[Mapping[str, Rule]] = {**FAULTS, **OWN_FAULTS}
    controls: ClassVar[frozenset[str]] = DeliveringServer.controls | {
        "add_project", "add_job", "add_build", "finish_build", "plan_next", "quarantine", "unquarantine",
        "lose_node", "set_manners", "add_account", "revoke", "attach",
    }  # fmt: skip

    def __init__(self, world: World, *, hex_ids: bool = False) -> None:
        self.ids = Ids(hexadecimal=hex_ids)
        contract = Contract(self.ids.contract(load("adapters.simulator.testhide")))
        super().__init__(world.clock, contract.check_request)
        self.contract = contract
        self.world = world
        self.accounts = Accounts(world.seed)
        self.username, self.password = "clew", PASSWORD
        self.api_token = self.accounts.add(self.username, "developer")
        self.admin_token = self.accounts.add("root", "admin")
        self.viewer_token = self.accounts.add("guest", "viewer")
        self._hooks = Hooks(world, self.ids, out=self.webhooks)

    def routes(self) -> list[web.RouteDef]:
        """Return the documented endpoints."""
        house = House(self.world, self.ids, accounts=self.accounts)
        parts: list[Part] = [house, self._hooks]
        parts += [part(self.world, self.ids) for part in (Builds, Results, Artifacts, Model)]
        return [route for part in parts for route in part.table()]

    def admit(self, request: web.Request) -> None:
        """Look at the token, and at what its role may do."""
        if request.path in OPEN:
            return
        account = self.accounts.of(request.headers.get("Authorization", ""), self.world.settle())
        if account.role == "viewer" and request.method not in READS and request.path != API + "/logout":
            raise refuse(403, "Role viewer may not do this")
        request[ACCOUNT] = account

    def refusal(self, status: int, message: str) -> Refusal:
        """Return an error as Testhide words it."""
        return refuse(status, message)

    def settle(self) -> None:
        """Let happen what is due by now."""
        self.world.settle()

    def environment(self) -> dict[str, str]:
        """Return the settings that point Clew at this server; its address without what is the same for all of them."""
        return {
            "TESTHIDE_BASE_URL": self.base_url.removesuffix(API),
            "TESTHIDE_API_TOKEN": self.api_token,
        }

    def secrets(self) -> tuple[str, ...]:
        """Return tokens, sessions, the password, webhook secrets and what jobs have in their environment."""
        deploy = (f"deploy-canary-{number}" for number in self.world.jobs)
        return (*self.accounts.secrets(), *self._hooks.secrets, *deploy)

    def add_project(self, name: str, *, branches: Sequence[str] = ("main",)) -> str:
        """Add a project; return its id."""
        project = self.world.add_project(name)
        project.branches = list(branches)
        return self.ids.text(project.number)

    def add_job(
        self,
        name: str,
        *,
        project: object = None,
        tests: Sequence[str] | int = 3,
        timeout: float = 3600.0,
        **job: Any,
    ) -> str:
        """Add a job, by default of the first project; return its id.

        `tests`: node ids, or how many. `timeout`: seconds. `job`: other fields of `build.Job`. Raises KeyError, TypeError.
        """
        number = self._number(project) if project is not None else min(self.world.projects, default=0)
        if number == 0:
            number = self.world.add_project("Shop").number
        named = named_tests(tests) if isinstance(tests, int) else tests
        made = self.world.add_job(number, name, named, timeout=timedelta(seconds=timeout), **job)
        return self.ids.text(made.number)

    def add_build(
        self,
        job: object,
        *,
        status: str | None = None,
        age: float = 600.0,
        takes: float | None = None,
        build: Mapping[str, Any] | None = None,
        **plan: Any,
    ) -> str:
        """Add a build; return its id.

        `status`: "queued" and "running" go on as time does; "aborted" or any other word is how it ended; None: as its
        tests say. `age`: seconds since it was created. `takes`: seconds, by default 287, for a running one from now on. `build`: other fields of `build.Build`. `plan`:
        fields of `build.Plan`; `failing` may be names alone. Raises KeyError, TypeError.
        """
        now = self.world.settle()
        usual = 287.0 + (age if status == RUNNING else 0.0)
        planned = _plan(takes=usual if takes is None else takes, **plan)
        made = self.world.make(
            self._job(job), planned, created_at=_seconds(now - timedelta(seconds=age)), **dict(build or {})
        )
        if status == QUEUED:
            made.created_at = _seconds(now)
            self.world.enqueue(made)
        elif status == RUNNING:
            self.world.start_at_once(made, made.created_at)
        else:
            self.world.add_past(made, made.created_at, status)
        return self.ids.text(made.number)

    def finish_build(self, build: object, **plan: Any) -> str:
        """End a running build now, as a plan says; return its status. Raises KeyError, ValueError."""
        found = self.build(build)
        self.world.finish(found, _plan(**plan))
        return found.status

    def plan_next(self, job: object, *, takes: float = 287.0, **plan: Any) -> None:
        """Say how the next build of a job that is asked for goes. Raises KeyError, TypeError."""
        self.world.planned.setdefault(self._job(job).number, []).append(_plan(takes=takes, **plan))

    def quarantine(self, job: object, node_id: str, reason: str = "flaky", *, age: float = 0.0) -> None:
        """Quarantine a test, as somebody else would or did so many seconds ago. Raises KeyError."""
        self.world.put_away(self._job(job), node_id, reason, self.now() - timedelta(seconds=age))

    def unquarantine(self, job: object, node_id: str) -> None:
        """Take it out again. Raises KeyError."""
        del self.world.quarantine[self._job(job).number][node_id]

    def lose_node(self, node: int = 1) -> list[str]:
        """Take a node away; return the builds that were aborted by it. Raises KeyError."""
        return [self.ids.text(build.number) for build in self.world.lose(self.world.nodes[node])]

    def set_manners(self, **changes: Any) -> None:
        """Decide what no document decides: fields of `world.Manners`. Raises TypeError."""
        self.world.manners = replace(self.world.manners, **changes)

    def add_account(
        self, username: str, *, role: str = "developer", projects: Collection[object] | None = None
    ) -> str:
        """Add an account with the server's password; return its API token. Raises KeyError, ValueError."""
        seen = None if projects is None else frozenset(self._number(project) for project in projects)
        return self.accounts.add(username, role, seen)

    def revoke(self, token: str) -> None:
        """Make a token or a session worth nothing."""
        self.accounts.revoke(token)

    def attach(self, build: object, name: str, content: str | bytes, kind: str = "log") -> None:
        """Give a build one more artifact, or another content to one of that name. Raises KeyError."""
        text = content.encode() if isinstance(content, str) else content
        self.world.files.setdefault(self.build(build).number, []).append((name, kind, text))

    def build(self, build: object) -> Build:
        """Return a build's plan and data. Raises KeyError."""
        found = self.world.find(self._number(build))
        if found is None:
            raise KeyError(build)
        return found

    def _job(self, job: object) -> Job:
        return self.world.jobs[self._number(job)]

    def _number(self, value: object) -> int:
        number = self.ids.read(value)
        if number is None:
            raise KeyError(value)
        return number


def named_tests(count: int) -> tuple[str, ...]:
    """Return so many node ids, ten to a file."""
    return tuple(f"tests/test_part_{n // 10:03}.py::test_case_{n % 10}" for n in range(count))


def _plan(*, failing: Failing = (), takes: float = 287.0, **plan: Any) -> Plan:
    known = (
        failing
        if isinstance(failing, Mapping)
        else dict.fromkeys(failing, "AssertionError: Expected 200, got 401")
    )
    return Plan(failing=dict(known), takes=timedelta(seconds=takes), **plan)


def _seconds(moment: Any) -> Any:
    return moment.replace(microsecond=0)
