"""A preset that needs a second person: asked in the channel, bound, in time, decided once by somebody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.access import Denied, Policy, Role
from bot.cards import plain
from bot.command import Preset
from bot.errors import StoreError
from bot.state import Actor, Intent, IntentState
from tests.fakes.runs import some_results
from tests.fakes.stage import ANN, BO, POLICY, READER, Stage, an_invocation, silent, texts

CY = Actor(id="fake:user:CY", principals=frozenset({"fake:user:CY"}), name="Cy")
GUEST = Actor(id="fake:user:GUE", principals=frozenset({"fake:user:GUE"}), name="Gus", guest=True)
OTHER_ANN = Actor(id="other:user:ANN", principals=frozenset({"other:user:ANN"}), name="Ann B.")
EVERYBODY = Policy(
    roles={**POLICY.roles, Role.LAUNCH: frozenset({a.id for a in (ANN, BO, CY, GUEST, OTHER_ANN)})}
)
NIGHTLY = Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.LAUNCH)
WORDS = "launch nightly source=main"


def a_stage(preset: Preset = NIGHTLY, **changes: object) -> Stage:
    """Return a stage whose preset needs a second person."""
    return Stage(**{"policy": EVERYBODY, "presets": {preset.name: preset}, **changes})  # type: ignore[arg-type]  # the caller's fields


async def asked(stage: Stage) -> Intent:
    """Let Ann ask by the preset and confirm it."""
    await stage.say(WORDS)
    await stage.press("Launch")
    return the_intent(stage)


def the_intent(stage: Stage) -> Intent:
    """Return the last intent."""
    return list(stage.memory.intents.values())[-1]


def decisions(stage: Stage) -> list[tuple[str, str]]:
    """Return who did what by the audit trail, without the verb that asked for it."""
    return [(e.actor, e.decision) for e in stage.memory.trail if e.detail.startswith(the_intent(stage).id)]


async def test_ask__says_beforehand_that_one_person_is_not_enough() -> None:
    """The confirmation names the preset, the role and the time."""
    stage = a_stage()
    card = (await stage.say(WORDS)).card
    needs = (
        "The preset nightly needs a second person: after you, somebody else with the role “launch” has to approve it "
        "here within 1 h."
    )

    assert needs in plain(card.text)
    assert needs in map(plain, card.body)
    assert [b.label for b in card.buttons] == ["Launch", "Cancel"]


async def test_ask__sends_nothing_and_asks_in_the_channel() -> None:
    """The same message asks for a second person, with exactly what would be sent; it lives on."""
    stage = a_stage()
    shown = (await stage.say(WORDS)).card
    reply = await stage.press("Launch")
    intent = the_intent(stage)

    assert stage.service.launches == []
    assert (intent.state, intent.preset, intent.second) == (IntentState.ASKED, "nightly", "launch")
    assert (reply.replace, reply.private, reply.live, reply.failed) == (True, False, intent.id, False)
    assert plain(reply.card.title) == "Approve the launch of basic_test?"
    assert reply.card.facts == shown.facts
    assert (
        "Approve the launch of basic_test for 30 minutes of test time? Ann asks for it by the preset nightly. Somebody "
        "else with the role “launch” can approve it until"
    ) in plain(reply.card.text)
    assert plain(reply.card.text).endswith("Nothing has been started yet.")
    assert [b.label for b in reply.card.buttons] == ["Approve", "Refuse", "Withdraw"]
    assert decisions(stage) == [(ANN.id, "asked")]


async def test_approve__launches_once_as_shown() -> None:
    """Somebody else's yes sends what was shown; the message goes on as of any launch, and says who approved."""
    stage = a_stage()
    intent = await asked(stage)
    reply = await stage.press("Approve", by=BO)
    done = the_intent(stage)

    assert list(stage.service.launches) == [intent.request]
    assert (done.state, done.decided_by, done.actor) == (IntentState.ACCEPTED, BO.id, ANN.id)
    assert (reply.live, reply.replace) == (intent.id, True)
    assert "Approved by Bo" in plain(reply.card.footer)
    assert decisions(stage) == [(ANN.id, "asked"), (BO.id, "approved"), (ANN.id, "accepted")]
    await stage.tick()
    message = stage.messages[-1]
    assert message is not None
    assert "Approved by " in stage.shown(message)
    run = await stage.service.run(done.run_id or "")
    assert (await stage.memory.intent_of_run(run.ref)) == done


