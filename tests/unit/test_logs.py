from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from adapters import logs
from bot.model import Secret


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """Put logging back as it was."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    for handler in logger.handlers:
        if handler not in handlers:
            handler.close()
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    logger.handlers[:] = handlers
    logger.setLevel(level)


def logged(file: Path) -> list[dict[str, str]]:
    for handler in logging.getLogger().handlers:
        handler.close()
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_set_up__one_json_line_each(tmp_path: Path) -> None:
    """Away from a terminal a line is an object with its time, its level and what was bound to it."""
    logs.set_up("info", file=tmp_path / "log")

    logging.getLogger("bot.x").info("run %s ended", "r1", extra={"chat": "slack"})

    (line,) = logged(tmp_path / "log")
    assert (line["event"], line["level"], line["logger"], line["chat"]) == (
        "run r1 ended",
        "info",
        "bot.x",
        "slack",
    )


def test_set_up__no_secret_in_text_fields_or_traces(tmp_path: Path) -> None:
    """Known secrets, and what is shaped like one, are masked everywhere a line can carry them."""
    logs.set_up("info", [Secret("canary-secret")], file=tmp_path / "log")

    error = ValueError("https://x.test/report?auth=v2.public.CANARYtoken")
    logging.getLogger("bot.x").error("canary-secret", exc_info=error, extra={"note": "Bearer canarycanary"})
    structlog.get_logger("stamina").error("canary-secret")

    text = "\n".join(map(str, logged(tmp_path / "log")))
    assert "canary" not in text.lower()
    assert "ValueError" in text


def test_set_up__libraries_that_would_tell_too_much(tmp_path: Path) -> None:
    """Loggers that write URLs and bodies stay quiet, even where all the rest is asked for."""
    logs.set_up("debug", file=tmp_path / "log")

    for name in ("httpx", "discord.gateway", "slack_sdk.web", "httpcore"):
        logging.getLogger(name).info("GET https://x.test/?auth=secret")
    logging.getLogger("bot.x").debug("ours")

    assert ["ours"] == [line["event"] for line in logged(tmp_path / "log")]


def test_set_up__without_traces(tmp_path: Path) -> None:
    """Where a person reads along, an exception is said in a line, without its stack."""
    logs.set_up("info", file=tmp_path / "log", traces=False)

    logging.getLogger("bot.x").error("it failed", exc_info=ValueError("the reason"))

    (line,) = logged(tmp_path / "log")
    assert line["error"] == "ValueError: the reason"
    assert "exception" not in line


def test_set_up__file_is_for_its_owner(tmp_path: Path) -> None:
    """A log that an older Clew left open to all is closed too."""
    (tmp_path / "log").touch(0o644)

    logs.set_up("info", file=tmp_path / "log")

    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_bound__lines_of_a_kind(tmp_path: Path) -> None:
    """What comes again and again is cut off with a word on it; other kinds, and the next minute, are written."""
    now = [0.0]
    bound = logs.Bound(3, now=lambda: now[0])
    logs.set_up("info", file=tmp_path / "log")
    logging.getLogger().handlers[0].filters[:] = [bound]
    log = logging.getLogger("aiohttp.server")

    for number in range(50_000):
        log.error("Error handling request from %s", number)
    log.error("another kind")
    now[0] = 61.0
    log.error("Error handling request from %s", "the next minute")

    lines = logged(tmp_path / "log")
    assert [line["event"].rpartition(" ")[2] for line in lines] == ["0", "1", "2", "kind", "minute"]
    assert [line.get("further") for line in lines].count(
        "lines like this are left out for up to a minute"
    ) == 1
    assert lines[2]["further"]


def test_bound__lines_for_debugging_are_not_counted() -> None:
    """Who asks for everything gets it."""
    bound = logs.Bound(1)
    record = logging.LogRecord("x", logging.DEBUG, "", 0, "m", None, None)

    assert all(bound.filter(record) for _ in range(10))


def test_file__without_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that cannot be written is said once, without a stack trace, and nothing else stops."""
    logs.set_up("info", file=Path("/dev/full"))

    for _ in range(3):
        logging.getLogger("x").error("m")

    told = capsys.readouterr().err
    assert told.count("The log cannot be written ([Errno 28] No space left on device). Clew goes on.") == 1
    assert "Traceback" not in told
