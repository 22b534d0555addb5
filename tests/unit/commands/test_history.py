"""`history`: one check over the runs of a series, from the record alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.cards import Card, Chart, Command, Context, Tone, plain
from bot.earlier import checks_of, stored
from bot.model import Check, CheckStatus, Example, Results, Run, RunStatus
from bot.state import Coverage, PollStep
from tests.answers import as_data
from tests.fakes.runs import EPOCH, a_build, a_property, a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.door import Door, command_of, told
from tests.unit.terminal.cards import drawn

X, OTHER = "no torn page", "every order is paid"


@dataclass
class Recorded(Door):
    """A door whose record has runs, and whose platform is asked nothing."""

    runs: list[Run] = field(default_factory=list)

    async def record(self, run: Run, results: Results | None) -> None:
        """Keep a run that ended as the watcher does; without results nobody could read any."""
        kept = checks = None
        if results is not None:
            kept, checks = stored(run, results), checks_of(run, results)
        step = PollStep(
            connection=run.ref.connection,
            now=self.clock.now(),
            runs=(run,),
            results=(kept,) if kept else (),
            checks=(checks,) if checks else (),
            results_known=(run.ref,),
        )
        await self.store.record(step)
        self.runs.append(run)

    async def course(self, oldest_first: str, name: str = X, **changes: object) -> None:
        """Record runs: F fails, p passes, a does not name it, i did not get through, e broken environment, u not read."""
        for letter in oldest_first:
            status = RunStatus.INCOMPLETE if letter == "i" else RunStatus.COMPLETED
            run = a_run(len(self.runs) + 1, status=status, **changes)  # type: ignore[arg-type]  # fields of a run
            results = some_results(
                run, failing=(name,) * (letter in "Fe"), passing=(OTHER, *((name,) * (letter == "p")))
            )
            if letter == "e":
                results = replace(results, checks=(*results.checks, ENVIRONMENT))
            await self.record(run, None if letter in "iu" else results)

    async def shown(self, words: str = f'history property="{X}" run="Payments Nightly"') -> Card:
        """Ask, and hold the answer to having asked the platform nothing."""
        self.service.calls.clear()
        card = (await self.say(words)).card
        assert self.service.calls == []
        return card


ENVIRONMENT = Check(name="all containers joined", status=CheckStatus.FAILING, health=True)


def facts(card: Card) -> dict[str, str]:
    """Return the facts of a card by their labels."""
    return {fact.label: plain(fact.value) for fact in card.facts}


async def test_history__as_data() -> None:
    """A script gets what each run tells, newest first, and the counts that the sentence is made of."""
    door = Recorded()
    await door.course("ppFpppFppppppF" + "pippp")

    found = as_data(await door.say(f'history property="{X}" run="Payments Nightly"'))["data"]

    assert (found["kind"], found["check"], found["launcher"]) == ("history", X, "Payments Nightly")
    assert [run["result"] for run in found["runs"]][:6] == [
        "passed", "passed", "passed", "incomplete", "passed", "failed",
    ]  # fmt: skip
    assert (found["quiet"], found["streak"]) == ({"runs": 4, "failed": 3, "before": 14}, None)


async def test_history__quiet_with_its_chance() -> None:
    """The sentence has all its numbers, and below it stands what it takes for granted."""
    door = Recorded()
    await door.course("ppFpppFppppppF" + "pppp")

    card = await door.shown()

    assert plain(card.text) == (
        f"“{X}” is quiet in 4 runs of Payments Nightly on main, test payments; it failed in 3 of the 14 before, "
        "so 4 quiet runs happen by luck 38 % of the time."
    )
    assert (
        "By luck means: nothing changed, and each run fails independently of the others, as often as before."
        in told(card)
    )
    assert facts(card)["Failed in"] == "3 of 18 runs"
    assert facts(card)["In a row"] == "longest: 1 run"
    assert card.tone is Tone.NEUTRAL
    assert card.context == Context(run=door.runs[-1].ref, property_name=X)


async def test_history__failing_now() -> None:
    """What fails in the newest run is told with how long and how often; nothing is quiet."""
    door = Recorded()
    await door.course("FFFpppFF")

    card = await door.shown()

    assert plain(card.text) == (
        f"“{X}” fails in the newest run of Payments Nightly on main, test payments, 2 runs in a row; it failed in 5 of 8 runs."
    )
    assert facts(card)["In a row"] == "2 runs now; longest: 3 runs"
    assert "luck" not in told(card)
    assert card.tone is Tone.BAD
    assert command_of(card, "Last failure") == Command.of_run("failing", door.runs[-1].ref, property=X)


@pytest.mark.parametrize(
    ("course", "said"),
    [
        ("pppp", "has not failed in 4 runs of Payments Nightly"),
        (
            "Fpp",
            "is quiet in 2 runs of Payments Nightly on main, test payments; it failed in the one before.",
        ),
        (
            "F",
            (
                "fails in the newest run of Payments Nightly on main, test payments; "
                "it failed in the only run whose result is on record."
            ),
        ),
        (
            "pF",
            "fails in the newest run of Payments Nightly on main, test payments; it failed in 1 of 2 runs.",
        ),
        (
            "Fu",
            "failed in the newest run of Payments Nightly on main, test payments whose results are on record",
        ),
        (
            "Faa",
            "has not failed in the newest 2 runs of Payments Nightly on main, test payments, and it is not known whether it ran in all of them",
        ),
        (
            "Fa",
            "has not failed in the newest run of Payments Nightly on main, test payments, and it is not known whether it ran;",
        ),
    ],
)
async def test_history__thin_records_give_no_number(course: str, said: str) -> None:
    """Few runs, a check that never failed, runs that say nothing: counts, and no chance."""
    door = Recorded()
    await door.course(course)

    card = await door.shown()

    assert said in plain(card.text)
    assert "%" not in told(card)


async def test_history__runs_that_say_nothing_are_told_apart() -> None:
    """They are no passes: neither counted nor drawn as such, and each kind is named."""
    door = Recorded()
    await door.course("pFpuiieap")

    card = await door.shown()

    assert "is quiet in 2 runs" in plain(card.text)
    assert facts(card)["Failed in"] == "1 of 4 runs"
    assert (
        "5 more runs say nothing of it: 2 did not complete, 1 does not name it, 1 had an environment problem "
        "and 1 has no results on record." in told(card)
    )
    assert card.chart is not None
    assert card.chart.values == (0, 1, 0, None, None, None, None, None, 0)


async def test_history__a_check_of_the_environment_has_one_too() -> None:
    """It is judged in the very runs that say nothing of all others."""
    door = Recorded()
    await door.course("pepe")

    card = await door.shown(
        f'history "{ENVIRONMENT.name}" run="Payments Nightly"'.replace("history ", "history property=")
    )

    assert "fails in the newest run" in plain(card.text)
    assert facts(card)["Failed in"].startswith("2 of")


async def test_history__chart_says_the_same_in_words() -> None:
    """Who cannot see bars reads each change; the signs are explained."""
    door = Recorded()
    await door.course("ppFFpu")

    chart = (await door.shown()).chart

    assert isinstance(chart, Chart)
    assert chart.text == (
        f"{X} in the last 6 runs of Payments Nightly on main, test payments, oldest first: passed in 2, failed in 2, "
        "passed in 1, no result in 1."
    )
    assert chart.stands_for == ("failed", "passed", "no result")


async def test_history__only_sixty_runs_are_looked_at() -> None:
    """What lies before them is not known here, so a streak that reaches there is "at least"."""
    door = Recorded()
    await door.course("F" * 61)

    card = await door.shown()

    assert facts(card)["Failed in"] == "60 of 60 runs"
    assert facts(card)["In a row"].startswith("at least 60 runs now; longest: at least 60 runs")


async def test_history__one_series_and_no_ephemeral_runs() -> None:
    """Runs of another source and ephemeral ones are none of its course."""
    door = Recorded()
    await door.course("FF", source="feature")
    await door.course("FF", ephemeral=True)
    await door.course("pp")

    card = await door.shown()

    assert "has not failed in 2 runs of Payments Nightly on main" in plain(card.text)
    assert facts(card)["Last failed"].endswith("(any run of this launcher)")


async def test_history__quarantined_failures_are_failures() -> None:
    """A failure that does not count is not quiet, and how many of them there were is said."""
    door = Recorded()
    for number, excused in enumerate((None, "quarantined", None), 1):
        failing = a_property(X, failing=True, excused=excused)
        run = a_run(number)
        await door.record(run, replace(some_results(run), checks=(failing, a_property(OTHER))))

    card = await door.shown()

    assert "3 runs in a row; it failed in 3 of 3 runs" in plain(card.text)
    assert facts(card)["Failed in"] == "3 of 3 runs, excused in 1 of them"


def listing_failures(run: Run, *failing: str) -> Results:
    """Return what a platform says that names only what failed."""
    counted = some_results(run, failing=failing, passing=("others",))
    whole = replace(counted, whole=False, counts=counted.total)
    return replace(whole, checks=tuple(check for check in whole.checks if check.failing))


async def test_history__where_only_failures_are_named() -> None:
    """Not failing is no pass where nobody knows what ran: no quiet runs, no chance, and the words of that platform."""
    door = Recorded(service=a_build_server())
    for number in range(1, 15):
        run = replace(a_build(number, created_at=EPOCH + timedelta(minutes=number)), source=None)
        await door.record(
            run, listing_failures(run, *(("tests/a.py::test_x",) if number in {2, 5, 9} else ()))
        )

    card = await door.shown('history property="tests/a.py::test_x" run="Regression Suite"')

    assert plain(card.text) == (
        "“tests/a.py::test_x” has not failed in the newest 5 builds of Regression Suite, and it is not known whether "
        "it ran in all of them; it failed in 3 of 14 builds."
    )
    assert "In 11 builds it did not fail, and it is not known whether it ran." in told(card)
    assert "%" not in told(card)


async def test_history__two_checks_of_one_name() -> None:
    """Groups do not part them: the worse one counts, and the card says that they are two."""
    door = Recorded()
    run = a_run(1)
    two = (
        a_property(X, failing=True, group="Storage"),
        a_property(X, group="Ledger"),
        a_property(OTHER, group="Ledger"),
    )
    await door.record(run, replace(some_results(run), checks=two))

    said = told(await door.shown())

    assert "2 properties have this name, in the groups “Ledger” and “Storage”." in said
    assert "fails in the newest run" in said


def at(place: str, name: str, *, failing: bool = False) -> Check:
    """Return a property whose sample says where it stands."""
    example = Example(text="x", location=place)
    return replace(
        a_property(name, failing=failing), examples=(example,), counterexamples=(example,) if failing else ()
    )


async def test_history__a_renamed_check_is_offered() -> None:
    """What stood at the same place before is offered by its name, and the other way round; nothing is claimed."""
    door = Recorded()
    for number, name in enumerate(("old name", "old name", "new name", "new name"), 1):
        run = a_run(number)
        await door.record(run, replace(some_results(run), checks=(at("a.go:7", name), at("b.go:1", OTHER))))

    new = await door.shown('history property="new name" run="Payments Nightly"')
    old = await door.shown('history property="old name" run="Payments Nightly"')

    assert [(item.mark, plain(item.title)) for item in new.items] == [
        ("maybe its earlier name", "1. old name")
    ]
    assert [(item.mark, plain(item.title)) for item in old.items] == [("maybe its later name", "1. new name")]
    assert command_of(new, "History 1").values["property"] == "old name"


async def test_history__two_at_one_place_are_not_renamed() -> None:
    """A run that has both shows that they are two."""
    door = Recorded()
    run = a_run(1)
    await door.record(run, replace(some_results(run), checks=(at("a.go:7", X), at("a.go:7", OTHER))))

    assert (await door.shown()).items == ()


async def test_history__from_the_button_and_in_the_thread() -> None:
    """The button of a failure names run and check; in the answer's thread `history` alone means the same."""
    door = Recorded()
    await door.course("pF")
    run = door.service.add_run(door.runs[-1], some_results(door.runs[-1], failing=(X,), passing=(OTHER,)))
    failure = (await door.say(f"failing {run.ref.run_id} property=1")).card
    pressed = command_of(failure, "History 1")

    card = await door.shown(pressed)  # type: ignore[arg-type]  # a button's command is said too
    assert card.context is not None
    await door.store.set_context("slack:channel:T1:C1", "1.1", card.context)
    again = (await door.say("history", thread="1.1")).card

    assert pressed == Command.of_run("history", run.ref, property=X)
    assert plain(again.text) == plain(card.text)


