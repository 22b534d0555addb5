"""What the settings say of each outside thing, once they are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.cards import ReportLinks
from bot.model import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One test platform's tenant. The key opens everything; `username` and `password` only the launches."""

    name: str
    kind: str = "antithesis"
    base_url: str
    tenant: str | None = None
    api_key: Secret
    username: str | None = None
    password: Secret | None = None
    proxy: str | None = None
    report_links: ReportLinks = ReportLinks.POST
    launchers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """How to reach Slack; with `app_token` by Socket Mode, else signed HTTP."""

    bot_token: Secret
    app_token: Secret | None = None
    signing_secret: Secret | None = None
    api_url: str | None = None
    workspaces: frozenset[str] = frozenset()
    listen: tuple[str, int] = ("127.0.0.1", 3000)  # signed HTTP only


@dataclass(frozen=True, slots=True, kw_only=True)
class Discord:
    """How to reach Discord."""

    token: Secret
    api_url: str | None = None
    gateway_url: str | None = None
    proxy: str | None = None
    guilds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Where an operator is told what needs a person. `heartbeat`: an address that is pinged while all is well."""

    channel: str | None = None
    heartbeat: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where the chat in the terminal keeps what it needs after a restart."""

    transcript: Path = Path("clew-terminal.jsonl")
    history: Path = Path("clew-history")
