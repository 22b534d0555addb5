"""`mark`: who owns a check, and why its failing is no news; said at one door, shown on every card."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from bot.access import Policy, Role
from bot.cards import Command, Link, plain
from bot.earlier import checks_of, stored
from bot.model import Run
from bot.ratio import Ratio
from bot.state import Actor, ChannelSettings, PollStep, PropertyState, Reopened, Why, Word
from tests.fakes.runs import a_build, a_property, a_run, build_results, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, Door, command_of, told

X, Y, OK = "no torn page", "every order is paid", "the ledger balances"
KEY = ("demo", "Payments Nightly", X)
BEN = Actor(id="discord:user:77", principals=frozenset({"discord:user:77"}), name="Ben")
EVERYBODY = Policy(roles={Role.READ: frozenset({MALLORY.id}), Role.DEBUG: frozenset({ALICE.id, BEN.id})})


@dataclass
class Marking(Door):
    """A door whose platform and record have a run in which two properties fail; Alice and Ben may mark."""

    policy: Policy = field(default_factory=lambda: EVERYBODY)

    async def ran(self, *runs: Run, failing: tuple[str, ...] = (X, Y)) -> None:
        """Let runs end, as the watcher records them."""
        for run in runs:
            results = some_results(run, failing=failing, passing=(OK,))
            self.service.add_run(run, results)
            kept, checks = stored(run, results), checks_of(run, results)
            assert checks is not None
            step = PollStep(connection=run.ref.connection, now=self.clock.now(), runs=(run,), results=(kept,),
                            checks=(checks,), results_known=(run.ref,))  # fmt: skip
            await self.store.record(step)

    async def state(self) -> PropertyState:
        """Return what is said of the first property."""
        return await self.store.property_state(*KEY)


async def a_thread(**changes: object) -> tuple[Marking, str]:
    """Return a door, and a thread about a run in which two properties fail."""
    door = Marking(**changes)  # type: ignore[arg-type]  # the caller's fields
    await door.ran(a_run(1))
    return door, await door.thread_about(a_run(1))


async def test_mark__own() -> None:
    """It is kept by the person's id, shown by the name, and noted in the audit trail."""
    door, thread = await a_thread()

    card = (await door.say(f'mark property="{X}" own', thread=thread)).card

    state = await door.state()
    assert (state.owner, state.owned_at, state.word) == (ALICE.id, door.clock.now(), None)
    assert plain(card.title) == f"{X}: owned by Alice"
    assert plain(card.text) == f"“{X}” of Payments Nightly is now owned by Alice."
    assert [(e.action, e.decision, e.detail) for e in door.store.trail][-1] == (
        "mark", "done", f"demo Payments Nightly {X}: own",
    )  # fmt: skip


async def test_mark__two_own_at_once() -> None:
    """The first wins; the second is told who has it, whichever chat they are in, and may take it once it is cleared."""
    door, thread = await a_thread()
    words = f'mark property="{X}" own'

    first, second = await asyncio.gather(*(door.say(words, thread=thread, by=who) for who in (ALICE, BEN)))

    assert sorted([first.failed, second.failed]) == [False, True]
    owner = ALICE if second.failed else BEN
    refused = second if second.failed else first
    assert (await door.state()).owner == owner.id
    assert f"{owner.name} has owned “{X}” since" in told(refused.card)
    assert "clear" in told(refused.card)
    again = await door.say(words, thread=thread, by=owner)
    assert f"is already owned by {owner.name}." in told(again.card)
    await door.say(f'mark property="{X}" clear', thread=thread)
    assert not (await door.say(words, thread=thread, by=BEN)).failed
    assert (await door.state()).owner == BEN.id


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        ("known JIRA-12", {"word": Word.KNOWN, "ticket": "JIRA-12"}, "known JIRA-12"),
        ("known link=#1234", {"word": Word.KNOWN, "ticket": "#1234"}, "known #1234"),
        ("as=known link=https://jira.example.com/browse/JIRA-12",
         {"word": Word.KNOWN, "ticket": "https://jira.example.com/browse/JIRA-12"}, "known JIRA-12"),
        ("not-a-bug", {"word": Word.NOT_A_BUG, "ticket": ""}, "not a bug"),
        ("not a bug", {"word": Word.NOT_A_BUG}, "not a bug"),
        ("not-a-bug JIRA-9", {"word": Word.NOT_A_BUG, "ticket": "JIRA-9"}, "not a bug (JIRA-9)"),
        ("snooze 3 runs", {"word": Word.SNOOZED, "runs": 3, "until": None}, "snoozed for 3 runs"),
        ("snooze for 1 run", {"word": Word.SNOOZED, "runs": 1}, "snoozed for 1 run"),
        ("snooze until=2026-05-20", {"word": Word.SNOOZED, "runs": None}, "snoozed until 20 May 00:00 UTC"),
        ("snooze until 2026-05-20 09:00", {"word": Word.SNOOZED}, "snoozed until 20 May 09:00 UTC"),
        ("snooze until 2027-05-01", {"word": Word.SNOOZED}, "snoozed until 01 May 2027 00:00 UTC"),
        ("as=snooze until=3d", {"word": Word.SNOOZED}, "snoozed until 17 May"),
    ],
)  # fmt: skip
async def test_mark__words(words: str, expected: dict[str, object], said: str) -> None:
    """Each is read as typed, kept with who said it and how it failed then, and said in the same words."""
    door, thread = await a_thread()

    card = (await door.say(f"mark 1 {words}", thread=thread)).card

    name = plain(card.title).partition(":")[0]
    state = await door.store.property_state("demo", "Payments Nightly", name)
    assert name in {X, Y}
    assert {key: getattr(state, key) for key in expected} == expected
    assert (state.said_by, state.places, state.silent) == (ALICE.id, ("ledger.go:42",), True)
    assert state.counts_from == a_run(1).created_at
    assert said in plain(card.text)