@pytest.mark.parametrize(
    "words",
    [
        "history no torn page latest",
        "history latest no torn page",
        "history Payments Nightly property=1",
        "history 1 latest",
        "history latest 1",
        "history TORN run=latest",
        'history property=1 run="payments nightly"',
        "history test=1 run=latest",
        "history {id} no torn page",
        'history "no torn page" run=demo/{id}',
    ],
)
async def test_history__ways_to_say_it(words: str) -> None:
    """A name, a part of it, a number; a run, the latest, a launcher: in the order in which people type them."""
    door = Recorded()
    await door.course("pF")
    run = door.service.add_run(door.runs[-1], some_results(door.runs[-1], failing=(X,), passing=(OTHER,)))

    reply = await door.say(
        words.format(id=run.ref.run_id).replace('"no torn page" run', "property='no torn page' run")
    )

    assert f"“{X}” fails in the newest run" in plain(reply.card.text), told(reply.card)


async def test_history__the_launcher_that_alone_has_it() -> None:
    """Without a run the name itself says where; with several launchers that have it, one is asked for."""
    door = Recorded()
    await door.course("pF")
    alone = await door.shown(f'history property="{X}"')
    await door.course("p", launcher="Weekly")

    asked = await door.say(f'history property="{X}"')

    assert "fails in the newest run of Payments Nightly" in plain(alone.text)
    assert asked.failed
    assert "2 launchers have a" in told(asked.card)
    assert "Weekly" in [button.text for button in asked.card.buttons]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "is not on record yet"),
        ({"ephemeral": True}, "is ephemeral"),
        ({"status": RunStatus.IN_PROGRESS}, "has not ended"),
        ({"created_at": EPOCH - timedelta(days=9)}, "is older than those shown"),
    ],
)
async def test_history__says_why_the_run_itself_is_not_counted(changes: dict[str, object], why: str) -> None:
    """Else it would be told as quiet beside the very run in which it fails."""
    door = Recorded()
    await door.course("F" * 58 + "pppp")
    run = a_run(99, **changes)  # type: ignore[arg-type]  # fields of a run
    door.service.add_run(run, some_results(run, failing=(X,), passing=(OTHER,)))

    card = (await door.say(Command("history", {"run": run.ref.text, "property": X}))).card

    assert f"Run Payments Nightly 00000000 {why}, so it is not counted here." in told(card)
    assert "is quiet in 4 runs" in plain(card.text)


