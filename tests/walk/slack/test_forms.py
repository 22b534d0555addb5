"""Forms: opened at once, fed with launchers, wrong at their field, sent once."""

from __future__ import annotations

import pytest

from bot.model import Run
from tests.fakes import slack_api as faults
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, BOB, MAIN, Json, Message


async def test_form__asked_for_twice_by_one_press_is_one(bot: Bot) -> None:
    """A press that is delivered again finds its form open, and nobody is told that time ran out."""
    card = bot.slack.world.say(BOB, MAIN, "a card")
    payload = bot.slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"})

    await bot.slack.gate.deliver("interactive", payload)
    await bot.slack.view("Launch")
    await bot.slack.gate.deliver("interactive", payload)
    await bot.slack.world.until(lambda: len(bot.slack.world.called("views.open")) == 2)
    await bot.slack.command("help")
    await bot.answered(1)

    assert len(bot.slack.world.views) == 1
    assert ["Commands: launch" in m.words for m in bot.slack.world.ours()] == [True]


async def test_form__that_slack_does_not_take_says_so(bot: Bot) -> None:
    """The view that is open never stays at “one moment”."""
    card = bot.slack.world.say(BOB, MAIN, "a card")
    payload = bot.slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"})
    bot.slack.api.fault("views.update", faults.error("invalid_arguments"))

    await bot.slack.gate.deliver("interactive", payload)
    await bot.slack.world.until(lambda: "Clew hit an internal error" in str(bot.slack.world.views))

    assert len(bot.slack.world.called("views.update")) == 2


