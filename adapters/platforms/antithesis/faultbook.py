"""Which faults are open at a moment, kept from the fault injector's events in the order they come.

A window sees only faults that began inside it, so an empty book proves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from adapters.platforms.antithesis.events import (
    INJECTOR,
    Fields,
    fault_detail,
    mapping,
    source_of,
    word,
)
from adapters.platforms.antithesis.text import one_line
from bot.model import Fault

_NETWORK, _NODE, _CLOCK = "network", "node", "clock"
_KINDS = {"partition": _NETWORK, "clog": _NETWORK, "pause": _NODE, "throttle": _NODE, "skip": _CLOCK}
_MOST = 200  # open windows that are kept; a hostile stream cannot grow the book


@dataclass(slots=True)
class FaultBook:
    """Open fault windows. kill and stop are events, not windows; thread pausing leaves no event at all."""

    _open: dict[tuple[str, tuple[str, ...]], Fault] = field(default_factory=dict)

    def feed(self, fields: Fields, vtime: str) -> None:
        """Take one event of the log, with its virtual time."""
        if source_of(fields).name != INJECTOR:
            return
        if mapping(mapping(fields.get("info")).get("details")).get("paused") is True:
            self._end(_NETWORK, _NODE)
        fault = mapping(fields.get("fault"))
        name = word(fault.get("name"))
        if name == "restore":
            self._end(_NETWORK)
        elif name in _KINDS:
            self._begin(fault, name, vtime)

    def at(self, seconds: float) -> tuple[Fault, ...]:
        """Return the faults open at a virtual time, in the order they began."""
        return tuple(f for f in self._open.values() if f.until is None or f.until >= seconds)

    def _begin(self, body: Fields, name: str, vtime: str) -> None:
        kind, nodes = _KINDS[name], _nodes(body)
        if kind != _CLOCK and not nodes:
            return
        until = _until(body, vtime)
        detail = fault_detail(mapping(body.get("details"))).strip("()")
        for where in [(node,) for node in nodes] if kind == _NODE else [nodes]:
            self._merge(Fault(name=name, kind=kind, nodes=where, since=vtime, until=until, detail=detail))

    def _merge(self, fault: Fault) -> None:
        """Join it with one of the same type and nodes that is still open: earliest start, latest end."""
        key = (fault.name, fault.nodes)
        before = self._open.get(key)
        if before is not None and (before.until is None or before.until >= float(fault.since)):
            ends = (before.until, fault.until)
            until = None if None in ends else max(end for end in ends if end is not None)
            fault = replace(fault, since=before.since, until=until, detail=_joined(before, fault))
        if key in self._open or len(self._open) < _MOST:
            self._open[key] = fault

    def _end(self, *kinds: str) -> None:
        self._open = {key: fault for key, fault in self._open.items() if fault.kind not in kinds}


def _joined(before: Fault, after: Fault) -> str:
    """Return the detail of two overlapping faults; offsets of the clock add up."""
    if after.kind != _CLOCK:
        return after.detail or before.detail
    offsets = [
        _seconds(text.removeprefix("offset ").removesuffix(" s")) for text in (before.detail, after.detail)
    ]
    return f"offset {sum(offset or 0.0 for offset in offsets):g} s"


def _nodes(body: Fields) -> tuple[str, ...]:
    nodes = body.get("affected_nodes")
    names = [one_line(word(node), 100) for node in nodes[:20]] if isinstance(nodes, list) else []
    return tuple(name for name in names if name)


def _until(body: Fields, vtime: str) -> float | None:
    """Return when a fault ends by itself; a duration of 0 or none at all means that it does not."""
    lasting = _seconds(word(body.get("max_duration")))
    return float(vtime) + lasting if lasting and lasting > 0 else None


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
