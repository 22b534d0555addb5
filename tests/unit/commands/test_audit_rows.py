"""Every verb and what becomes of it: which lines stand in the audit trail, and that no secret is among them.

What a verb leaves there is written down here once more, so that none loses its line unnoticed; a verb that is not in
the table fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access import Policy, Role
from bot.command import Preset
from bot.commands.registry import VERBS
from bot.model import Secret
from bot.people import code_of
from bot.state import Actor
from tests.fakes.clock import ManualClock
from tests.fakes.records import FakeRecords
from tests.fakes.runs import MOMENT, a_run, some_results
from tests.fakes.service import Launching
from tests.fakes.stage import ANN, BO, CHANNEL, READER, Stage
from tests.unit.commands.triage_stage import a_running_build, a_triage_stage, last_intent

CANARY = "ghp_canaryCANARYcanaryCANARYcanaryCANARY00"
KNOWN = "canary-key-of-the-platform"
LINK = "https://reports.example.com/r/1?auth=canary-signature"
Scene = Callable[[], Stage]
Act = Callable[[Stage], Awaitable[object]]


def of_moments() -> Stage:
    """Return a stage whose platform launches runs and opens sessions, with a run that failed and has a report."""
    stage = Stage()
    run = a_run(1)
    stage.service.add_run(run, some_results(run, failing=("lost write",)))
    stage.service.set_report(run, LINK)
    return stage


def of_builds() -> Stage:
    """Return a stage whose platform is a build server, with a build that failed and one that goes on."""
    stage = a_triage_stage()
    a_running_build(stage)
    return stage


def say(words: str, *then: str) -> Act:
    """Say something, and settle what it asks: "confirm" or "decline" presses that button."""

    async def act(stage: Stage) -> None:
        await stage.say(words)
        for verb in then:
            await settle(stage, verb)

    return act


async def settle(stage: Stage, verb: str, by: Actor = ANN) -> None:
    """Press the button of the last reply that asks for this verb."""
    command = next(b.command for b in stage.replies[-1].card.buttons if b.command and b.command.verb == verb)
    await stage.say(command, by=by)


def after(how: Launching, act: Act) -> Act:
    """Let the platform answer the next launch so."""

    async def then(stage: Stage) -> None:
        stage.service.next_launch(how)
        await act(stage)

    return then


async def by_another(stage: Stage) -> None:
    """Ask for a launch, and let somebody else confirm it."""
    await stage.say(LAUNCH)
    await settle(stage, "confirm", by=BO)


async def too_late(stage: Stage) -> None:
    """Ask for a launch, and confirm it after its time."""
    await stage.say(LAUNCH)
    stage.clock.pass_time(timedelta(minutes=6).total_seconds())
    await settle(stage, "confirm")


def of_presets() -> Stage:
    """Return a stage whose preset needs a second person."""
    preset = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
    return Stage(presets={preset.name: preset})


def decided(verb: str, *, by: Actor = BO, after: float = 0) -> Act:
    """Ask by the preset, and let somebody say that a while later; the watchers look."""

    async def act(stage: Stage) -> None:
        await say("launch nightly", "confirm")(stage)
        stage.clock.pass_time(after)
        await settle(stage, verb, by=by)
        await stage.tick()

    return act


async def unheard(stage: Stage) -> None:
    """Ask by the preset, and let nobody approve it."""
    await say("launch nightly", "confirm")(stage)
    await stage.pass_time(3700, step=100)


async def role_lost(stage: Stage) -> None:
    """Ask for a launch, and confirm it after the role was taken away."""
    await stage.say(LAUNCH)
    stage.handler.services = replace(
        stage.handler.services, policy=Policy(roles={Role.READ: frozenset({ANN.id})})
    )
    await settle(stage, "confirm")


async def never_found(stage: Stage) -> None:
    """Launch something of which nobody hears again."""
    stage.service.next_launch(Launching.LOST_REQUEST)
    await stage.launched(LAUNCH)
    await stage.pass_time(700)


async def once_more(stage: Stage) -> None:
    """Launch, and ask for the same again."""
    await stage.launched(LAUNCH)
    await stage.say(f"again {last_intent(stage).id}")


def both(*words: str) -> Act:
    """Say one thing after the other."""

    async def act(stage: Stage) -> None:
        for each in words:
            await stage.say(each)

    return act


async def written(stage: Stage) -> None:
    """Publish a run into a platform that takes records."""
    stage.service.add_run(PUBLISHED, some_results(PUBLISHED, failing=("lost write",)))
    await say(f"publish {PUBLISHED.ref.run_id} to=af", "confirm")(stage)


def of_records() -> Stage:
    """Return a stage with a platform that takes runs."""
    clock = ManualClock(eager=True)
    return Stage(clock=clock, others=(FakeRecords(clock, connection="af"),))  # type: ignore[arg-type]  # it has what a stage asks for


def asked(verb: str, *then: str) -> list[str]:
    """Return the lines of a verb that was allowed, and of what came then."""
    return [f"{verb} allowed", *(f"{verb} {decision}" for decision in then)]


LAUNCH = "launch basic_test duration=30"
SENT = ("confirmed", "accepted")
PUBLISHED = a_run(7)
RUN = a_run(1).ref.run_id
# How a verb is used and what became of it, and the lines that it left.
LEAVES: dict[tuple[str, str], tuple[Scene, Act, list[str]]] = {
    ("launch", "asked"): (of_moments, say(LAUNCH), asked("launch")),
    ("launch", "confirmed"): (of_moments, say(LAUNCH, "confirm"), asked("launch", *SENT)),
    ("launch", "declined"): (of_moments, say(LAUNCH, "decline"), asked("launch", "declined")),
    ("launch", "refused"): (
        of_moments, after(Launching.REFUSED, say(LAUNCH, "confirm")), asked("launch", "confirmed", "rejected")
    ),
    ("launch", "lost"): (of_moments, never_found, asked("launch", "confirmed", "sent", "unknown")),
    ("launch", "by another"): (of_moments, by_another, asked("launch", "denied")),
    ("launch", "too late"): (of_moments, too_late, asked("launch", "expired")),
    ("launch", "role lost"): (of_moments, role_lost, asked("launch", "denied")),
    ("approve", "asked"): (of_presets, say("launch nightly", "confirm"), asked("launch", "asked")),
    ("approve", "approved"): (of_presets, decided("approve"), asked("launch", "asked", "approved", "accepted")),
    ("approve", "by the requester"): (of_presets, decided("approve", by=ANN), asked("launch", "asked", "denied")),
    ("approve", "too late"): (of_presets, decided("approve", after=3700), asked("launch", "asked", "expired")),
    ("approve", "unheard"): (of_presets, unheard, asked("launch", "asked", "expired")),
    ("refuse", "refused"): (of_presets, decided("refuse"), asked("launch", "asked", "refused")),
    ("refuse", "withdrawn"): (of_presets, decided("decline", by=ANN), asked("launch", "asked", "withdrawn")),
    ("again", "asked"): (of_moments, once_more, [*asked("launch", *SENT), "again allowed"]),
    ("debug", "confirmed"): (of_moments, say(f"debug {RUN} moment={MOMENT.text}", "confirm"), asked("debug", *SENT)),
    ("rerun", "confirmed"): (of_builds, say("rerun 1026", "confirm"), asked("rerun", *SENT)),
    ("cancel", "confirmed"): (of_builds, say("cancel 1027", "confirm"), asked("cancel", *SENT)),
    ("cancel", "declined"): (of_builds, say("cancel 1027", "decline"), asked("cancel", "declined")),
    ("quarantine", "confirmed"): (
        of_builds, say("quarantine 1026 test=1 reason=flaky", "confirm"), asked("quarantine", *SENT)
    ),
    ("classify", "taken"): (of_builds, say("classify 1026 test=1 kind=product_bug"), asked("classify", "taken")),
    ("ask", "answered"): (of_builds, say("ask why is it so?"), asked("ask")),
    ("mark", "own"): (of_builds, say("mark 1 own run=1026"), asked("mark", "done")),
    ("link", "unknown code"): (of_builds, say(f"link {code_of('0' * 32)}"), ["link denied"]),
    ("publish", "confirmed"): (of_records, written, asked("publish", *SENT)),
    ("watch", "new"): (of_moments, say("watch keep=yes"), asked("watch", "done")),
    ("watch", "as before"): (of_moments, both("watch keep=yes", "watch keep=yes"), [*asked("watch", "done"), "watch allowed"]),
    ("unwatch", "gone"): (
        of_moments, both("watch keep=yes", "unwatch"), [*asked("watch", "done"), *asked("unwatch", "done")]
    ),
    ("unwatch", "nothing there"): (of_moments, say("unwatch"), asked("unwatch")),
    ("report", "given"): (of_moments, say(f"report {RUN}"), ["report given"]),
}  # fmt: skip
# What reads leaves a line only where it is refused; these two settle what another verb asked for, under its name.
READS = {"status", "failing", "history", "logs", "find", "watching", "audit", "help", "version"} | {
    *("flaky", "readiness", "clusters", "confirm", "decline", "check")
}


def test_table__has_every_verb() -> None:
    """A new verb needs its lines."""
    assert {verb for verb, _ in LEAVES} | READS == set(VERBS)
    assert not {name for name in READS if VERBS[name].changes}


@pytest.mark.parametrize("case", LEAVES, ids=lambda case: f"{case[0]}, {case[1]}")
async def test_verb__leaves_its_lines(case: tuple[str, str]) -> None:
    """What was allowed, refused, sent and came of it stands there in order, each once, by whom and where."""
    scene, act, wanted = LEAVES[case]
    stage = scene()
    await act(stage)

    assert [f"{entry.action} {entry.decision}" for entry in stage.memory.trail] == wanted
    assert {entry.actor for entry in stage.memory.trail} <= {ANN.id, BO.id}
    assert {entry.channel for entry in stage.memory.trail} == {CHANNEL}


@pytest.mark.parametrize("verb", sorted(READS))
async def test_verb__that_reads_leaves_none(verb: str) -> None:
    """Whoever looks leaves nothing behind."""
    stage = of_builds()
    await stage.say(verb, by=BO)
    await stage.say(f"{verb} {'0' * 32}", by=BO)

    assert [e for e in stage.memory.trail if verb != "audit"] == []


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (of_moments, f"{LAUNCH} description={CANARY}"),
        (of_moments, f"{LAUNCH} launcher={CANARY}"),
        (of_moments, f"watch {CANARY} keep=yes"),
        (of_moments, f"watch source={KNOWN} keep=yes"),
        (of_moments, f"watch {LINK} keep=yes"),
        (of_moments, f"report {RUN}"),
        (of_builds, f"quarantine 1026 test=1 reason=flaky note={CANARY}"),
        (of_builds, f"classify 1026 test=1 kind=product_bug note={CANARY} defect={KNOWN}"),
        (of_builds, f"ask what is {CANARY}"),
        (of_moments, f"audit {CANARY}"),
    ],
)
async def test_line__has_no_secret(scene: Scene, words: str) -> None:
    """What looks like a secret, what is known to be one, and a signed link are in no line, confirmed or refused."""
    stage = scene()
    stage.handler.services = replace(stage.handler.services, secrets=(Secret(KNOWN),))
    await stage.say(words)
    for button in stage.replies[-1].card.buttons:
        if button.command and button.command.verb == "confirm":
            await stage.say(button.command)
    await stage.say(words, by=replace(READER, name=CANARY))

    said = repr(stage.memory.trail)
    assert stage.memory.trail
    assert [secret for secret in (CANARY, KNOWN, "canary-signature") if secret in said] == []
