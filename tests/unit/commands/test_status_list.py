"""The list of `status`: its order, what it can be narrowed to, and that all of it is reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot import grammar
from bot.cards import Card, Command, plain
from bot.errors import UserError
from bot.model import Run, RunRef, RunStatus
from bot.replies.wording import short_id
from bot.targets import listed as listed_runs
from tests.fakes.runs import EPOCH, a_build, a_run, run_id
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.stage import Stage
from tests.unit.commands.door import Door, told
from tests.unit.commands.test_pages import Shown, in_discord, in_slack, in_terminal
from tests.unit.commands.test_unlisted import a_stage, an_execution


def ids(card: Card) -> list[str]:
    """Return the runs of a list, shortened as they are shown."""
    return [plain(item.title).split()[-1] for item in card.items]


def short(*numbers: int) -> list[str]:
    """Return how runs with these numbers are shown."""
    return [short_id(run_id(number << 96)) for number in numbers]


def a_distinct(number: int, **changes: object) -> Run:
    """Return a run whose shortened id tells its number."""
    ref = RunRef("demo", run_id(number << 96))
    return a_run(number, ref=ref, **changes)  # type: ignore[arg-type]  # the caller's fields


async def test_status__the_last_activity_comes_first() -> None:
    """What goes on, then what ended last: a long run that ended just now stands before a short one of later."""
    door = Door()
    door.service.add_run(a_distinct(1, completed_at=EPOCH + timedelta(hours=9)))
    door.service.add_run(a_distinct(2, status=RunStatus.IN_PROGRESS))
    door.service.add_run(a_distinct(3))
    door.service.add_run(a_distinct(4, status=RunStatus.UNKNOWN, completed_at=None))

    assert ids((await door.say("status")).card) == short(2, 1, 3, 4)


async def test_status__of_runs_without_times_the_list_tells() -> None:
    """What goes on comes first; of the others the platform's order stays."""
    stage = Stage(service=a_build_server())
    for number in (11, 12, 13):
        status = RunStatus.IN_PROGRESS if number == 12 else RunStatus.COMPLETED
        stage.service.add_run(a_build(number, status=status))

    assert ids((await stage.say("status")).card) == ["12", "13", "11"]


@pytest.fixture
def door() -> Door:
    """Return a door to runs of two sources, tests and people."""
    door = Door()
    door.service.add_run(a_distinct(1, source="main", test_name="payments", creator="Ann Lee"))
    door.service.add_run(a_distinct(2, source="dev", test_name="payments", creator="bo@example.com"))
    door.service.add_run(a_distinct(3, source="main", test_name="ledger", creator="bo@example.com"))
    door.service.add_run(a_distinct(4, source=None, test_name=None, creator=None))
    door.clock.pass_time(3600)
    return door


@pytest.mark.parametrize(
    ("words", "found", "title"),
    [
        ("status source=MAIN", (3, 1), "Recent runs, source MAIN"),
        ("status test_name=payments", (2, 1), "Recent runs, test name payments"),
        ("status creator=bo@", (3, 2), "Recent runs, started by bo@"),
        ("status source=main creator=ann", (1,), "Recent runs, source main, started by ann"),
        ("status since=57m", (4, 3), "Recent runs, created since 14 May 2026 03:03 UTC"),
        ('status since="2026-05-14 03:04"', (4,), "Recent runs, created since 14 May 2026 03:04 UTC"),
        ('status launcher="Payments Nightly" since=today', (4, 3, 2, 1), "Recent runs of Payments Nightly, created since 14 May 2026 00:00 UTC"),
    ],
)  # fmt: skip
async def test_status__is_narrowed(door: Door, words: str, found: tuple[int, ...], title: str) -> None:
    """By source, test, creator and time, and the title says to what."""
    card = (await door.say(words)).card

    assert ids(card) == short(*found)
    assert plain(card.title) == title