async def test_mark__what_was_typed_is_one_command() -> None:
    """What a form and a button send is the same as what is typed."""
    door, thread = await a_thread()
    invocation = door.invocation(f'mark "{X}" known JIRA-12 run=latest', thread=thread)

    command = door.handler.command_of(invocation)
    turned = door.invocation(f'mark run=latest "{X}" known JIRA-12', thread=thread)

    assert door.handler.command_of(turned) == command
    assert command == Command("mark", {"property": X, "as": "known", "link": "JIRA-12", "run": "latest"})
    assert not (await door.say(command)).failed
    assert (await door.state()).ticket == "JIRA-12"


async def test_mark__by_the_clocks_of_the_channel() -> None:
    """A time is read, and said again, in the channel's zone; one that its clocks never show is refused."""
    door, thread = await a_thread()
    berlin = ChannelSettings(channel=CHANNEL, zone="Europe/Berlin")
    await door.store.set_channel(berlin, door.clock.now())

    card = (await door.say(f'mark "{X}" snooze until 2026-05-20 09:00', thread=thread)).card

    assert (await door.state()).until == datetime(2026, 5, 20, 7, tzinfo=UTC)
    assert "snoozed until 20 May 09:00 Europe/Berlin" in plain(card.text)
    never = await door.say(f'mark "{X}" snooze until 2027-03-28 02:30', thread=thread)
    twice = await door.say(f'mark "{X}" snooze until 2026-10-25 02:30', thread=thread)
    assert never.failed
    assert twice.failed
    assert (await door.state()).until == datetime(2026, 5, 20, 7, tzinfo=UTC)


async def test_list__a_snooze_that_is_over() -> None:
    """Until it fails again the list says that its next failure is news."""
    door, thread = await a_thread()
    await door.say(f'mark "{X}" snooze until=2h', thread=thread)
    assert "over" not in told((await door.say("mark list")).card)

    door.clock.pass_time(7_200)

    assert "that is over, so its next failure is news" in told((await door.say("mark list")).card)


async def test_mark__a_link_is_one_in_cards() -> None:
    """It is named by the ticket that it leads to."""
    door, thread = await a_thread()
    card = (await door.say(f'mark "{X}" known https://jira.example.com/browse/JIRA-12', thread=thread)).card

    assert Link("JIRA-12", "https://jira.example.com/browse/JIRA-12") in card.title


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("known http://jira.example.com/JIRA-12", "a link must begin with https://"),
        ("known javascript://alert", "a link must begin with https://"),
        ("known https://user:pw@jira.example.com/1", "looks like a secret"),
        ("as=known link=<@U123>", "neither a link nor the id of a ticket"),
        ("known", "The ticket of the known issue is missing."),
        ("known https://jira.example.com/" + "x" * 300, "too long"),
        ("snooze", "How long to snooze is missing."),
        ("snooze until=2026-05-01", "2026-05-01"),
        ("snooze until=2026-02-30", "2026-02-30"),
        ("snooze 0 runs", "until="),
        ("snooze 99 runs", "1 to 50"),
        ("snooze for ever", "ever"),
        ("snooze until=2031-01-01", "2031"),
        ("as=own until=3d", "until= does not go with “own”"),
        ("as=clear link=JIRA-1", "link= does not go with “clear”"),
        ("as=mine", "mine"),
        ("", "What to mark it as is missing."),
    ],
)
async def test_mark__bad_input(words: str, problem: str) -> None:
    """It says what is wrong and how to give it right, and changes nothing."""
    door, thread = await a_thread()

    reply = await door.say(f'mark property="{X}" {words}', thread=thread)

    assert reply.failed
    assert problem in told(reply.card)
    assert (await door.state()).empty


