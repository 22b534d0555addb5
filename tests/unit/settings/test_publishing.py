"""A connection to Automated Future, and the rules by which runs are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.configuration.problems import SettingsError
from adapters.platforms.automated_future.settings import ADDRESS, Team
from adapters.settings import load
from bot.state import Outcome, PublishRule

TWO = """
[[connection]]
name = "prod"
tenant = "acme"
api_key = "antithesis-key-1"

[[connection]]
name = "af"
kind = "automated-future"
api_key = "af-key-123456"
project = "project_abc123"
"""


def _problems(folder: Path, text: str) -> list[str]:
    (folder / "clew.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load()
    return [str(problem) for problem in caught.value.problems]


def test_team__from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key alone is enough; the vendor's whole address is the default, and no channel changes by it."""
    monkeypatch.setenv("AUTOMATED_FUTURE_API_KEY", "af-key-123456")

    [team] = load().connections

    assert isinstance(team, Team)
    assert (team.name, team.address, team.project) == ("automated-future", ADDRESS, None)
    assert not team.notified_by_default
    assert team.api_key.reveal() == "af-key-123456"


def test_team__path_is_kept(folder: Path) -> None:
    """An address of one's own keeps its path."""
    (folder / "clew.toml").write_text(
        TWO + 'base_url = "https://af.corp.example/v1/test/"\nmax_results = 20\n'
    )

    team = load().connections[1]

    assert isinstance(team, Team)
    assert (team.address, team.max_results) == ("https://af.corp.example/v1/test", 20)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("max_results = 0", "connection 2, max_results"),
        ("max_results = 5000", "connection 2, max_results"),
        ("projects = [1]", "belongs to kind testhide"),
        ('allow_http = "perhaps"', "connection 2, allow_http"),
    ],
)
def test_team__wrong(folder: Path, row: str, said: str) -> None:
    """What is wrong is named with its place."""
    assert any(said in problem for problem in _problems(folder, f"{TWO}{row}\n"))


def test_team__wrong_project(folder: Path) -> None:
    """An address is not the id of a project."""
    text = TWO.replace("project_abc123", "https://app/project/abc")

    assert any("This is not the id of a project." in problem for problem in _problems(folder, text))


def test_rule__as_the_core_knows_it(folder: Path) -> None:
    """`from`, `to` and the outcomes; all ends where none are named, and the same while Clew is read-only, as that can end at any time."""
    rule = '[[publish]]\nfrom = "prod"\nto = "af"\n'
    (folder / "clew.toml").write_text(f'{TWO}{rule}{rule}outcomes = ["failures"]\n')

    loaded = load()

    assert loaded.publish_rules == (
        PublishRule(source="prod", target="af"),
        PublishRule(source="prod", target="af", outcomes=frozenset({Outcome.FAILURES})),
    )
    (folder / "clew.toml").write_text(f"read_only = true\n{TWO}{rule}")
    assert load().publish_rules == (PublishRule(source="prod", target="af"),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('from = "prod"\nto = "of"', "publish 1, to: Unknown connection. Allowed here: af, prod."),
        ('from = "prood"\nto = "af"', "publish 1, from: Unknown connection. Did you mean “prod”?"),
        (
            'from = "af"\nto = "prod"',
            "publish 1, to: Runs cannot be published into a connection of kind antithesis.",
        ),
        (
            'from = "af"\nto = "af"',
            "publish 1, to: Runs cannot be published into the connection they are of. Name another one.",
        ),
        ('to = "af"', "publish 1, from"),
        ('from = "prod"\nto = "af"\noutcomes = ["al"]', "publish 1, outcomes"),
    ],
)
def test_rule__wrong(folder: Path, rule: str, said: str) -> None:
    """A rule that could never work is refused at start, with what helps."""
    found = _problems(folder, f"{TWO}[[publish]]\n{rule}\n")

    assert any(said in problem for problem in found), found
