"""What `status` says of recent runs and of one run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import Chart, Context, Tone, plain
from bot.earlier import stored
from bot.errors import Unreachable
from bot.handler import Handler
from bot.model import Availability, Results, RunRef, RunStatus, Secret
from bot.replies.wording import short_id
from bot.state import PollStep
from tests.fakes.runs import EPOCH, a_build, a_run, run_id, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.door import Door, told, words_of


async def test_status__lists_recent_runs_newest_first() -> None:
    """Without arguments the recent runs are listed, each with what is known of it."""
    door = Door()
    old = door.service.add_run(a_run(1))
    door.service.add_run(a_run(2, status=RunStatus.IN_PROGRESS))
    await door.store.save_results(stored(old, some_results(old, failing=("no torn page",), passing=("a",))))

    reply = await door.say("status")

    marks = [item.mark for item in reply.card.items]
    assert ["running", "FAILED: 1 of 2 properties fails"] == marks
    assert "1 run going on" in told(reply.card)


async def test_status__reads_the_verdicts_of_the_runs_it_lists_once() -> None:
    """A list without verdicts would have to be opened run by run; what was read is kept."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("x",), passing=("y",)))
    early = door.service.add_run(a_run(2))
    door.service.set_results(some_results(early))
    door.service.add_run(a_run(3))
    door.service.fail("results", Unreachable("no answer"))

    first = await door.say("status")
    again = await door.say("status")

    unread = "finished, results unavailable"
    assert [unread, unread, "FAILED: 1 of 2 properties fails"] == [i.mark for i in first.card.items]
    assert [i.mark for i in first.card.items] == [i.mark for i in again.card.items]
    assert 5 == door.service.count("results")


async def test_status__without_runs_says_so() -> None:
    """An empty tenant is a sentence, not an empty card."""
    door = Door()

    reply = await door.say("status launcher=basic_test")

    assert "There are no runs of basic_test." in told(reply.card)


async def test_status__a_list_says_once_that_a_run_goes_on() -> None:
    """Where nothing is known of how far it is, the mark says all there is."""
    door = Door(service=a_build_server())
    door.service.add_run(a_build(1, status=RunStatus.IN_PROGRESS))

    item = (await door.say("status")).card.items[0]

    assert [item.mark, *("running" for line in item.lines if "running" in plain(line))] == ["running"]


async def test_status__names_what_is_new_against_the_run_before() -> None:
    """A failing run says what newly fails, what still fails, and which run it was compared with."""
    door = Door()
    before = door.service.add_run(a_run(1))
    door.service.set_results(some_results(before, failing=("old bug", "gone bug"), passing=("new bug",)))
    run = door.service.add_run(a_run(2))
    door.service.set_results(some_results(run, failing=("old bug", "new bug"), passing=("gone bug", "fine")))

    reply = await door.say(f"status {run.ref.run_id}")

    items = [(item.mark, plain(item.title)) for item in reply.card.items]
    assert [
        ("newly failing", "new bug"),
        ("still failing", "old bug (2 runs in a row)"),
        ("passing again", "gone bug (after 1 failing run)"),
    ] == items
    assert reply.card.tone is Tone.BAD
    assert short_id(before.ref.run_id) in told(reply.card)


