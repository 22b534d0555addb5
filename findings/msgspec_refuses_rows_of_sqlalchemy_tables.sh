#!/usr/bin/env bash
# SQLAlchemy (PyPI), version 2.1.9, rows of a `Table`, given to msgspec (PyPI), version 0.22.0, `convert`.
#
# Expected: a row as a dict (`row._mapping`, `row._asdict()`) has column names for keys, which are `str`; `msgspec.convert`
# makes a dataclass of a dict with `str` keys.
# Seen: the names of columns of a `Table` are `quoted_name`, a subclass of `str`, and so are the keys of every row that is
# selected from it. msgspec takes keys of exactly `str` and refuses the others, as if they were no text at all. The same
# statement written as `text()` gives plain `str` and is converted: code that worked on textual SQL breaks when the
# statement is written with the table. `json.dumps` and plain dataclass calls take both.
# Output seen:
#   text: str Row(a=1, b='x')
#   table: quoted_name refused: Expected `str` - at `key` in `$`
#   table, names made plain: Row(a=1, b='x')
#
# Where it concerns us: rows become values in one place, with plain names (adapters/store/codec.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlalchemy==2.1.9 msgspec==0.22.0

"$folder/venv/bin/python" - <<'PYTHON' > "$folder/output"
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa


@dataclass
class Row:
    a: int
    b: str


metadata = sa.MetaData()
table = sa.Table("t", metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Text))
engine = sa.create_engine("sqlite://")
with engine.begin() as connection:
    metadata.create_all(connection)
    connection.execute(table.insert(), {"a": 1, "b": "x"})
    textual = connection.execute(sa.text("SELECT a, b FROM t")).one()._asdict()
    built = connection.execute(sa.select(table)).one()._asdict()

print("text:", type(next(iter(textual))).__name__, msgspec.convert(textual, Row))
try:
    print("table:", msgspec.convert(built, Row))
except msgspec.ValidationError as error:
    print("table:", type(next(iter(built))).__name__, "refused:", error)
print("table, names made plain:", msgspec.convert({str(name): value for name, value in built.items()}, Row))
PYTHON

diff - "$folder/output" <<'SEEN'
text: str Row(a=1, b='x')
table: quoted_name refused: Expected `str` - at `key` in `$`
table, names made plain: Row(a=1, b='x')
SEEN
cat "$folder/output"
