"""Several connections: which one is asked, which one is meant, and what is said when one of them does not answer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import plain
from bot.errors import ServiceFailed, Unreachable
from bot.model import Run, RunRef
from bot.replies.wording import short_id
from bot.state import CHANGES, Subscription
from tests.fakes.runs import a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import Stage
from tests.unit.commands.door import CHANNEL, Door, told, words_of

NUMBERS = re.compile(r"[0-9]{1,19}")
MONGO = re.compile(r"[0-9a-f]{24}")


def of_numbers(name: str) -> FakeRunService:
    """Return a platform that numbers its runs."""
    return FakeRunService(connection=name, ids=NUMBERS)


def a_build(of: FakeRunService, run_id: str, **changes: object) -> Run:
    """Add a run with such an id."""
    run = replace(a_run(1, connection=of.connection), ref=RunRef(of.connection, run_id))
    return of.add_run(replace(run, **changes))  # type: ignore[arg-type]  # the caller's fields


def asked_of(service: FakeRunService, method: str) -> list[object]:
    """Return what a platform was asked for."""
    return [call.argument for call in service.calls if call.method == method]


@pytest.fixture
def two() -> Door:
    """Return a door to a tenant and two servers that number their builds."""
    return Door(others=(of_numbers("qa"), of_numbers("prod-ci")))


async def test_id__that_two_connections_have_is_asked_about(two: Door) -> None:
    """Neither is taken without a word, and a press says which one is meant."""
    qa, prod = two.others
    a_build(qa, "1024", launcher="Smoke")
    a_build(prod, "1024", launcher="Release")
    asked = await two.say("status 1024")
    chosen = await two.say(words_of(asked.card, "prod-ci/1024"))

    assert "Two connections have 1024: qa/1024, prod-ci/1024." in told(asked.card)
    assert [button.label for button in asked.card.buttons] == ["qa/1024", "prod-ci/1024"]
    assert "Release" in plain(chosen.card.title)


async def test_id__in_a_thread_is_the_threads(two: Door) -> None:
    """Whoever speaks in a thread speaks of its connection."""
    qa, prod = two.others
    a_build(qa, "1024", launcher="Smoke")
    of_thread = a_build(prod, "1023", launcher="Release")
    a_build(prod, "1024", launcher="Release")
    reply = await two.say("status 1024", thread=await two.thread_about(of_thread))

    assert "Release" in plain(reply.card.title)


async def test_id__is_asked_only_where_it_can_be_known(two: Door) -> None:
    """An id of one platform does not go out to another one's vendor, and is no beginning of one there."""
    qa, prod = two.others
    run = two.service.add_run(a_run(7))
    a_build(prod, "1024")
    await two.say("status 1024")
    await two.say(f"status {run.ref.run_id}")
    await two.say(run.ref.run_id)

    assert asked_of(two.service, "run") == [run.ref.run_id, run.ref.run_id]
    assert set(asked_of(qa, "run")) == {"1024"}
    assert "1024" in asked_of(prod, "run")
    assert run.ref.run_id not in asked_of(prod, "run")


async def test_id__is_found_although_a_connection_is_down(two: Door) -> None:
    """What one of them knows is shown, and beside it which one did not answer."""
    qa, prod = two.others
    a_build(prod, "1024", launcher="Release")
    qa.fail("run", Unreachable("The platform did not answer."))
    reply = await two.say("status 1024")

    assert "Release" in plain(reply.card.title)
    assert "The connection qa could not be asked: The platform did not answer." in plain(reply.card.text)
    assert "The connection qa could not be asked" in "\n".join(plain(line) for line in reply.card.body)


async def test_id__not_found_says_how_far_that_is_known(two: Door) -> None:
    """A connection that did not answer may have it."""
    two.others[0].fail("run", Unreachable("The platform did not answer."))
    reply = await two.say("status 9999")

    said = "There is no run 9999. This is known of prod-ci only: qa did not answer."
    assert said in plain(reply.card.text).replace("demo and ", "")
    assert reply.failed


async def test_find__of_a_beginning_says_how_far_it_is_known(two: Door) -> None:
    """That no run begins so is not known of a connection that did not answer."""
    two.others[0].fail("runs", Unreachable("No connection."), times=9)
    reply = await two.say("find the run 9043254f")

    assert "starts with “9043254f”" in told(reply.card)
    assert "qa did not answer" in told(reply.card)


