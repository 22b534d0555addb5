"""Where something cannot be had on this machine, the chat goes on, the person is told, and nothing private is left."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.walk.terminal.keyboard import at_keyboard

SETTINGS = {
    "ANTITHESIS_BASE_URL": "http://127.0.0.1:9",
    "ANTITHESIS_API_KEY": "canary-key",
    "CLEW_CONFIG": "clew.toml",
}


def test_run__without_a_port_and_without_files(tmp_path: Path) -> None:
    """The port is in use, and log, history and record cannot be written: commands are answered all the same."""
    for name in ("clew.log", "clew-history", "clew-terminal.jsonl"):
        (tmp_path / name).mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "clew.toml").write_text(f'[web]\nlisten = "127.0.0.1:{port}"\n')
        with at_keyboard("run", folder=tmp_path, environment=SETTINGS) as person:
            person.sees(r"Warning: clew\.log cannot be written \(Is a directory\); the log comes here")
            person.sees(rf"Warning: Health cannot be served at 127\.0\.0\.1:{port} \(")
            person.sees("Everything else goes on")
            person.sees(rf"off +health +127\.0\.0\.1:{port} cannot be used yet")
            person.type("help")
            person.sees(r"The terminal's record cannot be written \(Is a directory\)")
            person.sees("#1 • What Clew can do")
            person.type("quit")

            assert person.ends() == 0

    assert "Traceback" not in person.screen


def test_run__leaves_no_password_and_nothing_for_others(tmp_path: Path) -> None:
    """What was pasted from a shell is answered; no file keeps its password, and only the owner reads any."""
    (tmp_path / "clew.toml").write_text('[web]\nlisten = "off"\n')
    with at_keyboard("run", folder=tmp_path, environment=SETTINGS) as person:
        person.type("find curl -u 'bot:canary-password' https://acme.antithesis.com/api/v1/launch/x")
        person.sees("#1 ")
        person.type("quit")

        assert person.ends() == 0

    kept = ("clew.log", "clew-history", "clew-terminal.jsonl")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in kept if (tmp_path / name).exists()} == {
        0o600
    }
    assert not any(
        b"canary-password" in (tmp_path / name).read_bytes() for name in kept if (tmp_path / name).exists()
    )