@pytest.mark.parametrize("name", ["id", "short"])
async def test_approve__by_typed_words(name: str) -> None:
    """The beginning of the request's id is enough where it waits, as the card says; the asking message goes on."""
    stage = a_stage()
    intent = await asked(stage)
    told, message = plain(stage.replies[-1].card.footer), stage.messages[-1]
    words = f"approve {intent.id if name == 'id' else intent.id[:8].upper()}"
    reply = await stage.say(words, by=BO)
    await stage.tick()

    assert f"Or say approve {intent.id[:8]} or refuse {intent.id[:8]}; the requester can say decline {intent.id[:8]}." == told  # fmt: skip
    assert len(stage.service.launches) == 1
    assert reply.live == intent.id
    assert message is not None
    assert "Approved by " in stage.shown(message)


@pytest.mark.parametrize(
    ("by", "channel", "said", "rule"),
    [
        (
            ANN,
            "fake:channel:C1",
            "You asked for this launch, so somebody else has to approve",
            "the requester",
        ),
        (OTHER_ANN, "fake:channel:C1", "with another account of yours", "the requester"),
        (BO, "fake:channel:C2", "in the channel where it was requested", "another channel"),
        (READER, "fake:channel:C1", "This needs the role “launch”; you have “read”.", "role:launch"),
        (GUEST, "fake:channel:C1", "Guests and members of other organisations cannot do this", "guest"),
    ],
)
@pytest.mark.parametrize("verb", ["approve", "refuse"])
async def test_approve__by_nobody_who_may_not(
    verb: str, by: Actor, channel: str, said: str, rule: str
) -> None:
    """Each hears why, alone; it is noted, and nothing changes."""
    stage = a_stage()
    stage.memory.linked.append(frozenset({ANN.id, OTHER_ANN.id}))
    intent = await asked(stage)
    reply = await stage.say(f"{verb} {intent.id}", by=by, channel=channel)

    assert said in plain(reply.card.text)
    assert (reply.private, reply.failed) == (True, True)
    assert the_intent(stage) == intent
    assert stage.service.launches == []
    denied = [(e.actor, e.channel, e.detail) for e in stage.memory.trail if e.decision == "denied"]
    assert denied == [(by.id, channel, f"{intent.id}: {rule}")]


async def test_approve__needs_the_role_that_the_preset_names() -> None:
    """Who may launch may not approve what an admin has to."""
    stage = a_stage(replace(NIGHTLY, approve=Role.ADMIN))
    intent = await asked(stage)
    reply = await stage.say(f"approve {intent.id}", by=BO)

    assert "Somebody else with the role “admin”" in plain(stage.replies[1].card.text)
    assert "This needs the role “admin”; you have “launch”." in plain(reply.card.text)
    assert stage.service.launches == []


async def test_approve__two_at_once() -> None:
    """One wins, and the others hear who it was."""
    stage = a_stage()
    intent = await asked(stage)
    said = [
        replace(an_invocation(stage, f"approve {intent.id}"), actor=by) for by in (BO, CY) for _ in range(5)
    ]
    replies = await asyncio.gather(*(stage.handler.handle(one, silent) for one in said))
    winner = {BO.id: "Bo", CY.id: "Cy"}[the_intent(stage).decided_by]
    others = [reply for reply in replies if reply.private]

    assert len(stage.service.launches) == 1
    assert len(others) == 9
    assert all(f"Approved by {winner}." in plain(reply.card.text) for reply in others)
    assert [who for who, decision in decisions(stage) if decision == "approved"] == [
        the_intent(stage).decided_by
    ]


async def test_refuse__is_told_with_who() -> None:
    """Refused is refused: everybody reads by whom, and a later yes changes nothing."""
    stage = a_stage()
    await asked(stage)
    reply = await stage.press("Refuse", by=BO)
    yes = await stage.say(f"approve {the_intent(stage).id}", by=CY)
    await stage.tick()
    message = stage.messages[2]

    assert (
        plain(reply.card.text)
        == "Bo refused the launch of basic_test that Ann asked for. Nothing was started."
    )
    assert (reply.replace, reply.private) == (True, False)
    assert plain(yes.card.text) == "It was refused. Nothing was started. Refused by Bo."
    assert stage.service.launches == []
    assert message is not None
    assert "Bo" in stage.shown(message)
    assert await stage.memory.live() == ()
    assert decisions(stage) == [(ANN.id, "asked"), (BO.id, "refused")]


