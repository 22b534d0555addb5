"""Misbehaviour on demand: rules that match the next requests and spoil their answers.

A rule is a preset of `FAULTS` with its own method, path and number of times. Rules are tried in the order they were
given; the first that matches is used up by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]
"""A JSON object."""

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
FAILED = {"message": "An unexpected error occurred. Please try again later."}
STREAM_ERROR = b'{"error":"An unexpected error occurred. Please try again later."}\n'
LIST = {
    "detail": [
        {"loc": ["query", "page"], "msg": "value is not a valid integer", "type": "type_error.integer"}
    ]
}

Rewrite = Callable[[Any, Mapping[str, str]], Any]
"""Changes a decoded JSON answer, knowing the request's query."""


class Cut(Exception):
    """Drop the connection here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to do to a request. Times are in seconds of the caller's clock, not of the server.

    `method`, `path`: regular expressions that must match whole. `times`: how often, None for always.
    `acts`: do what was asked first, then answer with `status` or drop. `query`: answer as though this were asked.
    `sets`: values of JSON fields, wherever the answer has them. `rewrite`: changes a JSON answer otherwise. `half`:
    half of the answer's text, complete by its headers. `unpacks_to`: MiB of zeros, sent as gzip.
    Of streams: `error_after`, `cut_after` chunks; `cut_before`, `leaves_out` the chunks that hold a text.
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
    query: dict[str, str] = field(default_factory=dict)
    sets: Json = field(default_factory=dict)
    rewrite: Rewrite | None = None
    half: bool = False
    unpacks_to: int = 0
    answer_status: int | None = None
    error_after: int | None = None
    cut_after: int | None = None
    cut_before: str | None = None
    leaves_out: str | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is for this request."""
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))

    @property
    def replaces(self) -> bool:
        """Whether the server's own answer is never seen."""
        return self.drop or self.status is not None or self.unpacks_to > 0


def answers(status: int, body: Json, **headers: str) -> Rule:
    """Return a rule that answers with JSON."""
    return Rule(status=status, body=json.dumps(body), content_type="application/json", headers=headers)


FAULTS: dict[str, Rule] = {
    "slow": Rule(delay=1.0),
    "slow first byte": Rule(first_byte_delay=1.0),
    "rate limited": replace(answers(429, {"message": "Too many requests."}), headers={"Retry-After": "2"}),
    "rate limited, no header": Rule(status=429),
    "server error": answers(500, FAILED),
    "unavailable": answers(503, {"message": "Service Unavailable"}),
    "forbidden": Rule(status=403),
    "unauthorized": Rule(status=401),
    "conflict": answers(409, {"message": "Conflict"}),
    "unprocessable": answers(422, LIST),
    "bad gateway": Rule(status=502, body=HTML, content_type="text/html"),
    "captive portal": Rule(status=200, body="<html>Please sign in</html>", content_type="text/html"),
    "not found": answers(404, {"message": "Resource not found"}),
    "redirect": Rule(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
    "gzip bomb": Rule(unpacks_to=256),
    "half JSON": Rule(half=True),
    "wrong type": Rule(sets={"id": {"not": "an id"}}),
    "repeating page": Rule(query={"page": "1"}, times=None),
    "lying total": Rule(sets={"total": 1_000_000}, times=None),
    "dropped": Rule(drop=True),
    "stream error": Rule(error_after=3),
    "stream cut": Rule(cut_after=3),
    "started, then dropped": Rule(acts=True, drop=True, method="POST"),
    "started, then HTML": Rule(status=502, body=HTML, content_type="text/html", acts=True, method="POST"),
}
"""What any platform may do; each simulated server adds its own."""


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


def rule_from(faults: Mapping[str, Rule], fault: str, changes: Json) -> Rule:
    """Return a preset with some fields changed; raises ValueError with what is wrong."""
    if fault not in faults:
        raise ValueError(f"there is no fault {fault!r}; there are: {', '.join(faults)}")
    try:
        rule = replace(faults[fault], **changes)
        re.compile(rule.method), re.compile(rule.path)
    except (TypeError, re.error) as error:
        raise ValueError(f"fault {fault!r}: {error}") from error
    return rule


class Spoiler:
    """Spoils the chunks of one stream, in their order."""

    def __init__(self, rule: Rule | None) -> None:
        self._rule = rule or Rule()
        self._number = -1
        self.ended = False

    def spoil(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what is sent in the place of a chunk; raises `Cut` where the connection is dropped."""
        rule = self._rule
        self._number += 1
        if self._number == rule.error_after:
            self.ended = True
            yield STREAM_ERROR
        elif self._number == rule.cut_after:
            yield chunk[: max(1, len(chunk) // 2)]
            raise Cut
        elif _holds(chunk, rule.cut_before):
            raise Cut
        elif not _holds(chunk, rule.leaves_out):
            yield chunk


def _holds(chunk: bytes, text: str | None) -> bool:
    return text is not None and text.encode() in chunk


def set_fields(body: Any, sets: Mapping[str, Any]) -> Any:
    """Return decoded JSON with the named fields changed, at any depth."""
    if isinstance(body, list):
        return [set_fields(item, sets) for item in body]
    if not isinstance(body, dict):
        return body
    return {name: sets[name] if name in sets else set_fields(value, sets) for name, value in body.items()}
