"""Logging: everything, the libraries' loggers too, goes through one chain that ends in the redactor.

On a terminal the lines are for people, elsewhere one JSON object each. They go to stderr, or to a file where a
chat owns the terminal.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from adapters.chat.registry import CHATS
from adapters.platforms.registry import PLATFORMS
from adapters.private import touch
from adapters.redact import redactor
from bot.model import Secret

if TYPE_CHECKING:
    import structlog

QUIET = (
    "httpx",
    "httpcore",
    "aiohttp",
    "apscheduler",
    "alembic",
    "stamina",
    *(name for chat in CHATS for name in chat.loggers),
    *(name for platform in PLATFORMS for name in platform.loggers),
)
"""Loggers that would write URLs, bodies or noise below WARNING."""


MOST_OF_A_KIND, MINUTE = 100, 60.0
MOST_KINDS, LONGEST_KIND = 1_000, 200  # remembered at once; characters


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
    handler = _File(touch(file), encoding="utf-8") if file else _Stream(sys.stderr)
    handler.addFilter(Bound())
    people = file is None and sys.stderr.isatty()
    handler.setFormatter(_Chain(tuple(secrets), people=people, traces=traces or level == "debug"))
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
    if traces:
        _take_structlog()


def _take_structlog() -> None:
    """Let libraries that find structlog and use it log through the chain too."""
    import structlog

    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class Bound(logging.Filter):
    """Lets only so many lines of one kind through in a minute: what a stranger can cause must not fill a disk.

    A kind is a logger, a level and a text before its values are filled in. Lines for debugging are not counted.
    """

    def __init__(self, most: int = MOST_OF_A_KIND, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._now = now
        self._seen: Counter[tuple[str, int, str]] = Counter()
        self._until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written; the last one that is says that more are left out."""
        if record.levelno <= logging.DEBUG:
            return True
        if self._now() >= self._until or len(self._seen) > MOST_KINDS:
            self._seen.clear()
            self._until = self._now() + MINUTE
        kind = (record.name, record.levelno, str(record.msg)[:LONGEST_KIND])
        self._seen[kind] += 1
        if self._seen[kind] == self._most:
            record.further = "lines like this are left out for up to a minute"
        return self._seen[kind] <= self._most


class _Quiet(logging.Handler):
    """Says once that lines cannot be written, instead of a stack trace for each."""

    _said = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Tell the operator on stderr, where that is possible."""
        del record
        error = sys.exc_info()[1]
        if not self._said:
            self._said = True
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"The log cannot be written ({error}). Clew goes on.\n")


class _File(_Quiet, logging.FileHandler):
    def close(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written cannot be written now either
            super().close()


class _Stream(_Quiet, logging.StreamHandler[TextIO]):
    pass


class _Chain(logging.Formatter):
    """Formats through the chain, whose library the first line loads: a one-shot command mostly logs none."""

    def __init__(self, secrets: tuple[Secret, ...], *, people: bool, traces: bool) -> None:
        super().__init__()
        self._how = secrets, people, traces

    @cached_property
    def _made(self) -> logging.Formatter:
        return _formatter(*self._how)

    def format(self, record: logging.LogRecord) -> str:
        """Write a line."""
        return self._made.format(record)


def _formatter(secrets: Iterable[Secret], people: bool, traces: bool) -> logging.Formatter:
    import structlog

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