async def test_id__with_nobody_to_ask_says_why(two: Door) -> None:
    """Where none of them answers, their own trouble is what there is to say."""
    for service in two.others:
        service.fail("run", ServiceFailed("The platform failed (500)."))
    two.service.fail("runs", ServiceFailed("The platform failed (500)."), times=3)
    reply = await two.say("status 9999")

    assert "The platform failed (500)." in plain(reply.card.text)


async def test_id__of_no_run_is_not_called_too_short(two: Door) -> None:
    """Where ids are short, four digits are a whole one."""
    with_numbers = await two.say("status 9999")
    without = await Door().say("status 9999")

    assert "There is no run 9999." in plain(with_numbers.card.text)
    assert "session" not in plain(with_numbers.card.text)
    assert "“9999” is too short to identify a run." in plain(without.card.text)


async def test_id__as_a_card_shows_it_is_understood() -> None:
    """Ids that begin alike are shown by both ends, and what is shown can be typed."""
    door = Door(service=FakeRunService(ids=MONGO))
    for end in ("567", "568"):
        a_build(door.service, f"65f1c0a2b3d4e5f601234{end}", launcher=f"Suite {end}")
    shown = short_id("65f1c0a2b3d4e5f601234568")
    recent = await door.say("status")
    reply = await door.say(f"status {shown}")

    assert shown in told(recent.card)
    assert "Suite 568" in plain(reply.card.title)


async def test_session__is_looked_for_although_a_connection_is_down() -> None:
    """The run of a session is found in the connection that has it."""
    door = Door(others=(FakeRunService(connection="prod"),))
    session = run_id(0x5E5510)
    run = door.others[0].add_run(a_run(1, connection="prod", session_id=session))
    door.service.fail("find_run", Unreachable("The platform did not answer."))
    reply = await door.say(f"find session_id={session} moment -3625518438076122494 398.4898056755774")

    assert run.launcher in told(reply.card)


# Which connection ---------------------------------------------------------------------------------


async def watching(door: Door, *connections: str | None) -> None:
    """Let the channel watch these connections."""
    for connection in connections:
        wanted = Subscription(channel=CHANNEL, connection=connection, outcomes=CHANGES)
        await door.store.subscribe(wanted, door.clock.now())


@pytest.mark.parametrize(
    ("words", "connections", "meant"),
    [
        ("status latest", (), "demo"),
        ("status latest", ("qa",), "qa"),
        ("status latest", ("qa", "prod-ci"), "demo"),
        ("status latest", ("qa", None), "demo"),
        ("status latest", ("gone",), "demo"),
        ("status latest connection=prod-ci", ("qa",), "prod-ci"),
        ("status prod-ci/latest", ("qa",), "prod-ci"),
        ("status latest only_prod-ci", ("qa",), "prod-ci"),
        ("status only_prod-ci", ("qa",), "prod-ci"),
        ("status everywhere", ("qa",), "qa"),
        ("status everywhere", (), "demo"),
    ],
)
async def test_connection__named_else_of_the_launcher_else_of_the_channel_else_first(
    two: Door, words: str, connections: tuple[str | None, ...], meant: str
) -> None:
    """What is said wins, then what alone has such a launcher, then what the channel watches."""
    for number, service in enumerate((two.service, *two.others)):
        name = service.connection
        newest = run_id(9) if service is two.service else f"{number}9"
        older = run_id(8) if service is two.service else f"{number}8"
        a_build(service, older, launcher=f"only_{name}", created_at=a_run(1).created_at)
        a_build(service, newest, launcher="everywhere", created_at=a_run(2).created_at)
    await watching(two, *connections)
    reply = await two.say(words)

    assert reply.card.context is not None
    assert reply.card.context.run is not None
    assert meant == reply.card.context.run.connection


async def test_connection__of_the_thread_wins_over_the_channels(two: Door) -> None:
    """A thread speaks of one run, whatever its channel watches."""
    prod = two.others[1]
    run = a_build(prod, "7")
    await watching(two, "qa")
    reply = await two.say("status latest", thread=await two.thread_about(run))

    assert reply.card.context is not None
    assert run.ref == reply.card.context.run


async def test_launch__goes_where_the_launcher_is() -> None:
    """A launcher that only the second connection has is launched there; the first one's name stays free to use."""
    other = FakeRunService(connection="prod")
    stage = Stage(others=(other,))
    other.add_run(a_run(1, connection="prod", launcher="checkout nightly"))
    there = await stage.say("launch checkout nightly duration=30")
    here = await stage.say("launch basic_test 30")
    named = await stage.say("launch basic_test 30 connection=prod")
    sent = [intent.connection for intent in stage.memory.intents.values()]

    assert sent == ["prod", "demo", "prod"]
    assert "connection prod:" in told(there.card)
    assert "connection demo:" in told(here.card)
    assert "connection prod:" in told(named.card)


