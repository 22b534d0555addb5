"""Ids as Testhide's documents show them, numbers, or as the database behind it would have them: 24 hexadecimal digits."""

from __future__ import annotations

import re
from typing import Any

BEFORE = "65a4f1c2b7e8d9"  # what stands before the number, so that no id is made of digits alone
HEX = re.compile(BEFORE + "([0-9a-f]{10})")
NUMBER = re.compile("[0-9]{1,18}")
KEYS = frozenset({
    "id", "job_id", "build_id", "project_id", "node_pool_id", "pool_id", "last_build_id", "restarted_from",
    "test_id", "user_id", "node_id", "first_seen_build",
})  # fmt: skip
LISTS = frozenset({"projects", "ids", "build_ids", "correlated_builds"})
TEXT = {"type": "string", "pattern": f"^{HEX.pattern}$"}


class Ids:
    """Reads and writes ids in one of the two shapes."""

    def __init__(self, *, hexadecimal: bool) -> None:
        self.hexadecimal = hexadecimal

    def text(self, number: int) -> str:
        """Return the text of an id."""
        return f"{BEFORE}{number:010x}" if self.hexadecimal else str(number)

    def read(self, value: object) -> int | None:
        """Return the number behind an id of this server; None for anything else."""
        found = (HEX if self.hexadecimal else NUMBER).fullmatch(str(value))
        if found is None:
            return None
        return int(found[1], 16) if self.hexadecimal else int(found[0])

    def shown(self, body: Any) -> Any:
        """Return decoded JSON with its ids in this shape."""
        return self._shown(body, "") if self.hexadecimal else body

    def _shown(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self._shown(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._shown(item, "id" if key in LISTS else key) for item in value]
        is_id = key in KEYS and isinstance(value, int) and not isinstance(value, bool)
        return self.text(value) if is_id else value

    def contract(self, description: dict[str, Any]) -> dict[str, Any]:
        """Return the API description for this shape of ids."""
        changed: dict[str, Any] = _with_text_ids(description) if self.hexadecimal else description
        return changed


def _with_text_ids(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_text_ids(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _with_text_ids(value) for name, value in node.items()}
    if node.get("in") == "query" and node.get("name") in KEYS:
        return changed | {"schema": TEXT}
    if isinstance(node.get("properties"), dict):
        changed["properties"] = {n: _property(n, schema) for n, schema in changed["properties"].items()}
    return changed


def _property(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name in KEYS and schema.get("type") == "integer":
        return TEXT | ({"nullable": True} if schema.get("nullable") else {})
    if name in LISTS and schema.get("type") == "array":
        return schema | {"items": TEXT}
    return schema