async def test_status__completed_with_failures_is_never_good() -> None:
    """`completed` is not `passed`."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("x",), passing=("y",) * 1))

    reply = await door.say("status latest")

    assert reply.card.tone is Tone.BAD
    assert "FAILED" in told(reply.card)


@pytest.mark.parametrize(
    ("availability", "sentence"),
    [
        (Availability.NOT_YET, "the platform is still writing them"),
        (Availability.ABSENT, "It ended without any properties."),
        (Availability.AGED_OUT, "they have aged out, only the report still has them"),
    ],
)
async def test_status__says_why_there_are_no_properties(availability: Availability, sentence: str) -> None:
    """Unreadable results are named with their reason, and are never good."""
    door = Door()
    run = door.service.add_run(a_run(1), None)
    door.service.set_results(Results(ref=run.ref, availability=availability))

    reply = await door.say("status latest")

    assert sentence in told(reply.card)
    assert reply.card.tone is Tone.WARNING


async def test_status__of_a_running_run_shows_progress() -> None:
    """A run that goes on shows elapsed against requested time."""
    door = Door()
    door.service.add_run(a_run(0, status=RunStatus.IN_PROGRESS, created_at=EPOCH, started_at=EPOCH))
    door.clock.pass_time(600)

    reply = await door.say("status latest")

    assert reply.card.progress is not None
    assert pytest.approx(1 / 3) == reply.card.progress.fraction
    assert "10 min of 30 min" == reply.card.progress.text


async def test_status__past_the_requested_time_says_finishing() -> None:
    """Builds and reports take longer than the request, so the bar never runs over."""
    door = Door()
    door.service.add_run(a_run(0, status=RunStatus.IN_PROGRESS, created_at=EPOCH, started_at=EPOCH))
    door.clock.pass_time(3600)

    reply = await door.say("status latest")

    assert reply.card.progress is not None
    assert 1.0 == reply.card.progress.fraction
    assert reply.card.progress.text.startswith("finishing")


async def test_status__in_a_thread_needs_no_argument() -> None:
    """The thread says which run."""
    door = Door()
    door.service.add_run(a_run(2))
    run = door.service.add_run(a_run(1))
    thread = await door.thread_about(run)

    reply = await door.say("status", thread=thread)

    assert Context(run=run.ref) == reply.card.context


async def test_status__an_argument_wins_over_the_thread() -> None:
    """What is said explicitly counts."""
    door = Door()
    other = door.service.add_run(a_run(2))
    thread = await door.thread_about(door.service.add_run(a_run(1)))

    reply = await door.say("status latest", thread=thread)

    assert Context(run=other.ref) == reply.card.context


async def test_status__takes_the_first_characters_of_an_id() -> None:
    """Cards show short ids, so short ids are understood."""
    door = Door()
    run = door.service.add_run(a_run(1, ref=RunRef("demo", "abcdef12" + run_id(1)[8:])))

    reply = await door.say("status abcdef12")

    assert Context(run=run.ref) == reply.card.context


async def test_status__short_id_of_several_runs_asks_for_more() -> None:
    """Two runs with that beginning: it does not guess."""
    door = Door()
    door.service.add_run(a_run(1))
    door.service.add_run(a_run(2))

    reply = await door.say("status 00000000")

    assert "2 runs begin with “00000000”" in told(reply.card)


async def test_status__knows_launchers_that_only_the_platform_knows() -> None:
    """What the settings name, and which connection comes first, hides no launcher."""
    other = FakeRunService(connection="other")
    door = Door(others=(other,))
    door.handler = Handler(
        replace(door.services, launchers={"demo": ("preset_test",), "other": ("preset_test",)})
    )
    ours, theirs = (
        door.service.add_run(a_run(1)),
        other.add_run(a_run(2, ref=RunRef("other", run_id(2)), launcher="etcd Soak")),
    )
    await door.store.record(
        PollStep(connection="other", now=door.clock.now(), runs=(a_run(3, ref=RunRef("other", run_id(3))),))
    )

    assert Context(run=ours.ref) == (await door.say("status payments nightly")).card.context
    assert Context(run=theirs.ref) == (await door.say("status etcd Soak")).card.context


async def test_status__takes_a_launcher_that_agrees_with_the_run() -> None:
    """Said twice it is no contradiction, in whichever case."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.add_run(a_run(2, launcher="etcd Soak"))

    for words in (run.ref.run_id, "latest", "payments nightly"):
        reply = await door.say(f'status {words} launcher="Payments Nightly"')
        assert Context(run=run.ref) == reply.card.context


