"""Ids in the addresses of a platform's pages, by the shape that each kind of platform gives its ids."""

from __future__ import annotations

import re

import pytest

from adapters.platforms.ai_test_harness.ids import IN_ADDRESS as EXECUTIONS
from adapters.platforms.automated_future.ids import IN_ADDRESS as REPORTS
from adapters.platforms.http.ids import read_in_address
from adapters.platforms.testhide.ids import IN_ADDRESS as BUILDS

MONGO = "65a1b2c3d4e5f60718293a4b"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://ci.example.com/builds/1092", "1092"),
        ("https://CI.example.com/builds/1092/", "1092"),
        ("https://ci.example.com:8443/api/v3/builds/1092/tests?page=2", "1092"),
        ("https://ci.example.com/#/jobs/55/build/1092", "1092"),
        ("https://ci.example.com/api/v3/report/1092", "1092"),
        ("https://ci.example.com/tests?limit=5&build_id=1092", "1092"),
        (f"https://ci.example.com/builds/{MONGO}", MONGO),
        ("https://ci.example.com/builds/1090/compare/builds/1092", "1092"),
        ("https://git.example.com/builds/1092", None),
        ("https://ci.example.com.evil.test/builds/1092", None),
        ("https://evil.test/ci.example.com/builds/1092", None),
        ("https://ci.example.com@evil.test/builds/1092", None),
        ("https://ci.example.com/builds/1092abc", None),
        ("https://ci.example.com/builds/../users/1", None),
        ("https://ci.example.com/rebuilds/1092", None),
        ("https://ci.example.com/jobs/55", None),
        ("https://[ci/builds/1092", None),
    ],
)
def test_address__of_numbers(address: str, found: str | None) -> None:
    """A number is a build's only on the server's own host and behind the word for it."""
    assert read_in_address("https://ci.example.com/api/v3", BUILDS)(address) == found


@pytest.mark.parametrize(
    ("shape", "address", "found"),
    [
        (EXECUTIONS, "https://api.example.com/v1/executions/exec_xyz789", "exec_xyz789"),
        (EXECUTIONS, "https://app.example.com/team/exec_xyz789?tab=failures", "exec_xyz789"),
        (EXECUTIONS, "https://app.example.com/agents/agent_exec_1", None),
        (EXECUTIONS, "https://app.example.org/executions/exec_xyz789", None),
        (REPORTS, "https://app.example.com/run/run_1a/result/res_2b", "res_2b"),
        (REPORTS, "https://app.example.com/run/run_1a#top", "run_1a"),
        (REPORTS, "https://app.example.com/project/project_1a", None),
    ],
)
def test_address__of_ids_that_say_whose_they_are(
    shape: re.Pattern[str], address: str, found: str | None
) -> None:
    """Their pages may be on another host of the domain than the API is."""
    assert read_in_address("https://api.example.com/v1", shape, beside=True)(address) == found


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("http://127.0.0.1:8000/v1", "http://10.0.0.1/exec_1"),
        ("https://example.com/v1", "https://other.com/exec_1"),
        ("https://localhost/v1", "https://elsewhere/exec_1"),
    ],
)
def test_address__no_domain_is_shared(base: str, address: str) -> None:
    """Neither numbers of hosts nor the last part of a name are a domain that two have in common."""
    assert read_in_address(base, EXECUTIONS, beside=True)(address) is None
