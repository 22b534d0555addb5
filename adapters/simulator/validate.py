"""Requests and answers held against the API's own description (`openapi.json`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from adapters.simulator.deviations import DEVIATIONS, UNDOCUMENTED, Answer, Deviation
from adapters.simulator.seen import Seen

JSON = "application/json"
SHOWN = 160  # characters of a validator's sentence


@cache
def description() -> dict[str, Any]:
    """Return the API description as kept in this folder."""
    text = files("adapters.simulator").joinpath("openapi.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def check_request(seen: Seen) -> list[str]:
    """Return what a request does against the description, in sentences that name method and route."""
    if (seen.method, seen.route) in UNDOCUMENTED:
        return []
    operation = description()["paths"].get(seen.route, {}).get(seen.method.lower())
    if operation is None:
        return [f"{seen.method} {seen.path}: the description has no such operation"]
    problems = [*_headers(seen), *_query(seen, operation), *_body(seen, operation)]
    return [f"{seen.method} {seen.route}: {problem}" for problem in problems]


def check_answer(answer: Answer, *, deviations: tuple[Deviation, ...] = DEVIATIONS) -> list[str]:
    """Return what an answer does against the description, known deviations aside."""
    mended: Answer | None = answer
    for deviation in deviations:
        mended = deviation.mend(mended) if mended is not None else None
    if mended is None:
        return []
    return [f"{answer.method} {answer.route} {answer.status}: {problem}" for problem in _documented(mended)]


def check_stream(answer: Answer, content: bytes, **options: Any) -> list[str]:
    """Return what the lines of a stream do against the description; `content` is the whole body."""
    found: list[str] = []
    for line in content.split(b"\n")[:-1]:
        body = json.loads(line) if line else None
        found += check_answer(replace(answer, body=body, line=True), **options)
    return found


def _documented(answer: Answer) -> list[str]:
    operation = description()["paths"].get(answer.route, {}).get(answer.method.lower())
    if operation is None:
        return ["the description has no such operation"]
    response = operation["responses"].get(str(answer.status))
    if response is None:
        return ["the description has no such status"]
    content = _resolved(response)["content"]
    schema = next(iter(content.values()))["schema"]
    return _problems(schema, answer.body)


def _headers(seen: Seen) -> Iterator[str]:
    if not seen.headers.get("User-Agent"):
        yield "no User-Agent"
    if seen.body and not seen.headers.get("Content-Type", "").startswith(JSON):
        yield f"Content-Type must be {JSON}"


def _query(seen: Seen, operation: dict[str, Any]) -> Iterator[str]:
    known = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "query"}
    given = dict(seen.query)
    yield from (f"query parameter {name} is not described" for name in given if name not in known)
    yield from (
        f"query parameter {name} is missing"
        for name, p in known.items()
        if p.get("required") and name not in given
    )
    for name, text in seen.query:
        if name in known:
            schema = known[name]["schema"]
            yield from (
                f"query parameter {name}: {problem}" for problem in _problems(schema, _read(text, schema))
            )


def _read(text: str, schema: dict[str, Any]) -> Any:
    return int(text) if schema.get("type") == "integer" and text.isascii() and text.isdigit() else text


def _body(seen: Seen, operation: dict[str, Any]) -> Iterator[str]:
    wanted = operation.get("requestBody")
    if wanted is None:
        if seen.body:
            yield "takes no body"
        return
    try:
        body = json.loads(seen.body)
    except ValueError:
        yield "the body is not JSON"
        return
    yield from (f"body: {problem}" for problem in _problems(wanted["content"][JSON]["schema"], body))


def _problems(schema: dict[str, Any], value: Any) -> list[str]:
    errors = _validator(json.dumps(schema, sort_keys=True))(value)
    return [
        f"{'.'.join(map(str, error.absolute_path)) or 'value'}: {error.message[:SHOWN]}" for error in errors
    ]


@cache
def _validator(schema: str) -> Callable[[Any], Iterator[Any]]:
    from openapi_schema_validator import OAS30Validator, oas30_format_checker  # half a second

    whole = json.loads(schema) | {"components": description()["components"]}
    iterate: Callable[[Any], Iterator[Any]] = OAS30Validator(
        whole, format_checker=oas30_format_checker
    ).iter_errors
    return iterate


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = description()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)