async def test_status__lists_where_a_number_of_runs_is_asked_for_in_a_thread() -> None:
    """The thread's run is meant only where nothing says that a list is."""
    door = Door()
    runs = [door.service.add_run(a_run(number)) for number in (1, 2, 3)]

    reply = await door.say("status count=2", thread=await door.thread_about(runs[0]))

    assert 2 == len(reply.card.items)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("status ../../etc", "is not a valid id"),
        (
            "status 00ff00ff00ff",
            "No recent run or session has an id that starts with “00ff00ff00ff”. For an older run, give the full id",
        ),
        (f"status {run_id(9)}", f"There is no run {run_id(9)}"),
        ("status 00ff0", "Give at least 6 characters of the run id."),
        ("status latest Paymints Nightly", "Did you mean “Payments Nightly”?"),
        ("status count=0", "whole number from 1 to 30"),
        ("status window=3", "status has no parameter “window=”"),
        ("status connection=nowhere", "There is no connection “nowhere”"),
        ("status launcher=" + "x" * 129, "launcher= must be 1 to 128"),
        (f"status {run_id(1)} launcher=" + "x" * 129, "launcher= must be 1 to 128"),
        (
            f"status {run_id(1)} launcher=etcd",
            f"Run {short_id(run_id(1))} belongs to the launcher “Payments Nightly”, not “etcd”. Leave “launcher=” out",
        ),
        ("status latest Payments Nightly launcher=etcd", "to the launcher “Payments Nightly”, not “etcd”"),
        ("status payments nightly launcher=etcd", "to the launcher “Payments Nightly”, not “etcd”"),
        (f"status --run-id {run_id(1)} launcher=etcd", "to the launcher “Payments Nightly”, not “etcd”"),
        (f"status {run_id(1)} count=5", "“count=” is for the list of recent runs. Leave out either"),
        ("status latest count=5", "“count=” is for the list of recent runs. Leave out either"),
    ],
)
async def test_status__bad_input_gets_a_sentence(words: str, sentence: str) -> None:
    """What is wrong, and how to give it right; private, and never a trace."""
    door = Door()
    run = door.service.add_run(a_run(1))
    await door.store.save_results(stored(run, some_results(run)))

    reply = await door.say(words)

    assert sentence in told(reply.card)
    assert reply.private
    assert reply.failed
    assert not reply.fault


async def test_status__unreachable_platform_is_our_fault_not_theirs() -> None:
    """A platform that cannot be reached is said so, and counts as a failure."""
    door = Door()
    door.service.fail("runs", Unreachable("The platform could not be reached: connection refused."))

    reply = await door.say("status")

    assert "could not be reached" in told(reply.card)
    assert reply.fault


async def test_status__offers_the_report_without_its_link() -> None:
    """The signed link never stands in a card; the button asks for a fresh one."""
    door = Door()
    link = "https://demo.antithesis.com/report/a/b.html?auth=v2.public.CANARY"
    door.service.add_run(a_run(1, report_url=Secret(link)))

    reply = await door.say("status latest")

    assert f"report demo/{run_id(1)}" == words_of(reply.card, "Open report")
    assert "CANARY" not in repr(reply.card)


async def test_status__two_connections_need_a_name_or_take_the_first() -> None:
    """A run of the other connection is addressed by its connection."""
    door = Door(others=(FakeRunService(connection="staging"),))
    run = door.others[0].add_run(a_run(1, connection="staging"))

    reply = await door.say(f"status staging/{run.ref.run_id}")

    assert Context(run=run.ref) == reply.card.context


@pytest.mark.parametrize("link", [True, False])
async def test_status__what_is_pasted_is_found_in_any_connection(link: bool) -> None:
    """A link or an id says nothing of our connections' names, so every one is looked at, the first one first."""
    door = Door(others=(FakeRunService(connection="staging"),))
    run = door.others[0].add_run(a_run(1, connection="staging"))
    door.others[0].set_report(run, "https://staging.antithesis.com/report/a/b.html?auth=v2.public.KEY")
    pasted = "https://staging.antithesis.com/report/a/b.html" if link else run.ref.run_id

    found = await door.say(f"status {pasted}")
    only_there = await door.say(f"status {pasted} connection=demo")

    assert Context(run=run.ref) == found.card.context
    assert only_there.failed


async def test_status__elapsed_and_requested_are_both_shown() -> None:
    """People confuse them, so both have a label."""
    door = Door()
    door.service.add_run(a_run(1))
    door.clock.pass_time(timedelta(days=1).total_seconds())

    card = (await door.say("status latest")).card

    facts = {fact.label: plain(fact.value) for fact in card.facts}
    assert ("30 min", "45 min") == (facts["Requested"], facts["Elapsed"])


