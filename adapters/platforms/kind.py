"""What Clew has to know of a kind of test platform before one is opened; each platform's `kind.py` fills it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from adapters.configuration.table import Connection
from adapters.configuration.tokens import Shapes
from bot.errors import ClewError
from bot.platform import Platform
from bot.ports import Clock, Ledger

C = TypeVar("C", bound=Connection)


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that the doctor looked at: what was found, and what helps, "" where it is well.

    `bad`: it has to be corrected; `odd`: Clew works, but somebody should look at it.
    """

    found: str
    hint: str = ""
    bad: bool = False
    odd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKind(Generic[C]):
    """One kind of test platform. Its functions load its libraries when they are called, never before.

    `name` is the `kind` of its connections in the settings file. `default` names the connection that its variables
    describe; `least` are the variables that are enough for one. `hints` say what helps against errors of a
    connection, `clock` is an address of it whose answer has a Date header. `shapes` are those of its secrets, `unread` are
    variables of the vendor's other tools that Clew does not read, each with what to set instead. `hook_ids` are
    the keys of a webhook whose values are ids of runs; `register_hook` lets the platform send webhooks to an address, or
    says how, and returns what to tell; `check_hook` tries out whether they arrive there. `check` looks at what only this
    kind has, once the platform has answered. All three may raise `ServiceError`. `takes_runs`: whether runs of other
    connections can be published into one of it. `runs_nothing`: as of `bot.platform.Platform`.
    """

    name: str
    title: str
    connection: type[C]
    open: Callable[[C, Clock, Ledger], AbstractAsyncContextManager[Platform]]
    default: str
    least: tuple[str, ...]
    clock: Callable[[C], str]
    hints: Mapping[type[ClewError], str] = field(default_factory=dict)
    loggers: tuple[str, ...] = ()
    shapes: Shapes = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    hook_ids: tuple[str, ...] = ()
    register_hook: Callable[[C, str, Clock], Awaitable[str]] | None = None
    check_hook: Callable[[C, str, Clock], AsyncIterator[Checked]] | None = None
    check: Callable[[C, Clock], AsyncIterator[Checked]] | None = None
    takes_runs: bool = False
    runs_nothing: bool = False


AnyPlatform = PlatformKind[Any]