# The newest of all --------------------------------------------------------------------------------


async def test_status__alone_lists_the_newest_of_all(two: Door) -> None:
    """The last activity first over all connections, each row with its own; of one alone no connection is named."""
    qa, prod = two.others
    start = a_run(1).created_at
    assert start is not None
    for number, (service, name) in enumerate([(qa, "11"), (prod, "21"), (qa, "12"), (prod, "22")]):
        at = start + timedelta(minutes=10 * number)
        a_build(service, name, created_at=at, completed_at=at + timedelta(minutes=1), launcher=f"run {name}")
    two.service.add_run(a_run(15, launcher="tenant", completed_at=start + timedelta(minutes=15)))
    listed = await two.say("status")
    narrowed = await two.say("status connection=qa count=1")
    alone = await Door(service=qa).say("status")

    titles = [plain(item.title) for item in listed.card.items]
    assert titles == ["run 22 22", "run 12 12", f"tenant {run_id(15)[:8]}", "run 21 21", "run 11 11"]
    assert [f"connection {name}" in told(replace(listed.card, items=(item,))) for name, item in
            zip(("prod-ci", "qa", "demo", "prod-ci", "qa"), listed.card.items, strict=True)] == [True] * 5  # fmt: skip
    assert [plain(item.title) for item in narrowed.card.items] == ["run 12 12"]
    assert "connection" not in told(alone.card)
    assert words_of(replace(listed.card, items=listed.card.items[:1]), "Status") == "status prod-ci/22"


async def test_status__lists_what_the_others_have_although_one_is_down(two: Door) -> None:
    """The list says beside itself whose runs are missing in it."""
    a_build(two.others[1], "22", launcher="Release")
    two.others[0].fail("runs", Unreachable("The platform did not answer."))
    some = await two.say("status")
    for service in (two.service, *two.others):
        service.fail("runs", Unreachable("The platform did not answer."))
    none = await two.say("status")

    assert "Release" in told(some.card)
    assert "The connection qa could not be asked: The platform did not answer." in told(some.card)
    assert none.failed
    assert "The platform did not answer." in told(none.card)


async def test_status__keeps_each_lists_order_where_runs_have_no_time(two: Door) -> None:
    """A run without a time stands where its own list has it."""
    qa, prod = two.others
    a_build(qa, "12", created_at=a_run(5).created_at)
    a_build(qa, "11", created_at=None)
    a_build(prod, "21", created_at=a_run(3).created_at)
    listed = await two.say("status")

    names = [plain(item.title).split()[-1] for item in listed.card.items]
    assert names.index("12") < names.index("21")


async def test_status__of_a_server_without_times_hides_nobody_elses_runs(two: Door) -> None:
    """Whose runs are newer is not known then, so both are shown."""
    _, prod = two.others
    two.service.add_run(a_run(5, launcher="basic_test"))
    for number in range(30, 20, -1):
        a_build(prod, f"{number}", created_at=None)
    listed = await two.say("status")

    names = [plain(item.title) for item in listed.card.items]
    assert len(names) == 8
    assert sum("basic_test" in name for name in names) == 1


# Checks -------------------------------------------------------------------------------------------


async def test_failing__of_a_short_id_and_a_number_is_a_run_and_its_check() -> None:
    """`failing 1024 2` names no moment: it is the second failing check of that run; `test=` says the same."""
    door = Door(service=FakeRunService(connection="qa", ids=NUMBERS))
    run = a_build(door.service, "1024")
    names = ("tests/a.py::test_a[x]", "tests/b.py::test_b[y]")
    door.service.set_results(some_results(run, failing=names))
    replies = [
        await door.say(words)
        for words in (
            "failing 1024 2",
            "failing qa/1024 2",
            "failing 1024 test=2",
            "failing 1024 test=test_b[y]",
        )
    ]
    twice = await door.say("failing 1024 test=2 property=1")

    assert {plain(reply.card.title) for reply in replies} == {"Failing: test_b[y]"}
    assert "“property=” is given twice, once as “test=”." in told(twice.card)


async def test_failing__takes_the_end_of_a_name() -> None:
    """Of names that hold each other, the one that ends so is meant."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("a.py::test_x", "a.py::test_x[1]")))
    reply = await door.say("failing latest test=test_x")

    assert plain(reply.card.title) == "Failing: test_x"
