from __future__ import annotations

import io

from adapters.chat.terminal.app import TerminalChat
from adapters.cli.tour import NOT_DONE, Tour
from bot.access import Policy
from tests.fakes.runs import a_run
from tests.fakes.stage import Stage
from tests.unit.terminal.cards import a_chat, a_screen


def a_tour(stage: Stage) -> tuple[Tour, io.StringIO]:
    screen, stream = a_screen()
    terminal = TerminalChat(a_chat(screen), stage.handler, stage.clock)
    return Tour(terminal.receiver, terminal.chat, patience=0.01), stream


async def test_play__says_what_did_not_happen() -> None:
    """Where nothing watches the launched run, the tour says so and does not pretend."""
    stage = Stage(policy=Policy())
    stage.service.add_run(a_run(1))
    tour, stream = a_tour(stage)

    assert await tour.play() == NOT_DONE
    assert "The tour ends here: the live card never showed progress" in stream.getvalue()
    assert stage.service.count("launch") == 1


async def test_play__first_step_fails() -> None:
    """A tenant without runs ends the tour at its first step."""
    tour, stream = a_tour(Stage(policy=Policy()))

    assert await tour.play() == NOT_DONE
    assert "The tour ends here: status listed no runs" in stream.getvalue()
