"""Runs that people start by POST: test runs and debugging sessions. Nothing here validates much, as on real tenants."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.simulator.antithesis.history import incomplete
from adapters.simulator.antithesis.ids import run_id
from adapters.simulator.antithesis.run import Answer, Plan, SimRun
from adapters.simulator.antithesis.systems import SYSTEMS
from adapters.simulator.common.misbehave import Json

RELEASE = "64.0"
DURATION = re.compile(r"[0-9]+(\.[0-9]+)?")
IMAGE = re.compile(r"[\w.\-/]+(:[0-9]+/[\w.\-/]+)?(:[\w.\-]+|@sha256:[0-9a-f]{64})")
SETUP = timedelta(minutes=1, seconds=30)
REPORTING = timedelta(minutes=4)
SLOWDOWN = 1.2  # wall time of a run against the length asked for
REFUSED_AFTER = timedelta(minutes=3)
SESSION = timedelta(hours=6)
DEFAULT_MINUTES = "15"
MANY_RUNS = 4


def launched(launcher: str, system: str, params: Json, *, seed: int, number: int, now: datetime) -> SimRun:
    """Return the run that the `number`-th launch becomes."""
    description = params.get("antithesis.description")
    return SimRun(
        run_id=run_id(RELEASE, seed, "launch", number),
        launcher=launcher,
        system=system,
        created_at=now,
        plan=_plan(system, params, number),
        parameters=dict(params),
        creator={"name": "api", "type": "ci"},
        description=description if isinstance(description, str) else None,
        session_id=run_id(RELEASE, seed, "launch session", number),
    )


def debugging(
    params: Json, system: str, *, seed: int, number: int, now: datetime, known: bool, listed: bool
) -> SimRun:
    """Return the run that a debugging session is; `known`: its moment exists, else the session never comes up."""
    plan = Plan(
        starts_after=timedelta(minutes=3),
        ends_after=SESSION,
        properties=Answer.MISSING,
        linked=False,
        readable_after=timedelta(seconds=40),
        listed=listed,
    )
    return SimRun(
        run_id=run_id(RELEASE, seed, "debugging", number),
        launcher="debugging",
        system=system,
        created_at=now,
        plan=plan if known else replace(plan, status="incomplete", ends_after=REFUSED_AFTER),
        parameters=dict(params),
        creator={"name": "api", "type": "ci"},
    )


def _plan(system: str, params: Json, number: int) -> Plan:
    """Return how it goes: bad parameters show late, as an incomplete run."""
    bugs = SYSTEMS[system].bugs
    minutes = str(params.get("antithesis.duration", DEFAULT_MINUTES))
    if not DURATION.fullmatch(minutes) or not _images_exist(params):
        return replace(incomplete("setup", bugs), ends_after=REFUSED_AFTER, starts_after=SETUP)
    length = SETUP + timedelta(minutes=float(minutes) * SLOWDOWN) + REPORTING
    if number % MANY_RUNS == MANY_RUNS - 1:
        return replace(incomplete("crash", bugs), ends_after=length, starts_after=SETUP)
    failing = (bugs[:1], bugs[:2], ())[number % MANY_RUNS]
    return Plan(failing=failing, starts_after=SETUP, ends_after=length)


def _images_exist(params: Json) -> bool:
    named = [
        str(params.get("antithesis.config_image", "")),
        *str(params.get("antithesis.images", "")).split(";"),
    ]
    return all(IMAGE.fullmatch(image.strip()) and "missing" not in image for image in named if image.strip())
