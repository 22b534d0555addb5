"""An Automated Future and an object store that fail in every way: each ends in a sentence, and no signed address leaks."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from adapters.logs import QUIET
from adapters.simulator.automated_future import SimulatedReports
from adapters.simulator.common.misbehave import Rule
from bot.errors import ServiceError
from bot.model import CheckStatus, LaunchRequest, Refused, RunLogQuery, Started, Unclear
from bot.publication import PublishedCheck
from tests.fakes.reports_client import TeamStage, a_team
from tests.fakes.service import there

READ_FAULTS = (
    "unauthorized", "forbidden", "not found", "conflict", "unprocessable", "rate limited", "rate limited, no header",
    "server error", "unavailable", "bad gateway", "captive portal", "redirect", "gzip bomb", "half JSON", "dropped",
    "wrong type", "numeric id", "unknown status",
)  # fmt: skip
LOG = "12:00:01 connecting\n12:00:02 connection refused\n"


async def _quiet(_: str) -> None:
    """Hear nothing."""


class Opened:
    """A team with a failing result that has a log, and the client over it."""

    def __init__(self, team: TeamStage) -> None:
        self.team, self.server = team, team.server
        self.result = team.server.add_result(team.server.project_id, "test_login", "Failed")
        team.server.add_artifact(self.result, "server.log", LOG)

    async def run(self) -> object:
        return await self.team.platform.reads.run(self.result)

    async def results(self) -> object:
        reads = self.team.platform.reads
        return await reads.results(await reads.run(self.result))

    async def log(self) -> str:
        excerpt = await there(self.team.platform.run_logs).run_log(RunLogQuery(run_id=self.result), _quiet)
        return "\n".join(line.text for line in excerpt.lines)

    async def launchers(self) -> object:
        return await there(self.team.platform.lists_launchers).launchers()

    async def launch(self) -> object:
        project = self.server.project_id
        request = LaunchRequest(launcher="p", launcher_key=project, key="k", values={"label": "Nightly"})
        return await there(self.team.platform.launches).launch(request)


READS: dict[str, tuple[str, Callable[[Opened], Awaitable[object]]]] = {
    "projects": ("/v1/test/project/", Opened.launchers),
    "result": ("/v1/test/result/.*", Opened.run),
    "results": ("/v1/test/result/.*", Opened.results),
    "files": ("/v1/test/artifact/", Opened.log),
    "address": ("/v1/test/artifact/.*/download", Opened.log),
    "status": ("/v1/test/status", lambda it: it.team.platform.reads.version()),
}


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    async with a_team(tmp_path) as team:
        yield Opened(team)


def _sentence(error: ServiceError, server: SimulatedReports) -> None:
    said = f"{error.problem} {error.detail}"
    assert error.problem.endswith((".", "?", "!")), said
    assert "<html" not in said
    assert "<Error>" not in said
    assert not [secret for secret in server.secrets() if secret in said]


@pytest.mark.parametrize("fault", READ_FAULTS)
@pytest.mark.parametrize("route", READS)
async def test_read__ends_in_a_sentence_or_goes_on(opened: Opened, route: str, fault: str) -> None:
    """Whatever an answer is, the error is one of the kinds that are known, and nothing loops."""
    path, read = READS[route]
    opened.server.misbehave(fault, path=path, times=6)
    try:
        await read(opened)
    except ServiceError as error:
        _sentence(error, opened.server)


STORE_FAULTS = (
    "unauthorized", "forbidden", "not found", "conflict", "rate limited", "server error", "unavailable", "bad gateway",
    "redirect", "gzip bomb", "dropped",
)  # fmt: skip


@pytest.mark.parametrize("fault", STORE_FAULTS)
async def test_store__a_file_that_cannot_be_fetched_is_a_sentence(opened: Opened, fault: str) -> None:
    """The object store is another server with faults of its own; what it answers instead is no log."""
    opened.server.objects.misbehave(fault, times=6)

    with pytest.raises(ServiceError) as caught:
        await opened.log()

    _sentence(caught.value, opened.server)


def written(folder: Path) -> str:
    return "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_store__that_quotes_its_address_gives_it_to_nobody(
    opened: Opened, status: int, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Object stores repeat what was signed: neither an error, nor a log, nor a file may have it."""
    caplog.set_level(logging.DEBUG)
    for name in QUIET:  # they log addresses, so the program keeps them still at every level
        caplog.set_level(logging.WARNING, logger=name)
    shown = [await opened.log()]
    (signature,) = opened.server.objects.signatures  # the next one is the same: time stands still
    said = {"message": f"SignatureDoesNotMatch: {signature} of /artifacts/a?Signature={signature}"}
    opened.server.objects.rules.add(Rule(status=status, body=json.dumps(said), times=None))
    with pytest.raises(ServiceError) as caught:
        await opened.log()
    shown.append(f"{caught.value!r} {caught.value.problem} {caught.value.detail}")

    left = written(tmp_path)
    for secret in opened.server.secrets():
        assert secret not in f"{shown} {caplog.text} {left}"


