"""What may be started today: shown before it is confirmed, kept when it is, and said when it is too much."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access import Role
from bot.cards import Reply, plain
from bot.command import Preset
from bot.errors import StoreError
from bot.quotas import Quota
from bot.state import Actor, Intent, IntentState, Per
from bot.triage import LauncherRow, RerunRequest
from tests.fakes.runs import MOMENT, a_run, run_id
from tests.fakes.service import Launching, a_build_server
from tests.fakes.stage import ANN, BO, CHANNEL, POLICY, READER, Stage, an_invocation, silent, texts

LAUNCH = "launch basic_test duration=30"
CHANNELS = Quota(per=Per.CHANNEL, runs=2, minutes=100, zone="Europe/Berlin")


def a_stage(*quotas: Quota, **changes: object) -> Stage:
    return Stage(policy=replace(POLICY, quotas=quotas), **changes)  # type: ignore[arg-type]  # any field


def quotas_of(reply: Reply) -> list[str]:
    """Return what a card says of quotas."""
    return [plain(fact.value) for fact in reply.card.facts if fact.label == "Quota"]


def last_intent(stage: Stage) -> Intent:
    return list(stage.memory.intents.values())[-1]


def refusals(stage: Stage) -> list[str]:
    """Return why the audit trail says something was denied."""
    return [entry.detail.partition(": ")[2] for entry in stage.memory.trail if entry.decision == "denied"]


async def test_launch__says_what_is_left() -> None:
    """The card shows every rule that holds, with whose it is and when its day ends."""
    stage = a_stage(CHANNELS, Quota(per=Per.PERSON, runs=1), Quota(per=Per.LAUNCHER, minutes=30))
    first = await stage.say(LAUNCH)

    assert quotas_of(first) == [
        "2 of 2 runs and 100 of 100 minutes are left today for this channel; the day ends 15 May 00:00 Europe/Berlin.",
        "1 of 1 run is left today for you; the day ends 15 May 00:00 UTC.",
        "30 of 30 minutes are left today for the launcher “basic_test”; the day ends 15 May 00:00 UTC.",
    ]


async def test_launch__what_was_started_is_not_left() -> None:
    """What anybody started in the channel counts there, not for what others started elsewhere."""
    stage = a_stage(CHANNELS)
    await stage.launched()
    here, elsewhere = await stage.say(LAUNCH, by=BO), await stage.say(LAUNCH, channel="fake:channel:C2")

    assert quotas_of(here)[0].startswith("1 of 2 runs and 70 of 100 minutes are left today for this channel;")
    assert quotas_of(elsewhere)[0].startswith("2 of 2 runs and 100 of 100 minutes are left")


async def test_launch__without_rules() -> None:
    """Where the settings have none, none is spoken of; what is started is kept all the same, for rules that come later."""
    stage = a_stage()
    reply = await stage.say(LAUNCH)
    await stage.press("Launch")
    stage.handler.govern(replace(POLICY, quotas=(CHANNELS,)))
    after = await stage.say(LAUNCH)

    assert quotas_of(reply) == []
    assert quotas_of(after)[0].startswith("1 of 2 runs and 70 of 100 minutes")


async def test_launch__used_up() -> None:
    """Nobody is asked to confirm what cannot be started: they hear why, when it is free again, and whom to ask."""
    stage = a_stage(replace(CHANNELS, runs=1))
    await stage.memory.keep_name("fake:user:ADMIN", "Ada")
    stage.handler.govern(
        replace(stage.policy, roles={**POLICY.roles, Role.ADMIN: frozenset({"fake:user:ADMIN"})})
    )
    await stage.launched()
    reply = await stage.say(LAUNCH)

    assert "The quota of 1 run a day for this channel is used up." in texts(reply.card)
    assert "It is free again from 15 May 00:00 Europe/Berlin on. | Admin: Ada." in texts(reply.card)
    assert (reply.failed, reply.private, reply.card.buttons) == (True, True, ())
    assert plain(reply.card.footer) == "Rule quota:channel"
    assert refusals(stage) == [
        "quota:channel, each channel: 1 run, 100 minutes a day (Europe/Berlin); asked for basic_test"
    ]


async def test_confirm__used_up_meanwhile() -> None:
    """Two cards for the last run: the second press hears it, and can be pressed again when it is free."""
    stage = a_stage(replace(CHANNELS, runs=1))
    await stage.say(LAUNCH)
    await stage.say("launch basic_test duration=31")
    await stage.press("Launch")
    first = next(iter(stage.memory.intents.values()))
    reply = await stage.say(f"confirm {first.id}")

    assert "is used up" in texts(reply.card)
    assert reply.private
    assert first.state is IntentState.DRAFT
    assert len(stage.service.launches) == 1
    assert len(refusals(stage)) == 1


@pytest.mark.parametrize("given", ["", " again=yes"])
async def test_ask__confirmed_beforehand(given: str) -> None:
    """A yes that is given beforehand is held to the same rules."""
    stage = a_stage(replace(CHANNELS, runs=1))
    await stage.launched()
    reply = await stage.say(f"launch basic_test duration=20{given}", confirmed=True)

    assert reply.failed
    assert "is used up" in texts(reply.card)
    assert len(stage.service.launches) == 1


async def test_confirm__admins_are_held_to_it() -> None:
    """An admin has a quota like everybody: they may change the settings."""
    policy = replace(POLICY, roles={Role.ADMIN: frozenset({ANN.id})}, quotas=(Quota(per=Per.PERSON, runs=0),))
    reply = await Stage(policy=policy).say(LAUNCH)

    assert "No run can be started for you: the quota is 0 runs a day." in texts(reply.card)
    assert "[[quota]]" not in texts(reply.card), "they are named"


@pytest.mark.parametrize(
    ("quota", "words", "said"),
    [
        (
            Quota(per=Per.CHANNEL, of=CHANNEL, minutes=0),
            LAUNCH,
            "No run can be started for this channel: the quota is 0 minutes a day.",
        ),
        (
            Quota(per=Per.CONNECTION, minutes=29),
            LAUNCH,
            "This run asks for 30 minutes, more than the quota of 29 minutes a day for the connection “demo”.",
        ),
        (
            Quota(per=Per.LAUNCHER, of="Basic_Test", minutes=45),
            "launch basic_test duration=20",
            "This run asks for 20 minutes, and 15 minutes of the quota of 45 minutes a day for the launcher “basic_test” are left. All of it is free again from 15 May 00:00 UTC on.",
        ),
        (
            Quota(per=Per.PERSON, minutes=60, untimed=45),
            "launch basic_test custom.duration=1",
            "This run counts as 45 minutes, and 30 minutes of the quota of 60 minutes a day for you are left.",
        ),
        (
            Quota(per=Per.PERSON, minutes=60, untimed=61),
            "launch basic_test custom.duration=1",
            "This run counts as 61 minutes, more than the quota of 60 minutes a day for you.",
        ),
    ],
)
async def test_launch__says_why_not(quota: Quota, words: str, said: str) -> None:
    """Each way not to fit has its sentence."""
    stage = a_stage()
    await stage.launched()
    stage.handler.govern(replace(POLICY, quotas=(quota,)))
    reply = await stage.say(words)

    assert said in texts(reply.card)
    assert "Whoever runs Clew can change the quota, under [[quota]] in clew.toml." in texts(reply.card)
    assert len(stage.service.launches) == 1


@pytest.mark.parametrize(
    ("untimed", "said"),
    [
        (0, "How long this run takes is not known before, so it takes none of the minutes."),
        (10, "How long this run takes is not known before, so it counts as 10 minutes."),
    ],
)
async def test_launch__minutes_that_nobody_knows(untimed: int, said: str) -> None:
    """Of a run of unknown length the card says as what it counts, and so it does."""
    stage = a_stage(replace(CHANNELS, untimed=untimed))
    first = await stage.say("launch basic_test custom.duration=1")
    await stage.press("Launch")
    second = await stage.say(LAUNCH)

    assert said in quotas_of(first)[0]
    assert "not known" not in quotas_of(second)[0]
    assert quotas_of(second)[0].startswith(f"1 of 2 runs and {100 - untimed} of 100 minutes")


async def test_launch__begun_minutes_count() -> None:
    """A part of a minute counts as one."""
    stage = a_stage(CHANNELS)
    await stage.launched("launch basic_test duration=0.5")

    assert "and 99 of 100 minutes" in quotas_of(await stage.say(LAUNCH))[0]


async def test_rerun__counts_as_one() -> None:
    """A platform's own rerun takes a run, and says what is left, in the platform's words."""
    stage = a_stage(CHANNELS, service=a_build_server())
    stage.service.add_run(a_run(1))
    first = await stage.say(f"rerun {run_id(1)}")
    await stage.press("Rerun")
    second = await stage.say(f"rerun {run_id(1)} failed=yes")

    assert isinstance(last_intent(stage).request, RerunRequest)
    assert quotas_of(first)[0].startswith("2 of 2 builds and 100 of 100 minutes")
    assert quotas_of(second)[0].startswith("1 of 2 builds and 100 of 100 minutes")


@pytest.mark.parametrize("of", ["Smoke Tests", "smoke tests (55)", "55"])
async def test_launcher__with_a_key_behind_its_name(of: str) -> None:
    """A rule holds however the launcher is written, also as cards write it; launchers of one name share it, and reruns do."""
    rows = (LauncherRow(key="55", name="Smoke Tests"), LauncherRow(key="56", name="Smoke Tests"))
    quota = Quota(per=Per.LAUNCHER, of=of, runs=2)
    stage = a_stage(quota, service=a_build_server(rows=rows), known=())
    stage.service.add_run(a_run(1, launcher="Smoke Tests", launcher_key="55"))
    first = await stage.say("launch 55 duration=30")
    await stage.press("Launch")
    second = await stage.say(f"rerun {run_id(1)}")
    await stage.press("Rerun")
    third = await stage.say("launch “Smoke Tests (55)” duration=40")

    assert quotas_of(first)[0].startswith("2 of 2 builds are left today for the job “Smoke Tests”;")
    assert quotas_of(second)[0].startswith("1 of 2 builds is left today for the job “Smoke Tests”;")
    assert "The quota of 2 builds a day for the job “Smoke Tests” is used up." in texts(third.card)


async def test_help__counts_a_launcher_that_is_written_with_its_key() -> None:
    """What is left of it is what a confirmation would say."""
    rows = (LauncherRow(key="55", name="Smoke Tests"),)
    quota = Quota(per=Per.LAUNCHER, of="Smoke Tests (55)", runs=2)
    stage = a_stage(quota, service=a_build_server(rows=rows), known=())
    await stage.say("launch 55 duration=30")
    await stage.press("Launch")
    reply = await stage.say("help")

    assert "1 of 2 builds is left today for the job “Smoke Tests (55)”" in texts(reply.card)


async def test_rerun__of_an_unknown_launcher() -> None:
    """Runs of which nobody knows the launcher share what each launcher has."""
    stage = a_stage(Quota(per=Per.LAUNCHER, runs=2), service=a_build_server())
    stage.service.add_run(a_run(1, launcher=""))
    reply = await stage.say(f"rerun {run_id(1)}")

    assert quotas_of(reply)[0].startswith("2 of 2 builds are left today for builds whose job is not known;")


async def test_debug__takes_nothing() -> None:
    """What starts no run is not held to quotas."""
    stage = a_stage(Quota(per=Per.CHANNEL, runs=0))
    stage.service.add_run(a_run(1))
    reply = await stage.say(f"debug {run_id(1)} moment={MOMENT.text}")
    await stage.press(reply.card.buttons[0].label)

    assert len(stage.service.debugs) == 1


async def test_launch__a_record_is_no_run() -> None:
    """Where a launch runs nothing it takes nothing."""
    stage = a_stage(Quota(per=Per.CHANNEL, runs=0))
    records = replace(stage.service.platform, runs_nothing=True)
    stage.handler.services = replace(stage.handler.services, platforms={records.connection: records})
    reply = await stage.say(LAUNCH)

    assert quotas_of(reply) == []
    assert reply.card.buttons


@pytest.mark.parametrize(
    ("how", "left"),
    [
        (Launching.NORMAL, 1),
        (Launching.REFUSED, 2),
        (Launching.LOST_REPLY, 1),
        (Launching.LOST_REQUEST, 1),
    ],
)
async def test_confirm__released_where_nothing_was_started(how: Launching, left: int) -> None:
    """What the platform refused is given back at once; what nobody knows of never is."""
    stage = a_stage(CHANNELS)
    stage.service.next_launch(how)
    await stage.launched()
    await stage.pass_time(1200, step=60)

    assert quotas_of(await stage.say(LAUNCH))[0].startswith(f"{left} of 2 runs")


async def test_confirm__the_next_day() -> None:
    """Past midnight of the zone all of it is there again."""
    stage = a_stage(replace(CHANNELS, runs=1))
    await stage.launched()
    refused = await stage.say(LAUNCH)
    await stage.clock.advance(timedelta(days=1).total_seconds())
    free = await stage.say(LAUNCH)

    assert refused.failed
    assert quotas_of(free)[0].startswith("1 of 1 run and 100 of 100 minutes")


async def test_confirm__accounts_of_one_person_share() -> None:
    """What somebody started under another account of theirs counts, whoever said that both are theirs."""
    quota = Quota(per=Per.PERSON, runs=1)
    stage = a_stage(quota, people=(frozenset({ANN.id, BO.id}),))
    await stage.launched()

    assert (await stage.say(LAUNCH, by=BO)).failed


async def test_confirm__twenty_at_once_for_one_that_is_left() -> None:
    """Twenty people's cards for one run that is left, pressed at one moment: one launch, nineteen refusals."""
    stage = a_stage(Quota(per=Per.CONNECTION, runs=1))
    for number in range(20):
        await stage.say(f"launch test_{number} duration=30")
    presses = [
        stage.handler.handle(an_invocation(stage, f"confirm {intent_id}"), silent)
        for intent_id in stage.memory.intents
    ]
    replies = await asyncio.gather(*presses)

    assert len(stage.service.launches) == 1
    assert sum(reply.live is not None for reply in replies) == 1
    assert sum("is used up" in texts(reply.card) for reply in replies) == 19
    assert len(refusals(stage)) == 19