async def test_mark__a_check_that_does_not_exist() -> None:
    """The nearest is offered."""
    door, thread = await a_thread()

    for words in ('mark property="no torn pages" own', "mark no torn pages own"):
        reply = await door.say(words, thread=thread)

        assert reply.failed
        assert f"Did you mean “{X}”" in told(reply.card)
        assert command_of(reply.card, X) == Command("mark", {"as": "own", "property": X})


async def test_mark__several_launchers_have_it() -> None:
    """Without a run it is asked which; one alone is taken."""
    door = Marking()
    await door.ran(a_run(1))
    assert not (await door.say(f'mark property="{X}" own')).failed
    await door.ran(replace(a_run(2), launcher="Weekly"))

    reply = await door.say(f'mark property="{X}" clear')

    assert reply.failed
    assert command_of(reply.card, "Weekly").values["run"] == "Weekly"
    assert not (await door.say(f'mark property="{X}" clear run="Payments Nightly"')).failed
    assert (await door.state()).empty


async def test_mark__which_of_several_failures() -> None:
    """In the thread of a run with several it is asked which; with one alone that is meant."""
    door, thread = await a_thread()

    reply = await door.say("mark own", thread=thread)

    assert reply.failed
    assert command_of(reply.card, X) == Command("mark", {"as": "own", "property": X})
    await door.ran(a_run(2), failing=(X,))
    alone = await door.thread_about(a_run(2), "1700000000.000200")
    assert not (await door.say("mark own", thread=alone)).failed
    assert (await door.state()).owner == ALICE.id


async def test_mark__the_ways_on() -> None:
    """Under it stands what else can be said, each as the person who presses it."""
    door, thread = await a_thread()
    card = (await door.say(f'mark "{X}" known JIRA-12', thread=thread)).card
    assert [b.text for b in card.buttons] == ["Own", "Snooze", "Known issue", "Not a bug", "Clear", "History"]

    after = (await door.say(command_of(card, "Own"), by=BEN)).card

    assert plain(after.title) == f"{X}: known JIRA-12, owned by Ben"
    assert "Own" not in [b.text for b in after.buttons]
    cleared = (await door.say(command_of(after, "Clear"))).card
    assert plain(cleared.text) == f"“{X}” of Payments Nightly has no mark any more."
    assert plain((await door.say(command_of(after, "Clear"))).card.text).endswith("has no mark.")


async def test_mark__names_only_what_is_known_of_its_end() -> None:
    """What would reopen it is said as far as it can: place and share only where those were read."""
    door, thread = await a_thread()
    known = (await door.say(f'mark "{X}" known JIRA-12', thread=thread)).card
    rule = "until it fails at another place or fails again after 5 runs in a row in which it did not."
    assert rule in plain(known.text)
    run = a_run(2)
    share = a_property(X, failing=True, example_count=99, counterexample_count=1)
    door.service.add_run(run, replace(some_results(run), checks=(share,)))

    rare = (await door.say(f'mark "{X}" known run={run.ref.run_id}')).card

    assert "another share of what is checked" in plain(rare.text)
    assert (await door.state()).ratio is Ratio.RARE


async def test_mark__everywhere_it_fails() -> None:
    """The list of failures, one of them, the run, and the history say it, in whichever chat."""
    door, thread = await a_thread()
    await door.say(f'mark "{X}" known JIRA-12', thread=thread)
    await door.say(f'mark "{X}" own', thread=thread, by=BEN)

    for words in ("failing", f'failing property="{X}"', "status", f'history property="{X}"'):
        card = (await door.say(words, thread=thread)).card
        assert "known JIRA-12, owned by Ben" in told(card), words


async def test_status__names_what_is_news_before_what_was_explained() -> None:
    """Of many that fail newly, those that people explained are the ones that only a number stands for."""
    door = Marking()
    names = tuple(f"property {n}" for n in range(7))
    await door.ran(a_run(1), failing=())
    await door.ran(a_run(2), failing=names)
    thread = await door.thread_about(a_run(2))
    for name in names[:6]:
        await door.say(f'mark "{name}" known JIRA-1', thread=thread)

    card = (await door.say("status", thread=thread)).card

    assert (card.items[0].mark, plain(card.items[0].title)) == ("newly failing", names[6])
    assert plain(card.items[5].title) == "2 more"


async def test_mark__needs_a_role_and_its_list_does_not() -> None:
    """Whoever may read sees what was said, and changes nothing."""
    door, thread = await a_thread()
    await door.say(f'mark "{X}" own', thread=thread)

    assert (await door.say(f'mark "{X}" clear', by=MALLORY, thread=thread)).failed
    listed = await door.say("mark list", by=MALLORY)

    assert not listed.failed
    assert "owned by Alice" in told(listed.card)
    assert (await door.state()).owner == ALICE.id


