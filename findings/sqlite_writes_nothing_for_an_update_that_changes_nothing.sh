#!/usr/bin/env bash
# SQLite 3.54.1 (bundled with apsw 3.54.1.0), WAL, synchronous=FULL, on a disk that takes no byte more (simulated by
# RLIMIT_FSIZE, which fails every write as a full disk does).
#
# Expected: a probe that asks "can this database be written?" by `UPDATE t SET x = x` in BEGIN IMMEDIATE … COMMIT fails
# on a full disk, since it reports one changed row.
# Seen: it reports one changed row and commits, because a cell that stays as it was dirties no page, so nothing is
# written at all. An update that changes the value fails at once.
# Output seen: same value: committed, 1 row changed; other value: IOError
#
# Where it concerns us: /readyz and the auditor count a row up to find out whether anything can be written
# (adapters/store/condition.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.54.1.0

"$folder/venv/bin/python" - "$folder/probe.db" <<'PYTHON'
import resource
import sys

import apsw


def probe(db: apsw.Connection, statement: str) -> str:
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute(statement)
        changed = db.changes()
        db.execute("COMMIT")
    except (apsw.IOError, apsw.FullError) as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        return type(error).__name__
    return f"committed, {changed} row changed"


db = apsw.Connection(sys.argv[1])
db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
db.execute("CREATE TABLE probe (id INTEGER PRIMARY KEY, x INTEGER); INSERT INTO probe VALUES (1, 7)")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
same = probe(db, "UPDATE probe SET x = x")
other = probe(db, "UPDATE probe SET x = x + 1")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(f"same value: {same}; other value: {other}")
assert same == "committed, 1 row changed", same
assert other in {"IOError", "FullError"}, other
PYTHON
