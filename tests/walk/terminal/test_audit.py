"""`clew audit` as an operator types it: listed, checked and exported, beside the database of a Clew that runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from adapters.store.store import open_store
from adapters.store.tables import audit
from bot.state import AuditEntry
from tests.walk.terminal.served import set_up
from tests.walk.terminal.shell import A_TENANT, KEY, run

ROOT = Path(__file__).parents[3]
clew = partial(run, "audit")
ANN, BO = "slack:user:T01:ANN", "slack:user:T01:BO"
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set Clew up in an empty directory."""
    with set_up(A_TENANT, tmp_path, monkeypatch):
        yield f"sqlite:///{tmp_path / 'clew.db'}"


async def _fill(url: str, further: int) -> None:
    async with open_store(url) as store:
        lines = [
            (ANN, "launch", "confirmed", "k1: basic_test", NOW - timedelta(days=3)),
            (ANN, "launch", "accepted", "k1: run 12", NOW - timedelta(days=3)),
            (BO, "report", "given", "prod/12", NOW),
            (BO, "launch", "rejected", f"k2: refused with {KEY}", NOW),
        ]
        lines += [(BO, "watch", "done", f"{n} {'x' * 200}", NOW) for n in range(further)]
        for actor, action, decision, detail, at in lines:
            line = AuditEntry(
                at=at, actor=actor, channel="slack:channel:T01:C01", action=action, decision=decision, detail=detail
            )  # fmt: skip
            await store.audit(line)
        await store.keep_name(ANN, "Ann \x1b[31m")


@pytest.fixture
def filled(url: str) -> str:
    asyncio.run(_fill(url, 0))
    return url


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ((), ["4", "3", "2", "1"]),
        (("launch",), ["4", "2", "1"]),
        (("--verb", "launch", "--since", "1d"), ["4"]),
        (("--until", "1d"), ["2", "1"]),
        (("--person", "BO"), ["4", "3"]),
        (("12",), ["3", "2", "1"]),
        (("--run", "prod/12", "--person", ANN), ["2", "1"]),
        (("--limit", "1"), ["4"]),
        (("--since", "1m", "--person", ANN), ["Nothing"]),
    ],
)
def test_list__narrowed(arguments: tuple[str, ...], numbers: list[str]) -> None:
    """By person, run, verb and time, newest first, each on one line without a secret."""
    answer = clew("list", *arguments)

    assert answer.exit_code == 0
    assert [line.split()[0] for line in answer.stdout.splitlines()] == numbers
    assert ("more; --limit 4" in answer.stderr) is (arguments == ("--limit", "1"))


@pytest.mark.usefixtures("filled")
def test_list__says_all_of_a_line() -> None:
    """When, how it was decided, what, by whom by name and id, where, and the detail; a name cannot colour a terminal."""
    *_, last = clew("list").stdout.splitlines()

    assert last == (
        f"      1  {NOW - timedelta(days=3):%Y-%m-%d %H:%M:%S} UTC  confirmed launch by Ann  ({ANN})"
        " in slack:channel:T01:C01: k1: basic_test"
    )


@pytest.mark.parametrize("command", ["list", "verify", "export"])
def test_audit__no_database(command: str, tmp_path: Path) -> None:
    """A database that is not there is not taken for an empty one, and none is made."""
    answer = clew(command)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"There is no database {tmp_path / 'clew.db'}.")
    assert list(tmp_path.iterdir()) == []


def test_list__bad_input(filled: str) -> None:
    """What cannot be read is said."""
    assert filled
    for arguments, said in (
        (("--person", "Zoe"), "Nobody called “Zoe” is in the audit trail."),
        (("--verb", "lanch"), "Did you mean “launch”?"),
        (("--since", "soon"), "since= is “soon”"),
        (("--until", "3"), "until= is “3”"),
        (("--since", "1h", "--until", "2h"), "until= is not later than since=."),
        (("latest",), "No platform is asked here, so “latest” means no run."),
    ):
        answer = clew("list", *arguments)
        assert (answer.exit_code, answer.stdout) == (2, "")
        assert said in answer.stderr


def test_verify__holds_or_names_what_does_not(filled: str) -> None:
    """0 and how many lines; else 1, and each line that was changed or removed."""
    good = clew("verify")

    async def damage() -> None:
        async with open_store(filled) as store, store._db.writing() as connection:
            await connection.execute(update(audit).where(audit.c.seq == 1).values(actor=BO))
            await connection.execute(delete(audit).where(audit.c.seq == 3))

    asyncio.run(damage())
    bad = clew("verify")

    assert (good.exit_code, good.stdout) == (
        0,
        "The audit trail holds: 4 lines, and each follows the one before.\n",
    )
    assert "can also write a new trail" in good.stderr
    assert (bad.exit_code, bad.stdout) == (1, "")
    assert bad.stderr.splitlines() == [
        "Line 1 was changed.",
        "Line 3 was removed.",
        "The audit trail was changed. Compare the database with a backup or an earlier export.",
    ]


@pytest.mark.usefixtures("filled")
def test_export__can_be_checked_without_clew() -> None:
    """An object a line, oldest first, from which each hash can be made again; a secret of today is masked and said."""
    answer = clew("export")
    lines = [json.loads(line) for line in answer.stdout.splitlines()]

    assert answer.exit_code == 0
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert [line["redacted"] for line in lines] == [False, False, False, True]
    assert lines[3]["detail"] == "k2: refused with ***"
    before = "0" * 64
    for line in lines:
        words = [line[name] for name in ("actor", "channel", "action", "decision", "detail")]
        made = hashlib.sha256(json.dumps([before, line["seq"], line["at"], *words]).encode()).hexdigest()
        assert line["prev_hash"] == before
        assert (made == line["hash"]) is not line["redacted"]
        before = line["hash"]


def test_export__into_a_pipe_that_is_closed(url: str) -> None:
    """`clew audit export | head -1`: nothing failed, and nothing is said."""
    asyncio.run(_fill(url, 600))
    command = [sys.executable, "-m", "adapters.main", "audit", "export"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert json.loads(first)["seq"] == 1
    assert (process.returncode, said) == (0, "")


def test_export__whole(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch by batch, every line once."""
    monkeypatch.setattr("adapters.store.audit.BATCH", 3)
    asyncio.run(_fill(url, 7))

    assert [json.loads(line)["seq"] for line in clew("export").stdout.splitlines()] == [*range(1, 12)]
