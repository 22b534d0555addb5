"""What people say of failures: their kind, their defect, a note; and which do not count. Each part is sent once."""

from __future__ import annotations

from adapters.platforms.http.answers import check_done
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.wire import Request
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.quarantine import Quarantine
from adapters.platforms.testhide.settings import CHECK_KEY
from bot.errors import ServiceError
from bot.model import LaunchOutcome
from bot.triage import Classification, Classified, Quarantined, QuarantineRequest


class Triage:
    """Fills `bot.platform.Classifies` and `bot.platform.Quarantines`."""

    kinds: tuple[str, ...] = ("product_bug", "infra", "flaky", "test_bug", "no_defect")
    reasons: tuple[str, ...] = ("flaky", "infra", "wip")

    def __init__(self, caller: Caller, quarantine: Quarantine) -> None:
        self._caller, self._quarantine = caller, quarantine

    async def classify(self, wanted: Classification) -> Classified:
        """Keep it, a call for each part; what is not taken does not keep the other parts from being sent.

        Raises `ServiceError` where nothing of it was taken.
        """
        taken, refused = list[str](), list[ServiceError]()
        for name, request in _parts(wanted):
            try:
                await self._keep(request)
                taken.append(name)
            except ServiceError as error:
                refused.append(error)
        if not taken and refused:
            raise refused[0]
        why = f"{refused[0].problem} {refused[0].detail}".strip() if refused else ""
        return Classified(taken=tuple(taken), refused=why)

    async def _keep(self, request: Request) -> None:
        answer = await self._caller.once(request)
        check_done(answer, what="test", check=CHECK_KEY)

    async def quarantined(self, launcher_key: str) -> tuple[Quarantined, ...]:
        """Return what is quarantined at a job just now."""
        self._quarantine.forget(launcher_key)
        return await self._quarantine.of(launcher_key)

    async def quarantine(self, request: QuarantineRequest) -> LaunchOutcome:
        """Put a test in or take it out."""
        try:
            return await self._caller.start(lambda: _change(request), target="job", id_in=None)
        finally:
            self._quarantine.forget(request.launcher_key)


def _parts(wanted: Classification) -> tuple[tuple[str, Request], ...]:
    """Return the calls for what is said, by the name of the part."""
    said = (
        ("kind", wanted.kind, "classification", {"classification": wanted.kind}),
        ("defect", wanted.defect_key, "defect",
         {"defect_key": wanted.defect_key, "defect_url": wanted.defect_url}),
        ("note", wanted.note, "resolution", {"resolution": wanted.note}),
    )  # fmt: skip
    return tuple(
        (name, protocol.classification_request(wanted.ref, part, body))
        for name, value, part, body in said
        if value
    )


def _change(request: QuarantineRequest) -> Request:
    if request.remove:
        return protocol.take_out_request(request.launcher_key, request.check)
    return protocol.add_to_quarantine_request(request.launcher_key, request.check, request.reason)
