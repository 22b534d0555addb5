"""Misbehaviour on demand: rules that match the next requests and spoil their answers.

A rule is a preset of `FAULTS` with its own method, path and number of times. Rules are tried in the order they were
given; the first that matches is used up by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from adapters.simulator.run import Json

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
FAILED = {"message": "An unexpected error occurred. Please try again later."}
STREAM_ERROR = b'{"error":"An unexpected error occurred. Please try again later."}\n'


class Cut(Exception):
    """Drop the connection here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to do to a request. Times are in seconds of the caller's clock, not of the tenant.

    `method`, `path`: regular expressions that must match whole. `times`: how often, None for always.
    `acts`: do what was asked first, then answer with `status` or drop. `rewrite`: changes a JSON answer.
    """

    method: str = ".*"
    path: str = ".*"
    times: int | None = 1
    delay: float = 0.0
    first_byte_delay: float = 0.0
    status: int | None = None
    body: str = ""
    content_type: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    acts: bool = False
    drop: bool = False
    error_after: int | None = None
    cut_after: int | None = None
    answer_status: int | None = None
    rewrite: str | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is for this request."""
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))


def _json(status: int, body: Json, **headers: str) -> Rule:
    return Rule(status=status, body=json.dumps(body), content_type="application/json", headers=headers)


FAULTS: dict[str, Rule] = {
    "slow": Rule(delay=1.0),
    "slow first byte": Rule(first_byte_delay=1.0),
    "rate limited": replace(_json(429, {"message": "Too many requests."}), headers={"Retry-After": "2"}),
    "rate limited, no header": Rule(status=429),
    "server error": _json(500, FAILED),
    "unavailable": _json(503, {"message": "Service Unavailable"}),
    "forbidden": Rule(status=403),
    "unauthorized": Rule(status=401),
    "bad gateway": Rule(status=502, body=HTML, content_type="text/html"),
    "captive portal": Rule(status=200, body="<html>Please sign in</html>", content_type="text/html"),
    "not found": _json(404, {"message": "Resource not found"}),
    "redirect": Rule(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
    "dropped": Rule(drop=True),
    "stream error": Rule(error_after=3),
    "stream cut": Rule(cut_after=3),
    "looping cursor": Rule(rewrite="looping cursor", times=None),
    "null run id": Rule(rewrite="null run id", method="POST"),
    "no run id": Rule(rewrite="no run id", method="POST"),
    "run_id key": Rule(rewrite="run_id key", method="POST"),
    "accepted": Rule(answer_status=202, rewrite="accepted", method="POST"),
    "started, then 500": replace(_json(500, {"statusCode": 500, "runId": None}), acts=True, method="POST"),
    "started, then dropped": Rule(acts=True, drop=True, method="POST"),
    "started, then HTML": Rule(status=502, body=HTML, content_type="text/html", acts=True, method="POST"),
}


class Rules:
    """The rules that are in force."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Put a rule behind the others."""
        self._rules.append(rule)

    def clear(self) -> None:
        """Behave again."""
        self._rules.clear()

    def take(self, method: str, path: str) -> Rule | None:
        """Return the rule for a request, used up by one."""
        for place, rule in enumerate(self._rules):
            if rule.matches(method, path):
                if rule.times is not None:
                    left = [replace(rule, times=rule.times - 1)] if rule.times > 1 else []
                    self._rules[place : place + 1] = left
                return rule
        return None


def rule_from(fault: str, changes: Json) -> Rule:
    """Return a preset with some fields changed; raises ValueError with what is wrong."""
    if fault not in FAULTS:
        raise ValueError(f"there is no fault {fault!r}; there are: {', '.join(FAULTS)}")
    try:
        rule = replace(FAULTS[fault], **changes)
        re.compile(rule.method), re.compile(rule.path)
    except (TypeError, re.error) as error:
        raise ValueError(f"fault {fault!r}: {error}") from error
    return rule


def spoil(lines: Iterator[bytes], rule: Rule | None) -> Iterator[bytes]:
    """Yield lines of a stream until the rule ends it: with an error line, or with `Cut` in the middle of one."""
    stop = None if rule is None else rule.error_after if rule.error_after is not None else rule.cut_after
    for number, line in enumerate(lines):
        if number == stop and rule is not None:
            yield from _end(line, rule)
            return
        yield line


def _end(line: bytes, rule: Rule) -> Iterator[bytes]:
    if rule.error_after is not None:
        yield STREAM_ERROR
        return
    yield line[: max(1, len(line) // 2)]
    raise Cut


def rewrite(name: str, body: Json, after: str | None) -> Json:
    """Return a JSON answer changed as a rule says; `after` is the cursor that was asked with."""
    return REWRITES[name](body, after)


REWRITES: dict[str, Callable[[Json, str | None], Json]] = {
    "looping cursor": lambda body, after: (
        body | {"next_cursor": after or body.get("next_cursor") or "bG9vcA=="}
    ),
    "null run id": lambda body, _: body | {"runId": None},
    "no run id": lambda body, _: {name: value for name, value in body.items() if name != "runId"},
    "run_id key": lambda body, _: {
        "message": "Success",
        "run_id": body.get("runId"),
        "statusCode": body.get("statusCode"),
    },
    "accepted": lambda body, _: body | {"statusCode": 202},
}
