from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.walk.terminal.keyboard import at_keyboard


def test_demo__a_person_talks(tmp_path: Path) -> None:
    """Verbs, buttons, forms, threads and completion work at a real prompt, and an announcement comes by itself."""
    with at_keyboard("demo", "--speed", "200", folder=tmp_path) as person:
        person.sees("A simulated Antithesis tenant and a simulated Testhide server are connected")
        person.type("status")
        person.sees(r"#\d+ • Recent runs")
        person.sees("clew>")
        person.keys(b"statu\t")
        person.sees("clew> status")
        person.fill(" latset")
        person.sees(r"#\d+ ! ")
        person.type("launch")
        person.sees("Launcher")
        person.fill("basic_test")
        person.sees("Duration")
        person.fill("")
        person.sees("is required")
        person.sees("Duration")
        person.fill("soon")
        person.sees("it must be a length of time")
        person.sees("Duration")
        person.keys(b"\x03")
        person.sees("Cancelled. Nothing was sent.")
        person.type('launch basic_test duration=10 description="by hand"')
        person.sees(r"Launch basic_test\?")
        number = person.sees(r"\[(\d+)\] Launch")[1]
        person.type(number)
        person.sees("basic_test is launched")
        root = person.sees(r"#(\d+) > ✗ basic_test: 1 failure")[1]
        person.type(f"#{root}")
        person.sees(f"clew #{root}>")
        person.fill("logs")
        person.sees(rf"#{root} > . Logs before")
        person.sees("clew-files/logs-")
        person.type("#")
        person.type("999")
        person.sees("There is no button 999 now.")
        person.type("quit")

        assert person.ends() == 0

    assert "Traceback" not in person.screen


@pytest.fixture
def settings() -> Mapping[str, str]:
    """Name a tenant that nobody reaches; the process has to run and stop all the same."""
    return {
        "ANTITHESIS_BASE_URL": "http://127.0.0.1:9",
        "ANTITHESIS_API_KEY": "canary-key",
        "CLEW_CONFIG": "clew.toml",
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run__a_signal_stops_it_in_good_order(
    number: signal.Signals, settings: Mapping[str, str], tmp_path: Path
) -> None:
    """A signal ends it with 0, a second one changes nothing, and the log says nothing that it must not."""
    (tmp_path / "clew.toml").write_text('[web]\nlisten = "off"\n')
    with at_keyboard("run", folder=tmp_path, environment=settings) as person:
        person.sees("configured +platform default")
        person.sees("off +slack +SLACK_BOT_TOKEN is not set")
        person.sees("on +terminal")
        person.sees("clew>")
        person.process.send_signal(number)
        person.process.send_signal(number)

        assert person.ends() == 0

    assert "Traceback" not in person.screen
    logged = (tmp_path / "clew.log").read_text(encoding="utf-8")
    assert "canary" not in logged


def test_run__what_was_posted_is_remembered(settings: Mapping[str, str], tmp_path: Path) -> None:
    """Numbers of messages go on after a restart, so a thread never means another message."""
    (tmp_path / "clew.toml").write_text('[web]\nlisten = "off"\n')
    for number in (1, 2):
        with at_keyboard("run", folder=tmp_path, environment=settings) as person:
            person.type("help")
            person.sees(f"#{number} • What Clew can do")
            person.sees("clew>")
            person.keys(b"\x04")

            assert person.ends() == 0


def test_run__settings_with_typos(tmp_path: Path) -> None:
    """Everything that is wrong is said at once, without a stack trace, and the exit code says so."""
    environment = {"ANTITHESIS_TENANT": "acme/x", "ANTITHESIS_API_KEY": "canary-key", "CLEW_POL_SECONDS": "1"}
    with at_keyboard("run", folder=tmp_path, environment=environment) as person:
        assert person.ends() == 2

    assert "2 settings must be corrected:" in person.screen
    assert "Did you mean CLEW_POLL_SECONDS?" in person.screen
    assert "Traceback" not in person.screen
    assert "canary" not in person.screen
