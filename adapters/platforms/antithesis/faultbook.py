"""Which faults have an effect at a moment, kept from the events of fault injector and containers in their order.

A book sees only faults that began while it was fed, so an empty one proves nothing about those before.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from adapters.platforms.antithesis.events import (
    CONTAINERS,
    INJECTOR,
    Fields,
    fault_detail,
    mapping,
    source_of,
    word,
)
from adapters.platforms.http.text import one_line
from bot.model import Fault

_NETWORK, _NODE, _CLOCK = "network", "node", "clock"
_WINDOWS = {"partition": _NETWORK, "clog": _NETWORK, "pause": _NODE, "throttle": _NODE, "skip": _CLOCK}
_DOWN = frozenset({"kill", "stop"})
_RECENT = 10.0  # virtual seconds for which a kill counts though the container has started again
_MOST = 200  # faults open at once that are kept; a hostile stream cannot grow the book
_NODES = 20  # names of one fault

_Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Skip:
    """One jump of a clock."""

    fault: Fault
    offset: float


@dataclass(slots=True)
class FaultBook:
    """Open fault windows, clocks that are off, and containers taken down; thread pausing leaves no event at all.

    Windows that have ended make room as virtual time goes on: only what is open at once counts against the cap.
    """

    _open: dict[_Key, Fault] = field(default_factory=dict)
    _skips: dict[tuple[tuple[str, ...], float | None], _Skip] = field(default_factory=dict)
    _down: dict[_Key, Fault] = field(default_factory=dict)
    _ended: deque[Fault] = field(
        default_factory=partial(deque, maxlen=_MOST)
    )  # what was taken down, long ago too
    _lost: dict[str, float] = field(default_factory=dict)  # kind: until when faults that had no room last

    def feed(self, fields: Fields, vtime: str) -> None:
        """Take one event of the log, with its virtual time."""
        name = source_of(fields).name
        if name == CONTAINERS:
            self._container(fields, vtime)
        elif name == INJECTOR:
            self._injector(fields, vtime)

    def at(self, seconds: float) -> tuple[Fault, ...]:
        """Return the faults with an effect at a virtual time not before the last event, in the order they began."""
        found = [fault for fault in self._open.values() if _lasts(fault, seconds)]
        found += [fault for fault in self._down.values() if _is_felt(fault, seconds)]
        found += _clocks(skip for skip in self._skips.values() if _lasts(skip.fault, seconds))
        return tuple(sorted(found, key=lambda fault: float(fault.since)))

    @property
    def taken_down(self) -> tuple[Fault, ...]:
        """The newest kills and stops, one for each node, whether they are still felt or not."""
        return tuple(self._ended)

    def more(self, seconds: float) -> bool:
        """Whether more faults may be open at that time than the book had room for."""
        return any(until >= seconds for until in self._lost.values())

    def _injector(self, fields: Fields, vtime: str) -> None:
        if mapping(mapping(fields.get("info")).get("details")).get("paused") is True:
            self._end(_NETWORK, _NODE)
        fault = mapping(fields.get("fault"))
        name = word(fault.get("name"))
        if name == "restore":
            self._end(_NETWORK)
        elif name in _DOWN:
            self._take_down(fault, name, vtime)
        elif name in _WINDOWS:
            self._begin(fault, name, vtime)

    def _container(self, fields: Fields, vtime: str) -> None:
        """Note that a container runs again, which ends the longest effect of a kill."""
        node = one_line(word(fields.get("name")), 100)
        if word(fields.get("event")) != "start":
            return
        for key, fault in self._down.items():
            if fault.until is None and key[1] in {(node,), ("ALL",)}:
                self._down[key] = replace(fault, until=float(vtime))
        for position, fault in enumerate(self._ended):
            if fault.until is None and fault.nodes == (node,):
                self._ended[position] = replace(fault, until=float(vtime))

    def _take_down(self, body: Fields, name: str, vtime: str) -> None:
        for node in _nodes(body):
            fault = Fault(name=name, kind=_NODE, nodes=(node,), since=vtime, until=None)
            self._keep(self._down, fault)
            self._ended.append(fault)

    def _begin(self, body: Fields, name: str, vtime: str) -> None:
        kind, nodes = _WINDOWS[name], _nodes(body)
        if kind != _CLOCK and not nodes:
            return
        until, details = _until(body, vtime), mapping(body.get("details"))
        fault = Fault(name=name, kind=kind, nodes=nodes, since=vtime, until=until)
        if kind == _CLOCK:
            self._skip(fault, _seconds(word(details.get("offset"))) or 0.0)
            return
        fault = replace(fault, detail=fault_detail(details).strip("()"))
        for where in [(node,) for node in nodes] if kind == _NODE else [nodes]:
            self._merge(replace(fault, nodes=where))

    def _merge(self, fault: Fault) -> None:
        """Join it with one of the same type and nodes that is still open: earliest start, latest end."""
        before = self._open.get((fault.name, fault.nodes))
        if before is not None and _lasts(before, float(fault.since)):
            ends = (before.until, fault.until)
            until = None if None in ends else max(end for end in ends if end is not None)
            fault = replace(fault, since=before.since, until=until, detail=fault.detail or before.detail)
        self._keep(self._open, fault)

    def _skip(self, fault: Fault, offset: float) -> None:
        """Keep a jump of a clock by its own end, since offsets add up and each ends alone."""
        key = (fault.nodes, fault.until)
        before = self._skips.get(key)
        if before is not None:
            fault, offset = replace(fault, since=before.fault.since), offset + before.offset
        self._forget(float(fault.since))
        if before is not None or len(self._skips) < _MOST:
            self._skips[key] = _Skip(fault, offset)
        else:
            self._lose(fault)

    def _keep(self, book: dict[_Key, Fault], fault: Fault) -> None:
        key = (fault.name, fault.nodes)
        if key not in book and len(book) >= _MOST:
            self._forget(float(fault.since))
        if key in book or len(book) < _MOST:
            book[key] = fault
        else:
            self._lose(fault)

    def _forget(self, seconds: float) -> None:
        """Let go of what has ended at a virtual time."""
        for book, lasts in ((self._open, _lasts), (self._down, _is_felt)):
            for key in [key for key, fault in book.items() if not lasts(fault, seconds)]:
                del book[key]
        self._skips = {key: skip for key, skip in self._skips.items() if _lasts(skip.fault, seconds)}

    def _lose(self, fault: Fault) -> None:
        what = "down" if fault.name in _DOWN else fault.kind
        self._lost[what] = max(math.inf if fault.until is None else fault.until, self._lost.get(what, 0.0))

    def _end(self, *kinds: str) -> None:
        self._open = {key: fault for key, fault in self._open.items() if fault.kind not in kinds}
        self._lost = {kind: until for kind, until in self._lost.items() if kind not in kinds}


def _lasts(fault: Fault, seconds: float) -> bool:
    return fault.until is None or fault.until >= seconds


def _is_felt(fault: Fault, seconds: float) -> bool:
    """Whether a kill still has an effect: the container is not back yet, or it has not been for long."""
    return fault.until is None or seconds - float(fault.since) <= _RECENT


def _clocks(skips: Iterable[_Skip]) -> Iterator[Fault]:
    """Yield one fault per set of nodes: the sum of their offsets, until the first of them ends."""
    together: dict[tuple[str, ...], list[_Skip]] = {}
    for skip in skips:
        together.setdefault(skip.fault.nodes, []).append(skip)
    for group in together.values():
        first = min((skip.fault for skip in group), key=lambda fault: float(fault.since))
        ends = [skip.fault.until for skip in group if skip.fault.until is not None]
        offset = sum(skip.offset for skip in group)
        yield replace(first, until=min(ends, default=None), detail=f"offset {offset:g} s")


def _nodes(body: Fields) -> tuple[str, ...]:
    nodes = body.get("affected_nodes")
    served = nodes if isinstance(nodes, list) else []
    names = [name for node in served[:_NODES] if (name := one_line(word(node), 100))]
    more = len(served) - _NODES
    return (*names, f"{more:,} more") if more > 0 else tuple(names)


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
