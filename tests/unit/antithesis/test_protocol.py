"""Requests as they go out: paths, queries, headers and bodies."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.platforms.antithesis import protocol
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.answers import outcome_of
from adapters.platforms.http.wire import Answer
from bot.errors import Rejected, UnexpectedAnswer
from bot.model import (
    Availability,
    DebugRequest,
    LaunchOutcome,
    LaunchRequest,
    LogQuery,
    Moment,
    RunQuery,
    RunStatus,
    Secret,
    Started,
)
from tests.fakes.runs import a_run

RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
MOMENT = Moment("-3625518438076122494", "398.4898056755774")
NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
TENANT = Tenant(name="prod", tenant="acme", api_key=Secret("k3y"))
LAUNCH = LaunchRequest(launcher="Payments Nightly", key="k-1", values={"description": "é"})


def test_runs__filters_and_cursor() -> None:
    """All filters go along with the cursor; times are full RFC 3339 in UTC."""
    query = RunQuery(
        status=RunStatus.IN_PROGRESS,
        launcher="Payments & co",
        created_after=datetime(2026, 5, 14, 14, 0, tzinfo=timezone(timedelta(hours=2))),
        created_before=NOW,
    )

    assert protocol.runs_request(query, "a+/=").target == (
        "/api/v0/runs?limit=100&status=in_progress&launcher=Payments%20%26%20co"
        "&created_after=2026-05-14T12%3A00%3A00Z&created_before=2026-05-14T12%3A00%3A00Z&after=a%2B%2F%3D"
    )
    assert protocol.runs_request(RunQuery(), None).target == "/api/v0/runs?limit=100"


def test_properties__path() -> None:
    """Every page is asked for at its full size."""
    request = protocol.properties_request(RUN, None)

    assert request.target == f"/api/v0/runs/{RUN}/properties?limit=100"


@pytest.mark.parametrize(
    ("window", "begin"),
    [
        (10.0, "278.4898056755774"),
        (200.0, "198.48980567557737"),
        (1_000.0, "0.0"),
        (-5.0, "278.4898056755774"),
    ],
)
def test_logs__always_bounded(window: float, begin: str) -> None:
    """The moment goes as its exact text; the begin reaches back at least as far as faults are followed."""
    request = protocol.logs_request(LogQuery(run_id=RUN, moment=MOMENT, window=window))

    assert request.query == (
        ("input_hash", MOMENT.input_hash),
        ("vtime", MOMENT.vtime),
        ("begin_vtime", begin),
    )
    assert request.accept == protocol.NDJSON


@pytest.mark.parametrize(
    "build",
    [
        lambda: protocol.run_request("../x"),
        lambda: protocol.properties_request("..", None),
        lambda: protocol.build_logs_request("a/b"),
        lambda: protocol.cancel_request("a?b"),
        lambda: protocol.logs_request(LogQuery(run_id="a#b", moment=MOMENT)),
        lambda: protocol.logs_request(LogQuery(run_id=RUN, moment=Moment("1; x", "1"))),
        lambda: protocol.launch_request(LaunchRequest(launcher="../debugging", key="k")),
    ],
)
def test_requests__hostile_parts(build: object) -> None:
    """No request is built from a part that is not on its allow-list."""
    assert callable(build)
    with pytest.raises(Rejected):
        build()


def test_launch__request() -> None:
    """All values are texts inside `params`; the launcher is encoded."""
    request = protocol.launch_request(LAUNCH)

    assert (request.method, request.target) == ("POST", "/api/v1/launch/Payments%20Nightly")
    assert json.loads(request.body) == {"params": {"antithesis.description": "é", "clew.request_id": "k-1"}}


def test_debug__request() -> None:
    """A debugging session has an endpoint of its own."""
    request = protocol.debug_request(DebugRequest(moment=MOMENT, run_id=RUN))

    assert (request.method, request.target) == ("POST", "/api/v1/launch/debugging")
    assert json.loads(request.body)["params"]["antithesis.debugging.vtime"] == MOMENT.vtime


STARTED = "0e62aa320a60967967096401ce826bd5-54-1"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, f'{{"runId": "{STARTED}", "statusCode": 200}}'.encode(), Started(STARTED)),
        (202, f'{{"message": "Success", "runId": "{STARTED}"}}'.encode(), Started(STARTED)),
        (202, f'{{"run_id": "{STARTED}"}}'.encode(), Started(STARTED)),
        (200, f'{{"runId": null, "run_id": "{STARTED}"}}'.encode(), Started(STARTED)),
        (200, b'{"runId": null, "statusCode": 500}', Started(None)),
        (200, b'{"runId": 5}', Started(None)),
        (200, b'{"runId": "../evil"}', Started(None)),
        (201, b"{}", Started(None)),
    ],
)
def test_outcome__started(status: int, body: bytes, outcome: LaunchOutcome) -> None:
    """Any 2xx with an object is a start; the id is read under both names and may be absent."""
    said = Answer(status=status, body=body)

    assert outcome_of(said, target="launcher", check="", id_in=protocol.launched_id) == outcome


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("run", "empty", "why"),
    [
        (a_run(status=RunStatus.INCOMPLETE), False, Availability.ABSENT),
        (a_run(status=RunStatus.CANCELLED), False, Availability.ABSENT),
        (a_run(status=RunStatus.STARTING), False, Availability.NOT_YET),
        (a_run(status=RunStatus.UNKNOWN), True, Availability.NOT_YET),
        (a_run(completed_at=NOW - HOUR / 2), False, Availability.NOT_YET),
        (a_run(completed_at=NOW - HOUR / 2), True, Availability.NOT_YET),
        (a_run(completed_at=NOW - 2 * HOUR), False, Availability.AGED_OUT),
        (a_run(completed_at=NOW - 2 * HOUR), True, Availability.ABSENT),
        (a_run(completed_at=None, created_at=NOW), False, Availability.NOT_YET),
        (a_run(completed_at=None, created_at=None), False, Availability.AGED_OUT),
        (
            a_run(ref=a_run().ref.__class__("demo", f"{'a' * 32}-51-9"), completed_at=NOW),
            False,
            Availability.AGED_OUT,
        ),
    ],
)
def test_absence__why(run: object, empty: bool, why: Availability) -> None:
    """A 404 and an empty list mean different things at different times."""
    assert protocol.absence(run, NOW, empty=empty) is why  # type: ignore[arg-type]  # a table of runs


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'"x"'])
def test_reader__a_200_that_is_not_the_api(body: bytes) -> None:
    """A captive portal is an unexpected answer, not an unreachable platform."""
    reader = protocol.Reader("prod", TENANT.address)
    answer = Answer(status=200, body=body)
    for read in (reader.version, reader.run, reader.runs, reader.properties):
        with pytest.raises(UnexpectedAnswer):
            read(answer)


def test_reader__version_without_a_release() -> None:
    """A tenant that does not say is not an error."""
    assert protocol.Reader("prod", TENANT.address).version(Answer(status=200, body=b'{"x": 1}')) == ""
