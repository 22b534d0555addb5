"""Who may use a preset, what it leaves free, and where images are from and mail goes: by every way, and asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from adapters.platforms.antithesis import launching as antithesis
from bot import grammar
from bot.access import Role
from bot.cards import Form, Reply
from bot.command import Preset
from bot.errors import Forbidden
from bot.launch_rules import wrong_with
from bot.model import LaunchRequest, Repository
from bot.platform import Launches
from bot.state import Actor
from bot.suggest import Limits, Typing
from tests.fakes.stage import ANN, BO, CHANNEL, Stage, an_invocation, silent, texts
from tests.unit.commands.test_launch import drafts

GROUP = "slack:usergroup:T1:S1"
NIGHTLY = Preset(name="nightly", launcher="basic_test", values={"duration": "30", "source": "main"})
OF_ANN = replace(NIGHTLY, people=frozenset({ANN.id}))
FIXED = replace(NIGHTLY, free=frozenset())
ONLY_DURATION = replace(NIGHTLY, free=frozenset({"antithesis.duration"}))


def a_stage(*presets: Preset, **changes: object) -> Stage:
    """Return a stage whose settings have these presets."""
    return Stage(presets={preset.name: preset for preset in presets}, **changes)  # type: ignore[arg-type]


def noted(stage: Stage) -> list[tuple[str, str, str]]:
    """Return who was refused what in the audit trail, and by which rule."""
    return [(e.actor, e.action, e.detail) for e in stage.memory.trail if e.decision == "denied"]


def registries(*names: str) -> frozenset[Repository]:
    """Return registries as the settings read them."""
    return frozenset(grammar.registry(name, "image_registries") for name in names)


async def test_people__only_those_may_use_it() -> None:
    """Somebody else hears which rule, where it stands and whom to ask; it is noted, and nothing is kept."""
    stage = a_stage(OF_ANN)
    refused = await stage.say("launch nightly", by=BO)
    kept = drafts(stage)
    taken = await stage.say("launch nightly")

    assert refused.failed
    assert refused.private
    assert "The preset “nightly” is not for you" in texts(refused.card)
    assert "Rule  | preset:nightly" in texts(refused.card).replace("Rule ", "Rule  | ")
    assert noted(stage) == [(BO.id, "launch", "preset:nightly: people")]
    assert kept == []
    assert not taken.failed


@pytest.mark.parametrize(
    ("people", "who", "may"),
    [
        ({GROUP}, replace(BO, principals=BO.principals | {GROUP}), True),
        ({GROUP}, BO, False),
        ({CHANNEL}, BO, True),
        ({"fake:channel:C2"}, BO, False),
        ({"fake:team:T1"}, replace(BO, principals=BO.principals | {"fake:team:T1"}), True),
        (set(), BO, True),
    ],
)
async def test_people__as_roles_take_them(people: set[str], who: Actor, *, may: bool) -> None:
    """A person, their group, the channel or the whole workspace; none: whoever may launch."""
    stage = a_stage(replace(NIGHTLY, people=frozenset(people)))
    reply = await stage.say("launch nightly", by=who)

    assert reply.failed is not may


async def test_people__are_asked_of_the_chat_as_they_are_now() -> None:
    """Whoever has left the group is refused, whatever came with their words; without `people` the chat is not asked."""
    stage = a_stage(replace(NIGHTLY, people=frozenset({GROUP})), replace(NIGHTLY, name="open"))
    member = replace(ANN, principals=ANN.principals | {GROUP})

    async def afresh(_: Actor) -> Actor:
        return ANN

    asked = replace(an_invocation(stage, "launch nightly"), actor=member)
    left = await stage.handler.handle(asked, silent, afresh)
    still = await stage.handler.handle(replace(asked, key="k2"), silent)
    of_all = await stage.handler.handle(replace(asked, key="k3", text="launch open"), silent, afresh)

    assert "is not for you" in texts(left.card)
    assert [still.failed, of_all.failed] == [False, False]


async def test_people__are_asked_about_again_when_it_is_confirmed() -> None:
    """Whoever was taken off meanwhile starts nothing."""
    stage = a_stage(OF_ANN)
    await stage.say("launch nightly")
    later = stage.restarted(presets={"nightly": replace(OF_ANN, people=frozenset({BO.id}))})
    reply = await later.press("Launch")

    assert "is not for you" in texts(reply.card)
    assert noted(later)[-1][2].endswith(": preset:nightly: people")
    assert stage.service.launches == []


@pytest.mark.parametrize(
    ("preset", "words", "said"),
    [
        (FIXED, "launch nightly duration=60", "The preset “nightly” sets duration= to “30”. Nothing else can be given"),
        (FIXED, "launch nightly antithesis.duration=60", "sets duration= to “30”"),
        (FIXED, "launch nightly 60", "sets duration= to “30”"),
        (FIXED, "launch nightly description=x", "does not allow description="),
        (FIXED, "launch nightly custom.seed=7", "does not allow custom.seed="),
        (FIXED, "launch preset=nightly launcher=other", "sets launcher= to “basic_test”"),
        (ONLY_DURATION, "launch nightly source=x", "Only antithesis.duration can be given with it."),
        (replace(FIXED, values={}), "launch nightly", "has no duration=, which a launch needs"),
    ],
)  # fmt: skip
async def test_free__refuses_the_rest(preset: Preset, words: str, said: str) -> None:
    """By whatever name it is given; the parameter, the preset's own value and what may be given are said."""
    stage = a_stage(preset)
    reply = await stage.say(words)

    assert said in texts(reply.card)
    assert [(action, rule.partition(",")[0].partition(":")[0]) for _, action, rule in noted(stage)] == [
        ("launch", "preset")
    ]
    assert drafts(stage) == []


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        (FIXED, "launch nightly"),
        (FIXED, "launch nightly duration=30m source=main"),
        (ONLY_DURATION, "launch nightly 60"),
        (ONLY_DURATION, "launch nightly duration=1h source=main"),
        (NIGHTLY, "launch nightly custom.seed=7 source=x"),
    ],
)
async def test_free__takes_what_is_free_or_the_same(preset: Preset, words: str) -> None:
    """What says the same as the preset differs in nothing."""
    stage = a_stage(preset)
    reply = await stage.say(words)

    assert not reply.failed, texts(reply.card)