async def test_decline__withdraws_what_waits() -> None:
    """The requester may call it off until somebody approved it, and nobody else may."""
    stage = a_stage()
    intent = await asked(stage)
    other = await stage.say(f"decline {intent.id}", by=BO)
    reply = await stage.say(f"decline {intent.id[:8]}")
    late = await stage.say(f"approve {intent.id}", by=BO)

    assert "Only the requester" in plain(other.card.text)
    assert plain(reply.card.text) == "Ann withdrew the launch of basic_test. Nothing was started."
    assert "already been cancelled" in plain(late.card.text)
    assert stage.service.launches == []
    assert (ANN.id, "withdrawn") in decisions(stage)


async def test_decline__what_was_approved_stays_started() -> None:
    """Too late: it says what came of it."""
    stage = a_stage()
    intent = await asked(stage)
    await stage.press("Approve", by=BO)
    second = await stage.say(f"approve {intent.id[:8]}", by=CY)
    reply = await stage.say(f"decline {intent.id}")

    assert the_intent(stage).state is IntentState.ACCEPTED
    for told in (second, reply):
        assert "It is run" in plain(told.card.text)
        assert "Approved by Bo." in plain(told.card.text)


async def test_approve__in_time() -> None:
    """An hour is enough, however long the draft waited; one second more is too late, told on the card by itself."""
    stage = a_stage()
    await stage.say(WORDS)
    stage.clock.pass_time(200)
    await stage.press("Launch")
    message, first = stage.messages[-1], the_intent(stage)
    stage.clock.pass_time(stage.services.approve_within.total_seconds())
    await stage.tick()
    waits = the_intent(stage).state
    stage.clock.pass_time(1)
    late = await stage.restarted().say(f"approve {first.id}", by=BO)
    again = await stage.say(f"approve {first.id}", by=CY)
    await stage.tick()

    assert waits is IntentState.ASKED
    assert the_intent(stage).state is IntentState.EXPIRED
    assert "Nobody approved the launch of basic_test by" in plain(late.card.text)
    assert plain(again.card.text) == "Nobody approved it in time. Nothing was started."
    assert [b.label for b in late.card.buttons] == ["Launch again"]
    assert message is not None
    assert "Nobody approved" in stage.shown(message)
    assert stage.service.launches == []
    assert decisions(stage) == [(ANN.id, "asked"), (ANN.id, "expired")]


async def test_approve__interrupted_before_it_was_sent() -> None:
    """What was approved and never sent is let go, on the card and to whoever asks."""
    stage = a_stage()
    intent = await asked(stage)
    message = stage.messages[-1]
    store = stage.memory
    await store.confirm(intent.id, frozenset({IntentState.ASKED}), stage.clock.now(), by=BO.id)
    await store.keep_name(BO.id, "Bo")
    await stage.pass_time(60)
    reply = await stage.say(f"approve {intent.id}", by=CY)

    assert plain(reply.card.text) == (
        "It was approved, but Clew was interrupted before it was sent. Nothing was started. Approved by Bo."
    )
    assert message is not None
    assert "was not sent because Clew was interrupted first" in stage.shown(message)
    assert stage.service.launches == []


async def test_approve__expires_by_itself() -> None:
    """The watcher lets go of it once, also after a restart, and the card says so."""
    stage = a_stage()
    await asked(stage)
    message = stage.messages[-1]
    later = stage.restarted()
    await later.pass_time(3700, step=100)

    assert the_intent(stage).state is IntentState.EXPIRED
    assert message is not None
    assert "Nobody approved" in stage.shown(message)
    assert decisions(stage) == [(ANN.id, "asked"), (ANN.id, "expired")]
    assert await stage.memory.live() == ()


async def test_approve__a_clock_set_back_prolongs_nothing() -> None:
    """What seems to come from the future is not approved."""
    stage = a_stage()
    intent = await asked(stage)
    stage.clock.jump(-3600)
    reply = await stage.say(f"approve {intent.id}", by=BO)

    assert stage.service.launches == []
    assert "Nobody approved" in plain(reply.card.text)


