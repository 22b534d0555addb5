#!/usr/bin/env bash
# asyncpg 0.32.0, reading the connection string of a managed PostgreSQL.
#
# Expected: `connect_timeout` and `keepalives_idle` are libpq's own, documented for connection strings, and concern the
# client alone; asyncpg reads libpq's strings, so it obeys, ignores or refuses them.
# Seen: it takes every query parameter that it does not know for a server setting and sends it in the startup message.
# No server knows such settings, so connecting fails with an error of the server's that reads like a fault in its
# configuration; `connect_timeout` limits nothing. (`sslmode`, which it knows, stays with the client.)
# Output seen: sent to the server: application_name=clew, connect_timeout=5, keepalives_idle=30
#
# Where it concerns us: `DATABASE_URL` is read by ourselves, each parameter obeyed or refused by name
# (adapters/configuration/database.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check asyncpg==0.32.0

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import struct

import asyncpg

settings: dict[str, str] = {}


async def read_startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    message = await reader.readexactly(length - 4)
    texts = message[4:].decode().split("\0")  # behind the protocol's version: name, value, name, value, …
    settings.update(zip(texts[::2], texts[1::2], strict=False))
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(read_startup, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = "sslmode=disable&connect_timeout=5&keepalives_idle=30&application_name=clew"
    try:
        await asyncpg.connect(f"postgresql://clew:secret@127.0.0.1:{port}/clew?{given}")
    except (asyncpg.PostgresError, OSError):
        pass  # this server only listens
    server.close()
    ours = {name: settings[name] for name in sorted(settings) if name not in {"", "user", "database", "client_encoding"}}
    print("sent to the server:", ", ".join(f"{name}={value}" for name, value in ours.items()))
    assert ours == {"application_name": "clew", "connect_timeout": "5", "keepalives_idle": "30"}, ours


asyncio.run(main())
PYTHON