async def test_help__says_what_is_left_today() -> None:
    """Whoever may start runs here reads in `help`, and at the verbs that do, what is left for them."""
    named = Quota(per=Per.LAUNCHER, of="Basic_Test", runs=3)
    stage = a_stage(CHANNELS, named, Quota(per=Per.LAUNCHER, runs=9), Quota(per=Per.CONNECTION, runs=0))
    stage.handler.govern(replace(stage.policy, quotas=stage.policy.quotas[:3]))
    await stage.launched()
    stage.handler.govern(stage.policy)
    left = (
        "1 of 2 runs and 70 of 100 minutes are left today for this channel; the day ends 15 May 00:00 Europe/Berlin.",
        "2 of 3 runs are left today for the launcher “Basic_Test”; the day ends 15 May 00:00 UTC.",
        "No run can be started for the connection “demo”: the quota is 0 runs a day.",
        "At most 9 runs a day (UTC) for each other launcher.",
    )

    for words in ("help", "help launch", "help rerun"):
        body = [plain(line) for line in (await stage.say(words)).card.body]
        assert tuple(line for line in body if line in left) == left, words


@pytest.mark.parametrize(
    ("quotas", "said"),
    [
        ((Quota(per=Per.LAUNCHER, runs=1, minutes=9),), "At most 1 run and 9 minutes a day (UTC) for each launcher."),
        ((Quota(per=Per.LAUNCHER, runs=0),), "No run can be started for any launcher: the quota is 0 runs a day."),
        ((Quota(per=Per.LAUNCHER, minutes=0), Quota(per=Per.LAUNCHER, of="x", runs=1)),
         "No run can be started for any other launcher: the quota is 0 minutes a day."),
    ],
)  # fmt: skip
async def test_help__what_each_launcher_gets(quotas: tuple[Quota, ...], said: str) -> None:
    """Also where that is nothing."""
    assert said in texts((await a_stage(*quotas).say("help launch")).card)


