"""Values that a verb takes and the platform, or the way that is meant, has no use for: refused, never passed over in silence."""

from __future__ import annotations

import pytest

from bot.model import LogLine
from tests.fakes.runs import a_build, a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.door import Door, told

NAMES = ("a.py::one", "b.py::two")


@pytest.fixture
def door() -> Door:
    """Return a door to a tenant and a build server, each with a run that failed."""
    builds = a_build_server(connection="qa")
    door = Door(others=(builds,))
    builds.add_run(
        a_build(1026, connection="qa"), some_results(a_build(1026, connection="qa"), failing=NAMES)
    )
    door.service.add_run(a_run(1), some_results(a_run(1), failing=NAMES))
    return door


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("failing 1026 property=1 from=2", "“from=” means nothing beside “property=”."),
        ("failing 1026 property=1 quarantined=yes", "“quarantined=” means nothing beside “property=”."),
        (f"failing {a_run(1).ref.run_id} quarantined=yes", "“quarantined=” means nothing on demo."),
        ("debug 1026 property=1", "“property=” means nothing on qa."),
        ("debug 1026 recipients=ann@example.com", "“recipients=” means nothing on qa."),
        ("debug 1026 agent=planning", "“agent=” means nothing on qa."),
        ("quarantine 1026 property=1 remove=yes reason=flaky", "“reason=” means nothing beside “remove=”."),
        ("quarantine 1026 property=1 launcher=X reason=flaky", "“run=” means nothing beside “launcher=”."),
        ("watch connection=qa report_links=post", "“report_links=” means nothing on qa."),
    ],
)
async def test_untaken__is_refused(door: Door, words: str, said: str) -> None:
    """It says which value, and to leave it out."""
    card = (await door.say(words)).card

    assert said in told(card)


async def test_untaken__is_refused_where_no_connection_takes_it() -> None:
    """Nobody is offered it there, and whoever gives it all the same is told."""
    door = Door(service=a_build_server())
    door.service.add_run(a_build(1026), some_results(a_build(1026), failing=NAMES))
    helped = told((await door.say("help debug")).card)
    refused = told((await door.say("debug 1026 property=1")).card)

    assert "property" not in helped
    assert "“property=” means nothing on demo." in refused


async def test_build_log__says_what_it_passes_over() -> None:
    """A build log has no moments, and no property narrows it."""
    door = Door(service=FakeRunService())
    door.service.add_run(a_run(1), some_results(a_run(1), failing=NAMES))
    door.service.set_build_log(a_run(1), LogLine(text="done"))
    card = (await door.say("logs latest build=yes window=30 property=1 grep=x")).card

    assert "Ignored: grep=, window= and property=." in told(card)