async def test_history__in_a_thread_about_a_check_latest_is_the_run() -> None:
    """The check is that of the thread, and “latest” is no check's name."""
    door = Recorded()
    await door.course("pF")
    run = door.service.add_run(door.runs[-1], some_results(door.runs[-1], failing=(X,), passing=(OTHER,)))
    await door.store.set_context("slack:channel:T1:C1", "1.1", Context(run=run.ref, property_name=X))

    assert "fails in the newest run" in plain((await door.say("history latest", thread="1.1")).card.text)


async def test_history__of_two_connections_the_one_that_is_chosen() -> None:
    """Launchers of one name are told apart by their connections, and the card says which one it is."""
    other = FakeRunService(connection="other")
    door = Recorded(others=(other,))
    await door.course("pF")
    twin = a_run(1, connection="other")
    await door.record(twin, some_results(twin, passing=(X,)))

    asked = (await door.say(f'history property="{X}"')).card
    assert {"demo/Payments Nightly", "other/Payments Nightly"} <= {button.text for button in asked.buttons}
    card = (await door.say(command_of(asked, "other/Payments Nightly"))).card

    assert "has not failed in 1 run" in plain(card.text)
    assert facts(card)["Connection"] == "other"


async def said_of(door: Recorded, words: str) -> str:
    """Return what is answered to a mistake."""
    reply = await door.say(words)
    assert reply.failed
    assert not reply.fault
    return told(reply.card)


