"""Launch parameters: what we send under which name, and which of a run's parameters people may see."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.platforms.antithesis.ids import checked_moment, checked_run_id
from adapters.platforms.antithesis.text import clean
from adapters.redact import redact
from bot.errors import Rejected
from bot.launching import CUSTOM, FURTHER
from bot.model import DebugRequest, LaunchRequest
from bot.redact import is_secret, scrub

KEY = "clew.request_id"  # our own parameter: the platform echoes it, so a launch can be found again
EVENT_DESCRIPTION = "antithesis.event_description"

_LONGEST = 4_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_MINUTES = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,511}")
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,7}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SHOWN = re.compile(
    r"antithesis\.(config_image|images|description|duration|is_ephemeral|source|test_name|is_setup"
    r"|performance_tier|filter_logs_matching|integrations\.type|event_description)"
    r"|(custom|run|vcs)\.[\w.-]{1,120}"
    rf"|{re.escape(KEY)}"
)


def launch_parameters(request: LaunchRequest) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a launch, in order. Raises `Rejected`: the launcher itself checks nothing."""
    fixed = (
        ("antithesis.duration", _minutes(request.minutes)),
        ("antithesis.config_image", _image(request.config_image)),
        ("antithesis.images", ";".join(_image(image) or "" for image in request.images)),
        ("antithesis.description", request.description),
        ("antithesis.source", request.source),
        ("antithesis.test_name", request.test_name),
        ("antithesis.is_ephemeral", None if request.ephemeral is None else str(request.ephemeral).lower()),
        ("antithesis.report.recipients", _recipients(request.recipients)),
    )
    taken = {name for name, _ in fixed} | {KEY}
    for name, value in request.extra:
        _check_extra(name, value, taken)
        taken.add(name)
    pairs = [(name, _value(name, value)) for name, value in (*fixed, *request.extra) if value]
    return (*pairs, (KEY, _value(KEY, request.key)))


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
        name: scrub(redact(clean(value))).text
        for name, value in served.items()
        if _SHOWN.fullmatch(name) and not is_secret(name)
    }


def _check_extra(name: str, value: str, taken: set[str]) -> None:
    """Refuse a further parameter that cannot be sent, saying why."""
    if not _NAME.fullmatch(name):
        raise Rejected("A parameter's name has letters, digits, dots, - and _ only, as in custom.seed.")
    if is_secret(name) or redact(value) != value:
        raise Rejected(
            f"{name} looks like a secret: it belongs into the launcher's own settings, not into chat."
        )
    if name not in FURTHER and not name.startswith(CUSTOM):
        raise Rejected(f"{name} is not sent from here: of the platform's own parameters only known ones are.")
    if name in taken:
        raise Rejected(f"{name} is given twice, or has an option of its own.")


def _minutes(text: str | None) -> str | None:
    if text and not (_MINUTES.fullmatch(text) and float(text) > 0):
        raise Rejected("The duration is a number of minutes above 0, as in 30 or 0.5.")
    return text


def _image(text: str | None) -> str | None:
    if text is not None and not _IMAGE.fullmatch(text):
        raise Rejected(
            "An image is [registry/]name:tag or [registry/]name@digest, without spaces, commas and ;."
        )
    return text


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