@pytest.mark.parametrize(("words", "by"), [("help", READER), ("help launch", READER), ("help status", ANN)])
async def test_help__of_no_use(words: str, by: Actor) -> None:
    """Who may not start anything, and whoever asks of another verb, reads of no quota."""
    stage = a_stage(CHANNELS)

    assert "left today" not in texts((await stage.say(words, by=by)).card)


async def test_help__without_the_database() -> None:
    """Help comes all the same where what is left cannot be read, and says so."""
    stage = a_stage(CHANNELS)

    async def fail(_shares: object) -> None:
        raise StoreError("no")

    stage.memory.used = fail  # type: ignore[method-assign, assignment]  # one call fails
    reply = await stage.say("help launch")

    assert "What is left of quotas today cannot be read just now." in texts(reply.card)
    assert not reply.failed


async def test_approve__used_up_meanwhile() -> None:
    """What is reserved, is reserved when the second person says yes; they read whose quota it is, not that it is theirs."""
    nightly = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
    stage = a_stage(Quota(per=Per.PERSON, runs=1), presets={"nightly": nightly})
    await stage.memory.keep_name(ANN.id, "Ann")
    await stage.say("launch nightly")
    await stage.press("Launch")
    asked = last_intent(stage)
    between = await stage.say("launch other_test duration=30")
    await stage.press("Launch")
    reply = await stage.say(f"approve {asked.id}", by=BO)

    assert quotas_of(between)[0].startswith("1 of 1 run is left today for you;")
    assert "The quota of 1 run a day for Ann is used up." in texts(reply.card)
    assert last_intent(stage).state is IntentState.ACCEPTED
    assert stage.memory.intents[asked.id].state is IntentState.ASKED
    assert [entry.actor for entry in stage.memory.trail if entry.decision == "denied"] == [BO.id]