async def test_bad_input__no_such_check_offers_the_nearest() -> None:
    """A slip is answered with the name that is near; of several that fit, the person chooses."""
    door = Recorded()
    await door.course("pF")

    assert f"Did you mean “{X}”?" in await said_of(
        door, 'history property="no tron page" run="Payments Nightly"'
    )
    assert "2 properties on record match “o”." in (
        await said_of(door, 'history property=o run="Payments Nightly"')
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("history", "It is not clear which"),
        ("history 2", "2 is the number of an entry of “failing”, and it is not clear of which run."),
        ("history never heard", "Which run or launcher?"),
        ("history x run=nowhere", "neither a run nor a launcher"),
        ("history 7 latest", "There is no entry 7"),
    ],
)
async def test_bad_input__what_is_missing_is_named(words: str, said: str) -> None:
    """Each names what is missing and how to give it."""
    door = Recorded()
    await door.course("pF")
    door.service.add_run(door.runs[-1], some_results(door.runs[-1], failing=(X,), passing=(OTHER,)))

    assert said in await said_of(door, words)


async def test_bad_input__a_launcher_without_runs_on_record() -> None:
    """One whose runs were never seen to end, and one whose results nobody could name: a sentence for each."""
    door = Recorded()
    going = a_run(50, status=RunStatus.IN_PROGRESS, launcher="Weekly")
    await door.store.record(PollStep(connection="demo", now=door.clock.now(), runs=(going,)))
    await door.course("uu")

    assert "No run of the launcher “Weekly” that ended is on record." in await said_of(
        door, "history x run=Weekly"
    )
    assert "of the launcher “Payments Nightly” are on record" in await said_of(
        door, 'history property=x run="Payments Nightly"'
    )


