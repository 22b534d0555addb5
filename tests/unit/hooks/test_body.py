"""What is read of a delivery's body, which a platform may write in any way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.hooks.body import LONGEST_ID, MOST_IDS, ids_in, made_at, read_body

KEYS = ("build_id", "executionId")


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"event": "build.finished", "data": {"build_id": 1026, "status": "failed"}}', ("1026",)),
        (b'{"event": "test.failed", "data": {"testId": "t1", "executionId": "exec_1"}}', ("exec_1",)),
        (b'[{"build_id": 2}, {"data": [{"build_id": "1"}, {"build_id": 2}]}]', ("2", "1")),
        (b'{"build_id": true, "executionId": null, "x": {"build_id": [3], "executionId": 1.5}}', ()),
        (b'{"id": 7, "data": {"job_id": 8}}', ()),
        (b'"build_id"', ()),
        (b"\xff\xfe", ()),
        (b'{"build_id": 1', ()),
        (b"[" * 60_000, ()),
        (b'{"build_id": ' + b"9" * 5000 + b"}", ()),
        (b'{"build_id": "' + b"9" * (LONGEST_ID + 1) + b'"}', ()),
    ],
)  # fmt: skip
def test_ids_in(body: bytes, ids: tuple[str, ...]) -> None:
    """Ids stand under their keys at any depth, as numbers or texts, each once; whatever else comes names none."""
    assert ids_in(read_body(body), KEYS) == ids


def test_ids_in__so_many_at_most() -> None:
    """A body that names hundreds of runs is read for its first ten."""
    assert ids_in([{"build_id": n} for n in range(500)], KEYS) == tuple(map(str, range(MOST_IDS)))


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("2026-07-01T10:00:00Z", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00.5+02:00", datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-07-01T10:00:00", None),
        ("yesterday", None),
        (1_780_000_000, None),
        (None, None),
    ],
)
def test_made_at(given: object, at: datetime | None) -> None:
    """A time needs its zone; one that cannot be read is none."""
    assert made_at({"timestamp": given}) == at


@pytest.mark.parametrize("content", [None, [], "x", {"data": {"timestamp": "2026-07-01T10:00:00Z"}}])
def test_made_at__none(content: object) -> None:
    """Only the delivery's own time counts, not one of what it tells of."""
    assert made_at(content) is None
