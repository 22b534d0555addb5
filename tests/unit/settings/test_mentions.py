"""Whom posts mention, as the settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError

IN_SLACK = '[[mention]]\nchannel = "slack:channel:T01:C01"\n'
IN_DISCORD = '[[mention]]\nchannel = "discord:channel:11040:11043"\n'


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (f'{IN_SLACK}who = "@alice"', "who: This is not the id of a person or group. Give slack:user:"),
        (f'{IN_SLACK}who = "<!here>"', "who: This is not the id of a person or group."),
        (f'{IN_SLACK}who = "slack:team:T01"', "who: It cannot be mentioned."),
        (f'{IN_SLACK}who = "slack:channel:T01:C01"', "who: It cannot be mentioned."),
        (f'{IN_SLACK}who = "discord:user:11042"', "who: It is not of the channel's chat."),
        (f'{IN_SLACK}who = "slack:usergroup:T02:S01"', "who: It is not of the channel's chat."),
        (f'{IN_DISCORD}who = "discord:role:11040:11040"', "who: It cannot be mentioned."),
        (f'{IN_DISCORD}who = "discord:guild:11040"', "who: It cannot be mentioned."),
        (f'{IN_DISCORD}who = "discord:role:11041:11042"', "who: It is not of the channel's chat."),
        (f'{IN_SLACK}who = "slack:user:T01:U01"\nproperty = "**"', "property: It fits every name."),
        (
            f'{IN_SLACK}who = "slack:user:T01:U01"\nproperty = "a*"\noutcomes = ["incomplete"]',
            "outcomes: A property pattern is about failures.",
        ),
        (f'{IN_SLACK}who = "slack:user:T01:U01"\nconnection = "defalt"', "Did you mean “default”?"),
    ],
)
def test_mention__wrong(folder: Path, table: str, said: str) -> None:
    """Who cannot be meant is refused at start; everybody is nobody's name, however it is written."""
    (folder / "clew.toml").write_text(f"{table}\n")

    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert said in str(caught.value)


@pytest.mark.usefixtures("complete")
def test_mention__of_another_workspace(folder: Path) -> None:
    """A person of another workspace may read the channel all the same."""
    (folder / "clew.toml").write_text(f'{IN_SLACK}who = "slack:user:T02:U01"\n')

    assert [rule.who for rule in settings.load().mention_rules] == ["slack:user:T02:U01"]