async def test_form__that_was_closed_is_left_alone(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody closed the view before its form was ready."""
    card = bot.slack.world.say(BOB, MAIN, "a card")
    payload = bot.slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"})
    bot.slack.api.fault("views.update", faults.error("not_found"))

    await bot.slack.gate.deliver("interactive", payload)
    await bot.slack.world.until(lambda: bot.slack.world.called("views.update"))
    await bot.slack.command("help")
    await bot.answered(1)

    assert len(bot.slack.world.called("views.update")) == 1
    assert not [record for record in caplog.records if record.exc_info]


async def test_launch__without_arguments_opens_its_form(bot: Bot) -> None:
    """`/clew launch` opens the form; what is sent becomes the question in the channel it was opened in."""
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")

    ack = await bot.slack.submit(
        view, {"launcher": "basic_test", "duration": "30", "description": "retry <fix>"}
    )
    question = await bot.slack.world.answer("basic_test")

    assert ack.payload == {}
    assert question.channel == MAIN
    assert "retry" in question.words


async def test_launch__form_keeps_what_was_typed(bot: Bot) -> None:
    """What stood in the command stands in the form."""
    await bot.slack.command("launch basic_test source=main")
    view = await bot.slack.view("Launch")

    elements = {b["block_id"]: b["element"] for b in view["blocks"]}

    assert elements["launcher"]["initial_option"]["value"] == "basic_test"
    assert elements["source"]["initial_value"] == "main"


async def test_launch__form_has_what_is_usual(bot: Bot) -> None:
    """Filled in where it can be seen and changed; what differs then is shown before anything is sent."""
    given = {"antithesis.duration": "30", "antithesis.source": "main", "antithesis.images": "app:1.4"}
    for number in range(3):
        bot.service.add_run(a_run(number, launcher="basic_test", parameters=given))
    await bot.slack.command("launch basic_test")
    view = await bot.slack.view("Launch")
    blocks = {b["block_id"]: b for b in view["blocks"]}
    await bot.slack.submit(view, {"duration": "20", "images": "app:1.5"})
    question = await bot.slack.world.answer("Unlike the")

    filled = [blocks[n]["element"].get("initial_value") for n in ("duration", "source", "images")]
    said = "antithesis.duration is 20, it was 30; antithesis.images is app:1.5, it was app:1.4."
    assert filled == ["30", "main", "app:1.4"]
    assert blocks["source"]["hint"]["text"].endswith("filled in as in 3 of its last 3 runs")
    assert "".join(said.split()) in "".join(question.words.split())


def usually(bot: Bot, launcher: str, duration: str, source: str, **given: str) -> None:
    """Let a launcher have been started with the same values three times."""
    values = {"antithesis.duration": duration, "antithesis.source": source, **given}
    for _ in range(3):
        number = len(bot.service._runs)
        bot.service.add_run(a_run(number, launcher=launcher, parameters=values))


async def until_holds(bot: Bot, view: Json, field: str, value: str) -> dict[str, str | None]:
    """Wait until a field of an open form holds a value; return what all of them do."""
    held: dict[str, str | None] = await bot.slack.world.until(
        lambda: held if (held := bot.slack.holds(view))[field] == value else None
    )
    return held


async def test_launch__form_is_filled_in_anew_for_the_launcher_that_is_chosen_in_it(bot: Bot) -> None:
    """What was offered for the other one goes, with what was said of that; what somebody typed or emptied stays."""
    usually(bot, "basic_test", "30", "main", **{"antithesis.images": "app:1.4"})
    usually(bot, "Payments Nightly", "60", "release", **{"antithesis.images": "pay:2.0"})
    await bot.slack.command("launch basic_test")
    view = await bot.slack.view("Launch")
    assert bot.slack.holds(view)["duration"] == "30"
    bot.slack.fill_in(view, {"source": "mine", "images": ""})
    await bot.slack.pick(view, "launcher", "Payments Nightly")
    held = await until_holds(bot, view, "duration", "60")
    shown = await bot.slack.view("Launch")
    await bot.slack.submit(shown, {})
    question = await bot.slack.world.answer("60 min")

    assert (held["launcher"], held["source"], held["images"]) == ("Payments Nightly", "mine", None)
    blocks = {b["block_id"]: b for b in shown["blocks"]}
    assert blocks["duration"]["hint"]["text"].endswith("filled in as in 3 of its last 3 runs")
    assert "filled in" not in str(blocks["source"].get("hint"))
    assert "Payments Nightly" in question.words
    assert "mine" in question.words
    assert bot.slack.world.violations == []


async def test_launch__form_of_the_last_choice_stands(bot: Bot) -> None:
    """Two choices one after the other, before the form of the first came: its values do not stand under the second."""
    usually(bot, "basic_test", "30", "main")
    usually(bot, "Payments Nightly", "60", "release")
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")
    third = bot.slack.pick_payload(
        view, "launcher", "Payments Nightly"
    )  # as if the form was not seen anew by then
    for launcher in ("Payments Nightly", "basic_test"):
        await bot.slack.pick(view, "launcher", launcher)
    held = await until_holds(bot, view, "duration", "30")
    bot.slack.fill_in(view, {"launcher": "Payments Nightly"})
    await bot.slack.gate.deliver("interactive", third)
    later = await until_holds(bot, view, "duration", "60")

    assert (held["launcher"], held["source"]) == ("basic_test", "main")
    assert (later["launcher"], later["source"]) == ("Payments Nightly", "release")


@pytest.mark.parametrize("error", ["not_found", "hash_conflict"])
async def test_launch__form_that_is_gone_is_not_filled_in_anew(
    bot: Bot, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    """It was closed, or sent, meanwhile: nobody is told anything."""
    usually(bot, "Payments Nightly", "60", "release")
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")
    bot.slack.api.fault("views.update", faults.error(error))
    seen = len(bot.slack.world.called("views.update"))
    await bot.slack.pick(view, "launcher", "Payments Nightly")
    await bot.slack.world.until(lambda: len(bot.slack.world.called("views.update")) > seen)
    await bot.slack.command("help")
    await bot.answered(1)

    assert bot.slack.holds(view)["duration"] is None
    assert len(bot.slack.world.called("views.update")) == seen + 1
    assert not [record for record in caplog.records if record.exc_info]


async def test_launch__wrong_values_are_told_at_their_field(bot: Bot) -> None:
    """The form stays open, and the field says what is wrong and how to give it right."""
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")

    ack = await bot.slack.submit(view, {"launcher": "../v1/launch/x", "duration": "٣٠"})

    assert ack.payload["response_action"] == "errors"
    assert set(ack.payload["errors"]) == {"launcher", "duration"}
    assert bot.service.launches == []


async def test_launch__by_mention_offers_the_form_by_a_button(bot: Bot) -> None:
    """A mention cannot open a form; the answer says what is missing and has a button that can, in its thread."""
    talk = bot.slack.world.say(BOB, MAIN, "shall we?")
    await bot.slack.mention("launch", thread=talk.ts)
    answer = await bot.slack.world.answer("Fill in the form")

    await bot.slack.press(answer, "Fill in the form")
    view = await bot.slack.view("Launch")
    await bot.slack.submit(view, {"launcher": "basic_test", "duration": "30"})
    question = await bot.slack.world.answer("30 min", at=1)

    assert question.thread_ts == talk.ts


async def test_launch__by_global_shortcut_asks_where_to_answer(bot: Bot) -> None:
    """A global shortcut has no channel, so the form asks for one, and the answer goes there."""
    await bot.slack.global_shortcut("launch_run")
    view = await bot.slack.view("Launch")

    where = {"clew_where": MAIN, "launcher": "basic_test", "duration": "30"}
    await bot.slack.submit(view, where)
    question = await bot.slack.world.answer("30 min")

    assert question.channel == MAIN


async def test_launch__select_offers_known_launchers_and_what_was_typed(bot: Bot) -> None:
    """Launchers of the settings that fit come first; a new name can be given all the same."""
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")

    everything = await bot.slack.suggestions(view, "launcher", "")
    fitting = await bot.slack.suggestions(view, "launcher", "night")

    assert everything == ["basic_test", "Payments Nightly"]
    assert fitting == ["Payments Nightly", "night"]


async def test_launch__select_offers_nothing_to_those_without_rights(bot: Bot) -> None:
    """Names of launchers are for those who may read."""
    offered = await bot.slack.suggestions({"id": "V0"}, "launcher", "", user="U05GONE")

    assert offered == []


async def test_form__sent_twice_acts_once(bot: Bot) -> None:
    """A form that is sent again, by a second click or by Slack, is one act."""
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")
    values = {"launcher": "basic_test", "duration": "30"}

    first = await bot.slack.submit(view, values)
    second = await bot.slack.submit(view, values)
    await bot.answered(2)

    assert (first.taken, second.taken) == (True, True)
    assert len([m for m in bot.slack.world.ours() if "basic_test" in m.words]) == 1


async def test_form__sent_after_a_restart_is_understood(bot: Bot) -> None:
    """The view itself says what it is for: a new process needs no memory of it."""
    await bot.slack.command("launch")
    view = await bot.slack.view("Launch")
    await bot.chat.close()
    await bot.slack.world.until(lambda: not bot.slack.gate.live)

    async with running_bot(bot.slack) as again:
        await again.slack.submit(view, {"launcher": "basic_test", "duration": "30"})
        question = await again.slack.world.answer("30 min")

    assert question.channel == MAIN


async def test_logs__form_by_button(bot: Bot) -> None:
    """A verb's form opens prefilled, and what is sent is answered in the thread."""
    run = a_run_with_log(bot)
    card = await card_of(bot, run)
    payload = bot.slack.press_payload(card, {"action_id": "ask:logs:1", "value": f"logs {run.ref.run_id}"})

    await bot.slack.gate.deliver("interactive", payload)
    view = await bot.slack.view("")
    await bot.slack.submit(view, {"grep": "off by 3", "moment": f"{MOMENT.input_hash} {MOMENT.vtime}"})
    answer = await bot.slack.world.answer("balance is off by 3")

    assert answer.thread_ts == card.ts
    assert "panic" not in answer.words


async def test_watch__form_by_button(bot: Bot) -> None:
    """The form of watch sets what its channel hears of."""
    card = await card_of(bot, a_run_with_log(bot))
    payload = bot.slack.press_payload(card, {"action_id": "ask:watch:1", "value": "watch"})

    await bot.slack.gate.deliver("interactive", payload)
    view = await bot.slack.view("Watch")
    await bot.slack.submit(view, {"outcomes": "changes"})
    await bot.slack.world.answer("changes (new failures")

    assert [s.channel for s in await bot.store.subscriptions()] == [f"slack:channel:T01:{MAIN}"]


async def test_form__is_refused_to_those_without_rights(bot: Bot) -> None:
    """The view that opens says why there is no form."""
    card = await card_of(bot, a_run_with_log(bot))
    payload = bot.slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"}, user=BOB)

    await bot.slack.gate.deliver("interactive", payload)
    view = await bot.slack.world.until(
        lambda: next((v for v in bot.slack.world.views.values() if "role" in str(v)), None)
    )

    assert "launch" in str(view)
    assert "submit" not in view


async def test_form__opens_at_once_and_is_filled_later(bot: Bot) -> None:
    """A view is there before anything was fetched: a trigger lives three seconds."""
    card = await card_of(bot, a_run_with_log(bot))
    payload = bot.slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"})
    await bot.slack.gate.deliver("interactive", payload)
    await bot.slack.view("Launch")
    methods = [name for name, _ in bot.slack.world.calls if name.startswith("views.")]

    assert methods == ["views.open", "views.update"]


async def test_form__too_late_is_said(bot: Bot) -> None:
    """A trigger whose time is over opens nothing; the person is told, privately."""
    card = await card_of(bot, a_run_with_log(bot))
    seen = len(bot.slack.world.ours())
    payload = bot.slack.press_payload(card, {"action_id": "ask:launch:1", "value": "launch"})
    bot.slack.world.triggers[payload["trigger_id"]] = 0.0

    await bot.slack.gate.deliver("interactive", payload)
    told = await bot.slack.world.ephemeral(ALICE, at=seen)

    assert "Press the button again" in told.words


async def test_command__without_time_for_a_form_shows_its_text(bot: Bot) -> None:
    """Where the trigger is over, the answer says the same in words and has the button."""
    payload = bot.slack.command_payload("launch")
    bot.slack.world.use_trigger(payload["trigger_id"])

    await bot.slack.gate.deliver("slash_commands", payload)
    answer = await bot.slack.world.answer("Fill in the form")

    assert "launcher" in answer.words


def a_run_with_log(bot: Bot) -> Run:
    """Put a failing run with a log into the world."""
    run = bot.service.add_run(a_run(1))
    bot.service.set_results(some_results(run, failing=("Ledger balances",)))
    bot.service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"), a_line("panic", "398.4"))
    return run


async def card_of(bot: Bot, run: Run) -> Message:
    """Show a run's card in the channel."""
    await bot.slack.command(f"status {run.ref.run_id}")
    return await bot.slack.world.answer("FAILED")