async def test_status__of_builds_whose_rows_do_not_say_who_started_them() -> None:
    """They are counted: that none was started by somebody is not known. What one was launched here is."""
    stage = Stage(service=a_build_server())
    for number in range(1, 4):
        stage.service.add_run(
            a_build(number, creator="Ann" if number == 2 else None, brief=True, source=None)
        )

    by_ann = (await stage.say("status creator=ann")).card
    of_main = (await stage.say("status source=main")).card

    assert ids(by_ann) == ["2"]
    assert "Of demo, 2 builds are left out" in told(by_ann)
    assert "No builds were found, branch main" in told(of_main)
    assert "Of demo, 3 builds are left out" in told(of_main)


async def test_status__of_a_list_without_times_no_more_is_read_than_shows_that() -> None:
    """All further pages would be left out too."""
    stage = Stage(service=a_build_server())
    stage.service.page_size = 2
    for number in range(1, 10):
        stage.service.add_run(a_build(number))

    card = (await stage.say("status since=2d")).card

    assert stage.service.count("runs") == 1
    assert "Of demo, only the newest 2 builds were looked through." in told(card)


async def test_status__a_creator_is_also_who_launched_it_here() -> None:
    """The platform knows an API key alone."""
    stage = Stage()
    stage.service.add_run(a_run(1))
    await stage.launched()
    (launched,) = [run for run in stage.service._runs.values() if run.launcher == "basic_test"]

    assert ids((await stage.say("status creator=ann")).card) == [short_id(launched.ref.run_id)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("status source=mian", ("No runs were found, source mian.", "Did you mean “main”?", "There are dev, main.")),
        ("status creator=zoe", ("No runs were found, started by zoe.", "Of demo, 1 run is left out, as it is not known whether")),
        ("status since=5m", ("There are no runs, created since 14 May 2026 03:55 UTC.",)),
    ],
)  # fmt: skip
async def test_status__where_none_fits(door: Door, words: str, said: tuple[str, ...]) -> None:
    """What was looked for is said, and for a slip what there is."""
    reply = await door.say(words)

    assert all(part in told(reply.card) for part in said)
    assert not reply.failed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("status since=soon", "since= is “soon”; it must be how long ago, or a date, in UTC."),
        ("status since=2027-01-01", "since= is “2027-01-01”; that is in the future."),
        ("status source=" + "x" * 1001, "source= has 1,001 characters"),
        ("status from=9", "from= is “9”; it must be a whole number from 1 to 4."),
        ("status from=0", "from= is “0”; it must be a whole number"),
        (f"status {run_id(1 << 96)} source=main", "“source=” is for the list of recent runs. Leave out either “source=” or the run."),
        (f"status {run_id(1 << 96)} since=2d", "“since=” is for the list of recent runs."),
        (f"status {run_id(1 << 96)} from=2", "“from=” is for the list of recent runs."),
    ],
)  # fmt: skip
async def test_status__bad_values(door: Door, words: str, sentence: str) -> None:
    """The sentence names the value and how to give it right."""
    reply = await door.say(words)

    assert reply.failed
    assert sentence in told(reply.card)


async def test_status__is_narrowed_in_a_thread_too(door: Door) -> None:
    """The thread's run is meant only where nothing says that a list is."""
    run = next(iter(door.service._runs.values()))

    reply = await door.say("status source=main", thread=await door.thread_about(run))

    assert ids(reply.card) == short(3, 1)


@pytest.mark.parametrize("shown", [in_slack, in_discord, in_terminal])
async def test_status__every_one_of_250_is_reached(shown: Callable[[Card], Shown]) -> None:
    """Page after page each run stands once, newest first, over two connections and several pages of their lists."""
    door = Door(others=(FakeRunService(connection="prod"),))
    for number in range(250):
        service, name = (door.service, "demo") if number % 3 else (door.others[0], "prod")
        service.add_run(a_run(number, connection=name, launcher=f"{number}. check "))
    numbers: list[int] = []
    wanted: Command | None = Command("status", {"count": "30"})

    while wanted is not None:
        found, wanted = shown((await door.say(wanted)).card)
        numbers += found

    assert numbers == [*range(249, -1, -1)]


