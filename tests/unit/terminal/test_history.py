"""What was typed is kept for the next session, for its owner alone, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.chat.terminal.prompt import Discreet
from adapters.chat.terminal.transcript import Transcript
from tests.fakes.runs import EPOCH
from tests.unit.terminal.test_transcript import a_content


def test_history__is_for_its_owner(tmp_path: Path) -> None:
    """The file is private from its first line, also where an older Clew left it open to all."""
    path = tmp_path / "clew-history"
    path.touch(0o644)

    Discreet(path).store_string("status latest")

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(Discreet(path).load_history_strings()) == ["status latest"]


@pytest.mark.parametrize(
    "line",
    [
        "find curl -u 'bot:hunter2 with spaces' https://acme.antithesis.com/api/v1/launch/x",
        "find curl -su bot:hunter2 https://acme.antithesis.com",
        "find curl --user=bot:hunter2 https://acme.antithesis.com",
        "find curl https://bot:hunter2@acme.antithesis.com",
        "find curl -H 'X-Api-Key: hunter2' https://acme.antithesis.com",
        "find curl -H 'Authorization: Bearer hunter2hunter2'",
    ],
)
def test_history__keeps_no_password(line: str, tmp_path: Path) -> None:
    """A command of a shell that holds a password is not kept."""
    path = tmp_path / "clew-history"

    Discreet(path).store_string(line)
    Discreet(path).store_string("status")

    assert "hunter2" not in path.read_text()
    assert list(Discreet(path).load_history_strings()) == ["status"]


def test_history__without_a_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the file cannot be written the line is answered all the same, and the log says why."""
    history = Discreet(tmp_path / "no" / "folder")

    history.store_string("status")

    assert list(history.load_history_strings()) == []
    assert "the history of what was typed cannot be written (No such file or directory)" in caplog.text


def test_record__is_for_its_owner(tmp_path: Path) -> None:
    """The record of what was shown is private too."""
    path = tmp_path / "clew-terminal.jsonl"

    Transcript(path).add(a_content(), key="k", at=EPOCH)

    assert path.stat().st_mode & 0o777 == 0o600
