"""What can be asked for that costs or changes something: a row per kind, and nothing else tells them apart.

A new kind: its request in `bot.state.REQUESTS`, a row here, its words in `bot.replies.confirming` and its cards in
`bot.replies.intents`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.access import Role
from bot.errors import AccessRefused, NotAvailable, NotFound, RateLimited, Rejected, ServiceError
from bot.model import DebugRequest, LaunchOutcome, LaunchRequest, Refused, Started, Unclear
from bot.platform import AGENTS, CANCELS, DEBUGS, LAUNCHES, PUBLISHES, QUARANTINES, RERUNS, Need, Platform
from bot.publication import PublishRequest
from bot.replies import parts
from bot.state import IntentKind, R, Request
from bot.triage import AgentRequest, CancelRequest, QuarantineRequest, RerunRequest

P = TypeVar("P")
Ask = Callable[[], Awaitable[LaunchOutcome]]
NOT_TAKEN = (
    AccessRefused,
    NotAvailable,
    NotFound,
    RateLimited,
    Rejected,
)  # the platform certainly did nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of request is treated.

    `prepare` finds who sends it; it raises `UserError` where its platform does not do that. `role`: what a person has
    to hold when confirming. `starts_run`: what it becomes is a run, which is followed and announced where it was asked
    for. `costs`: doing it once more costs once more, so one like it a moment ago is warned of. `found`: one whose
    answer was lost may turn up by itself, so it is looked for.
    """

    prepare: Callable[[Platform, Request], Ask]
    role: Role
    starts_run: bool = False
    costs: bool = False
    found: bool = False


def _sent(
    request: type[R], need: Need[P], call: Callable[[P, R], Awaitable[LaunchOutcome]]
) -> Callable[[Platform, Request], Ask]:
    """Return how a kind of request is sent: by which part, with which call."""

    def prepare(platform: Platform, wanted: Request) -> Ask:
        part = need.of(platform)
        if part is None:
            raise parts.lacking(platform, need)
        if not isinstance(wanted, request):
            raise TypeError(f"{type(wanted).__name__} is not sent as {request.__name__}")
        return lambda: call(part, wanted)

    return prepare


def _never_sent(_: Platform, wanted: Request) -> Ask:
    """Refuse what is kept here when it is confirmed: a platform never hears of it."""
    raise TypeError(f"{type(wanted).__name__} is not sent")


async def _done(act: Awaitable[None]) -> LaunchOutcome:
    """Do what starts nothing that has an id, and say how it ended as if it had."""
    try:
        await act
    except NOT_TAKEN as error:
        return Refused(error.detail or error.problem)
    except ServiceError as error:
        return Unclear(error.detail or error.problem)
    return Started(None)


KINDS: Mapping[IntentKind, Kind] = {
    IntentKind.LAUNCH: Kind(
        prepare=_sent(LaunchRequest, LAUNCHES, lambda part, request: part.launch(request)),
        role=Role.LAUNCH, starts_run=True, costs=True, found=True,
    ),
    IntentKind.DEBUG: Kind(
        prepare=_sent(DebugRequest, DEBUGS, lambda part, request: part.debug(request)), role=Role.DEBUG
    ),
    IntentKind.RERUN: Kind(
        prepare=_sent(RerunRequest, RERUNS, lambda part, request: part.rerun(request)),
        role=Role.LAUNCH, starts_run=True, costs=True,
    ),
    IntentKind.CANCEL: Kind(
        prepare=_sent(CancelRequest, CANCELS, lambda part, request: _done(part.cancel(request.run_id))),
        role=Role.LAUNCH,
    ),
    IntentKind.AGENT: Kind(
        prepare=_sent(AgentRequest, AGENTS, lambda part, request: part.invoke(request)),
        role=Role.DEBUG, costs=True,
    ),
    IntentKind.QUARANTINE: Kind(
        prepare=_sent(QuarantineRequest, QUARANTINES, lambda part, request: part.quarantine(request)),
        role=Role.LAUNCH,
    ),
    IntentKind.PUBLISH: Kind(
        prepare=_sent(PublishRequest, PUBLISHES, lambda part, request: part.open_record(request)),
        role=Role.LAUNCH, costs=True,
    ),
    IntentKind.SCHEDULE: Kind(prepare=_never_sent, role=Role.LAUNCH),
}  # fmt: skip
