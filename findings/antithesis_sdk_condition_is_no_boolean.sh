#!/usr/bin/env bash
# Antithesis SDK for Python (PyPI "antithesis"), version 0.4.0, local output.
#
# Expected: `antithesis_assert.condition` is a JSON boolean, as the assertion's verdict is read from it.
# Seen: the SDK judges by truth, but writes the condition as it was given: `always([], …)` becomes `"condition": []`,
# `always(None, …)` becomes null, 0 stays 0, "" stays "" and a list that is not empty stays a list. A reader that asks
# for `condition === false` sees no failure in four failing assertions.
# Output seen: Always [] / Always 0 / Always null / Always "" / Always [1] / Always false
#
# Where it concerns us: a failing assertion is told as one whatever stands there (adapters/platforms/antithesis/events.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check antithesis==0.4.0

cat > "$folder/checks.py" <<'PYTHON'
from antithesis.assertions import always

for number, condition in enumerate(([], 0, None, "", [1], False)):
    always(condition, f"check {number}", {})
PYTHON
ANTITHESIS_SDK_LOCAL_OUTPUT="$folder/out.ndjson" "$folder/venv/bin/python" "$folder/checks.py" > /dev/null

"$folder/venv/bin/python" - "$folder/out.ndjson" <<'PYTHON'
import json
import sys

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
found = [line["antithesis_assert"] for line in lines if line.get("antithesis_assert", {}).get("hit")]
print(" / ".join(f"{body['display_type']} {json.dumps(body['condition'])}" for body in found))
assert [body["condition"] for body in found] == [[], 0, None, "", [1], False], "conditions are written in another way now"
PYTHON