@pytest.mark.parametrize(
    "presets",
    [
        {},
        {"nightly": replace(NIGHTLY, values={"duration": "600"})},
        {"nightly": replace(NIGHTLY, launcher="Payments Nightly")},
        {"nightly": replace(NIGHTLY, approve=Role.ADMIN)},
        {"nightly": replace(NIGHTLY, approve=None)},
    ],
)
@pytest.mark.parametrize("when", ["shown", "asked"])
async def test_approve__the_settings_changed_meanwhile(presets: dict[str, Preset], when: str) -> None:
    """It was shown under another preset, so it is asked for again, newly shown."""
    stage = a_stage()
    if when == "asked":
        await asked(stage)
    else:
        await stage.say(WORDS)
    later = stage.restarted(presets=presets)
    verb, by = ("approve", BO) if when == "asked" else ("confirm", ANN)
    reply = await later.say(f"{verb} {the_intent(stage).id}", by=by)

    assert stage.service.launches == []
    assert the_intent(stage).state is IntentState.DECLINED
    assert plain(reply.card.text) == (
        "The launch of basic_test was cancelled: the preset “nightly” changed in the settings after this was shown. "
        "Nothing was started."
    )
    assert [b.label for b in reply.card.buttons] == ["Launch again"]


async def test_approve__needed_since_it_was_shown() -> None:
    """A preset that needs a second person only now asks anew, too."""
    stage = a_stage(replace(NIGHTLY, approve=None))
    await stage.say(WORDS)
    later = stage.restarted(presets={"nightly": NIGHTLY})
    reply = await later.say(f"confirm {the_intent(stage).id}")

    assert stage.service.launches == []
    assert "was cancelled" in plain(reply.card.text)


async def test_approve__the_requester_lost_the_role() -> None:
    """Whoever asked must still be allowed to when somebody approves; the chat is asked who they are now."""
    stage = a_stage()
    intent = await asked(stage)
    policy = replace(EVERYBODY, roles={Role.LAUNCH: frozenset({BO.id})})
    reply = await stage.restarted(policy=policy).say(f"approve {intent.id}", by=BO)

    assert "Ann, who asked for this launch, may not do that here any more." in plain(reply.card.text)
    assert stage.service.launches == []
    assert stage.memory.trail[-1].detail == f"{intent.id}: of the requester: role:launch"


@pytest.mark.parametrize(("principals", "launched"), [({"fake:group:G"}, 1), (set[str](), 0)])
async def test_approve__asks_the_chat_who_the_requester_is_now(principals: set[str], launched: int) -> None:
    """A role that the requester holds by a group counts as long as they are in it."""
    group = frozenset({"fake:group:G"})
    stage = a_stage(policy=Policy(roles={Role.LAUNCH: frozenset({BO.id}) | group}))
    member = replace(ANN, principals=ANN.principals | group)
    await stage.say(WORDS, by=member)
    await stage.press("Launch", by=member)

    async def afresh(actor: Actor) -> Actor | Denied:
        return replace(actor, principals=actor.principals | principals) if actor.id == ANN.id else actor

    said = replace(an_invocation(stage, f"approve {the_intent(stage).id}"), actor=BO)
    await stage.handler.handle(said, silent, afresh)

    assert len(stage.service.launches) == launched


async def test_approve__the_chat_does_not_tell_of_the_requester() -> None:
    """That is not said to be a lost right: it can be approved a little later."""
    stage = a_stage()
    intent = await asked(stage)

    async def afresh(actor: Actor) -> Actor | Denied:
        return actor if actor.id == BO.id else Denied("Nobody knows.", "permissions-unknown")

    said = replace(an_invocation(stage, f"approve {intent.id}"), actor=BO)
    reply = await stage.handler.handle(said, silent, afresh)

    assert stage.service.launches == []
    assert "Fake did not say whether Ann, who asked for this launch, may still do that." in plain(
        reply.card.text
    )
    await stage.say(f"approve {intent.id}", by=BO)
    assert len(stage.service.launches) == 1


