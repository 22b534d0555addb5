"""What a debugging launch sends, and which of a run's parameters people may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from adapters.platforms.antithesis.ids import checked_moment, checked_run_id
from adapters.platforms.antithesis.launching import KEY
from adapters.platforms.http.text import clean, of_short_texts, shown
from adapters.redact import redact
from bot.errors import Rejected
from bot.model import DebugRequest
from bot.redact import is_secret, scrub

EVENT_DESCRIPTION = "antithesis.event_description"

_LONGEST = 4_000
_NAME, _MOST_NAMES = 80, 50  # characters of a name, and names
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,7}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SHOWN = re.compile(
    r"antithesis\.(config_image|images|description|duration|is_ephemeral|source|test_name|is_setup"
    r"|performance_tier|filter_logs_matching|integrations\.type|event_description)"
    r"|(custom|run|vcs)\.[\w.-]{1,120}"
    rf"|{re.escape(KEY)}"
)


def debug_parameters(request: DebugRequest) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a debugging launch; no others are taken. Raises `Rejected`."""
    if bool(request.run_id) == bool(request.session_id):
        raise Rejected("A debugging session needs either the id of a run or that of a session.")
    moment = checked_moment(request.moment)
    if moment.placeholder:
        raise Rejected("This run has no pinned failure moment, so there is nothing to debug at.")
    target = "run_id" if request.run_id else "session_id"
    pairs = (
        (f"antithesis.debugging.{target}", checked_run_id(request.run_id or request.session_id or "")),
        ("antithesis.debugging.input_hash", moment.input_hash),
        ("antithesis.debugging.vtime", moment.vtime),
        (EVENT_DESCRIPTION, request.description),
        ("antithesis.report.recipients", _recipients(request.recipients)),
    )
    return tuple((name, _value(name, value)) for name, value in pairs if value)


def shown_parameters(served: Mapping[str, str]) -> dict[str, str]:
    """Return what people may see of a run's parameters: known names, never tokens, callbacks or addresses."""
    return {
        name: _shown(value)
        for name, value in served.items()
        if _SHOWN.fullmatch(name) and not is_secret(name)
    }


def withheld(served: Mapping[str, str], told: Mapping[str, str], lost: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the names of a run's parameters whose values are not `told` as they are, but for our own."""
    names = (*(name for name, value in served.items() if told.get(name) != value), *lost)
    return tuple(shown(name, _NAME) for name in names[:_MOST_NAMES] if name != KEY)


@of_short_texts
def _shown(value: str) -> str:
    return scrub(redact(clean(value))).text


def _recipients(addresses: tuple[str, ...]) -> str:
    if not all(_MAIL.fullmatch(address) for address in addresses):
        raise Rejected("A recipient is one mail address, as in alice@example.com.")
    return ";".join(addresses)


def _value(name: str, value: str) -> str:
    if len(value) > _LONGEST or _CONTROL.search(value):
        raise Rejected(
            f"The value of {name} is longer than {_LONGEST:,} characters or has control characters."
        )
    return value
