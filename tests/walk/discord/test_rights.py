"""Rights at the moment of acting: Discord sends a member's roles with every press, and is asked where that is old.

Everything goes the whole way, from the press to what the platform was sent and what the audit trail says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.access import Policy, Role
from bot.state import Invocation
from tests.fakes.discord import Fault, serve
from tests.fakes.discord_bot import World, answer, said, simulated
from tests.fakes.discord_live import running_bot
from tests.fakes.runs import MOMENT, a_run, run_id, some_results
from tests.fakes.store import MemoryStore

LAUNCH = "launch basic_test duration=30"
DEBUG = f"debug {run_id(1)} moment={MOMENT.text}"
OPTIONS: dict[str, dict[str, Any]] = {
    LAUNCH: {"launcher": "basic_test", "duration": "30"},
    DEBUG: {"run": run_id(1), "moment": MOMENT.text},
}
YES = {LAUNCH: "Launch", DEBUG: "Open session"}


@dataclass(kw_only=True)
class Scene:
    """A server in which Alice may launch, since she has a role, and everybody may read."""

    world: World
    role: Any

    async def ask(self, words: str = LAUNCH, way: str = "command") -> Any:
        """Ask for something costly; return the question."""
        world = self.world
        if way == "mention":
            return (await world.mention(words))[-1]
        if way == "form":
            opened = await world.say("launch")
            result = await world.alice.submit_modal(opened, OPTIONS[LAUNCH])
            await world.env.settle()
            return answer(result)
        return answer(await world.say(words.partition(" ")[0], **OPTIONS[words]))

    async def press(self, question: Any, label: str = "Launch", *, by: Any = None) -> str:
        """Press a button of the question; return what was said then."""
        result = await self.world.press(question, label, by=by)
        if result.followups or result.response is not None:
            return said(answer(result))
        return said(self.world.ours(self.world.main)[-1])  # the question itself says what came of it

    def take_away(self) -> None:
        """Take the role from Alice."""
        self.world.env.backend.remove_member_role(self.world.guild.id, self.world.alice.id, self.role.id)

    def set_policy(self, **changes: Any) -> None:
        """Change what the settings say."""
        services = self.world.handler.services
        self.world.handler.services = replace(services, policy=replace(services.policy, **changes))

    @property
    def started(self) -> int:
        """How often the platform was asked to start something."""
        return len(self.world.service.launches) + len(self.world.service.debugs)

    @property
    def decisions(self) -> list[str]:
        """What was decided, as the audit trail says."""
        return [entry.decision for entry in self.store.trail]

    @property
    def denied(self) -> list[tuple[int, str, str]]:
        """What was denied: to whom, of what, by which rule."""
        told = [entry for entry in self.store.trail if entry.decision == "denied"]
        return [(int(e.actor.rpartition(":")[2]), e.action, e.detail.rpartition(": ")[2]) for e in told]

    @property
    def store(self) -> MemoryStore:
        """The database."""
        assert isinstance(self.world.store, MemoryStore)
        return self.world.store


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with simulated() as world:
        run = world.service.add_run(a_run(1))
        world.service.set_results(some_results(run, failing=("Ledger balances",)))
        role = world.guild.create_role("testers")
        world.env.backend.add_member_role(world.guild.id, world.alice.id, role.id)
        await world.env.settle()
        scene = Scene(world=world, role=role)
        scene.set_policy(
            roles={
                Role.READ: frozenset({f"discord:guild:{world.guild.id}"}),
                Role.LAUNCH: frozenset({f"discord:role:{world.guild.id}:{role.id}"}),
            }
        )
        yield scene


async def test_press__twice_is_one_launch(scene: Scene) -> None:
    """The second press hears what came of the first."""
    world, question = scene.world, await scene.ask()
    await scene.press(question)
    first = world.last_interaction()
    data = {"custom_id": first["data"]["custom_id"], "component_type": 2}
    world.env.backend.emit("INTERACTION_CREATE", first | {"data": data})  # delivered once more
    await world.env.settle()
    words = f"confirm {next(iter(scene.store.intents))}"
    await world.mention(words)

    assert scene.started == 1
    assert "already handled" in said(world.alice.user.dm_channel.last_message)
    assert scene.decisions == ["allowed", "confirmed", "accepted"]


async def test_press__of_somebody_else_is_denied(scene: Scene) -> None:
    """Whatever their role, it is not theirs to confirm."""
    world = scene.world
    world.env.backend.add_member_role(world.guild.id, world.bob.id, scene.role.id)
    told = await scene.press(await scene.ask(), by=world.bob)

    assert "Only the requester" in told
    assert scene.denied == [(world.bob.id, "launch", "not the requester")]
    assert scene.started == 0


async def test_press__after_five_minutes_is_too_late(scene: Scene) -> None:
    """Nothing is sent, and it says so."""
    question = await scene.ask()
    scene.world.clock.ahead += 301
    told = await scene.press(question)

    assert "was not confirmed within 5 minutes" in told
    assert scene.decisions == ["allowed", "expired"]
    assert scene.started == 0


@pytest.mark.parametrize("words", [LAUNCH, DEBUG])
async def test_press__while_read_only_is_denied(scene: Scene, words: str) -> None:
    """The switch is looked at when something would be sent."""
    question = await scene.ask(words)
    scene.set_policy(read_only=True)
    told = await scene.press(question, YES[words])

    assert "Clew is read-only" in told
    assert scene.denied == [(scene.world.alice.id, words.partition(" ")[0], "read-only")]
    assert scene.started == 0


ASKED = [("form", LAUNCH), *((way, words) for way in ("command", "mention") for words in (LAUNCH, DEBUG))]


@pytest.mark.parametrize(("way", "words"), ASKED)
async def test_press__after_the_role_was_removed(scene: Scene, way: str, words: str) -> None:
    """However it was asked for, the press carries the roles of that moment."""
    question = await scene.ask(words, way)
    scene.take_away()
    told = await scene.press(question, YES[words])

    role = "launch" if words == LAUNCH else "debug"
    assert f"This needs the role “{role}”" in told
    assert scene.denied == [(scene.world.alice.id, role, f"role:{role}")]
    assert scene.started == 0


@pytest.mark.parametrize("way", ["command", "mention", "form"])
async def test_command__after_the_role_was_removed(scene: Scene, way: str) -> None:
    """Commands, messages and forms that were open meanwhile carry them too."""
    world = scene.world
    opened = await world.say("launch")
    scene.take_away()
    if way == "command":
        await world.say("watch")
    elif way == "mention":
        await world.mention("watch")
    else:
        await world.alice.submit_modal(opened, OPTIONS[LAUNCH])
        await world.env.settle()

    verb, role = ("launch", "launch") if way == "form" else ("watch", "debug")
    assert scene.denied == [(world.alice.id, verb, f"role:{role}")]
    assert list(scene.store.intents) == []
    assert list(await scene.store.subscriptions(world.place)) == []


PRESSED_BEFORE = 12.0  # seconds: longer than what a payload says is taken for new


@pytest.mark.parametrize(
    ("change", "rule", "sentence"),
    [
        ("nothing", "", ""),
        ("role", "role:launch", "This needs the role “launch”"),
        ("left", "account", "no longer a member of this server"),
        ("silence", "permissions-unknown", "Discord could not confirm your permissions"),
    ],
)
async def test_restart__asks_discord_who_pressed(change: str, rule: str, sentence: str) -> None:
    """A press that was kept and cut off is acted on later, by the roles that its person has then."""
    store = MemoryStore()
    async with serve() as discord:
        backend, alice = discord.backend, discord.alice
        role = backend.create_role(discord.guild, "testers")
        backend.add_member_role(discord.guild, alice, role.id)
        policy = Policy(roles={Role.LAUNCH: frozenset({f"discord:role:{discord.guild}:{role.id}"})})
        async with running_bot(discord, store=store, policy=policy) as bot:
            discord.slash("launch", **OPTIONS[LAUNCH])
            await bot.answered(1)
            await bot.handler.accept(cut_off(store))
        if change == "role":
            backend.remove_member_role(discord.guild, alice, role.id)
        if change == "left":
            backend.remove_member(discord.guild, alice)
        if change == "silence":
            discord.fault("GET", "/guilds/[0-9]+/members/[0-9]+", Fault(status=403))
        async with running_bot(discord, store=store, policy=policy) as bot:
            await bot.answered(1)
            launched = len(bot.service.launches)

    denied = [entry.detail.rpartition(": ")[2] for entry in store.trail if entry.decision == "denied"]
    assert denied == ([rule] if rule else [])
    assert launched == (0 if rule else 1)
    shown = [discord.words(m) for channel in backend.messages for m in discord.ours(channel)]
    assert sentence in "\n".join(shown)


def cut_off(store: MemoryStore) -> Invocation:
    """Return the press on the last question, as it was kept by a process that died right after."""
    (asked, _), *_ = store.commands.values()
    earlier = asked.at.timestamp() - PRESSED_BEFORE
    return replace(
        asked,
        text=f"confirm {next(iter(store.intents))}",
        values={},
        key="interaction:of-the-dead",
        at=asked.at.fromtimestamp(earlier, asked.at.tzinfo),
    )