async def test_approve__the_database_fails_once_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent is said to be sent: names are read before."""
    stage = a_stage()
    intent = await asked(stage)
    name = stage.memory.name

    async def failing(actor: str) -> str:
        if stage.service.launches:
            raise StoreError("The database cannot be read.")
        return await name(actor)

    monkeypatch.setattr(stage.memory, "name", failing)
    reply = await stage.say(f"approve {intent.id}", by=BO)

    assert len(stage.service.launches) == 1
    assert not reply.failed
    assert plain(reply.card.footer).endswith("Approved by Bo")


async def test_approve__while_read_only() -> None:
    """Nothing is approved meanwhile; it may be refused or withdrawn, and still expires."""
    stage = a_stage()
    intent = await asked(stage)
    later = stage.restarted(policy=replace(EVERYBODY, read_only=True))
    reply = await later.say(f"approve {intent.id}", by=BO)
    waits = the_intent(stage).state
    await later.say(f"refuse {intent.id}", by=BO)

    assert "Clew is read-only" in plain(reply.card.text)
    assert waits is IntentState.ASKED
    assert the_intent(stage).state is IntentState.DECLINED
    assert stage.service.launches == []


@pytest.mark.parametrize("confirmed", [False, True])
async def test_ask__where_nobody_else_reads(confirmed: bool) -> None:
    """In a direct conversation nobody could approve it: nothing is asked, and a yes given beforehand starts nothing."""
    stage = a_stage()
    reply = await stage.say(WORDS, direct=True, confirmed=confirmed)

    assert reply.failed
    assert "needs a second person, and nobody else could approve it here." in plain(reply.card.text)
    assert "in a channel where somebody else with the role “launch” is" in texts(reply.card)
    assert stage.memory.intents == {}


async def test_ask__a_yes_given_beforehand_is_one_persons() -> None:
    """It is asked for, not started."""
    stage = a_stage()
    reply = await stage.say(WORDS, confirmed=True)

    assert stage.service.launches == []
    assert the_intent(stage).state is IntentState.ASKED
    assert reply.data == the_intent(stage)


async def test_ask__pressed_again() -> None:
    """A second yes of the requester's own changes nothing; a restart before the answer was shown shows it again."""
    stage = a_stage()
    await stage.say(WORDS)
    await stage.handler.handle(an_invocation(stage, f"confirm {the_intent(stage).id}"), silent)
    shown_again = await stage.restarted().say(f"confirm {the_intent(stage).id}")
    second = await stage.say(f"confirm {the_intent(stage).id}")

    assert [b.label for b in shown_again.card.buttons] == ["Approve", "Refuse", "Withdraw"]
    assert second.private
    assert plain(second.card.title) == "This launch still waits"
    assert plain(second.card.text) == "It is waiting for a second person to approve or refuse it."
    assert stage.service.launches == []


async def test_ask__once_more_and_rerun() -> None:
    """Whatever does the same once more needs a second person again."""
    stage = a_stage()
    await asked(stage)
    await stage.press("Approve", by=BO)
    run = await stage.service.run(the_intent(stage).run_id or "")
    stage.service.finish(run, some_results(run))
    states = []
    for words in (f"again {the_intent(stage).id}", f"rerun {run.ref.run_id}"):
        stage.clock.pass_time(3600)
        await stage.say(words)
        await stage.say(f"confirm {the_intent(stage).id}")
        states.append((the_intent(stage).preset, the_intent(stage).state))

    assert states == [("nightly", IntentState.ASKED)] * 2
    assert len(stage.service.launches) == 1


async def test_approve__the_same_was_started_meanwhile() -> None:
    """Somebody else's launch of the same, a moment ago, is warned of instead of doubled."""
    stage = a_stage()
    intent = await asked(stage)
    await stage.say("launch basic_test duration=30 source=main", by=CY)
    await stage.press("Launch", by=CY)
    reply = await stage.say(f"approve {intent.id}", by=BO)
    await stage.tick()

    assert len(stage.service.launches) == 1
    assert "again?" in plain(reply.card.title)
    assert stage.memory.intents[intent.id].state is IntentState.DECLINED


async def test_approve__a_draft_or_nothing() -> None:
    """What was not confirmed yet, or is not there, cannot be approved."""
    stage = a_stage()
    await stage.say(WORDS)
    draft = await stage.say(f"approve {the_intent(stage).id}", by=BO)
    short = await stage.say(f"approve {the_intent(stage).id[:7]}", by=BO)
    elsewhere = await stage.say(f"approve {the_intent(stage).id[:8]}", by=BO, channel="fake:channel:C2")
    nothing = await stage.say("approve", by=BO)

    assert "still waiting for confirmation" in plain(draft.card.text)
    for reply in (short, elsewhere, nothing):
        assert "There is nothing to approve under that token." in plain(reply.card.text)
    assert stage.service.launches == []
