"""What a run's parameters say of the code that it code, and which addresses of theirs become links."""

from __future__ import annotations

import json

import pytest

from adapters.platforms.antithesis.decode import RunBody, run_of
from adapters.platforms.antithesis.vcs import code_of
from adapters.platforms.http.lenient import read_struct
from bot.model import Code
from tests.fakes.runs import run_id

SHA = "589ac27f3b1d2c4e5f60718293a4b5c6d7e8f901"
ACTION = {
    "vcs.system_name": "git",
    "vcs.repo_type": "github",
    "vcs.repo_owner": "acme",
    "vcs.repo_name": "shop",
    "vcs.repo_branch": "retry",
    "vcs.version_id": SHA,
    "vcs.version_link": f"https://github.com/acme/shop/commit/{SHA}",
    "vcs.pr_id": "412",
    "vcs.pr_link": "https://github.com/acme/shop/pull/412",
    "vcs.pr_title": "Retry checkout",
    "vcs.pr_owner": "mira.okafor",
    "antithesis.images": "registry.example/shop:1.4;registry.example/db:9",
}
"""As the trigger of a workflow sends them."""


def test_tested__is_all_that_a_workflow_sends() -> None:
    """Commit, branch, pull request, author and images, with the two pages."""
    assert code_of(ACTION) == Code(
        commit=SHA,
        commit_page=ACTION["vcs.version_link"],
        branch="retry",
        pull="412",
        pull_page=ACTION["vcs.pr_link"],
        pull_title="Retry checkout",
        author="mira.okafor",
        images=("registry.example/shop:1.4", "registry.example/db:9"),
    )


def test_tested__is_nothing_without_parameters() -> None:
    """A run that was started by hand says nothing of code."""
    assert code_of({"antithesis.duration": "30"}) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/shop/pull/412",
        "javascript://github.com/acme/shop/pull/412",
        "https://github.com.evil.example/acme/shop/pull/412",
        "https://evil.example/acme/shop/pull/412",
        "https://evil-github.example/acme/shop/pull/412",
        "https://me@github.com/acme/shop/pull/412",
        "https://github.com:8443/acme/shop/pull/412",
        "https://github.com/acme/shop/pull/412?token=x",
        "https://github.com/acme/shop/pull/412#x",
        "https://github.com/acme/../other/pull/412",
        "https://github.com/other/shop/pull/412",
        "https://github.com/acme/shop/pull/412|x>",
        "https://github.com/acme/shop/" + "x" * 500,
        "https://[github.com/acme/shop",
        "https://gith\u00fcb.com/acme/shop/pull/412",
        "412",
        "",
    ],
)
def test_page__is_a_link_only_to_the_host_and_repository_that_are_named(url: str) -> None:
    """Over https, and nothing but a path; any other address is passed over, and what it is of is named all the same."""
    found = code_of(ACTION | {"vcs.pr_link": url})

    assert found is not None
    assert (found.pull, found.pull_page) == ("412", None)


@pytest.mark.parametrize(
    ("kind", "host", "linked"),
    [
        ("github", "github.acme.example", False),
        ("GitHub", "github.com", True),
        ("git.acme.example", "git.acme.example", True),
        ("gitlab", "github.com", False),
        ("", "github.com", True),
        ("", "git.acme.example", False),
    ],
)
def test_page__of_ones_own_host_has_its_name(kind: str, host: str, linked: bool) -> None:
    """A company's own host is named whole; without any name only public ones are known."""
    found = code_of(ACTION | {"vcs.repo_type": kind, "vcs.pr_link": f"https://{host}/acme/shop/pull/412"})

    assert found is not None
    assert (found.pull_page is not None) is linked


def test_tested__odd_values_stay_short_text() -> None:
    """Five hundred characters, mentions, several lines and numbers cost only themselves."""
    odd = code_of(dict.fromkeys(ACTION, "<!channel>\n@everyone " + "x" * 500))

    assert odd is not None
    assert (odd.pull, odd.pull_page, odd.commit_page) == ("", None, None)
    assert max(map(len, (odd.commit, odd.branch, odd.pull_title, odd.author, *odd.images))) <= 80


def test_run__has_them_whatever_their_type() -> None:
    """The number of a pull request is sent as a number."""
    body = {"run_id": run_id(1), "status": "completed", "parameters": ACTION | {"vcs.pr_id": 412}}
    read = read_struct(json.dumps(body).encode(), RunBody)
    assert read is not None
    run = run_of(read, connection="demo", origin="https://demo.antithesis.com")

    assert run is not None
    assert run.code == code_of(ACTION)
    assert run.commit == SHA