async def test_form__asks_for_what_is_free_and_keeps_the_preset() -> None:
    """A form says by which preset it launches, so its rules hold when it is sent; its other fields are not shown."""
    stage = a_stage(ONLY_DURATION)
    form = await stage.handler.form(an_invocation(stage, "launch nightly"), silent)
    assert isinstance(form, Form)
    reply = await stage.say("launch", values={"preset": "nightly", "duration": "45", "source": "x"})

    assert [(f.name, f.value) for f in form.fields] == [("preset", "nightly"), ("duration", "30")]
    assert "sets source= to “main”" in texts(reply.card)


async def test_form__of_somebody_elses_preset_is_refused_and_noted() -> None:
    """No form opens that could not be sent."""
    stage = a_stage(OF_ANN)
    asked = replace(an_invocation(stage, "launch nightly"), actor=BO)
    with pytest.raises(Forbidden):
        await stage.handler.form(asked, silent)

    assert noted(stage) == [(BO.id, "launch", "preset:nightly: people")]


async def test_suggestions_and_help__name_only_presets_that_the_person_may_use() -> None:
    """So does the sentence about one that is not there."""
    stage = a_stage(OF_ANN, replace(FIXED, name="fixed"))

    async def seen(who: Actor) -> list[str]:
        place = an_invocation(stage, "launch").place
        found = await stage.handler.suggest(Typing(actor=who, place=place, typed="launch "), Limits())
        return [s.text for s in found if s.hint.startswith("preset of")]

    def told(reply: Reply) -> list[str]:
        return [repr(item.title) for item in reply.card.items if item.mark == "preset"]

    by_ann, by_bo = [await stage.say("help launch", by=who) for who in (ANN, BO)]
    unknown = await stage.say("launch preset=nightlyx", by=BO)

    assert [await seen(ANN), await seen(BO)] == [["nightly", "fixed"], ["fixed"]]
    assert ["nightly" in repr(told(by_ann)), "nightly" in repr(told(by_bo))] == [True, False]
    second = await a_stage(replace(FIXED, approve=Role.ADMIN)).say("help launch")
    assert "somebody else with the role admin approves it" in told(second)[0]
    assert "Presets are fixed." in texts(unknown.card)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("evil.example/app:1", "that is from evil.example"),
        ("app:1", "its registry counts as docker.io"),
        ("team/app:1", "its registry counts as docker.io"),
        ("registry.example.com.evil.example/app:1", "from registry.example.com.evil.example"),
        ("evil.example/registry.example.com/app:1", "from evil.example"),
        ("registry.example.com:444/app:1", "from registry.example.com:444"),
        ("ghcr.io/acme-evil/app:1", "from ghcr.io"),
        ("ghcr.io/app:1", "from ghcr.io"),
        ("Registry/app:1", "that is from registry"),
        ("localhost/app:1", "from localhost"),
        ("registry.example.com/app:1;evil.example/app:1", "“evil.example/app:1”"),
    ],
)
@pytest.mark.parametrize("name", ["config_image", "images", "antithesis.images"])
async def test_registries__hold_for_every_image(image: str, said: str, name: str) -> None:
    """An image from elsewhere is refused: which one, where it is from, what is allowed, and whom to ask."""
    if ";" in image and name == "config_image":
        image = image.partition(";")[2]
    stage = a_stage(registries=registries("registry.example.com", "ghcr.io/acme"))
    reply = await stage.say(f"launch basic_test 30 {name}={image}")

    assert said in texts(reply.card)
    assert "images may only come from ghcr.io/acme and registry.example.com" in texts(reply.card)
    assert [rule.partition(":")[0] for _, _, rule in noted(stage)] == ["image_registries"]
    assert drafts(stage) == []


