"""Requests and answers held against Antithesis' own description of its API."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from adapters.simulator.antithesis.deviations import DEVIATIONS, UNDOCUMENTED, Answer, Deviation
from adapters.simulator.common.contract import Contract, load
from adapters.simulator.common.seen import Seen


@cache
def contract() -> Contract:
    """Return the API description as kept in this folder."""
    return Contract(load("adapters.simulator.antithesis"), headers=["User-Agent"])


def check_request(seen: Seen) -> list[str]:
    """Return what a request does against the description, known deviations aside."""
    return [] if (seen.method, seen.route) in UNDOCUMENTED else contract().check_request(seen)


def check_answer(answer: Answer, *, deviations: tuple[Deviation, ...] = DEVIATIONS) -> list[str]:
    """Return what an answer does against the description, known deviations aside."""
    mended: Answer | None = answer
    for deviation in deviations:
        mended = deviation.mend(mended) if mended is not None else None
    if mended is None:
        return []
    problems = contract().check_answer(mended.method, mended.route, mended.status, mended.body)
    return [f"{answer.method} {answer.route} {answer.status}: {problem}" for problem in problems]


def check_stream(answer: Answer, content: bytes, **options: Any) -> list[str]:
    """Return what the lines of a stream do against the description; `content` is the whole body."""
    found: list[str] = []
    for line in content.split(b"\n")[:-1]:
        body = json.loads(line) if line else None
        found += check_answer(replace(answer, body=body, line=True), **options)
    return found
