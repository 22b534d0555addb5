"""A connection to PostgreSQL that finds out when the server is gone without a word.

After a failover, or behind a firewall that forgot a connection, nothing comes back and nothing is refused. The system
tries for a quarter of an hour then to send what was written, and waits for ever for what should come. asyncpg leaves
that as it is; libpq has `keepalives` and `tcp_user_timeout` for it, and so does this.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it brings no types

IDLE, BETWEEN, TRIES = 10, 5, 2  # seconds without a word, then so many questions so far apart
GONE_AFTER = IDLE + BETWEEN * TRIES  # seconds; what was sent and not taken is waited for as long

# Not every system has each of them under each name.
OPTIONS = {
    "TCP_KEEPIDLE": IDLE,
    "TCP_KEEPALIVE": IDLE,  # macOS
    "TCP_KEEPINTVL": BETWEEN,
    "TCP_KEEPCNT": TRIES,
    "TCP_USER_TIMEOUT": GONE_AFTER * 1000,  # milliseconds
}


class Watched(asyncpg.Connection):  # type: ignore[misc]  # it brings no types
    """A connection whose socket asks whether the other side is still there."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: asyncio.Transport, *others: Any) -> None:
        super().__init__(protocol, transport, *others)
        watch(transport.get_extra_info("socket"))


def watch(connection: socket.socket | None) -> None:
    """Let a socket over TCP fail once the other side has been silent for `GONE_AFTER` seconds."""
    if connection is None or connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in OPTIONS.items():
        if (number := getattr(socket, name, None)) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, number, value)