async def test_list__what_was_reopened_first() -> None:
    """Page by page, each with its launcher and the ways to change it."""
    door = Marking()
    names = tuple(f"property {n:02}" for n in range(12))
    await door.ran(a_run(1), failing=names)
    assert "No property is marked." in told((await door.say("mark list")).card)
    thread = await door.thread_about(a_run(1))
    for name in names:
        await door.say(f'mark "{name}" own', thread=thread)
    last = await door.store.property_state("demo", "Payments Nightly", names[-1])
    why = Reopened(why=Why.PLACE, run_id="r", now="other.rs:12")
    await door.store.save_property_state(replace(last, word=Word.KNOWN, ticket="JIRA-12", reopened=why))

    first = (await door.say("mark list")).card
    second = (await door.say("mark list from=11")).card

    assert plain(first.title) == "12 marked properties"
    assert plain(first.items[0].title) == f"1. {names[-1]}"
    assert plain(first.items[0].lines[0]) == (
        "reopened: it now fails at other.rs:12 (it was known JIRA-12), owned by Alice"
    )
    assert "Payments Nightly" in plain(first.items[0].lines[1])
    assert [plain(item.title) for item in second.items] == [f"11. {names[9]}", f"12. {names[10]}"]
    await door.say(command_of(second, "Clear 11"))
    assert (await door.store.property_state("demo", "Payments Nightly", names[9])).empty


@pytest.mark.parametrize("words", ["mark list run=latest", "mark list link=JIRA-1", "mark foo list"])
async def test_list__takes_nothing_of_one_check(words: str) -> None:
    """What would be passed over is refused."""
    door = Marking()
    await door.ran(a_run(1))

    assert "“mark list” takes no" in told((await door.say(words)).card)


async def test_mark__a_build_without_moments_and_times() -> None:
    """Tests have no place and no share; the launcher goes by its id, runs by their order, and its noun is understood."""
    service: FakeRunService = a_build_server()
    door = Marking(service=service)
    run = replace(a_build(7), seen_at=door.clock.now())
    results = build_results(7, failing=("tests/a.py::test_x",), passing=("ok",))
    service.add_run(run, results)
    kept, checks = stored(run, results), checks_of(run, results)
    assert checks is not None
    await door.store.record(PollStep(connection="demo", now=door.clock.now(), runs=(run,), results=(kept,),
                                     checks=(checks,), results_known=(run.ref,)))  # fmt: skip

    reply = await door.say("mark test=1 snooze 3 builds run=7")

    assert not reply.failed, told(reply.card)
    state = await door.store.property_state("demo", "55", "tests/a.py::test_x")
    assert (state.word, state.runs, state.places, state.ratio) == (Word.SNOOZED, 3, (), None)
    assert "snoozed for 3 builds" in told(reply.card)


@pytest.mark.parametrize("until", ["yesterday", "someday", "2031-01-01"])
@pytest.mark.parametrize(("service", "way"), [(FakeRunService, "3 runs"), (a_build_server, "3 builds")])
async def test_mark__wrong_snooze_names_every_way(
    until: str, service: Callable[[], FakeRunService], way: str
) -> None:
    """A number of runs is a way as well, in the platform's own noun."""
    door = Marking(service=service())

    said = told((await door.say(f'mark "{X}" snooze until={until}')).card)

    assert f'until="{way}"' in said


async def test_mark__a_run_whose_launcher_nobody_knows() -> None:
    """Nothing can be kept of it, and that is said."""
    door = Marking()
    run = replace(a_run(1), launcher="")
    door.service.add_run(run, some_results(run, failing=(X,)))

    reply = await door.say(f'mark "{X}" own run={run.ref.run_id}')

    assert "It is not known which launcher this run is of" in told(reply.card)


async def test_mark__form() -> None:
    """It opens filled in with the check that the button stands beside."""
    door, _ = await a_thread()
    button = Command("mark", {"run": a_run(1).ref.text, "property": X})

    form = await door.handler.form(door.invocation(button), _nobody)

    assert form is not None
    assert {f.name: f.value for f in form.fields} == {
        "property": X, "as": "", "until": "", "link": "", "run": a_run(1).ref.text,
    }  # fmt: skip
    assert [f.choices for f in form.fields if f.name == "as"] == [
        ("own", "snooze", "known", "not-a-bug", "clear")
    ]
    assert door.handler.field_problem("mark", "link", "text", "ftp://x", "Ticket").startswith("Ticket is")


async def _nobody(_: str) -> None:
    """Report to nobody."""
