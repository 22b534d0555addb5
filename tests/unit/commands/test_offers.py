"""Verbs follow the parts that the connected platforms offer."""

from __future__ import annotations

import pytest

from bot import platform
from bot.access import Role
from bot.cards import plain
from bot.commands.registry import VERBS, text_of
from bot.model import LogLine, RunQuery
from bot.platform import INSTANCES, REPORT_FILES, Need, listed
from bot.replies.parts import NOUNS
from tests.fakes.clock import ManualClock
from tests.fakes.records import FakeRecords
from tests.fakes.runs import MOMENT, a_run, some_results
from tests.fakes.service import RATINGS, TRIAGE, FakeRunService, a_build_server
from tests.unit.commands.door import Door, told

WAYS = ("launches", "moment_logs", "run_logs", "debugs", "reports", "cancels")
NEEDING = {
    "launch",
    "logs",
    "debug",
    "report",
    "rerun",
    "cancel",
    "ask",
    "classify",
    "quarantine",
    "flaky",
    "readiness",
    "clusters",
    "publish",
}


def test_needs__all_have_a_noun() -> None:
    """A sentence that says what is lacking can be made of each."""
    needs = {value for value in vars(platform).values() if isinstance(value, Need)}

    assert needs == set(NOUNS)
    of_verbs = {need for verb in VERBS.values() for need in verb.needs}
    assert needs == of_verbs | {REPORT_FILES, INSTANCES}  # of several things that `failing` and `logs` read


async def test_verbs__are_those_that_a_connection_offers() -> None:
    """Help, trees and completion come from the verbs of the handler, and help lists no other."""
    poor = FakeRunService(connection="poor", lacks=frozenset(WAYS))
    alone, beside = (
        Door(service=poor),
        Door(
            service=poor,
            others=(FakeRunService(connection="rich", also=TRIAGE | RATINGS),),
            takers=(FakeRecords(ManualClock()),),
        ),
    )

    card = (await alone.say("help")).card
    shown = {plain(item.title).split()[0] for item in card.items}

    assert set(VERBS) - set(alone.handler.verbs) == NEEDING
    assert set(VERBS) == set(beside.handler.verbs)
    for_her = {name for name, verb in VERBS.items() if not verb.hidden and verb.role is not Role.ADMIN}
    assert shown == for_her - NEEDING
    assert [text_of(b.command) for b in card.buttons if b.command] == ["help watch"]
    assert "debug" in told((await beside.say("help")).card)


@pytest.mark.parametrize("words", ["debug", "debug latest", "help debug"])
async def test_verbs__one_that_nobody_offers_is_no_riddle(words: str) -> None:
    """Who types it all the same hears that there is no such thing, before anything is missed."""
    door = Door(service=FakeRunService(connection="demo", lacks=frozenset({"debugs"})))
    door.service.add_run(a_run(1))

    card = (await door.say(words)).card

    assert "moment" not in plain(card.text)
    assert "debug" in plain(card.text)


async def test_verbs__one_that_another_connection_offers_names_it() -> None:
    """The sentence comes before a moment is missed, and has the way on."""
    poor = FakeRunService(connection="poor", lacks=frozenset({"debugs", "moment_logs"}))
    door = Door(service=poor, others=(FakeRunService(connection="rich"), FakeRunService(connection="more")))
    run = door.service.add_run(a_run(1, connection="poor"))
    door.service.set_results(some_results(run, failing=("a",)))

    for words in ("debug latest", f"debug latest moment={MOMENT.text}"):
        card = (await door.say(words)).card

        assert "The connection “poor” does not offer debugging sessions." in told(card)
        assert "Add connection=NAME for one that does: rich and more." in told(card)


async def test_listed__nothing_where_there_is_no_list() -> None:
    """A platform without a list has no pages, and is asked for none."""
    service = FakeRunService(lacks=frozenset({"lists"}))
    service.add_run(a_run(1))

    assert [page async for page in listed(service.platform, RunQuery())] == []
    assert service.calls == []


async def test_logs__of_a_platform_without_moments_are_the_runs_own() -> None:
    """No moment is missed where there are none: the run's log is what there is, narrowed as the platform can."""
    service = FakeRunService(lacks=frozenset({"moment_logs", "debugs"}), narrows=frozenset({"grep"}))
    door = Door(service=service)
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("a",)))
    door.service.set_build_log(
        run, LogLine(text="collected 3"), LogLine(text="FAILED a"), LogLine(text="done")
    )
    whole = (await door.say("logs latest")).card
    narrowed = (await door.say("logs latest grep=FAILED source=x property=a")).card

    assert "moment" not in told(whole)
    assert whole.excerpt is not None
    assert narrowed.excerpt is not None
    assert len(whole.excerpt.lines) == 3
    assert [line.strip() for line in narrowed.excerpt.lines] == ["FAILED a"]
    assert "Ignored: property= and source=." in told(narrowed)


async def test_help__is_in_the_nouns_of_the_connections() -> None:
    """Who has builds and tests alone reads of builds and tests; beside another platform the nouns are plain ones."""
    builds, tenant = a_build_server(connection="qa"), FakeRunService()
    alone = told((await Door(service=builds).say("help")).card)
    of_verb = told((await Door(service=builds).say("help failing")).card)
    both = told((await Door(service=tenant, others=(builds,)).say("help")).card)
    of_tenant = told((await Door(service=tenant).say("help")).card)

    assert "failing tests, newly failing first" in alone
    assert "its moment" not in alone
    assert not {"property", "properties", "launcher's"} & set(alone.split())
    assert "The failing test that is meant" in of_verb
    assert "failing checks, newly failing first, each with its moment" in both
    assert "failing properties, newly failing first, each with its moment" in of_tenant


async def test_help__names_what_counts_as_a_change_as_the_list_of_subscriptions_does() -> None:
    """Environment problems are among it in both."""
    door = Door()
    await door.say("watch outcomes=changes")
    changes = "changes (new failures, incomplete runs, environment problems, recovery)"

    assert changes in told((await door.say("help watch")).card)
    assert changes in told((await door.say("watching")).card)


async def test_question__is_in_the_nouns_of_the_connections() -> None:
    """What is asked for is called what its users call it."""
    asked = told((await Door(service=a_build_server()).say("failing")).card)

    assert "Which build?" in asked
    assert "a job's exact name" in asked
