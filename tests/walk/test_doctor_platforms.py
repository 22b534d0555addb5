"""`clew doctor` on platforms of every kind: what only they have is looked at, over the connection's own authority."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

import pytest

from adapters.cli.doctor import Finding, _clock, _findings, _lines, _of_its_kind
from adapters.configuration.table import HttpConnection
from adapters.platforms.kind import AnyPlatform, Checked, PlatformKind
from adapters.platforms.registry import PLATFORMS
from adapters.settings import environment_names
from adapters.simulator.ai_test_harness import simulated_harness
from adapters.simulator.automated_future import simulated_reports
from adapters.simulator.common.server import SimulatedServer
from adapters.simulator.registry import simulator
from bot.errors import AccessRefused, NotAvailable, ServiceError
from bot.platform import Platform
from bot.ports import Clock, Ledger
from tests.fakes.certificates import AUTHORITY, server_context
from tests.fakes.clock import ManualClock
from tests.fakes.judged import judged
from tests.fakes.raw_http import raw_server, says
from tests.fakes.testhide import judging_testhide


class Lab(HttpConnection):
    """A platform on this machine."""

    kind: Literal["lab"] = "lab"


@asynccontextmanager
async def _open(lab: Lab, clock: Clock, ledger: Ledger) -> AsyncIterator[Platform]:
    raise NotImplementedError
    yield


def _kind(*found: Checked | ServiceError) -> AnyPlatform:
    async def check(lab: Lab, clock: Clock) -> AsyncIterator[Checked]:
        for one in found:
            if isinstance(one, ServiceError):
                raise one
            yield one

    return PlatformKind(
        name="lab", title="Lab", connection=Lab, open=_open, default="lab", least=(), clock=lambda lab: lab.address,
        hints={AccessRefused: "Make a new key in the lab."}, check=check,
    )  # fmt: skip


LAB = Lab(name="qa", base_url="https://lab.example.com")


async def test_check__of_its_kind_becomes_lines() -> None:
    """What was found stands under the connection; what the platform refuses on the way is a line with what helps."""
    kind = _kind(
        Checked("7 jobs"), Checked("role admin", "Use a developer's.", odd=True), AccessRefused("No (403).")
    )

    found = [finding async for finding in _lines("platform qa", kind, _of_its_kind(LAB, kind))]

    assert found == [
        Finding("platform qa", "7 jobs"),
        Finding("platform qa", "role admin", "Use a developer's.", odd=True),
        Finding("platform qa", "No (403).", "Make a new key in the lab.", bad=True),
    ]


async def test_check__without_one_and_with_an_error_nobody_has_a_hint_for() -> None:
    """Neither is a crash."""
    kind, plain = _kind(NotAvailable("No.")), replace(_kind(), check=None)
    found = [finding async for finding in _lines("platform qa", kind, _of_its_kind(LAB, kind))]

    assert found == [Finding("platform qa", "No.", "", bad=True)]
    assert [finding async for finding in _lines("platform qa", plain, _of_its_kind(LAB, plain))] == []


@pytest.mark.parametrize(
    ("off", "found"),
    [
        (timedelta(), "agrees with this machine's"),
        (timedelta(hours=1), "ahead of this machine's"),
        (timedelta(hours=-1), "behind this machine's"),
    ],
)
async def test_clock__over_a_private_authority(off: timedelta, found: str) -> None:
    """Any answer's date tells it; without the authority's file it cannot be read."""
    reply = says("404 Not Found", Date=format_datetime(datetime.now(UTC) + off, usegmt=True))
    async with raw_server(reply, tls=server_context()) as server:
        lab = Lab(name="qa", base_url=server.base_url, ca_file=AUTHORITY)
        trusting = await _clock(lab, lab.address)
        blind = await _clock(Lab(name="qa", base_url=server.base_url), lab.address)

    assert found in trusting.found
    assert trusting.subject == "clock of qa"
    assert trusting.bad is bool(off)
    assert (blind.found, blind.odd) == ("it cannot be read", True)


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
async def test_clock__that_nobody_tells(date: dict[str, str]) -> None:
    """Without a date, or with none that can be read, that is said."""
    async with raw_server(says("200 OK", b"", **date)) as server:
        lab = Lab(name="qa", base_url=server.base_url)

        assert (await _clock(lab, lab.address)).found == "it cannot be read"


async def _of(name: str) -> list[Finding]:
    return [finding async for finding in _findings() if name in finding.subject]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start in an empty folder, where nothing is set."""
    monkeypatch.chdir(tmp_path)
    for variable in environment_names():
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


