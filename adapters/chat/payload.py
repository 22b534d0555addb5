"""A payload of a chat, read forgivingly: what is missing or of another type is empty, and nothing is raised."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

DEEPEST = 12  # deeper than any chat nests what it shows


@dataclass(frozen=True, slots=True)
class Payload:
    """What a chat sent, as decoded JSON."""

    body: dict[str, Any]

    def at(self, *path: str | int) -> object:
        """Return whatever stands at a path of names, and of numbers in lists; None where nothing does."""
        value: object = self.body
        for step in path:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        return value

    def text(self, *path: str | int) -> str:
        """Return the text at a path, "" where there is none."""
        value = self.at(*path)
        return value if isinstance(value, str) else ""

    def number(self, *path: str | int) -> int:
        """Return the whole number at a path, -1 where there is none."""
        value = self.at(*path)
        return value if isinstance(value, int) else -1

    def inner(self, *path: str | int) -> dict[str, Any]:
        """Return the object at a path, an empty one where there is none."""
        value = self.at(*path)
        return value if isinstance(value, dict) else {}

    def listed(self, *path: str | int) -> list[dict[str, Any]]:
        """Return the objects in the list at a path."""
        value = self.at(*path)
        return [inner for inner in value if isinstance(inner, dict)] if isinstance(value, list) else []


def texts(value: object, named: Container[str], depth: int = 0) -> list[str]:
    """Find every text that stands under one of these names in nested objects and lists."""
    if depth > DEEPEST or not isinstance(value, dict | list):
        return []
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner, named, depth + 1)]
    found = [str(v) for k, v in value.items() if k in named and isinstance(v, str)]
    return found + [text for inner in value.values() for text in texts(inner, named, depth + 1)]
