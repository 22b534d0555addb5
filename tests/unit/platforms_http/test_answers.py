"""Every answer of the platform becomes one error that says what to do, or one outcome of a launch."""

from __future__ import annotations

import pytest

from adapters.platforms.http.answers import check_encoding, detail_of, error_of, outcome_of, retry_after
from adapters.platforms.http.wire import Answer
from bot.errors import (
    AccessRefused,
    NotFound,
    RateLimited,
    Rejected,
    ServiceError,
    ServiceFailed,
    UnexpectedAnswer,
)
from bot.model import LaunchOutcome, Refused, Started, Unclear

HTML = b"<html><body>502 Bad Gateway</body></html>"

TABLE: dict[type[ServiceError], tuple[int, ...]] = {
    AccessRefused: (401, 403),
    NotFound: (404,),
    RateLimited: (429,),
    Rejected: tuple(s for s in range(400, 500) if s not in {401, 403, 404, 429}),
    ServiceFailed: tuple(range(500, 600)),
    UnexpectedAnswer: (200, 204, *range(300, 400)),
}


@pytest.mark.parametrize("body", [b"", b'{"message": "m"}', b'{"statusCode":401}', HTML, b"\xff\x00"])
@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_error__the_status_alone_decides(kind: type[ServiceError], body: bytes) -> None:
    """Every status has one type, whatever the body says."""
    for status in TABLE[kind]:
        error = error_of(Answer(status=status, body=body), what="run")

        assert type(error) is kind
        assert error.problem.endswith((".", "(404)."))


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"message": "limit must be between 1 and 100", "x": 1}', "limit must be between 1 and 100"),
        (b'{"message": null}', ""),
        (b'{"message": 5}', ""),
        (b'{"detail": "no such build", "message": ""}', "no such build"),
        (b'{"error": "gone", "message": null}', "gone"),
        (b'{"error": {"code": 7, "message": "too many", "details": {}}}', "too many"),
        (
            b'{"detail": [{"loc": ["body", "job_id"], "msg": "field required", "input": {"password": "hunter2"}}]}',
            "job_id: field required",
        ),
        (
            b'{"detail": [{"loc": ["body", 0], "msg": "odd"}, "plain", 5, null, {"msg": "x"}, {"msg": "sixth"}]}',
            "odd; plain; x",
        ),
        (b'{"detail": [[[[[[["deep"]]]]]]]}', ""),
        (b'{"message": {"message": {"message": {"message": {"message": "x"}}}}}', ""),
        (b'[{"message": "x"}]', ""),
        (b'"plain"', '"plain"'),
        (b'{"result": "unknown_moment"}', "unknown_moment"),
        (b"Forbidden\n by policy", "Forbidden by policy"),
        (HTML, ""),
        (b"", ""),
        (b'{"message": "see https://h/?auth=v2.public.CANARYCANARY"}', "see https://h/?auth=***"),
        (b'{"message": "\\u001b[31mred\\u0000"}', "red"),
    ],
)
def test_detail__the_platforms_own_words(body: bytes, detail: str) -> None:
    """A message is quoted, cleaned and redacted; a web page never."""
    assert detail_of(Answer(status=400, body=body)) == detail


def test_detail__the_reason_where_nothing_is_said() -> None:
    """An empty body and a web page leave what stands behind the status, cleaned like anything from outside."""
    for body in (b"", HTML, b'{"code": 5}', b'{"message": '):
        said = Answer(status=502, reason="Bad \x1b[31mGateway th_live_CANARYCANARY", body=body)

        assert detail_of(said) == "Bad Gateway ***"


def test_detail__short() -> None:
    """A long message is cut."""
    assert len(detail_of(Answer(status=400, body=b"x" * 4_000))) < 250


DATE = "Tue, 28 Apr 2026 13:49:49 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "abc"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "1" * 5_000}, 86_400.0),
        ({"retry-after": "86400"}, 86_400.0),
        ({"retry-after": "Tue, 28 Apr 2026 13:50:19 GMT", "date": DATE}, 30.0),
        ({"retry-after": "Tue, 28 Apr 2026 13:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Tue, 28 Apr 2026 13:50:19 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after__every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date; nonsense counts as none."""
    answer = Answer(status=429, headers=headers)
    error = error_of(answer)

    assert retry_after(answer) == seconds
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(("status", "run_id"), [(200, "7"), (201, None), (202, "x")])
def test_outcome__started(status: int, run_id: str | None) -> None:
    """Any 2xx with an object is a start; where its id stands is the platform's own affair."""
    said = Answer(status=status, body=b"{}")

    assert outcome_of(said, target="job", check="", id_in=lambda _: run_id) == Started(run_id)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", Unclear),
        (200, HTML, Unclear),
        (200, b"[]", Unclear),
        (302, b"", Unclear),
        (408, b"", Unclear),
        (500, b'{"statusCode":500,"runId":null}', Unclear),
        (502, HTML, Unclear),
        (400, b"", Refused),
        (401, b'{"statusCode":401}', Refused),
        (403, b"", Refused),
        (404, b'{"statusCode":404,"runId":null}', Refused),
        (429, b"", Refused),
    ],
)
def test_outcome__not_started_or_not_known(status: int, body: bytes, kind: type[LaunchOutcome]) -> None:
    """Only a 4xx that is no timeout says surely that nothing was started."""
    outcome = outcome_of(Answer(status=status, body=body), target="job", check="", id_in=lambda _: None)

    assert isinstance(outcome, kind)


def test_encoding__not_asked_for() -> None:
    """A compressed body is refused before a byte of it is read."""
    check_encoding(Answer(status=200, headers={"content-encoding": "identity"}))
    with pytest.raises(UnexpectedAnswer):
        check_encoding(Answer(status=200, headers={"content-encoding": "gzip"}))
