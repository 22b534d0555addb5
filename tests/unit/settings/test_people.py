"""Accounts of one person, as the settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError

SLACK, DISCORD = "slack:user:T01:U01ALICE", "discord:user:80351110224678912"


@pytest.mark.usefixtures("complete")
def test_people__by_ids(folder: Path) -> None:
    """Each name has its ids; the name is for whoever reads the file."""
    (folder / "clew.toml").write_text(
        f'[people]\nann = ["{SLACK}", "{DISCORD}"]\nbo = ["slack:user:T01:U02BO"]\n'
    )

    assert settings.load().groups == (frozenset({SLACK, DISCORD}), frozenset({"slack:user:T01:U02BO"}))


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('ann = ["ann"]', "This is not the id of a person."),
        ('ann = ["slack:usergroup:T01:S01"]', "This is not the id of a person."),
        ('ann = ["discord:role:11040:11041"]', "This is not the id of a person."),
        (f'ann = ["{SLACK}"]\nbo = ["{SLACK}"]', f"Two people have the id {SLACK}."),
        (f'ann = "{SLACK}"', "Give a list in square brackets"),
    ],
)
def test_people__wrong(folder: Path, table: str, said: str) -> None:
    """Names, groups and roles are nobody's account, and nobody is two people."""
    (folder / "clew.toml").write_text(f"[people]\n{table}\n")

    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert said in str(caught.value)
