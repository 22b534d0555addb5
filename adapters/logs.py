"""Logging: everything, the libraries' loggers too, goes through one chain that ends in the redactor.

On a terminal the lines are for people, elsewhere one JSON object each. They go to stderr, or to a file where a
chat owns the terminal.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from pathlib import Path

import structlog

from adapters.redact import redactor
from bot.model import Secret

QUIET = (
    "httpx",
    "httpcore",
    "discord",
    "slack_sdk",
    "slack_bolt",
    "aiohttp",
    "apscheduler",
    "alembic",
    "stamina",
)
"""Loggers that would write URLs, bodies or noise below WARNING."""


def set_up(
    level: str = "info",
    secrets: Iterable[Secret] = (),
    *,
    file: Path | None = None,
    traces: bool = True,
) -> None:
    """Send all logging through the chain; call again when more secrets are known. Raises `OSError`.

    `traces`: whether exceptions come with their stack; a person at a one-shot command has no use for that.
    """
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _formatter(secrets, people=file is None and sys.stderr.isatty(), traces=traces or level == "debug")
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, logging.FileHandler):
            old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    structlog.configure(  # for libraries that find structlog and use it
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _formatter(secrets: Iterable[Secret], *, people: bool, traces: bool) -> logging.Formatter:
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=people, exception_formatter=structlog.dev.plain_traceback)
        if people
        else structlog.processors.JSONRenderer()
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info if traces else _without_stack,
            redactor(secrets),
            last,
        ],
    )


def _without_stack(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Say of an exception only what it is."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {error}"
    return event
