"""How long a command may be: one rule at the one door."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.lengths import LONGEST, bounded, refusal
from bot.state import Invocation, Place
from tests.fakes.inbox import left_over
from tests.fakes.runs import EPOCH, a_run
from tests.unit.commands.door import ALICE, CHANNEL, Door, nothing, told

TOO_LONG = "exceeds the limit of 12,000 characters. Nothing was done. Shorten it."


def asked(words: str = "status", **more: object) -> Invocation:
    return Invocation(
        actor=ALICE,
        place=Place(channel=CHANNEL),
        text=words,
        key="k",
        at=EPOCH,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("invocation", "what"),
    [
        (asked("status ".ljust(LONGEST + 1, "x")), "Your command"),
        (asked("status " + "x" * 10_000_000), "Your command"),
        (asked("status", values={"run": "x" * 10_000_000}), "“run”"),
        (asked("status", arguments=("x" * 10_000_000,)), "Your command"),
        (asked("status", arguments=("x" * 7000, "y" * 7000)), "Your command"),
    ],
)
async def test_too_long__is_refused_before_anything_is_asked(invocation: Invocation, what: str) -> None:
    """One sentence says what is too long; nothing is asked of the platform, and only a beginning is kept."""
    door = Door()

    await door.handler.accept(invocation)
    reply = await door.handler.handle(invocation, nothing)

    assert f"{what} {TOO_LONG}" in told(reply.card)
    assert reply.failed
    assert door.service.calls == []
    for kept, _ in door.store.commands.values():
        assert max(map(len, (kept.text, *kept.values.values(), *kept.arguments))) <= LONGEST + 1


async def test_too_long__for_a_form_too() -> None:
    """Whatever leads to a form obeys the same rule."""
    with pytest.raises(UserError, match="Your command exceeds the limit of"):
        await Door().handler.form(asked("launch " + "x" * LONGEST), nothing)


async def test_too_long__with_a_secret_in_it_is_refused_after_a_restart_too() -> None:
    """What is kept of it says that it was too long, and holds no secret, not even a part of one."""
    door = Door()
    secret = "xoxb-1234567890-CANARYCANARYCANARY"
    await door.handler.accept(asked("status " + "x " * (LONGEST // 2 - 10) + secret))

    (resumed,) = await left_over(door.handler, "slack", EPOCH)
    reply = await door.handler.handle(resumed, nothing)

    assert TOO_LONG in told(reply.card)
    assert not any(part in resumed.text for part in ("xoxb", "CANARY"))


def test_refusal__takes_what_is_just_short_enough() -> None:
    """Nothing is refused, and nothing is changed, up to the last character."""
    longest = asked("status ".ljust(LONGEST, "x"), values={"run": "y" * LONGEST})

    assert refusal(longest) is None
    assert bounded(longest) == longest


@pytest.mark.parametrize(
    "name", ["st\u0430tus", "sta\u200btus", "status\u2060", "\uff53tatus", "\u017ftatus", "st\u00e1tus"]
)
async def test_name__that_only_looks_like_one_is_none(name: str) -> None:
    """A command's name is matched by its ASCII letters alone, by whoever asks for the verb."""
    door = Door()
    run = door.service.add_run(a_run(1))

    reply = await door.say(f"{name} latest")

    assert door.handler.verb_of(asked(name)) is None
    assert "Unknown command" in told(reply.card)
    assert run.ref.run_id not in told(reply.card)
    assert door.service.calls == []


@pytest.mark.parametrize(
    ("words", "name"),
    [("logs", "logs"), (" LOGS: x", "logs"), ("`logs latest`", "logs"), ("runs", "status"), ("", None)],
)
def test_verb_of__is_what_the_door_reads(words: str, name: str | None) -> None:
    """The verb that decides where work waits is the one that will answer."""
    verb = Door().handler.verb_of(asked(words))

    assert name == (verb.name if verb else None)
