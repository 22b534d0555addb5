"""A platform's API description (OpenAPI 3.0), and what is held against it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from adapters.simulator.common.seen import Seen

JSON = "application/json"
SHOWN = 160  # characters of a validator's sentence


def load(package: str) -> dict[str, Any]:
    """Return the description that is kept beside a package's code as `contract.json`."""
    loaded: dict[str, Any] = json.loads(files(package).joinpath("contract.json").read_text(encoding="utf-8"))
    return loaded


class Contract:
    """Judges requests, and answers. `headers`: names that every request must have."""

    def __init__(self, description: dict[str, Any], *, headers: Iterable[str] = ()) -> None:
        self.description = description
        self._headers = tuple(headers)
        self._validators: dict[str, Callable[[Any], Iterator[Any]]] = {}

    def check_request(self, seen: Seen) -> list[str]:
        """Return what a request does against the description, in sentences that name method and route."""
        operation = self._operation(seen.method, seen.route)
        if operation is None:
            return [f"{seen.method} {seen.path}: the description has no such operation"]
        problems = [*self._header_problems(seen), *self._query(seen, operation), *self._body(seen, operation)]
        return [f"{seen.method} {seen.route}: {problem}" for problem in problems]

    def check_answer(self, method: str, route: str, status: int, body: Any) -> list[str]:
        """Return what an answer of decoded JSON does against the description; None is no body."""
        operation = self._operation(method, route)
        if operation is None:
            return ["the description has no such operation"]
        response = operation["responses"].get(str(status))
        if response is None:
            return ["the description has no such status"]
        content = self._resolved(response).get("content")
        if content is None:
            return [] if body is None else ["the description has no body"]
        return self._problems(next(iter(content.values()))["schema"], body)

    def _operation(self, method: str, route: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.description["paths"].get(route, {}).get(method.lower())
        return found

    def _header_problems(self, seen: Seen) -> Iterator[str]:
        yield from (f"no {name}" for name in self._headers if not seen.headers.get(name))
        if seen.body and not seen.headers.get("Content-Type", "").startswith(JSON):
            yield f"Content-Type must be {JSON}"

    def _query(self, seen: Seen, operation: dict[str, Any]) -> Iterator[str]:
        known = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "query"}
        given = Counter(name for name, _ in seen.query)
        yield from (f"query parameter {name} is not described" for name in given if name not in known)
        yield from (f"query parameter {name} is given twice" for name, times in given.items() if times > 1)
        yield from (
            f"query parameter {name} is missing"
            for name, p in known.items()
            if p.get("required") and name not in given
        )
        for name, text in seen.query:
            if name in known:
                schema = known[name]["schema"]
                problems = self._problems(schema, _read(text, schema.get("type")))
                yield from (f"query parameter {name}: {problem}" for problem in problems)

    def _body(self, seen: Seen, operation: dict[str, Any]) -> Iterator[str]:
        wanted = operation.get("requestBody")
        if wanted is None:
            if seen.body:
                yield "takes no body"
            return
        if not seen.body and not wanted.get("required"):
            return
        try:
            body = json.loads(seen.body)
        except ValueError:
            yield "the body is not JSON"
            return
        problems = self._problems(wanted["content"][JSON]["schema"], body)
        yield from (f"body: {problem}" for problem in problems)

    def _problems(self, schema: dict[str, Any], value: Any) -> list[str]:
        errors = self._validator(json.dumps(schema, sort_keys=True))(value)
        return [
            f"{'.'.join(map(str, error.absolute_path)) or 'value'}: {error.message[:SHOWN]}"
            for error in errors
        ]

    def _validator(self, schema: str) -> Callable[[Any], Iterator[Any]]:
        if schema not in self._validators:
            whole = json.loads(schema) | {"components": self.description.get("components", {})}
            self._validators[schema] = _compiled(json.dumps(whole))
        return self._validators[schema]

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        found: Any = self.description
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)


@cache
def _compiled(schema: str) -> Callable[[Any], Iterator[Any]]:
    from openapi_schema_validator import OAS30Validator, oas30_format_checker  # half a second

    iterate: Callable[[Any], Iterator[Any]] = OAS30Validator(
        json.loads(schema), format_checker=oas30_format_checker
    ).iter_errors
    return iterate


def _read(text: str, kind: str | None) -> Any:
    """Return a query's text as the value that a schema's type means; as it is where it is none."""
    if kind not in {"integer", "number", "boolean"}:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
