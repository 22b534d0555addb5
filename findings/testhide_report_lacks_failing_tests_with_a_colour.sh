#!/usr/bin/env bash
# testhide-pytest-plugin 0.3.7 with pytest 9.2.0.
#
# Expected: a report of test results has every test that ran; whoever reads it sees what pytest says.
# Seen: a failing test whose message holds a colour code or a NUL is not in the report at all, and is not counted.
# pytest says 2 failed, 1 passed and exits 1; the report says 1 test, 0 failures. Messages of the kind are common:
# compilers, linters and assertion libraries colour theirs. pytest's own --junitxml writes the same messages escaped.
# Output seen:
#   pytest: exit 1, failed test_coloured test_nul
#   junitxml: tests=3 failures=2
#   testhide: tests=1 failures=0
#
# Where it concerns us: a build that Testhide calls failed and that has no failing test in its report is told as red, with
# the end of its log (bot/verdict.py). The simulated Testhide loses tests the same way (`lost`).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check testhide-pytest-plugin==0.3.7 pytest==9.2.0

cd "$folder"
cat > test_shop.py <<'PYTHON'
def test_coloured():
    raise RuntimeError("\x1b[31mpayment refused\x1b[0m")


def test_nul():
    raise RuntimeError("payment \x00 refused")


def test_good():
    pass
PYTHON
code=0
"$folder/venv/bin/pytest" -q -p no:cacheprovider --report-xml=testhide.xml --junitxml=junit.xml test_shop.py > said.txt || code=$?

"$folder/venv/bin/python" - "$code" <<'PYTHON'
import re
import sys
from xml.etree import ElementTree


def counts(path: str) -> tuple[str, str]:
    suite = next(ElementTree.parse(path).iter("testsuite"))
    return suite.get("tests", ""), suite.get("failures", "")


failed = re.findall(r"^FAILED test_shop.py::(\w+)", open("said.txt", encoding="utf-8").read(), re.MULTILINE)
print("pytest: exit", sys.argv[1] + ", failed", *failed)
for name, path in (("junitxml", "junit.xml"), ("testhide", "testhide.xml")):
    print("{}: tests={} failures={}".format(name, *counts(path)))
assert (sys.argv[1], failed) == ("1", ["test_coloured", "test_nul"]), failed
assert counts("junit.xml") == ("3", "2"), counts("junit.xml")
assert counts("testhide.xml") == ("1", "0"), counts("testhide.xml")
PYTHON
