"""`audit`: who did what, asked by person, run, verb and time, a page at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.access import Policy, Role
from bot.cards import Untrusted, plain
from bot.state import Actor, AuditEntry
from tests.fakes.stage import ANN, BO, CHANNEL, Stage, texts
from tests.unit.commands.triage_stage import a_triage_stage

ADA = Actor(id="fake:user:ADA", principals=frozenset({"fake:user:ADA"}), name="Ada")
POLICY = Policy(
    roles={
        Role.ADMIN: frozenset({ADA.id}),
        Role.LAUNCH: frozenset({ANN.id, BO.id}),
    }
)


def a_stage() -> Stage:
    """Return a stage with an admin."""
    return Stage(policy=POLICY)


async def rows(stage: Stage, words: str) -> list[str]:
    """Return what Ada is shown, a line each: what was done, and how it was decided."""
    reply = await stage.say(words, by=ADA)
    assert reply.private, "the trail is for the admin alone"
    assert not reply.failed, texts(reply.card)
    return [f"{plain(item.title).partition(': ')[2]}: {item.mark}" for item in reply.card.items]


async def test_audit__newest_first_with_who_and_where() -> None:
    """Every line has its time, its number, the name and the id of who did it, the channel and the detail."""
    stage = a_stage()
    await stage.launched()
    reply = await stage.say("audit", by=ADA)

    at = f"{stage.clock.now():%Y-%m-%d %H:%M:%S} UTC"
    titles = [plain(item.title) for item in reply.card.items]
    assert titles == [f"{at}, line {number}: launch by Ann" for number in (3, 2, 1)]
    assert [item.mark for item in reply.card.items] == ["accepted", "confirmed", "allowed"]
    assert plain(reply.card.items[2].lines[1]) == f"fake:user:ANN in {CHANNEL}"
    assert "3 lines of the audit trail, newest first." in plain(reply.card.text)
    assert "clew audit verify" in plain(reply.card.footer)


async def test_audit__about_a_verb_a_person_a_run() -> None:
    """One word is enough, and a name before it says what it stands for."""
    stage = a_stage()
    await stage.launched()
    run = list(stage.memory.intents.values())[-1].run_id
    await stage.say("watch keep=yes", by=BO)
    await stage.say("cancel latest", by=ADA)
    of_launch = ["launch by Ann: accepted", "launch by Ann: confirmed"]

    for words in (f"audit {run}", f"audit run={run}", f"audit run=demo/{run}"):
        assert await rows(stage, words) == of_launch, words
    for words in (
        "audit launch",
        "audit verb=launch",
        "audit Ann",
        "audit @ann",
        "audit person=fake:user:ANN",
    ):
        assert await rows(stage, words) == [*of_launch, "launch by Ann: allowed"], words
    of_bo = ["watch by fake:user:BO: done"]
    for words in ("audit <@BO>", "audit person=<@!BO>", "audit BO", "audit BO verb=watch"):
        assert await rows(stage, words) == of_bo, words
    assert await rows(stage, "audit launch person=BO") == []
    assert await rows(stage, "audit me") == ["cancel by Ada: allowed"]
    assert await rows(stage, "audit person=fake:user:ZOE") == []


async def test_audit__a_run_means_the_requests_about_it() -> None:
    """Asking for and confirming something about a run stand under its id, although the line names only the request."""
    stage = a_triage_stage(policy=POLICY)
    await stage.say("quarantine 1026 test=1 reason=flaky")
    await stage.press("Quarantine")
    await stage.say("classify 1026 test=1 kind=product_bug")
    await stage.say("watch keep=yes", by=BO)

    assert await rows(stage, "audit 1026") == [
        "classify by Ann: taken",
        "quarantine by Ann: accepted",
        "quarantine by Ann: confirmed",
    ]
    assert await rows(stage, "audit 102") == []


async def test_audit__since() -> None:
    """A time at the end is one; so is a day; pages go on from the same one."""
    stage = a_stage()
    await stage.say("watch keep=yes", by=BO)
    stage.clock.pass_time(3 * 3600)
    await stage.say("unwatch", by=BO)

    late = ["unwatch by fake:user:BO: done"]
    assert await rows(stage, "audit 1h") == late
    assert await rows(stage, "audit person=BO since=90m") == late
    both = [*late, "watch by fake:user:BO: done"]
    assert await rows(stage, "audit BO 2d") == both
    assert await rows(stage, "audit fake:user:BO yesterday") == both


async def test_audit__until() -> None:
    """A time as everywhere: what was before it; with since=, what was between them."""
    stage = a_stage()
    await stage.say("watch keep=yes", by=BO)
    stage.clock.pass_time(3 * 3600)
    await stage.say("unwatch", by=BO)
    stage.clock.pass_time(3 * 3600)
    early = ["watch by fake:user:BO: done"]

    assert await rows(stage, "audit BO until=4h") == early
    assert (
        await rows(stage, f"audit BO until={stage.clock.now() - timedelta(hours=4):%Y-%m-%dT%H:%M}") == early
    )
    assert await rows(stage, "audit BO since=4h until=1h") == ["unwatch by fake:user:BO: done"]
    reply = await stage.say("audit BO until=1d", by=ADA)
    assert plain(reply.card.text).startswith("Nothing about “BO” is in the audit trail before ")


async def test_audit__takes_a_run_as_other_verbs_do() -> None:
    """The latest one, that of a launcher, a shortened id; a run that is gone is meant by what was typed."""
    stage = a_stage()
    await stage.launched()
    intent = list(stage.memory.intents.values())[-1]
    run = intent.run_id or ""
    of_launch = ["launch by Ann: accepted", "launch by Ann: confirmed"]
    for words in (
        "latest",
        "run=latest",
        "latest basic_test",
        "run=basic_test",
        f"{run[:4]}…{run[-6:]}",
        f"run={run}",
    ):
        assert await rows(stage, f"audit {words}") == of_launch, words
    stage.service._runs.clear()
    gone = await stage.say("audit latest", by=ADA)

    assert await rows(stage, f"audit {run}") == await rows(stage, f"audit run={run}") == of_launch
    assert gone.failed
    assert "There are no runs" in texts(gone.card)


async def test_audit__pages_stay_while_it_grows() -> None:
    """The next page goes on where the first one ended, whatever was added in between."""
    stage = a_stage()
    for number in range(45):
        line = AuditEntry(
            at=stage.clock.now() + timedelta(seconds=number), actor=BO.id, channel="c", action="watch",
            decision="done", detail=str(number),
        )  # fmt: skip
        await stage.memory.audit(line)
    first = await stage.say("audit watch", by=ADA)
    assert first.card.pages is not None
    await stage.say("watch keep=yes", by=BO)
    after = first.card.pages.after(20)
    second = await stage.say(after, by=ADA)
    assert second.card.pages is not None
    third = await stage.say(second.card.pages.after(20), by=ADA)

    shown = [plain(item.lines[0]) for reply in (first, second, third) for item in reply.card.items]
    assert shown == [str(number) for number in range(44, -1, -1)]
    assert third.card.pages is not None
    assert third.card.pages.after(5) is None


@pytest.mark.parametrize(
    ("words", "said", "meant"),
    [
        ("audit lanch", "Nothing in the audit trail is about “lanch”", "launch"),
        ("audit person=An", "Nobody called “An” is in the audit trail.", "Ann"),
        ("audit verb=wach", "“wach” is no verb.", "watch"),
        ("audit launch run=12 Ann Bo", "belong", ""),
        ("audit since=soon", "since= is “soon”", ""),
        ("audit from=99", "There is no entry 99: the list has ", ""),
        ("audit newest=x", "newest= is “x”", ""),
        ("audit until=x", "until= is “x”; it must be how long ago, or a date, in UTC.", ""),
        ("audit since=1h until=2h", "until= is not later than since=.", ""),
    ],
)
async def test_audit__bad_input(words: str, said: str, meant: str) -> None:
    """What cannot be read is said, with what was likely meant."""
    stage = a_stage()
    await stage.launched()
    reply = await stage.say(words, by=ADA)

    assert reply.failed
    assert said in texts(reply.card)
    assert (f"Did you mean “{meant}”?" in texts(reply.card)) == bool(meant)


async def test_audit__for_admins_alone() -> None:
    """Whoever may launch may not read who did what; that they asked is in the trail."""
    stage = a_stage()
    reply = await stage.say("audit", by=ANN)

    assert "needs the role “admin”" in texts(reply.card)
    assert await rows(stage, "audit verb=audit") == ["audit by fake:user:ANN: denied"]


async def test_audit__nothing_there() -> None:
    """An empty trail is said to be one."""
    reply = await a_stage().say("audit launch 1d", by=ADA)

    assert plain(reply.card.text).startswith("Nothing about “launch” is in the audit trail since ")


async def test_audit__shows_what_came_from_outside_as_text() -> None:
    """A detail cannot mention, link or format anything."""
    stage = a_stage()
    line = AuditEntry(
        at=stage.clock.now(), actor="x:user:<@U1>", channel="<!here>", action="watch", decision="done", detail="*b* <http://x|y>"
    )  # fmt: skip
    await stage.memory.audit(line)
    reply = await stage.say("audit", by=ADA)

    title, lines = reply.card.items[0].title, reply.card.items[0].lines
    assert Untrusted("x:user:<@U1>", code=True) in title
    assert lines[0] == (Untrusted("*b* <http://x|y>"),)
    assert Untrusted("<!here>", code=True) in lines[1]