async def test_status__the_next_page_asks_for_the_same_list(door: Door) -> None:
    """Of the same time too, however long somebody waits before they press."""
    card = (await door.say("status source=main since=1h count=1")).card
    assert card.pages is not None
    wanted = card.pages.after(1)
    door.clock.pass_time(7200)
    last = (await door.say(wanted)).card

    assert wanted == Command(
        "status", {"source": "main", "since": "2026-05-14T03:00", "count": "1", "from": "2"}
    )
    assert plain(last.title) == "Recent runs, source main, created since 14 May 2026 03:00 UTC, from 2 on"
    assert ids(last) == short(1)
    assert last.pages is not None
    assert last.pages.after(1) is None
    assert "Run 2, source main" in told(last)


async def test_status__asks_for_no_more_pages_than_it_shows(door: Door) -> None:
    """The first page of a list costs one request for it."""
    door.service.page_size = 2
    await door.say("status count=1")

    assert door.service.count("runs") == 1


async def test_status__says_how_far_it_looked(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the list goes on behind that, nothing is said of the rest."""
    door.service.page_size = 1
    monkeypatch.setattr(listed_runs, "LOOKED", 3)

    reply = await door.say("status source=elsewhere")

    assert "Of demo, only the newest 3 runs were looked through." in told(reply.card)


async def test_status__a_list_that_repeats_itself_is_known_so_far(door: Door) -> None:
    """What was read of it is listed."""
    door.service.page_size, door.service.list_pages = 1, 2

    reply = await door.say("status creator=bo")

    assert ids(reply.card) == short(3)
    assert "Of demo, only the newest 2 runs were looked through." in told(reply.card)


async def test_status__what_has_no_time_is_left_out_and_counted() -> None:
    """Nobody knows whether it was created since then."""
    stage = Stage(service=a_build_server())
    for number in (1, 2):
        stage.service.add_run(a_build(number))

    card = (await stage.say("status since=2d")).card

    assert card.items == ()
    assert "Of demo, 2 builds are left out, as it is not known whether they belong here." in told(card)


async def test_status__where_nothing_is_listed_all_that_is_known_is_reached() -> None:
    """First the executions, then the plans; the sentence counts all of them."""
    stage = await a_stage(*(an_execution(number) for number in range(1, 31)))
    card = (await stage.say("status count=7")).card
    titles = [plain(item.title) for item in card.items]
    first = plain(card.text)
    while card.pages and (wanted := card.pages.after(len(card.items))):
        card = (await stage.say(wanted)).card
        titles += [plain(item.title) for item in card.items]

    assert len(titles) == len({*titles}) == 32
    assert titles[-2:] == ["Release", "Nightly"]
    assert "30 executions are known, 30 going on. It has 2 test plans." in first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "1y",
        "-1h",
        "2026-13-01",
        "2026-11-28T25:00",
        "99999w",
        "1999-12-31",
        "99999999w",
        "1h30m",
        "x" * 9_999,
    ],
)
def test_since__refuses_the_rest(text: str) -> None:
    """Briefly, and with examples."""
    with pytest.raises(UserError) as refused:
        grammar.since(text, "since", EPOCH)

    assert refused.value.problem.startswith("since= is “")
    assert len(refused.value.problem) < 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("24h", "2026-05-13T03:00:00"), ("2 days", "2026-05-12T03:00:00"), ("1w", "2026-05-07T03:00:00"),
        ("90 min", "2026-05-14T01:30:00"), ("today", "2026-05-14T00:00:00"), ("Yesterday", "2026-05-13T00:00:00"),
        ("2026-05-01", "2026-05-01T00:00:00"), ("2026-05-01T12:30Z", "2026-05-01T12:30:00"),
        ("2026-05-01 12:30:15 UTC", "2026-05-01T12:30:15"), ("2000-01-01", "2000-01-01T00:00:00"),
    ],
)  # fmt: skip
def test_since__reads_how_people_write_times(text: str, said: str) -> None:
    """How long ago, or when, always in UTC."""
    assert grammar.since(text, "since", EPOCH).isoformat() == f"{said}+00:00"
