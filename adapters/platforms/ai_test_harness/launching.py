"""What an execution takes: the form's fields, every value checked before anything is sent, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.platforms.ai_test_harness.decode import TERMS
from bot import grammar
from bot.cards import Field, FieldKind
from bot.errors import Rejected
from bot.model import NOTHING, Group, LaunchRequest, Run
from bot.replies import launching as replies
from bot.replies.wording import number_of

MOST_AT_ONCE = 1_000  # tests that run at the same time
_LONGEST = 255
_ALIASES = {"env": "environment", "source": "environment", "workers": "parallelism"}

FIELDS = (
    Field(name="environment", label="Environment", kind=FieldKind.TEXT, hint="for example staging", usual=True,
          summary="The environment to test in; executions of one environment are compared", example="environment=staging"),
    Field(name="parallelism", label="Parallelism", kind=FieldKind.COUNT, hint="tests at the same time",
          summary="How many tests at the same time", example="parallelism=5"),
)  # fmt: skip
_KNOWN = tuple(field.name for field in FIELDS)


def form(_launcher: str, given: Mapping[str, str] = NOTHING) -> tuple[Field, ...]:
    """Return the fields of a launch, filled in with what is given under any of their names.

    Raises `UserError` for a name that is not known, or that is there twice.
    """
    values = grammar.by_one_name(given, _canonical)
    return tuple(replace(field, value=values.get(field.name, "")) for field in FIELDS)


def parameters(request: LaunchRequest) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a launch, in order. Raises `UserError` naming the value that is wrong."""
    values = {_canonical(name): value for name, value in request.values.items()}
    return tuple((name, _read(name, values[name])) for name in _KNOWN if values.get(name))


def body(request: LaunchRequest) -> dict[str, object]:
    """Return what is sent. Raises `UserError`, `Rejected`."""
    if request.launcher_key is None:
        raise Rejected(f"The test plan “{request.launcher[:60]}” was not looked up, so nothing was sent.")
    found = dict(parameters(request))
    sent: dict[str, object] = {"testPlanId": request.launcher_key}
    if "environment" in found:
        sent["environment"] = found["environment"]
    if "parallelism" in found:
        sent["parallelism"] = int(found["parallelism"])
    return sent


def tested(request: LaunchRequest) -> Mapping[str, str]:
    """Return what a launch tests: the plan and where, not how many tests run at once."""
    found = {name: value for name, value in parameters(request) if name == "environment"}
    return {"launcher": request.launcher_key or request.launcher, **found}


def group(request: LaunchRequest) -> Group:
    """Return with which executions that of a launch will be compared: of the same environment."""
    environment = dict(parameters(request)).get("environment", "")
    return Group(series=(request.launcher_key or request.launcher, environment, ""))


def given(run: Run) -> Mapping[str, str]:
    """Return what a launch like an execution would be given, as far as the record knows."""
    return {"environment": run.source} if run.source else {}


def cost(request: LaunchRequest, totals: Mapping[str, int]) -> str:
    """Say what a launch costs; `totals`: how many tests plans have, where that is known."""
    total = totals.get(request.launcher_key or "")
    return f"one {TERMS.run.one} of {number_of(total, TERMS.check)}" if total else f"one {TERMS.run.one}"


def _canonical(name: str) -> str:
    """Return the one name of a parameter. Raises `UserError` for one that is not known."""
    short = _ALIASES.get(name.casefold(), name)
    if short not in _KNOWN:
        raise replies.unknown_parameter(name, _KNOWN, ())
    return short


def _read(name: str, value: str) -> str:
    if name == "parallelism":
        return str(grammar.whole_number(value, name, MOST_AT_ONCE))
    return grammar.plain_text(grammar.harmless(value, name), name, _LONGEST)
