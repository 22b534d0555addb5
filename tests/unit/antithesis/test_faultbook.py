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


def _container(event: str, name: str) -> dict[str, Any]:
    return {"source": {"name": "containers_meta"}, "event": event, "name": name}


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
        ([(1.0, _fault("kill", "a")), (9.87, _fault("stop", "b"))], [("kill", ("a",), "1.0", None), ("stop", ("b",), "9.87", None)]),
        ([(1.0, _fault("kill", "a")), (2.0, PAUSED)], [("kill", ("a",), "1.0", None)]),
        ([(1.0, _fault("kill", "a")), (1.5, _container("start", "a"))], [("kill", ("a",), "1.0", 1.5)]),
        ([(-9.0, _fault("kill", "a", "b")), (1.5, _container("start", "a"))], [("kill", ("b",), "-9.0", None)]),
        ([(-9.0, _fault("kill", "ALL")), (1.5, _container("start", "a"))], []),
        ([(-9.0, _fault("kill", "a")), (1.5, _container("died", "a"))], [("kill", ("a",), "-9.0", None)]),
        ([(1.0, _fault("kill", "a")), (1.5, _container("start", "a")), (2.0, _fault("kill", "a"))], [("kill", ("a",), "2.0", None)]),
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
    assert book.more(2.0)


@pytest.mark.parametrize("name", ["clog", "pause", "skip"])
def test_book__what_ended_makes_room(name: str) -> None:
    """Only what is open at once counts: after any number of short faults an active one is still told."""
    short = [(n / 10, _fault(name, f"n{n}", lasting=0.05)) for n in range(1, 600)]
    book = _book(*short, (70.0, _fault("partition", "a")))

    assert [fault.name for fault in book.at(71.0)] == ["partition"]
    assert not book.more(71.0)


def test_book__kills_of_long_ago_make_room() -> None:
    """A container that is back again is forgotten in time."""
    events = [(n * 20.0, _fault("kill", f"n{n}")) for n in range(300)]
    events += [(n * 20.0 + 1, _container("start", f"n{n}")) for n in range(300)]
    book = _book(*sorted(events, key=lambda event: event[0]))

    assert [fault.nodes for fault in book.at(5_990.0)] == [("n299",)]


def test_book__lost_faults_are_told_until_they_must_have_ended() -> None:
    """A fault without room is a fault that may be active, until a restore or its own end."""
    full = [(1.0, _fault("partition", f"n{n}")) for n in range(200)]

    assert _book(*full, (2.0, _fault("clog", "x", lasting=3))).more(4.0)
    assert not _book(*full, (2.0, _fault("clog", "x", lasting=3))).more(6.0)
    assert not _book(*full, (2.0, _fault("clog", "x")), (3.0, _fault("restore"))).more(4.0)


def test_book__more_nodes_than_are_named() -> None:
    """A long list of nodes says how many there are."""
    (fault,) = _book((1.0, _fault("partition", *(f"n{n}" for n in range(25))))).at(2.0)

    assert fault.nodes[18:] == ("n18", "n19", "5 more")


@pytest.mark.parametrize(
    ("seconds", "detail", "until"),
    [(2.0, "offset 10.5 s", 5.0), (4.0, "offset 8.5 s", 5.0), (7.0, "offset -2 s", 9.0), (9.5, None, None)],
)
def test_book__each_jump_of_a_clock_ends_alone(
    seconds: float, detail: str | None, until: float | None
) -> None:
    """What has ended counts no more, and what goes on does."""
    events = [
        (1.0, _fault("skip", "a", lasting=4, offset=10.5)),
        (3.0, _fault("skip", "a", lasting=6, offset=-2)),
    ]
    faults = _book(*(event for event in events if event[0] <= seconds)).at(seconds)

    assert [(f.detail, f.until) for f in faults] == ([] if detail is None else [(detail, until)])


def test_book__remembers_what_was_taken_down_long_ago() -> None:
    """The newest two hundred, each with when it ran again, for whoever asks why a container ended."""
    events = [
        (1.0, _fault("kill", "a", "b")),
        (2.0, _container("start", "a")),
        (50.0, _fault("stop", "a")),
        (70.0, PAUSED),
    ]
    book = _book(*events)

    assert [(f.name, f.nodes, f.since, f.until) for f in book.taken_down] == [
        ("kill", ("a",), "1.0", 2.0), ("kill", ("b",), "1.0", None), ("stop", ("a",), "50.0", None),
    ]  # fmt: skip
    many = _book(*[(float(n), _fault("kill", "a")) for n in range(500)]).taken_down
    assert [many[0].since, many[-1].since, len(many)] == ["300.0", "499.0", 200]