@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.1/artifacts/a?Signature=0", "ftp://127.0.0.1/a", "file:///etc/passwd", "", "//host/a", 7, None,
        "http://127.0.0.1:99999/a", "https://user:pass@host/a", "http://[::1/a", "javascript:alert(1)",
    ],
)  # fmt: skip
async def test_address__of_an_odd_kind_is_not_followed(opened: Opened, address: object) -> None:
    """Plain http to another machine, another scheme, a login in it, or no address at all."""
    opened.server.rules.add(Rule(sets={"download_url": address}, times=None))

    with pytest.raises(ServiceError) as caught:
        await opened.log()

    _sentence(caught.value, opened.server)
    assert not opened.server.objects.requests()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("server error", Unclear), ("bad gateway", Unclear), ("dropped", Unclear), ("captive portal", Unclear),
        ("started, then dropped", Unclear), ("started, then HTML", Unclear), ("half JSON", Unclear),
        ("redirect", Unclear), ("no id", Started), ("forbidden", Refused), ("unauthorized", Refused),
        ("conflict", Refused), ("unprocessable", Refused), ("not found", Refused), ("rate limited", Refused),
    ],
)  # fmt: skip
async def test_record__is_opened_once(opened: Opened, fault: str, outcome: type) -> None:
    """Nobody can find or delete a second one: only a 4xx says that there is none, and nothing is sent again."""
    opened.server.misbehave(fault, method="POST", path="/v1/test/run/", times=1)

    told = await opened.launch()

    assert isinstance(told, outcome)
    assert len(opened.server.requests("POST", "/v1/test/run/")) == 1
    assert len(opened.server.team.runs) <= 1


async def test_record__none_twice_where_answers_are_lost(opened: Opened) -> None:
    """Each of many leaves at most one record, and each that was said to be open is there."""
    rng, started, lost = Random(11), 0, 0
    for _ in range(200):
        fault = rng.choice(("", "", "", "", "dropped", "started, then dropped"))
        if fault:
            opened.server.misbehave(fault, method="POST", path="/v1/test/run/")
        told = await opened.launch()
        assert isinstance(told, Unclear if fault else Started)
        started += isinstance(told, Started)
        lost += fault == "started, then dropped"

    assert len(opened.server.team.runs) == started + lost


@pytest.mark.parametrize("times_at_create", [True, False])
async def test_result__is_written_once_whatever_is_lost(tmp_path: Path, *, times_at_create: bool) -> None:
    """None is said where it may be there; no result that was said to be written is there twice."""
    async with a_team(tmp_path) as team:
        team.server.switch(times_at_create=times_at_create)
        run, writing = await team.record(), there(team.platform.publishes)
        check = PublishedCheck(name="test_login", status=CheckStatus.FAILING, message="boom")
        written = []
        for fault in ("", "dropped", "started, then dropped", "half JSON", "server error", ""):
            if fault:
                team.server.misbehave(fault, method="POST", path="/v1/test/result/")
            written.append(await writing.write(run, check))

        assert [bool(one) for one in written] == [True, False, False, False, False, True]
        assert len(team.server.results_of(run)) == 4  # those two, and two whose answer was lost
