"""What a build takes: the form's fields, every value checked before anything is sent, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from adapters.platforms.testhide.ids import sent_id
from bot import grammar
from bot.cards import Field, FieldKind
from bot.errors import Rejected
from bot.model import NOTHING, Group, LaunchRequest, Run
from bot.redact import is_secret
from bot.replies import launching as replies
from bot.replies.values import not_a_commit

ENV = "env."
KEY = f"{ENV}CLEW_REQUEST_ID"
"""Our own variable. No answer shows a build's variables, so it finds nothing; people see it in the build."""

MOST_ENV = 40
MOST_PRIORITY = 10
LONGEST_BRANCH = 255
_ALIASES = {"commit_sha": "commit", "sha": "commit"}
_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)

FIELDS = (
    Field(name="branch", label="Branch", kind=FieldKind.BRANCH, hint="empty: the job's own", usual=True,
          summary="The branch to build; without it the job's own", example="branch=main"),
    Field(name="commit", label="Commit", kind=FieldKind.TEXT, hint="empty: the branch's newest",
          summary="The commit to build; without it the branch's newest", example="commit=a1b2c3d4"),
    Field(name="priority", label="Priority", kind=FieldKind.COUNT, hint="1 to 10, higher is sooner",
          summary="1 to 10; a higher one is built sooner", example="priority=8"),
)  # fmt: skip
_KNOWN = tuple(field.name for field in FIELDS)


def form(_launcher: str, given: Mapping[str, str] = NOTHING) -> tuple[Field, ...]:
    """Return the fields of a launch, filled in with what is given; variables of the build stand behind.

    Raises `UserError` for a name that is not known, that may not be given in a chat, or that is there twice.
    """
    values = grammar.by_one_name(given, _canonical)
    fields = [replace(field, value=values.pop(field.name, "")) for field in FIELDS]
    further = (Field(name=n, label=n, kind=FieldKind.TEXT, value=value) for n, value in values.items())
    return (*fields, *further)


def parameters(request: LaunchRequest) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a launch, in order. Raises `UserError` naming the value that is wrong."""
    values = {_canonical(name): value for name, value in request.values.items()}
    named = [(name, _read(name, values[name])) for name in _KNOWN if values.get(name)]
    further = sorted((name, value) for name, value in values.items() if name not in _KNOWN)
    if len(further) > MOST_ENV:
        raise replies.too_many_parameters(len(further), MOST_ENV)
    return (*named, *((name, grammar.harmless(value, name)) for name, value in further), (KEY, request.key))


def body(request: LaunchRequest) -> dict[str, object]:
    """Return what is sent. Raises `UserError`, `Rejected`."""
    if request.launcher_key is None:
        raise Rejected(f"The job “{request.launcher[:60]}” was not looked up, so nothing was sent.")
    found = dict(parameters(request))
    sent: dict[str, object] = {"job_id": sent_id(request.launcher_key, "job")}
    sent["env"] = {n.removeprefix(ENV): value for n, value in found.items() if n.startswith(ENV)}
    for name, field in (("branch", "branch"), ("commit", "commit_sha")):
        if name in found:
            sent[field] = found[name]
    if "priority" in found:
        sent["priority"] = int(found["priority"])
    return sent


def tested(request: LaunchRequest) -> Mapping[str, str]:
    """Return what a launch tests: the job, what is built of it, and with which variables; not how soon."""
    found = {name: value for name, value in parameters(request) if name not in {"priority", KEY}}
    return {"launcher": request.launcher_key or request.launcher, **found}


def group(request: LaunchRequest) -> Group | None:
    """Return with which builds that of a launch will be compared; None without a branch: the job's own is not known."""
    branch = dict(parameters(request)).get("branch")
    return Group(series=(request.launcher_key or request.launcher, branch, "")) if branch else None


def given(run: Run) -> Mapping[str, str]:
    """Return what a launch like a build would be given: no answer shows more than its branch."""
    return {"branch": run.source} if run.source else {}


def fits(request: LaunchRequest, run: Run) -> bool:
    """Whether a build is of what a launch asked for; what its row does not say speaks for it."""
    found = dict(parameters(request))
    branch, commit = found.get("branch"), found.get("commit", "")
    return (
        run.launcher_key == request.launcher_key
        and (branch is None or run.source in {branch, None})
        and (run.commit is None or run.commit.casefold().startswith(commit.casefold()))
    )


def _canonical(name: str) -> str:
    """Return the one name of a parameter. Raises `UserError` for one that cannot be given."""
    short = _ALIASES.get(name, name)
    if short in _KNOWN:
        return short
    variable = name.removeprefix(ENV)
    if variable == name or not _NAME.fullmatch(variable) or name == KEY:
        raise replies.unknown_parameter(name, _KNOWN, (), "env.NAME")
    if is_secret(variable):
        raise replies.secret_name(name)
    return name


def _read(name: str, value: str) -> str:
    if name == "priority":
        return str(grammar.whole_number(value, name, MOST_PRIORITY))
    if name == "commit":
        if not _COMMIT.fullmatch(value.strip()):
            raise not_a_commit(value, name)
        return value.strip()
    return grammar.plain_text(grammar.harmless(value, name), name, LONGEST_BRANCH)
