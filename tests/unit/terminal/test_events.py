from __future__ import annotations

import pytest

from adapters.chat.terminal.events import (
    Action,
    CommandText,
    Enter,
    Nothing,
    Press,
    Quit,
    invocation,
    read,
)
from bot.access import Allowed, Policy, Role
from bot.authorization import decide
from tests.fakes.runs import EPOCH


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("", Nothing()),
        ("  \t ", Nothing()),
        ("status latest", CommandText("status latest")),
        ("  status  ", CommandText("status")),
        ("/clew status", CommandText("status")),
        ("@Clew  logs", CommandText("logs")),
        ("clew quit", Quit()),
        ("clewed up", CommandText("clewed up")),
        ("/clew", CommandText("/clew")),
        ("3", Press(3)),
        ("[12]", Press(12)),
        ("#2", Enter("2")),
        ("# 2", Enter("2")),
        ("#2.1", Enter("2")),
        ("#", Enter(None)),
        ("#2 logs window=20", CommandText("logs window=20", "2")),
        ("#2.1 logs", CommandText("logs", "2")),
        ("quit", Quit()),
        ("EXIT", Quit()),
        ("#two logs", CommandText("#two logs")),
        ("# logs", CommandText("# logs")),
        ("3 4", CommandText("3 4")),
        ("٣", CommandText("٣")),
        ("1234567890", CommandText("1234567890")),
        ("https://acme.antithesis.com/report/x", CommandText("https://acme.antithesis.com/report/x")),
    ],
)
def test_read__line(line: str, action: Action) -> None:
    """A line is read as help at the prompt says; what is not ours goes to the handler as it is."""
    assert action == read(line)


def test_invocation__the_person_is_admin() -> None:
    """Whoever sits at the terminal may do everything, whatever the settings say of others."""
    asked = invocation("launch", thread=None, key="k", at=EPOCH)
    policy = Policy(roles={Role.ADMIN: frozenset({"slack:user:T1:U1"})})

    assert decide(policy, asked.actor, asked.place, need=Role.ADMIN, changes=True) == Allowed("terminal")


def test_invocation__is_never_cut() -> None:
    """The core refuses what is too long with a sentence, so it has to see that it is."""
    assert len(invocation("x" * 100_000, thread=None, key="k", at=EPOCH).text) == 100_000
