"""Forms: opened as the initial response, filled in, sent, and sent again where something was wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import StoreError
from bot.model import Run
from tests.fakes.discord_bot import World, answer, custom_id, initial_responses, said
from tests.fakes.runs import a_run, run_id


def inputs(modal: Any) -> dict[str, Any]:
    """Return a modal's inputs by name."""
    return {part["component"]["custom_id"]: part["component"] for part in modal["components"]}


async def test_launch__without_arguments_opens_its_form(world: World) -> None:
    """The form comes at once, with what must be filled in first and a field for all the rest."""
    result = await world.say("launch")

    assert result.modal is not None
    assert [b["type"] for b in initial_responses(world)] == [9]
    assert list(inputs(result.modal)) == ["launcher", "duration", "config_image", "images", "rest"]
    assert result.modal["custom_id"] == "form:launch"


async def test_launch__through_its_form_starts_once(world: World) -> None:
    """Filled in, shown exactly, confirmed by the same person, sent once."""
    opened = await world.say("launch")
    filled = {"launcher": "basic_test", "duration": "30", "rest": "source=main\ncustom.seed=7"}

    question = await world.alice.submit_modal(opened, filled)
    await world.env.settle()
    await world.press(question.response, "Launch")

    assert len(world.service.launches) == 1
    sent = world.service.launches[0]
    assert sent.launcher == "basic_test"
    assert sent.values == {"duration": "30", "source": "main", "custom.seed": "7"}


async def test_launch__form_has_what_is_usual(world: World) -> None:
    """Filled in where it can be seen and changed; what is emptied stays so when another field is corrected."""
    given = {"antithesis.duration": "30", "antithesis.source": "main", "antithesis.images": "app:1.4"}
    for number in range(3):
        world.service.add_run(a_run(number, launcher="basic_test", parameters=given))
    asked = answer(await world.say("launch", launcher="basic_test"))
    opened = await world.alice.click(asked, custom_id=custom_id(asked, "Fill in the form"))
    await world.env.settle()
    shown = inputs(opened.modal)
    wrong = answer(await world.alice.submit_modal(opened, {"launcher": "basic_test", "duration": "soon"}))
    await world.env.settle()
    again = await world.alice.click(wrong, custom_id=custom_id(wrong, "Correct the form"))
    await world.env.settle()
    corrected = inputs(again.modal)

    filled = [shown[name].get("value") for name in ("launcher", "duration", "images", "source")]
    assert filled == ["basic_test", "30", "app:1.4", "main"]
    assert "value" not in corrected["images"]
    assert "value" not in corrected["rest"]


async def test_form__with_a_mistake_can_be_corrected(world: World) -> None:
    """What is wrong is said to the person alone, and the form comes back as it was filled in."""
    opened = await world.say("launch")
    filled = {"launcher": "basic_test", "duration": "soon", "rest": "images=app\ndescription=two words"}
    wrong = await world.alice.submit_modal(opened, filled)
    await world.env.settle()
    shown = answer(wrong)

    again = await world.alice.click(shown, custom_id=custom_id(shown, "Correct the form"))
    await world.env.settle()

    assert shown.ephemeral
    assert "Duration is “soon”" in said(shown)
    assert "Images has “app”" in said(shown)
    assert again.modal is not None
    assert inputs(again.modal)["description"]["value"] == "two words"
    assert inputs(again.modal)["duration"]["value"] == "soon"
    assert inputs(again.modal)["launcher"]["value"] == "basic_test"


async def test_form__survives_a_restart(world: World) -> None:
    """A form that was open while the bot was restarted is taken like any other."""
    opened = await world.say("launch")
    await world.restart()

    question = await world.alice.submit_modal(opened, {"launcher": "basic_test", "duration": "30"})
    await world.env.settle()

    assert "basic_test" in said(answer(question))


async def test_form__by_somebody_without_the_role_is_refused(world: World) -> None:
    """Nobody gets a form for what they may not do."""
    result = await world.say("launch", by=world.bob)

    assert result.modal is None
    assert result.response.ephemeral
    assert "launch" in said(result.response)


async def test_button__after_a_restart_still_works(world: World, run: Run) -> None:
    """Nothing about a button is kept in the process: a new one answers it."""
    card = answer(await world.say("status", run=run_id(1)))
    await world.restart()

    await world.press(card, "Failing")

    assert "Ledger balances" in said(world.main.threads[0].history()[-1])


async def test_button__that_nobody_knows_is_answered(world: World, run: Run) -> None:
    """A button whose command is gone gets a sentence, never silence."""
    card = answer(await world.say("failing", run=run_id(1)))
    world.forget_words()

    result = await world.press(card, "Debug 1")

    assert "no longer recognises this" in said(result.response)
    assert result.response.ephemeral


async def test_button__that_cannot_be_read_is_not_called_unknown(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that fails is said as such; nothing is accepted."""
    card = answer(await world.say("failing", run=run_id(1)))

    async def failing(_: str) -> None:
        raise StoreError("The database is full.")

    monkeypatch.setattr(world.store, "button", failing)
    result = await world.press(card, "Debug 1")

    assert "The database is full." in said(result.response)
    assert result.response.ephemeral
