"""What the settings expect of launchers."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from adapters import settings
from bot.calendar import WEEKDAYS
from bot.state import Expectation
from tests.unit.settings.test_settings import one_problem

CHANNEL = 'channel = "slack:channel:T01:C01"\n'
LEAST = f'[[expect]]\n{CHANNEL}launcher = "Payments Nightly"\n'
SECOND = '[[connection]]\nname = "lab"\nbase_url = "http://localhost:8123"\napi_key = "k"\n'


@pytest.mark.usefixtures("complete")
def test_load__expect(folder: Path) -> None:
    """All that a chat can say; of the only connection where none is named."""
    more = 'source = "main"\nby = "3am"\nafter = "22:30"\nzone = "europe/berlin"\ndays = "weekdays"\n'
    (folder / "clew.toml").write_text(LEAST + LEAST + more)
    least = Expectation(
        channel="slack:channel:T01:C01", connection="default", launcher="Payments Nightly", from_settings=True
    )
    full = Expectation(
        channel="slack:channel:T01:C01", connection="default", launcher="Payments Nightly", source="main",
        by=time(3), begins=time(22, 30), zone="Europe/Berlin", days=WEEKDAYS, from_settings=True,
    )  # fmt: skip

    assert settings.load().expectations == (least, full)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'{LEAST}by = "25:00"', "clew.toml, expect 1, by: "),
        (f"{LEAST}by = 03:00:00", "clew.toml, expect 1, by: This is not text. Put it in quotation marks."),
        (f'{LEAST}zone = "Europe/Berln"', "Europe/Berlin"),
        (f'{LEAST}days = "someday"', "clew.toml, expect 1, days: "),
        (f'{LEAST}by = "03:00"\nafter = "03:00"', "Give an earlier time than “by”."),
        (f'{LEAST}after = "03:00"', "clew.toml, expect 1, after: "),
        (f'{LEAST}connection = "defalt"', "Did you mean “default”?"),
        (f"{SECOND}{LEAST}", "clew.toml, expect 1, connection: It is missing, and there are several."),
        (f"[[expect]]\n{CHANNEL}", "clew.toml, expect 1, launcher: It is missing."),
    ],
)
def test_load__what_is_wrong_with_it(folder: Path, content: str, said: str) -> None:
    """In the place where it stands, with what helps."""
    (folder / "clew.toml").write_text(content)

    assert said in one_problem()
