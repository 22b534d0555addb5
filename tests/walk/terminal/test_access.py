"""`clew access explain` as an operator types it: what was decided, by which rule, and all that it rests on."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner, Result

from adapters.main import app
from adapters.settings import environment_names
from adapters.store.store import open_store
from bot.state import AuditEntry, IntentState, Reservation, Switched
from tests.contract.store.kit import an_intent

ANN, ADA = "slack:user:T01:U01ANN", "slack:user:T01:U03ADA"
HERE, THERE = "slack:channel:T01:C01", "slack:channel:T01:C02"
GROUP = "slack:usergroup:T01:S01"
SETTINGS = f"""
[roles]
read = ["slack:team:T01"]
debug = ["{GROUP}"]
launch = ["{ANN}"]
admin = ["{ADA}"]
[places]
launch = ["{HERE}"]
"""


@pytest.fixture(autouse=True)
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set Clew up in a directory of its own, with roles and a database."""
    for name in environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key-of-the-platform")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clew.toml").write_text(SETTINGS, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'clew.db'}"

    async def make() -> None:
        async with open_store(url):
            """Make the tables."""

    asyncio.run(make())
    return url


def clew(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["access", "explain", *arguments])
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(
    ("arguments", "code", "first", "also"),
    [
        ((ANN, HERE, "launch"), 0, "launch is allowed (rule role:launch).", f"The role launch is given to {ANN}."),
        ((ANN, THERE, "launch"), 1, "launch is refused (rule place:launch):", f"[places] keeps launch to {HERE}."),
        ((ANN, THERE, "watch"), 0, "watch is allowed (rule role:debug).", "The role read is given to slack:team:T01."),
        (("slack:user:T01:U09", HERE, "debug"), 1, "debug is refused (rule role:debug):", "It needs the role debug and"),
        (("slack:user:T01:U09", HERE, "debug", "--group", GROUP), 0, "debug is allowed", f"The role debug is given to {GROUP}."),
        ((ANN, HERE, "launch", "--guest"), 1, "launch is refused (rule guest):", "The role launch"),
        (("slack:user:T02:U09", HERE, "status", "--stranger"), 1, "status is refused (rule role:read)", "no role there"),
        ((ANN, HERE, "approve"), 0, "approve is allowed (rule role:launch).", "Not the requester, and only in the channel"),
        (("slack:user:T01:U09", HERE, "refuse"), 1, "refuse is refused (rule role:launch)", "It needs the role launch and"),
        ((ADA, HERE, "audit"), 0, "audit is allowed (rule role:admin).", "It needs the role admin."),
    ],
)  # fmt: skip
def test_explain__each_rule(arguments: tuple[str, ...], code: int, first: str, also: str) -> None:
    """The decision stands first, with what it rests on below; what only the chat knows is said to be assumed."""
    answer = clew(*arguments)

    assert answer.exit_code == code, answer.output
    assert answer.stdout.startswith(first)
    assert also in answer.stdout
    assert answer.stderr.startswith("Taken for granted, as only the chat knows it: the person is ")


def test_explain__while_read_only(url: str) -> None:
    """Who switched it on is said; reading is allowed all the same."""
    now = datetime.now(UTC)

    async def switch() -> None:
        async with open_store(url) as store:
            noted = AuditEntry(at=now, actor=ADA, channel=HERE, action="read-only", decision="on")
            await store.switch_read_only(Switched(at=now, actor=ADA, by="Ada"), noted)

    asyncio.run(switch())
    launch, status = clew(ANN, HERE, "launch"), clew(ANN, HERE, "status")

    assert launch.exit_code == 1
    assert launch.stdout.startswith("launch is refused (rule read-only):")
    assert "Clew is read-only. Ada switched that on at " in launch.stdout
    assert status.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ann", HERE, "launch"), "“ann” is not the id of a person."),
        ((ANN, "general", "launch"), "“general” is not the id of a channel."),
        ((HERE, HERE, "launch"), "is not the id of a person."),
        ((ANN, HERE, "lanch"), "Did you mean “launch”?"),
    ],
)
def test_explain__bad_input(arguments: tuple[str, ...], said: str) -> None:
    """What is no id and no verb is said."""
    answer = clew(*arguments)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert said in answer.stderr


@time_machine.travel("2026-06-01T12:00Z")  # no midnight comes between
def test_explain__names_the_quotas_that_hold(url: str) -> None:
    """What is left of each rule is said, of all accounts of the person together; not where a verb starts nothing."""
    other = "discord:user:80351110224678912"
    quotas = f"""
[people]
ann = ["{ANN}", "{other}"]
[[quota]]
per = "person"
runs = 3
minutes = 100
[[quota]]
person = "{ADA}"
runs = 9
[[quota]]
channel = "{HERE}"
runs = 0
[[quota]]
connection = "default"
runs = 1
[[quota]]
per = "launcher"
minutes = 600
zone = "Europe/Berlin"
"""
    Path("clew.toml").write_text(SETTINGS + quotas, encoding="utf-8")

    async def confirm() -> None:
        async with open_store(url) as store:
            now = datetime.now(UTC)
            await store.draft(an_intent(created_at=now, actor=other))
            run = Reservation(actor=other, channel=HERE, launcher="x", connection="lab", minutes=30, at=now)
            await store.confirm("i1", frozenset({IntentState.DRAFT}), now, reservation=run)

    asyncio.run(confirm())
    here, there, admin = clew(ANN, HERE, "launch"), clew(ANN, THERE, "rerun"), clew(ADA, HERE, "launch")

    assert f"2 of 3 runs and 70 of 100 minutes are left today for {ANN}; the day ends " in here.stdout
    assert f"No run can be started for {HERE}: the quota is 0 runs a day." in here.stdout
    assert "1 of 1 run is left today for the connection “default”; the day ends " in here.stdout
    assert "At most 600 minutes a day (Europe/Berlin) for each launcher." in here.stdout
    assert f"2 of 3 runs and 70 of 100 minutes are left today for {ANN};" in there.stdout
    assert THERE not in there.stdout.partition("left today")[2]
    assert f"9 of 9 runs are left today for {ADA};" in admin.stdout
    assert "left today" not in clew(ANN, HERE, "status").stdout