async def test_address__that_is_another_servers(place: Path) -> None:
    """Where nothing is found, no run is to be looked up: the address is what to check."""
    async with raw_server(says("404 Not Found"), says("404 Not Found"), says("404 Not Found")) as server:
        row = f'[[connection]]\nname = "ath"\nkind = "ai-test-harness"\nbase_url = "{server.base_url}"\napi_key = "ath_1"\n'
        (place / "clew.toml").write_text(row)
        found = await _of("platform ath")

    assert found[0].bad
    assert "404" in found[0].found
    assert found[0].hint == "Check the base URL of this connection, also the path behind its host."


async def test_testhide__set_up_by_variables(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer's token sees of a server that judges every request."""
    async with judging_testhide() as server:
        server.add_job("Smoke Tests")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)

        found = await _of("testhide")

    assert found[0].found.startswith(f"{server.base_url} answers, release ")
    assert [line.found for line in found[1:-1]] == ["role developer", "1 job seen", found[3].found]
    assert found[3].found.startswith("licence ")
    assert found[3].found.endswith(", with AI")
    assert not [line for line in found[:-1] if line.bad or line.odd]


@pytest.mark.parametrize("role", ["admin", "viewer"])
async def test_testhide__a_token_of_another_role(
    place: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """Too much and too little are warned of; nothing has to be corrected."""
    async with judging_testhide() as server:
        monkeypatch.setenv("TESTHIDE_BASE_URL", server.environment()["TESTHIDE_BASE_URL"])
        monkeypatch.setenv(
            "TESTHIDE_API_TOKEN", server.admin_token if role == "admin" else server.viewer_token
        )

        found = await _of("testhide")

    assert found[1].found.startswith(f"the token is a{'n admin' if role == 'admin' else ' viewer'}'s")
    assert (found[1].odd, found[1].bad) == (True, False)


async def test_testhide__by_user_and_password(place: Path) -> None:
    """A session is logged in when it is needed; a wrong password is one line, without it."""
    async with judging_testhide() as server:
        address = server.environment()["TESTHIDE_BASE_URL"]
        row = '[[connection]]\nname = "{}"\nkind = "testhide"\nbase_url = "{}"\nusername = "{}"\npassword = "{}"\n'
        (place / "clew.toml").write_text(
            row.format("right", address, server.username, server.password)
            + row.format("wrong", address, server.username, "CANARY-password")
        )

        right, wrong = await _of("platform right"), await _of("platform wrong")
        secrets = {server.password, "CANARY-password", *server.secrets()}

    assert [line.bad for line in right] == [False] * len(right)
    assert len(right) == 4
    (line,) = wrong
    assert line.bad
    assert not [secret for secret in secrets if secret in f"{right} {wrong}"]


def _by_variables(server: SimulatedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


def _nothing_but_the_clock_is_read_without_the_key(server: SimulatedServer) -> None:
    """Any answer tells the time, a refusal too; this platform has nothing that it tells without a key."""
    assert server.violations() == ["GET: Authorization must be “Bearer” and the key"]
    server.forget()


async def test_harness__set_up_by_variables(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents prove the key, plans say what can be started, and what completion without a list means is said."""
    async with judged(simulated_harness(living=False, speed=0.0, clock=ManualClock())) as server:
        _by_variables(server, monkeypatch)
        empty = await _of("ai-test-harness")
        server.add_plan("Checkout", tests=["a"])
        found = await _of("ai-test-harness")
        _nothing_but_the_clock_is_read_without_the_key(server)

    assert found[0].found == f"{server.base_url} answers, release not named, key accepted"
    assert found[1].found.endswith("agents seen")
    assert (empty[2].found, empty[2].odd) == ("no test plan is seen, so nothing can be started", True)
    assert found[2] == Finding("platform ai-test-harness", "1 test plan seen")
    assert found[3].found.startswith(
        "there is no list of executions: channels are notified of those that were started"
    )
    assert found[3].hint == "Set webhook_secret and [hooks], then run `clew hooks register ai-test-harness`."
    assert not [line for line in found[:4] if line.bad or line.odd]
    assert found[4].subject == "clock of ai-test-harness"
    assert found[4].found != "it cannot be read"


async def test_harness__of_which_nobody_can_say_that_nothing_started(place: Path) -> None:
    """What the settings expect of it would never be told: that is bad, and it says what works."""
    async with judged(simulated_harness(living=False, speed=0.0, clock=ManualClock())) as server:
        row = '[[connection]]\nname = "ath"\nkind = "ai-test-harness"\nbase_url = "{}"\napi_key = "{}"\n'
        extra = '[[expect]]\nchannel = "slack:channel:T01:C01"\nlauncher = "Checkout"\nby = "03:00"\n'
        (place / "clew.toml").write_text(row.format(server.base_url, server.api_key) + extra)
        (found, *_) = await _of("expect")
        _nothing_but_the_clock_is_read_without_the_key(server)

    assert (found.subject, found.bad) == ("expect slack:channel:T01:C01", True)
    assert found.found == "ath lists no executions, so Clew cannot tell that one did not start."


async def test_harness__an_agent_of_the_settings_that_is_none(place: Path) -> None:
    """The ones there are stand beside it."""
    async with judged(simulated_harness(living=False, speed=0.0, clock=ManualClock())) as server:
        row = '[[connection]]\nname = "ath"\nkind = "ai-test-harness"\nbase_url = "{}"\napi_key = "{}"\n'
        extra = 'debug_agent = "agent_none"\nwebhook_secret = "twelve-characters"\n'
        (place / "clew.toml").write_text(row.format(server.base_url, server.api_key) + extra)
        found = await _of("platform ath")
        _nothing_but_the_clock_is_read_without_the_key(server)

    assert found[1].bad
    assert found[1].found.startswith("debug_agent names agent_none, which is none of the ")
    assert found[1].hint.startswith("There are: agent_")
    assert "no webhook yet" not in found[3].found


async def test_reports__set_up_by_variables(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which projects are seen, into which one is published, and what is not known there."""
    async with judged(simulated_reports(living=False, speed=0.0, clock=ManualClock())) as server:
        _by_variables(server, monkeypatch)
        found = await _of("automated-future")
        monkeypatch.setenv("AUTOMATED_FUTURE_PROJECT", "project_nowhere")
        lost = await _of("automated-future")

    assert found[0].found.startswith(f"{server.base_url} answers, release ")
    assert found[1].found.endswith(
        "seen; no run and no result can be listed there: Clew knows what it wrote, and single results by their ids"
    )
    assert not [line for line in found[:2] if line.bad or line.odd]
    assert lost[2].found.startswith("nothing can be published: ")
    assert (lost[2].odd, lost[2].bad) == (True, False)


async def test_every_kind__at_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One connection of each, from variables alone: nothing has to be corrected, and every clock is read."""
    async with AsyncExitStack() as stack:
        for kind in PLATFORMS:
            _by_variables(await stack.enter_async_context(simulator(kind.name)(speed=1.0)), monkeypatch)
        found = [finding async for finding in _findings()]
        names = {kind.default for kind in PLATFORMS}

    assert [line for line in found if line.bad] == []
    assert {line.subject.removeprefix("platform ") for line in found if "key accepted" in line.found} == names
    assert {line.subject for line in found if line.found == "agrees with this machine's"} == {
        f"clock of {name}" for name in names
    }
