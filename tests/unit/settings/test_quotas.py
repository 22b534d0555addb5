"""What the settings say of how much may be started on a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.access import policy_of
from bot.quotas import Quota
from bot.state import Per
from tests.unit.settings.test_settings import one_problem

ANN, ANNS_OTHER = "slack:user:T01:U01", "discord:user:80351110224678912"
EACH = '[[quota]]\nper = "channel"\nruns = 5\n'
ANNS = f'[[quota]]\nperson = "{ANN}"\nruns = 20\n'


@pytest.mark.usefixtures("complete")
def test_load__quotas(folder: Path) -> None:
    """For each of a kind, or for one of it, in runs, in minutes or in both; they are part of what one may do."""
    (folder / "clew.toml").write_text(
        f'{EACH}minutes = 120\nzone = "europe/berlin"\nunknown_minutes = 60\n{ANNS}'
        '[[quota]]\nlauncher = "Payments Nightly"\nminutes = 0\n'
        '[[quota]]\nconnection = "default"\nruns = 100\n'
        '[[quota]]\nchannel = "slack:channel:T01:C01"\nruns = 7\n'
    )
    loaded = settings.load()

    assert policy_of(loaded).quotas == (
        Quota(per=Per.CHANNEL, runs=5, minutes=120, zone="Europe/Berlin", untimed=60),
        Quota(per=Per.PERSON, of=ANN, runs=20),
        Quota(per=Per.LAUNCHER, of="Payments Nightly", minutes=0),
        Quota(per=Per.CONNECTION, of="default", runs=100),
        Quota(per=Per.CHANNEL, of="slack:channel:T01:C01", runs=7),
    )
    assert [w for w in loaded.warnings if "quota" in w] == [
        "A [[quota]] for launcher Payments Nightly is 0: it allows no run at all."
    ]


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[quota]]\nruns = 5", "clew.toml, quota 1: It does not say whose quota it is. Name one person or channel"),
        (f'{EACH}person = "{ANN}"', "clew.toml, quota 1: It names per and person. Write a [[quota]] for each."),
        (f'{ANNS}launcher = "x"', "clew.toml, quota 1: It names person and launcher."),
        ('[[quota]]\nper = "channel"', "clew.toml, quota 1: It limits nothing. Give runs, minutes, or both."),
        ('[[quota]]\nper = "day"\nruns = 5', "clew.toml, quota 1, per: "),
        ('[[quota]]\nper = "channel"\nruns = -1', "clew.toml, quota 1, runs: It is negative. Give a number from 0, which"),
        ('[[quota]]\nper = "channel"\nminutes = 2000000', "clew.toml, quota 1, minutes: It is too large."),
        ('[[quota]]\nper = "channel"\nruns = true', "clew.toml, quota 1, runs: This is not a whole number."),
        ('[[quota]]\nper = "channel"\nruns = "5"', "clew.toml, quota 1, runs: This is not a whole number."),
        ('[[quota]]\nper = "channel"\nminutes = 0.5', "clew.toml, quota 1, minutes: This is not a whole number."),
        (f"{EACH}unknown_minutes = 5", "clew.toml, quota 1: Its unknown_minutes have no use without minutes."),
        (f'{EACH}zone = "Europe/Berln"', "Europe/Berlin"),
        (f'{EACH}zone = "CET-1"', "clew.toml, quota 1, zone: "),
        ('[[quota]]\nperson = "alice"\nruns = 5', "clew.toml, quota 1, person: This is not the id of a person."),
        ('[[quota]]\nchannel = "#ops"\nruns = 5', "clew.toml, quota 1, channel: This is not a channel id."),
        ('[[quota]]\nlauncher = ""\nruns = 5', "clew.toml, quota 1, launcher: "),
        ('[[quota]]\nconnection = "defalt"\nruns = 5', "Did you mean “default”?"),
        (f"{EACH}{EACH}", "clew.toml, quota: Two quotas are for each channel. Write one [[quota]] with all its limits."),
        (f"{ANNS}{ANNS}", f"clew.toml, quota: Two quotas are for person {ANN}."),
        (f'{ANNS}[[quota]]\nperson = "{ANNS_OTHER}"\nruns = 5\n[people]\nann = ["{ANN}", "{ANNS_OTHER}"]',
         f"clew.toml, quota: Two quotas are for person {ANNS_OTHER}."),
        ('[[quota]]\nlauncher = "A"\nruns = 5\n[[quota]]\nlauncher = "a"\nminutes = 5', "Two quotas are for launcher a."),
        ("[quota]\nruns = 5", "clew.toml, quota: "),
    ],
)  # fmt: skip
def test_load__what_is_wrong_with_a_quota(folder: Path, content: str, said: str) -> None:
    """In the place where it stands, with what helps."""
    (folder / "clew.toml").write_text(content)

    assert said in one_problem()


@pytest.mark.usefixtures("complete")
def test_load__a_quota_that_limits_nothing(folder: Path) -> None:
    """Where nothing runs a quota is of no use, and that is said."""
    (folder / "clew.toml").write_text(
        '[[connection]]\nname = "af"\nkind = "automated-future"\napi_key = "k"\nproject = "p"\n'
        '[[quota]]\nconnection = "af"\nruns = 0\n'
    )

    assert [w for w in settings.load().warnings if "quota" in w] == [
        "A [[quota]] for connection af limits nothing: it takes records, and runs nothing."
    ]
