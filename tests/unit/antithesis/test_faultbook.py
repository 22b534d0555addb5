"""Which faults are open at a moment."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.platforms.antithesis.faultbook import FaultBook

SOURCE = {"name": "fault_injector"}


def _fault(name: str, *nodes: object, lasting: object = "0", **details: Any) -> dict[str, Any]:
    body = {
        "name": name,
        "type": "t",
        "affected_nodes": list(nodes),
        "max_duration": lasting,
        "details": details,
    }
    return {"source": SOURCE, "fault": body}


def _book(*events: tuple[float, dict[str, Any]]) -> FaultBook:
    book = FaultBook()
    for vtime, fields in events:
        book.feed(fields, str(vtime))
    return book


PAUSED = {"source": SOURCE, "info": {"message": "status", "details": {"paused": True}}}


@pytest.mark.parametrize(
    ("events", "open_at_10"),
    [
        ([(1.0, _fault("partition", "a", "b"))], [("partition", ("a", "b"), "1.0", None)]),
        ([(1.0, _fault("clog", "a", lasting=9))], [("clog", ("a",), "1.0", 10.0)]),
        ([(1.0, _fault("clog", "a", lasting="8.9"))], []),
        ([(1.0, _fault("pause", "a", "b"))], [("pause", ("a",), "1.0", None), ("pause", ("b",), "1.0", None)]),
        ([(1.0, _fault("throttle", "ALL"))], [("throttle", ("ALL",), "1.0", None)]),
        ([(1.0, _fault("partition"))], []),
        ([(1.0, _fault("kill", "a")), (2.0, _fault("stop", "a"))], []),
        ([(1.0, _fault("partition", "a")), (2.0, _fault("pause", "b")), (3.0, _fault("restore"))], [("pause", ("b",), "2.0", None)]),
        ([(1.0, _fault("partition", "a")), (2.0, _fault("pause", "b")), (3.0, PAUSED)], []),
        ([(1.0, _fault("skip", "a", offset=5)), (2.0, PAUSED)], [("skip", ("a",), "1.0", None)]),
        ([(1.0, _fault("skip", offset=5))], [("skip", (), "1.0", None)]),
        ([(1.0, _fault("clog", "a", lasting=5)), (4.0, _fault("clog", "a", lasting=7))], [("clog", ("a",), "1.0", 11.0)]),
        ([(1.0, _fault("clog", "a")), (4.0, _fault("clog", "a", lasting=1))], [("clog", ("a",), "1.0", None)]),
        ([(1.0, _fault("clog", "a", lasting=1)), (4.0, _fault("clog", "a", lasting=9))], [("clog", ("a",), "4.0", 13.0)]),
        ([(1.0, _fault("clog", "a", lasting="nan")), (1.0, _fault("clog", "b", lasting=-4))], [("clog", ("a",), "1.0", None), ("clog", ("b",), "1.0", None)]),
        ([(1.0, {"source": {"name": "etcd0"}, "fault": _fault("partition", "a")["fault"]})], []),
        ([(1.0, {"source": SOURCE, "fault": {"name": "partition", "affected_nodes": "a"}})], []),
        ([(1.0, {"source": SOURCE, "fault": 5, "info": []})], []),
    ],
)  # fmt: skip
def test_book__open_windows(
    events: list[tuple[float, dict[str, Any]]],
    open_at_10: list[tuple[str, tuple[str, ...], str, float | None]],
) -> None:
    """Windows open, overlap, end by themselves, by a restore or by a pause of the injector."""
    faults = _book(*events).at(10.0)

    assert [(f.name, f.nodes, f.since, f.until) for f in faults] == open_at_10


def test_book__clock_offsets_add_up() -> None:
    """Two jumps of one clock are one offset."""
    (fault,) = _book((1.0, _fault("skip", "a", offset=5)), (2.0, _fault("skip", "a", offset=-2))).at(3.0)

    assert (fault.kind, fault.detail) == ("clock", "offset 3 s")


def test_book__detail_survives() -> None:
    """What the fault does is told in words."""
    (fault,) = _book((1.0, _fault("clog", "a", disruption_type="Jammed"))).at(3.0)

    assert fault.detail == "queueing"


def test_book__bounded() -> None:
    """A hostile stream cannot fill the memory with windows."""
    book = _book(*((1.0, _fault("partition", f"n{n}")) for n in range(1_000)))

    assert len(book.at(2.0)) == 200