@pytest.mark.parametrize("name", ["x" * 500, "<!channel> *b* `c` @everyone", "اختبار الطلبات", "a\n\nb"])
async def test_bad_input__any_name(name: str) -> None:
    """Long names, markup and right-to-left ones are found whole and shown as text."""
    door = Recorded()
    await door.course("ppF", name=name)

    card = (await door.say(Command("history", {"run": door.runs[-1].ref.text, "property": name}))).card

    assert "fails in the newest run" in plain(card.text)
    assert len(plain(card.text)) < 400


async def test_history__holes_in_the_record_are_said() -> None:
    """Runs before the record was whole may be missing among those shown."""
    door = Recorded()
    await door.course("ppF")
    whole = PollStep(
        connection="demo",
        now=door.clock.now(),
        coverage=Coverage(EPOCH + timedelta(minutes=2), EPOCH + timedelta(days=1)),
    )
    before = told(await door.shown())
    await door.store.record(whole)

    assert "may lack" not in before
    assert "The record may lack runs before 14 May 2026." in told(await door.shown())


async def test_bad_input__its_hint_names_a_parameter_that_is_there() -> None:
    """Where platforms call a check by different names, the plain one is no parameter's; each platform's own one is."""
    door = Recorded(others=(a_build_server(connection="qa"),))
    await door.course("pF")
    door.service.add_run(door.runs[-1], some_results(door.runs[-1], failing=(X,), passing=(OTHER,)))

    assert "Add property=NUMBER from “failing”" in await said_of(door, "history latest")
    for name in ("property", "test"):
        assert X in told((await door.say(f"history latest {name}=1 connection=demo")).card)


async def test_history__has_its_title_on_one_line() -> None:
    """Also of a long name in a series with a long one: that stands below, and the whole name in the sentence."""
    door, name = Recorded(), f"Ledger balances {'never differ after a failover ' * 4}"
    await door.course("pF", name=name.strip(), source="release/2026-11-30-hotfix")
    card = await door.shown(f'history property="{name.strip()}" run="Payments Nightly"')
    title, series = drawn(card).strip().splitlines()[:2]

    assert "History of Ledger balances never diff…" in title
    assert series.strip() == "Payments Nightly on release/2026-11-30-hotfix, test payments"
    assert f"“{name[:50]}" in plain(card.text)