async def test_registries__hold_for_a_preset_and_for_none() -> None:
    """Who wrote the preset wrote the list too: one of them is a mistake. An empty list allows none."""
    own = replace(NIGHTLY, values={**NIGHTLY.values, "config_image": "evil.example/config:1"})
    of_preset = await a_stage(own, registries=registries("registry.example.com")).say("launch nightly")
    of_none = await a_stage(registries=frozenset()).say("launch basic_test 30 images=app:1")
    without = await a_stage(registries=frozenset()).say("launch basic_test 30")

    assert "evil.example" in texts(of_preset.card)
    assert "no registry is allowed" in texts(of_none.card)
    assert not without.failed


@pytest.mark.parametrize(
    ("words", "later", "rule"),
    [
        ("images=app:1", {"registries": registries("registry.example.com")}, "image_registries"),
        ("recipients=ann@example.com", {"domains": frozenset({"example.org"})}, "recipient_domains"),
    ],
)
async def test_allow_lists__are_asked_again_when_it_is_confirmed(
    words: str, later: dict[str, object], rule: str
) -> None:
    """Settings that changed while a confirmation waited hold for it."""
    stage = Stage()
    await stage.say(f"launch basic_test 30 {words}")
    after = stage.restarted(**later)
    reply = await after.press("Launch")

    assert reply.failed
    assert f": {rule}: " in noted(after)[-1][2]
    assert stage.service.launches == []
    assert [d.request_as(LaunchRequest).launcher for d in drafts(stage)] == ["basic_test"]


async def test_recipients__of_a_preset_are_its_own_alone() -> None:
    """What a preset mails to is not free for other launches, nor for those of another preset."""
    team = replace(NIGHTLY, values={**NIGHTLY.values, "recipients": "team@example.com"})
    stage = a_stage(team, replace(NIGHTLY, name="other"))
    own = await stage.say("launch nightly")
    refused = [
        await stage.say(f"launch {words} recipients=team@example.com") for words in ("basic_test 30", "other")
    ]

    assert not own.failed
    assert ["no mail domains are set" in texts(reply.card) for reply in refused] == [True, True]
    assert "team@" not in repr(noted(stage))


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (NIGHTLY, ""),
        (ONLY_DURATION, ""),
        (replace(NIGHTLY, free=frozenset({"launcher", "custom.seed"})), ""),
        (replace(NIGHTLY, values={}), ""),
        (
            replace(NIGHTLY, free=frozenset({"durations"})),
            "Its “free” names durations, which a launch does not take.",
        ),
        (replace(FIXED, values={}), "has no duration=, which a launch needs"),
        (replace(NIGHTLY, values={"minutes": "30"}), "launch has no parameter “minutes=”"),
        (replace(NIGHTLY, values={"duration": "soon"}), "duration= is “soon”"),
        (
            replace(NIGHTLY, values={"duration": "3", "images": "evil.example/a:1"}),
            "that is from evil.example",
        ),
        (replace(NIGHTLY, launcher="debugging"), "Debugging is not a launcher"),
    ],
)
def test_wrong_with__a_preset_as_it_stands_in_the_settings(preset: Preset, said: str) -> None:
    """Whoever wrote it hears of a slip before somebody launches by it."""
    found = wrong_with(preset, cast("Launches", antithesis), registries("registry.example.com"))

    assert said in found
    assert bool(said) is bool(found)
