"""Whether somebody else receives with our app token, from what Slack counts and what is ours."""

from __future__ import annotations

from adapters.chat.slack.strangers import LASTING, LOOKS, Strangers
from tests.fakes.clock import ManualClock


def told(strangers: Strangers, counted: int, *elsewhere: int) -> str | None:
    """Let Slack count while two are ours, and look as often as it takes at what others of ours have."""
    strangers.hello(counted, 2)
    for number in [*elsewhere, *[elsewhere[-1]] * LOOKS][:LOOKS]:
        said = strangers.look(number)
    return said


def test_look__all_are_ours() -> None:
    """Also those that other programs of ours have opened just now, and tell of a little later."""
    strangers = Strangers(ManualClock())

    assert strangers.look(2) is None, "nobody has counted yet"
    assert told(strangers, 2, 0) == ""
    assert told(strangers, 6, 2, 3, 4) == ""
    assert told(strangers, 1, 0) == ""


def test_look__more_and_again_minutes_later() -> None:
    """Those that broke a moment ago may still be counted; who is there later too is somebody, until Slack counts fewer."""
    clock = ManualClock()
    strangers = Strangers(clock)

    assert [told(strangers, 5, 1), told(strangers, 5, 1)] == [None, None]
    clock.pass_time(LASTING)
    assert "2 connections of this app" in (told(strangers, 5, 1) or "")
    assert "1 connection of this app" in (told(strangers, 4, 1) or "")
    assert told(strangers, 3, 1) == ""
    clock.pass_time(LASTING)
    assert told(strangers, 4, 1) == "", "for the first time since"
