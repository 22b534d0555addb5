"""The report that the build agent reads, "Testhide Report Format v1", with the traps that its plugins have."""

from __future__ import annotations

import hashlib
from xml.etree import ElementTree as ET

from adapters.simulator.common.ids import timestamp
from adapters.simulator.testhide.build import FAILED, Build, Result


def report_file(build: Build) -> bytes:
    """Return `junittests.xml` of a build that has ended.

    An expected failure is a `<failure>` called Known Issue, and counts as one; lost tests are not there.
    """
    results = () if build.ended_at is None else build.results(build.ended_at)
    expected = {result.node_id for result in results if result.node_id in build.plan.expected}
    failures = sum(result.status == FAILED or result.node_id in expected for result in results)
    skipped = sum(result.status == "skipped" and result.node_id not in expected for result in results)
    suite = ET.Element("testsuite", name="pytest", hostname="agent", timestamp=timestamp(build.created_at))
    suite.attrib |= {
        "tests": str(len(results)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(skipped),
    }
    suite.set("time", f"{sum(result.duration_ms for result in results) / 1000:.3f}")
    _properties(
        suite, testhide_schema_version="1", hostname="agent", build=str(build.number), branch=build.branch
    )
    for result in sorted(results, key=lambda result: hashlib.md5(result.node_id.encode()).digest()):  # noqa: S324 - the plugin's order
        suite.append(_case(result, expected=result.node_id in expected))
    whole = ET.Element("testsuites")
    whole.append(suite)
    written: bytes = ET.tostring(whole, encoding="utf-8", xml_declaration=True)
    return written


def _case(result: Result, *, expected: bool) -> ET.Element:
    path, _, name = result.node_id.partition("::")
    owner, _, function = name.rpartition("::")
    module = path.removesuffix(".py").replace("/", ".")
    classname = (
        f"{module}.{owner}" if owner else module.rpartition(".")[2]
    )  # at module level, the folder is missing
    case = ET.Element("testcase", classname=classname, name=function, file=path, line="1")
    case.set("time", f"{result.duration_ms / 1000:.3f}")
    case.set("fail_id", "")
    case.set("test_resolution", "Passed")
    if expected:
        _failed(case, result, "Known Issue", "expected to fail")
    elif result.status == FAILED:
        _failed(case, result, "Unresolved", result.message or "")
    elif result.status == "skipped":
        case.set("test_resolution", "Skipped")
        ET.SubElement(case, "skipped", type="pytest.skip", message=result.message or "")
    _properties(case, nodeid=result.node_id)
    return case


def _failed(case: ET.Element, result: Result, resolution: str, message: str) -> None:
    case.set("test_resolution", resolution)
    named = f"{case.get('classname')}.{case.get('name', '').partition('[')[0]}.{message}"
    case.set("fail_id", hashlib.md5(named.encode()).hexdigest())  # noqa: S324 - what the format says
    failure = ET.SubElement(case, "failure", message=message)
    failure.text = f"{result.suite}:1: {message}"


def _properties(parent: ET.Element, **values: str) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=value)
