"""The tables that say how channels are notified, whatever of."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError
from bot.calendar import WEEKDAYS
from bot.state import ChannelSettings

IN_SLACK = '[[channel]]\nchannel = "slack:channel:T01:C01"\n'


@pytest.mark.usefixtures("complete")
def test_channel__is_read(folder: Path) -> None:
    """All of it; what is left out is as in a channel of which nobody said anything."""
    (folder / "clew.toml").write_text(
        f'{IN_SLACK}zone = "europe/berlin"\nquiet = "22:00-7am"\ndigest = "08:00"\ndigest_days = "mon-fri"\ndigest_empty = true\n'
        '[[channel]]\nchannel = "discord:channel:11040:11043"\n'
    )

    full, bare = settings.load().channel_settings

    assert full == ChannelSettings(
        channel="slack:channel:T01:C01", zone="Europe/Berlin", quiet_from=time(22), quiet_to=time(7),
        digest=time(8), digest_days=WEEKDAYS, digest_empty=True, from_settings=True,
    )  # fmt: skip
    assert bare == ChannelSettings(channel="discord:channel:11040:11043", from_settings=True)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('zone = "Berlin"', "Did you mean “Europe/Berlin”?"),
        ('zone = "Mars/Base"', "that is not a time zone"),
        ('quiet = "22:00"', "it must be two times of day"),
        ('quiet = "07:00-07:00"', "it ends when it starts"),
        ('quiet = "22:00-07:00"\ndigest = "06:59"', "in the quiet hours from 22:00 to 07:00"),
        ('digest = "25:00"', "it must be a time of day"),
        ("digest = 8", "This is not text."),
        ('digest_days = "someday"', "it must be days of the week"),
        (IN_SLACK, "slack:channel:T01:C01 is there twice."),
    ],
)
def test_channel__wrong(folder: Path, lines: str, said: str) -> None:
    """Each mistake is said with the way to give it right."""
    (folder / "clew.toml").write_text(f"{IN_SLACK}{lines}\n")

    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert said in str(caught.value)


@pytest.mark.usefixtures("complete")
def test_channel__of_a_chat_that_is_off(folder: Path) -> None:
    """Every table that names one says so, once for a chat, since what it says goes nowhere."""
    of_slack = 'channel = "slack:channel:T01:C01"\n'
    (folder / "clew.toml").write_text(
        f"[[watch]]\n{of_slack}[[watch]]\n{of_slack}"
        f'[[mention]]\n{of_slack}who = "slack:user:T01:U01"\n'
        f'[[expect]]\n{of_slack}launcher = "Nightly"\n[[channel]]\n{of_slack}'
        '[[watch]]\nchannel = "discord:channel:11040:11043"\n'
    )

    off = "which is off, so nothing is posted there"
    assert settings.load().warnings == (
        f"[[watch]], [[mention]], [[expect]] and [[channel]] name channels of slack, {off}: set SLACK_BOT_TOKEN.",
        f"[[watch]] names channels of discord, {off}: set DISCORD_TOKEN.",
    )


@pytest.mark.usefixtures("complete")
def test_channel__of_a_chat_that_is_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is to be said then."""
    monkeypatch.setenv("DISCORD_TOKEN", "token-of-a-bot")
    (folder / "clew.toml").write_text('[[watch]]\nchannel = "discord:channel:11040:11043"\n')

    assert not any("is off" in warning for warning in settings.load().warnings)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('digest = "25:00"', 'Examples: digest = "08:00", digest = "8am"'),
        ('zone = "Mars/Base"', "zone = "),
        ('quiet = "22:00"', 'quiet = "22:00-07:00"'),
        ('digest_days = "someday"', "digest_days = "),
        ('quiet = "22:00-07:00"\ndigest = "06:59"', "Let it come at 07:00 or later"),
    ],
)
def test_channel__mistakes_are_said_as_the_file_is_written(folder: Path, lines: str, said: str) -> None:
    """A command's `digest=08:00` is no TOML: whoever copies it makes the next mistake."""
    (folder / "clew.toml").write_text(f"{IN_SLACK}{lines}\n")

    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert said in str(caught.value)
    assert re.search(r"\w=", str(caught.value)) is None