async def test_status__a_name_that_a_mend_quotes_is_text_from_outside() -> None:
    """A launcher called like a mention of everybody is shown literally in every part of the answer."""
    door = Door()
    door.service.add_run(a_run(1, launcher="<!channel> nightly"))

    card = (await door.say("status latest launcher=<!chanel>_nightly")).card

    spans = [span for line in (card.title, card.text, *card.body) for span in line]
    assert "Did you mean “<!channel> nightly”?" in told(card)
    assert all("<!channel>" not in span for span in spans if isinstance(span, str))


async def test_status__draws_how_many_properties_failed_in_the_runs_before() -> None:
    """The runs that are known of the series are counted, the oldest first and the run itself last."""
    door = Door()
    for number, names in enumerate([(), ("x",), ("x", "y")], 1):
        before = a_run(number)
        door.service.add_run(before, some_results(before, failing=names, passing=("z",)))
    other = a_run(4, source="feature")
    door.service.add_run(other, some_results(other, failing=("a", "b", "c")))
    run = door.service.add_run(a_run(5))
    door.service.set_results(some_results(run, failing=("y",), passing=("x",)))

    reply = await door.say(f"status {run.ref.run_id}")

    chart = Chart(
        title="Failing properties, last 4 runs",
        values=(0, 1, 2, 1),
        labels=tuple(short_id(run_id(number)) for number in (1, 2, 3, 5)),
        text="Failing properties in the last 4 runs of Payments Nightly on main, test payments, "
        "oldest first: 0, 1, 2, 1.",
    )
    assert chart == reply.card.chart
    assert 4 == door.service.count("results")


async def test_status__says_which_runs_the_chart_leaves_out() -> None:
    """A run whose results are not known is no zero and no gap that nobody sees."""
    door = Door()
    for number in range(1, 5):
        before = a_run(number)
        door.service.add_run(before, some_results(before, failing=("x",)))
    aged = a_run(3)
    door.service.set_results(Results(ref=aged.ref, availability=Availability.AGED_OUT))
    run = door.service.add_run(a_run(5), some_results(a_run(5), failing=("x",)))

    card = (await door.say(f"status {run.ref.run_id}")).card

    assert card.chart is not None
    assert "Failing properties, last 5 runs, 1 run left out" == card.chart.title
    assert (1, 1, 1, 1) == card.chart.values
    assert card.chart.text.endswith("oldest first: 1, 1, 1, 1. Left out: 1 run without readable results.")
    assert [("still failing", "x (at least 2 runs in a row)")] == [
        (item.mark, plain(item.title)) for item in card.items
    ]


async def test_status__draws_no_more_than_two_weeks_of_nightly_runs() -> None:
    """Of a long history the newest runs are drawn."""
    door = Door()
    for number in range(1, 21):
        before = a_run(number)
        names = tuple(f"property {n}" for n in range(number))
        door.service.add_run(before, some_results(before, failing=names, passing=("z",)))
    run = door.service.add_run(a_run(21))
    door.service.set_results(some_results(run, passing=("x",)))

    reply = await door.say(f"status {run.ref.run_id}")

    assert reply.card.chart is not None
    assert (*range(8, 21), 0) == reply.card.chart.values


@pytest.mark.parametrize(("earlier", "drawn"), [(1, False), (2, True)])
async def test_status__draws_nothing_of_less_than_three_runs(earlier: int, *, drawn: bool) -> None:
    """Two bars show no course."""
    door = Door()
    for number in range(1, earlier + 1):
        before = a_run(number)
        door.service.add_run(before, some_results(before, failing=("x",)))
    run = door.service.add_run(a_run(9))
    door.service.set_results(some_results(run, passing=("x",)))

    reply = await door.say(f"status {run.ref.run_id}")

    assert drawn == (reply.card.chart is not None)


async def test_status__draws_nothing_of_a_run_without_results() -> None:
    """A run whose properties cannot be read is no zero."""
    door = Door()
    for number in range(1, 6):
        before = a_run(number)
        door.service.add_run(before, some_results(before, passing=("x",)))
    run = door.service.add_run(a_run(9), None)
    door.service.set_results(Results(ref=run.ref, availability=Availability.ABSENT))

    reply = await door.say(f"status {run.ref.run_id}")

    assert reply.card.chart is None
