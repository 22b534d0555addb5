"""How a registry finds its kinds: each is a package whose module `kind` holds `KIND`."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


def registered(kind: type[T], *packages: str) -> tuple[T, ...]:
    """Return what these packages offer, in this order. Raises `TypeError` for one that offers something else."""
    found = tuple(import_module(f"{package}.kind").KIND for package in packages)
    for package, one in zip(packages, found, strict=True):
        if not isinstance(one, kind):
            raise TypeError(f"{package}.kind.KIND is no {kind.__name__}")
    return found
