"""Answers that are not what was hoped for: the status decides, the body only lends its words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import msgspec

from adapters.platforms.http.lenient import read, read_any
from adapters.platforms.http.text import one_line
from adapters.platforms.http.wire import Answer
from adapters.redact import redact
from bot.errors import (
    AccessRefused,
    NotFound,
    RateLimited,
    Rejected,
    ServiceError,
    ServiceFailed,
    UnexpectedAnswer,
)
from bot.model import LaunchOutcome, Refused, Started, Unclear

PERHAPS_DONE = (
    "The address answered with something that is not the API's, so it may have been done or not. "
    "Check the base URL and any proxy."
)
ERROR_BYTES = 4_096  # of an error's body are read
_SHOWN = 200
_LONGEST_WAIT = 86_400.0


def error_of(answer: Answer, *, what: str = "page", check: str = "") -> ServiceError:
    """Return the error that an answer stands for; `what` was asked for, should it be a 404.

    `check` is the sentence that helps where who asks was refused.
    """
    status, detail = answer.status, detail_of(answer)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessRefused(f"The platform refused the key ({status}). {check}".rstrip(), detail=detail)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"The platform has no such {what} (404).", what=what, detail=detail)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = retry_after(answer)
        said = "" if wait is None else f" Try again in {math.ceil(wait)} s."
        return RateLimited(
            f"The platform received too many requests (429).{said}", detail=detail, retry_after=wait
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceFailed(f"The platform failed ({status}). Trying again later may help.", detail=detail)
    if status >= HTTPStatus.BAD_REQUEST:
        return Rejected(f"The platform did not take the request ({status}).", detail=detail)
    return _odd(answer, detail)


def _odd(answer: Answer, detail: str) -> UnexpectedAnswer:
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        return UnexpectedAnswer(
            f"The address answered with a redirect ({answer.status}), which is not followed: the key stays here. "
            "Check the base URL."
        )
    return UnexpectedAnswer(
        "The address answered with something that is not the API's. Check the base URL and any proxy.",
        detail=detail,
    )


def detail_of(answer: Answer) -> str:
    """Return the platform's own words on one line: its message, else its short text, never a web page.

    Where it says nothing that can be read, what stands behind the status.
    """
    words = _words(answer.body) or answer.reason
    return redact(one_line(words, _SHOWN))


def _words(body: bytes) -> str:
    said = read_any(body)
    if isinstance(said, Mapping):
        return _said(said)
    text = " ".join(body.decode("utf-8", "replace").split())
    return "" if text.startswith(("<", "{", "[")) else text


_NAMES = ("message", "detail", "error", "result", "msg")  # the first that says something counts
_MOST, _DEEP = 5, 4  # of a list of errors are said; an error inside an error


def _said(value: object, depth: int = _DEEP) -> str:
    """Return the words of an error: a text, an object with a text, or a list of those."""
    if isinstance(value, str):
        return value
    if not depth:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_said(item, depth - 1) for item in value[:_MOST])))
    if not isinstance(value, Mapping):
        return ""
    words = next(filter(None, (_said(value.get(name), depth - 1) for name in _NAMES)), "")
    place = value.get("loc")  # as common servers of Python name the field that a sentence is about
    field = place[-1] if isinstance(place, list) and place else None
    return f"{field}: {words}" if words and isinstance(field, str) else words


def retry_after(answer: Answer) -> float | None:
    """Return how many seconds to wait, from a number or a date; None for nonsense or none at all."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    until, now = _http_date(text), _http_date(answer.headers.get("date", ""))
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT)


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None


def check_encoding(answer: Answer) -> None:
    """Refuse a compressed body: it was not asked for. Raises `UnexpectedAnswer`."""
    if answer.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        raise UnexpectedAnswer("The platform sent a compressed response, which was not requested.")


def check_done(answer: Answer, *, what: str = "page", check: str) -> None:
    """Raise the error of an answer to what was to be done once. Another page proves nothing, whatever its status."""
    if not answer.good:
        raise error_of(answer, what=what, check=check)
    if not _is_the_platforms(answer):
        raise UnexpectedAnswer(PERHAPS_DONE)


def _is_the_platforms(answer: Answer) -> bool:
    """Whether a good answer can be a platform's own: JSON or nothing, and no page of a proxy that asks to log in."""
    return not answer.body.strip() or read(answer.body, msgspec.Raw) is not None


def outcome_of(
    answer: Answer, *, target: str, check: str, id_in: Callable[[bytes], str | None] | None
) -> LaunchOutcome:
    """Return what became of what was to be started. Only a 4xx says surely that nothing was.

    `target`: what a 404 says is not there; `id_in` finds the id of what was started in the answer's body, None where
    what is done has none, and any good answer will do.
    """
    if answer.good and id_in is None:
        return Started(None) if _is_the_platforms(answer) else Unclear(PERHAPS_DONE)
    if answer.good and id_in is not None:
        if read(answer.body, dict[str, msgspec.Raw]) is None:
            return Unclear("The platform's answer could not be read, so it may have started or not.")
        return Started(id_in(answer.body))
    error = error_of(answer, what=target, check=check)
    reason = f"{error.problem} {error.detail}".strip()
    sure = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Refused(reason) if sure and answer.status != HTTPStatus.REQUEST_TIMEOUT else Unclear(reason)
