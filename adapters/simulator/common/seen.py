"""A request as a simulated server saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One request. `route`: the path as the contract writes it, "" where nothing answers there."""

    method: str
    path: str
    route: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
