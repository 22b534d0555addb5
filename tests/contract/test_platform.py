"""What every platform does, held against the client over a simulated tenant and the platform in memory."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import (
    AccessRefused,
    NotAvailable,
    NotFound,
    RateLimited,
    ServiceError,
    ServiceFailed,
    UserError,
)
from bot.model import (
    Availability,
    DebugRequest,
    LaunchRequest,
    LogExcerpt,
    LogQuery,
    Moment,
    Refused,
    RunLogQuery,
    RunQuery,
    RunStatus,
    Started,
    Unclear,
)
from bot.patterns import pattern_of
from bot.platform import listed
from bot.severity import Severity, marks
from tests.contract.platform_stages import (
    LAUNCHER,
    UNKNOWN,
    Stage,
    builds,
    executions,
    in_memory,
    second_face,
    simulated,
)
from tests.fakes.service import Launching, there

FAILING = ("The ledger adds up",)
EARLIER = timedelta(minutes=5)


@pytest.fixture(params=[in_memory, simulated], ids=["in memory", "client"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Open a platform; at its end nothing may have been asked that should not have been."""
    async with request.param(tmp_path) as opened:
        yield opened
        assert opened.violations() == []


@pytest.fixture(
    params=[in_memory, simulated, second_face, builds], ids=["in memory", "client", "second face", "testhide"]
)
async def lister(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Open a platform of any kind that lists its runs."""
    async with request.param(tmp_path) as opened:
        yield opened
        assert opened.violations() == []


@pytest.fixture(
    params=[in_memory, simulated, second_face, builds, executions],
    ids=["in memory", "client", "second face", "testhide", "ai test harness"],
)
async def face(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Open a platform of any kind."""
    async with request.param(tmp_path) as opened:
        yield opened
        assert opened.violations() == []


async def _quiet(_: str) -> None:
    """Hear nothing."""


async def _listed(stage: Stage, query: RunQuery | None = None) -> list[str]:
    return [
        run.ref.run_id async for page in there(stage.platform.lists).runs(query or RunQuery()) for run in page
    ]


async def test_version__says_the_release(face: Stage) -> None:
    """The release proves that the platform was reached."""
    assert await face.platform.reads.version() == face.release


async def test_service__names_itself(stage: Stage) -> None:
    """Every run is addressed with the connection's name; launches and logs can be had."""
    run_id = stage.add(RunStatus.COMPLETED)

    assert stage.platform.connection == "demo"
    assert (await stage.platform.reads.run(run_id)).ref.connection == "demo"
    assert stage.platform.launches is not None
    assert stage.platform.moment_logs is not None


async def test_runs__newest_first_over_several_pages(lister: Stage) -> None:
    """All runs come, each once, in order of creation."""
    added = [lister.add(RunStatus.COMPLETED) for _ in range(120)]

    assert await _listed(lister) == added[::-1]


async def test_runs__filters_hold_together(stage: Stage) -> None:
    """Status, launcher and time of creation narrow the list."""
    stage.add(RunStatus.COMPLETED)
    stage.add(RunStatus.COMPLETED, launcher="Payments Nightly")
    boundary = (await stage.platform.reads.run(stage.add(RunStatus.CANCELLED))).created_at
    stage.add(RunStatus.IN_PROGRESS, launcher="Payments Nightly")
    wanted = stage.add(RunStatus.COMPLETED, launcher="Payments Nightly")
    query = RunQuery(status=RunStatus.COMPLETED, launcher="Payments Nightly", created_after=boundary)

    assert await _listed(stage, query) == [wanted]


async def test_run__read_alone(stage: Stage) -> None:
    """A run has what a card needs."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED))

    assert (run.status, run.launcher, run.source) == (RunStatus.COMPLETED, LAUNCHER, "main")
    assert run.created_at is not None
    assert run.page_url is not None
    assert run.ref.run_id in run.page_url


async def test_run__has_a_time_alone_where_the_list_has_one(lister: Stage) -> None:
    """All runs of a platform have a time of creation, wherever they are read, or none has."""
    added = [lister.add(RunStatus.COMPLETED) for _ in range(3)]
    rows = [run async for page in listed(lister.platform, RunQuery()) for run in page]
    alone = [await lister.platform.reads.run(run_id) for run_id in reversed(added)]

    assert [run.created_at for run in rows] == [run.created_at for run in alone]
    assert len({run.created_at is None for run in rows}) == 1
    assert all(lister.platform.reads.owns(run_id) for run_id in added)


async def test_results__what_does_not_count_is_apart(face: Stage) -> None:
    """A failure that is excused is no failing check, and every named check is counted once."""
    run = await face.platform.reads.run(face.add(RunStatus.COMPLETED, failing=FAILING))
    results = await face.platform.reads.results(run)

    assert not {check.name for check in results.excused} & {check.name for check in results.failing}
    assert results.total.all == len(results.checks) or not results.whole
    assert results.total.all >= len(results.checks)
    assert results.comparable


async def test_run__unknown(face: Stage) -> None:
    """An id that was never given is not found."""
    with pytest.raises(NotFound) as caught:
        await face.platform.reads.run(face.unknown)

    assert caught.value.what == "run"


@pytest.mark.parametrize("error", [ServiceFailed, AccessRefused, RateLimited])
async def test_run__the_platform_fails(face: Stage, error: type[ServiceError]) -> None:
    """Each way of failing has its own type, and passes."""
    run_id = face.add(RunStatus.COMPLETED)
    face.fail(error)
    with pytest.raises(error) as caught:
        await face.platform.reads.run(run_id)
    if isinstance(caught.value, RateLimited):
        await asyncio.sleep(
            caught.value.retry_after or 0.0
        )  # the pause that was asked for holds for every call

    assert (await face.platform.reads.run(run_id)).ref.run_id == run_id


async def test_results__ready(face: Stage) -> None:
    """Failing properties are failing, whatever group they are in."""
    run = await face.platform.reads.run(face.add(RunStatus.COMPLETED, failing=FAILING))
    results = await face.platform.reads.results(run)

    assert results.availability is Availability.READY
    assert tuple(p.name for p in results.failing) == FAILING
    assert results.total.passing > 1


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (RunStatus.IN_PROGRESS, Availability.NOT_YET),
        (RunStatus.STARTING, Availability.NOT_YET),
        (RunStatus.INCOMPLETE, Availability.ABSENT),
        (RunStatus.CANCELLED, Availability.ABSENT),
    ],
)
async def test_results__why_there_are_none(face: Stage, status: RunStatus, why: Availability) -> None:
    """A run without results says why."""
    run = await face.platform.reads.run(face.add(status))

    assert (await face.platform.reads.results(run)).availability is why


async def test_results__after_the_run_has_ended(face: Stage) -> None:
    """A value read before the end does not hide the results after it."""
    run = await face.platform.reads.run(face.add(RunStatus.IN_PROGRESS))
    face.finish(run.ref.run_id, failing=FAILING)

    assert tuple(p.name for p in (await face.platform.reads.results(run)).failing) == FAILING


async def _log(stage: Stage, **query: object) -> tuple[LogExcerpt, Moment]:
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = (await stage.platform.reads.results(run)).failing[0].moment
    assert moment is not None
    asked = LogQuery(run_id=run.ref.run_id, moment=moment, **query)  # type: ignore[arg-type]  # its own fields
    return await there(stage.platform.moment_logs).logs(asked, _quiet), moment


async def test_logs__end_at_the_moment(stage: Stage) -> None:
    """The last lines come newest last, inside the window, and the file holds the window."""
    excerpt, moment = await _log(stage, window=12.0, lines=5)
    times = [float(line.vtime or "nan") for line in excerpt.lines]

    assert len(excerpt.lines) == 5
    assert times == sorted(times)
    assert moment.seconds - 12.0 <= times[0]
    assert times[-1] <= moment.seconds
    assert excerpt.total == excerpt.matched >= 5
    assert excerpt.cut is None
    assert excerpt.path is not None
    assert Path(excerpt.path).stat().st_size == excerpt.size  # noqa: ASYNC240 - a look at one file in a test


async def test_logs__grep(stage: Stage) -> None:
    """Grep narrows what is shown; the total stays the window's."""
    whole, _ = await _log(stage, window=12.0, lines=1_000)
    word = whole.lines[-1].text.split()[0]
    expected = sum(word in line.text for line in whole.lines)
    some, _ = await _log(stage, window=12.0, lines=1_000, grep=word)
    none, _ = await _log(stage, window=12.0, grep="no such text anywhere")

    assert 0 < expected <= some.matched
    assert all(word in line.text for line in some.lines)
    assert (none.matched, none.lines) == (0, ())
    assert none.total > 0


async def test_logs__grep_for_a_pattern(stage: Stage) -> None:
    """A regular expression in slashes shows every line that matches; one that cannot be used is refused."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = there((await stage.platform.reads.results(run)).failing[0].moment)
    query = LogQuery(run_id=run.ref.run_id, moment=moment, window=12.0, lines=1_000, file=False)
    read = there(stage.platform.moment_logs).logs
    whole = await read(query, _quiet)
    words = [re.escape(line.text.split()[0]).replace("/", r"\/").upper() for line in whole.lines[-3:]]
    pattern = "^(" + "|".join(words) + r")\W"
    found = await read(replace(query, grep=f"/{pattern}/i"), _quiet)
    expected = [line.text for line in whole.lines if re.search(pattern, line.text, re.IGNORECASE)]

    assert [line.text for line in found.lines] == expected != []
    with pytest.raises(UserError, match="regular expression"):
        await read(replace(query, grep="/(/"), _quiet)


async def test_logs__errors(stage: Stage) -> None:
    """Of the whole window only what tells of errors is shown, whatever number of lines is asked for."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = there((await stage.platform.reads.results(run)).failing[0].moment)
    query = LogQuery(run_id=run.ref.run_id, moment=moment, window=30.0, lines=1_000, file=False)
    read = there(stage.platform.moment_logs).logs
    whole = await read(query, _quiet)
    severities = [mark.severity for mark in marks(whole.lines)]
    told = sum(severity >= Severity.ERROR for severity in severities)
    mentions = severities.count(Severity.MENTION)
    found = await read(replace(query, errors=True), _quiet)
    one = await read(replace(query, errors=True, lines=1), _quiet)
    none = await read(replace(query, errors=True, grep="no such text anywhere"), _quiet)

    assert told
    assert [line for line, severity in zip(whole.lines, severities, strict=True)
            if severity >= Severity.ERROR or severity is Severity.MENTION] == list(found.lines)  # fmt: skip
    assert (found.matched, found.mentions, found.total) == (told + mentions, mentions, whole.total)
    assert (len(one.lines), one.matched, one.faults) == (1, found.matched, whole.faults)
    assert (none.matched, none.lines, none.total) == (0, (), whole.total)


async def test_logs__patterns(stage: Stage) -> None:
    """Every line that passes the filters is counted by its pattern, once; the first of each stands for them."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = there((await stage.platform.reads.results(run)).failing[0].moment)
    query = LogQuery(run_id=run.ref.run_id, moment=moment, window=30.0, lines=10_000, file=False)
    read = there(stage.platform.moment_logs).logs
    found = await read(replace(query, patterns=True, lines=0), _quiet)
    whole = await read(query, _quiet)
    again = await read(replace(query, patterns=True, lines=0), _quiet)
    source = whole.lines[-1].source
    narrow = await read(replace(query, patterns=True, source=source, lines=0), _quiet)
    expected = Counter(pattern_of(line.text) for line in whole.lines)

    assert (whole.patterns, again) == ((), found)
    assert {p.pattern: p.count for p in found.patterns} == expected
    assert [p.pattern for p in found.patterns] == list(expected)
    assert [p.first for p in found.patterns] == [
        next(line for line in whole.lines if pattern_of(line.text) == p) for p in expected
    ]
    assert (found.total, found.lines, found.path, found.patterns_left_out) == (whole.total, (), None, 0)
    assert sum(p.count for p in narrow.patterns) == sum(line.source == source for line in whole.lines)


@pytest.mark.parametrize("first", [3.0, 400.0])
async def test_logs__do_not_depend_on_who_looked_before(stage: Stage, first: float) -> None:
    """A window is the same before and after a narrower or a wider look at it, with its own file."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = there((await stage.platform.reads.results(run)).failing[0].moment)
    query = LogQuery(run_id=run.ref.run_id, moment=moment, window=first, lines=1_000, file=False)
    read = there(stage.platform.moment_logs).logs
    before = await read(query, _quiet)
    other = await read(replace(query, window=20.0, file=True), _quiet)
    after = await read(query, _quiet)

    assert after == before
    times = [float(line.vtime or "nan") for line in other.lines]
    assert moment.seconds - 20.0 <= times[0] <= times[-1] <= moment.seconds
    assert Path(other.path or "").read_bytes().count(b"\n") == other.total  # noqa: ASYNC240 - a look at one file


async def test_instances__a_sample_with_moments(stage: Stage) -> None:
    """Events of that name, each with a moment whose log can be read, and no more of them than asked for."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    name = (await stage.platform.reads.results(run)).failing[0].name
    part, run_id = there(stage.platform.instances), run.ref.run_id
    found = await part.instances(run_id, name, 50, _quiet)
    one = await part.instances(run_id, name, 1, _quiet)
    none = await part.instances(run_id, "no such name anywhere", 50, _quiet)
    failing = next(each for each in found.found if each.holds is False)
    query = LogQuery(run_id=run_id, moment=there(failing.moment), lines=1, file=False)

    assert (await there(stage.platform.moment_logs).logs(query, _quiet)).total
    assert (found.more, found.cut) == (False, None)
    assert (len(one.found), one.more) == (1, len(found.found) > 1)
    assert (none.found, none.more, none.cut) == ((), False, None)


async def test_instances__of_a_run_that_has_none(stage: Stage) -> None:
    """A run that goes on is told from one that is not there."""
    part = there(stage.platform.instances)
    with pytest.raises(NotAvailable):
        await part.instances(stage.add(RunStatus.IN_PROGRESS), "x", 5, _quiet)
    with pytest.raises(NotFound) as caught:
        await part.instances(UNKNOWN, "x", 5, _quiet)

    assert caught.value.what == "run"


async def test_elsewhere__has_no_key_and_needs_no_request(stage: Stage) -> None:
    """A page only where the run carries a session; the command lines name the exact moment."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = there((await stage.platform.reads.results(run)).failing[0].moment)
    elsewhere = there(stage.platform.elsewhere)
    page = elsewhere.page(replace(run, session_id="d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"), moment)

    assert elsewhere.page(replace(run, session_id=None), moment) is None
    assert page is not None
    assert "auth" not in page.url
    assert all(run.ref.run_id in line and moment.vtime in line for line in elsewhere.commands(run, moment))


async def test_logs__unknown_moment_and_run(stage: Stage) -> None:
    """What is missing is named."""
    run_id = stage.add(RunStatus.COMPLETED, failing=FAILING)
    for target, what in ((run_id, "moment"), (UNKNOWN, "run")):
        with pytest.raises(NotFound) as caught:
            await there(stage.platform.moment_logs).logs(
                LogQuery(run_id=target, moment=Moment("1234", "33.5")), _quiet
            )

        assert caught.value.what == what


async def test_build_logs__last_lines(stage: Stage) -> None:
    """The end of the build log comes, and how long it is."""
    excerpt = await there(stage.platform.run_logs).run_log(
        RunLogQuery(run_id=stage.add(RunStatus.COMPLETED), lines=3), _quiet
    )

    assert len(excerpt.lines) == 3
    assert excerpt.total >= 3


def test_parameters__exactly_what_is_sent(stage: Stage) -> None:
    """Values, order and the correlation key; a filter for log lines is refused."""
    request = LaunchRequest(launcher=LAUNCHER, key="k-1", values={"duration": "30", "custom.seed": "7"})
    refused = LaunchRequest(launcher=LAUNCHER, key="k-1", values={"antithesis.filter_logs_matching": "x"})

    assert there(stage.platform.launches).parameters(request) == (
        ("antithesis.duration", "30"),
        ("custom.seed", "7"),
        ("clew.request_id", "k-1"),
    )
    with pytest.raises(UserError):
        there(stage.platform.launches).parameters(refused)


@pytest.mark.parametrize(
    ("how", "outcome", "started"),
    [
        (Launching.NORMAL, Started, True),
        (Launching.NO_ID, Started, True),
        (Launching.LOST_REPLY, Unclear, True),
        (Launching.LOST_REQUEST, Unclear, False),
        (Launching.REFUSED, Refused, False),
    ],
)
async def test_launch__outcome_and_search(stage: Stage, how: Launching, outcome: type, started: bool) -> None:
    """The outcome says what can be known; a run that was started is found by its key, another is not."""
    request = LaunchRequest(
        launcher=LAUNCHER, key="key-7f3a", values={"duration": "15", "source": "main", "ephemeral": "yes"}
    )
    stage.next_launch(how)
    told = await there(stage.platform.launches).launch(request)
    found = await there(stage.platform.finds_launched).find_launched(
        "key-7f3a", LAUNCHER, stage.now() - EARLIER
    )

    assert isinstance(told, outcome)
    assert (found is not None) is started
    assert (
        await there(stage.platform.finds_launched).find_launched("key-0000", LAUNCHER, stage.now() - EARLIER)
        is None
    )
    if how is Launching.NORMAL:
        assert found is not None
        assert told == Started(found.ref.run_id)
        assert (found.ephemeral, found.requested_minutes) == (True, 15.0)


async def test_debug__becomes_a_run(stage: Stage) -> None:
    """A session is itself a run that can be read by id."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = (await stage.platform.reads.results(run)).failing[0].moment
    assert moment is not None
    outcome = await there(stage.platform.debugs).debug(
        DebugRequest(moment=moment, run_id=run.ref.run_id, description="key-1")
    )

    assert isinstance(outcome, Started)
    assert outcome.run_id not in {None, run.ref.run_id}


async def test_debug__lost(stage: Stage) -> None:
    """A reply that is lost leaves a doubt."""
    run = await stage.platform.reads.run(stage.add(RunStatus.COMPLETED, failing=FAILING))
    moment = (await stage.platform.reads.results(run)).failing[0].moment
    assert moment is not None
    stage.next_launch(Launching.LOST_REPLY)

    assert isinstance(
        await there(stage.platform.debugs).debug(DebugRequest(moment=moment, run_id=run.ref.run_id)), Unclear
    )


async def test_cancel__while_it_runs(stage: Stage) -> None:
    """A running run can be stopped, an ended one cannot, and there has to be one."""
    await there(stage.platform.cancels).cancel(stage.add(RunStatus.IN_PROGRESS))
    with pytest.raises(NotAvailable):
        await there(stage.platform.cancels).cancel(stage.add(RunStatus.COMPLETED))
    with pytest.raises(NotFound):
        await there(stage.platform.cancels).cancel(UNKNOWN)


async def test_report_link__fresh_or_none(stage: Stage) -> None:
    """An ended run has a link, one that runs has none; the link prints as nothing."""
    link = await there(stage.platform.reports).report_link(stage.add(RunStatus.COMPLETED))

    assert link is not None
    assert "/report/" in link.reveal()
    assert "auth" not in f"{link} {link!r}"
    assert await there(stage.platform.reports).report_link(stage.add(RunStatus.IN_PROGRESS)) is None


async def test_find_run__by_link_and_session(stage: Stage) -> None:
    """A pasted link is found whatever its signature, a session by its id."""
    run_id = stage.add(RunStatus.COMPLETED)
    stage.add(RunStatus.COMPLETED)
    run = await stage.platform.reads.run(run_id)
    link = await there(stage.platform.reports).report_link(run_id)
    assert link is not None
    bare = link.reveal().partition("?")[0]
    by_link = await there(stage.platform.reports).find_run(report_url=f"{bare}?auth=v2.public.other#/run/x")
    unsigned = await there(stage.platform.reports).find_run(report_url=f"{bare}#/run/x")
    cut = await there(stage.platform.reports).find_run(report_url="/".join(bare.split("/")[:5]))
    cut_short = await there(stage.platform.reports).find_run(report_url=bare[:-3])
    by_session = await there(stage.platform.reports).find_run(session_id=run.session_id)

    assert cut is not None
    assert cut_short is not None
    assert cut.ref == cut_short.ref == run.ref
    assert await there(stage.platform.reports).find_run(report_url="/".join(bare.split("/")[:4])) is None
    assert await there(stage.platform.reports).find_run(report_url="/".join(bare.split("/")[:5])[:-1]) is None
    assert by_link is not None
    assert by_session is not None
    assert unsigned is not None
    assert by_link.ref == by_session.ref == unsigned.ref == run.ref
    assert (
        await there(stage.platform.reports).find_run(report_url="https://other.example/report/a/b.html")
        is None
    )
    assert await there(stage.platform.reports).find_run(session_id="e" * 32 + "-1-1") is None
