"""A launch beside its launcher's last runs: what a form is filled in with, what differs, what has no baseline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from bot.cards import Context, Form, plain
from bot.command import Preset
from bot.errors import Unreachable
from bot.model import LaunchRequest, Run, RunQuery, RunStatus
from bot.state import IntentState, PollStep
from bot.triage import LauncherRow
from tests.fakes.runs import a_run, run_id
from tests.fakes.service import FakeRunService
from tests.fakes.stage import CHANNEL, Stage, an_invocation, silent, texts
from tests.unit.commands.test_unlisted import a_stage, an_execution

USUAL = {"antithesis.duration": "30", "antithesis.source": "main", "antithesis.test_name": "payments",
         "antithesis.images": "app:1.4;db:16"}  # fmt: skip


def started_with(number: int, given: Mapping[str, str] = USUAL, /, **changes: object) -> Run:
    """Return a run of basic_test that was started with these parameters."""
    told = {"launcher": "basic_test", "parameters": given, "source": given.get("antithesis.source"),
            "test_name": given.get("antithesis.test_name"), **changes}  # fmt: skip
    return a_run(number, **told)  # type: ignore[arg-type]  # the caller's fields


def with_runs(*runs: Run, stage: Stage | None = None) -> Stage:
    """Return a stage whose launcher had these runs."""
    stage = stage or Stage()
    for run in runs:
        stage.service.add_run(run)
    stage.clock.pass_time(86_400)
    return stage


async def the_form(stage: Stage, words: str) -> dict[str, tuple[str, str]]:
    """Return what the fields of a form hold, with their hints."""
    form = await stage.handler.form(an_invocation(stage, words), silent)
    assert isinstance(form, Form)
    return {field.name: (field.value, field.hint) for field in form.fields}


async def test_form__is_filled_in_anew_where_nobody_touched_it() -> None:
    """Beside what somebody gave; what they emptied stays empty, and where nothing may be filled in nothing is looked up."""
    stage = with_runs(*(started_with(n) for n in range(3)))
    given = replace(an_invocation(stage, "launch"), values={"launcher": "basic_test", "source": "mine"})

    async def filled(*untouched: str) -> dict[str, str]:
        form = await stage.handler.form(given, silent, untouched=frozenset(untouched))
        assert isinstance(form, Form)
        return {field.name: field.value for field in form.fields if field.value}

    some = await filled("duration", "images")
    before = len(stage.service.calls)
    none = await filled()

    assert some == {"launcher": "basic_test", "source": "mine", "duration": "30", "images": "app:1.4;db:16"}
    assert none == {"launcher": "basic_test", "source": "mine"}
    assert len(stage.service.calls) == before


async def test_form__is_filled_in_with_what_is_usual() -> None:
    """Each field says where its value comes from; what one run alone had is not usual, nor what nobody should repeat."""
    odd = USUAL | {
        "antithesis.images": "app:1.5",
        "antithesis.description": "x",
        "antithesis.is_ephemeral": "true",
    }
    same = USUAL | {"antithesis.description": "nightly", "clew.request_id": "k", "custom.seed": "7"}
    stage = with_runs(*(started_with(n, same) for n in range(4)), started_with(9, odd))

    fields = await the_form(stage, "launch basic_test")

    came = "filled in as in {} of its last 5 runs"
    assert fields["duration"] == ("30", f"30, 1h30m or 10s; {came.format(5)}")
    assert fields["images"] == ("app:1.4;db:16", f"separated by ;; {came.format(4)}")
    assert fields["test_name"] == ("payments", came.format(5))
    assert fields["source"][0] == "main"
    assert [fields[name][0] for name in ("description", "ephemeral", "config_image", "recipients")] == [
        ""
    ] * 4
    assert "custom.seed" not in fields


@pytest.mark.parametrize("words", ["duration=soon", "source=dev", "custom.duration=1", "description=x"])
async def test_form__that_somebody_has_touched_stays_as_it_is(words: str) -> None:
    """What they left empty, or emptied before they correct another field, is meant to be."""
    stage = with_runs(*(started_with(n) for n in range(3)))

    fields = await the_form(stage, f"launch basic_test {words}")

    assert [value for name, (value, _) in fields.items() if value] == ["basic_test", words.partition("=")[2]]


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "launch basic_test"),
        ([started_with(1), started_with(2)], "launch basic_test"),
        ([started_with(n, {}) for n in range(5)], "launch basic_test"),
        ([*(started_with(n, {}) for n in range(9, 5, -1)), *(started_with(n) for n in range(3))], "launch basic_test"),
        ([started_with(n, {"antithesis.source": f"b{n}"}) for n in range(9)], "launch basic_test"),
        ([started_with(n, {"antithesis.duration": "soon", "antithesis.images": "none"}) for n in range(4)], "launch basic_test"),
        ([started_with(n) for n in range(4)], "launch"),
        ([started_with(n) for n in range(4)], "launch elsewhere"),
        ([started_with(n) for n in range(4)], "launch nightly"),
    ],
)  # fmt: skip
async def test_form__says_nothing_rather_than_guessing(runs: list[Run], words: str) -> None:
    """Of no runs, few, silent or different ones, of values that no launch takes, of another launcher, beside a preset."""
    nightly = Preset(name="nightly", launcher="basic_test", values={"description": "as prepared"})
    stage = with_runs(*runs, stage=Stage(presets={"nightly": nightly}))

    fields = await the_form(stage, words)

    assert {"".join(fields[name][0]) for name in ("duration", "source", "test_name", "images")} == {""}


async def test_form__in_the_thread_of_a_run_has_its_launcher() -> None:
    """Filled in where it is seen, never sent unseen; without enough runs nothing is called usual."""
    stage = with_runs(*(started_with(n) for n in range(3)))
    run = started_with(1)
    await stage.memory.record(PollStep(connection="demo", now=stage.clock.now(), runs=(run,)))
    await stage.memory.set_context(CHANNEL, "t1", Context(run=run.ref))
    asked = an_invocation(stage, "launch")
    here = replace(asked, place=replace(asked.place, thread="t1"))
    form = await stage.handler.form(here, silent)
    lacking = (await stage.say("launch", thread="t1")).card
    few = with_runs(run, stage=stage.restarted(service=FakeRunService()))
    alone = (await few.say("launch", thread="t1")).card
    named = (await few.say("launch", thread="elsewhere")).card

    assert form is not None
    assert [(f.name, f.value) for f in form.fields][:2] == [("launcher", "basic_test"), ("duration", "30")]
    assert "Clew needs a launcher and a duration." in texts(lacking)
    assert "launch basic_test duration=30" in texts(lacking)
    assert alone.form is not None
    assert alone.form.fields[0].value == "basic_test"
    assert "As most of" not in texts(alone)
    assert named.form is not None
    assert named.form.fields[0].value == ""
    assert stage.memory.intents == {}


async def test_form__opens_where_the_runs_cannot_be_read() -> None:
    """It is empty then."""
    stage = with_runs(*(started_with(n) for n in range(3)))
    stage.service.fail("runs", Unreachable("no answer"))

    assert (await the_form(stage, "launch basic_test"))["duration"] == ("", "30, 1h30m or 10s")


async def test_form__does_not_wait_for_a_slow_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat waits seconds for a form."""

    async def hanging(_self: FakeRunService, _query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
        await asyncio.Event().wait()
        yield ()

    monkeypatch.setattr(FakeRunService, "runs", hanging)
    monkeypatch.setattr("bot.commands.launch.PATIENCE", 0.01)

    assert (await the_form(Stage(), "launch basic_test"))["duration"][0] == ""


async def test_launch__nothing_usual_is_filled_in_unseen() -> None:
    """What is typed is what is asked for; where something lacks, the usual command is shown to be copied."""
    stage = with_runs(*(started_with(n) for n in range(3)))

    lacking = await stage.say("launch basic_test")
    whole = await stage.say("launch basic_test duration=10")
    (draft,) = stage.memory.intents.values()

    said = 'launch basic_test duration=30 images="app:1.4;db:16" source=main test_name=payments'
    assert f"As most of its last runs were started: {said}" in texts(lacking.card)
    assert lacking.failed
    assert draft.request_as(LaunchRequest).values == {"duration": "10"}
    assert "antithesis.source" not in {fact.label for fact in whole.card.facts}
    assert (await stage.say(said)).card.buttons[0].label == "Launch"


def differences(card_text: str) -> str:
    """Return what the card says of the last run."""
    return next(
        (part for part in card_text.split(" | ") if "comparable run," in part or "of this launcher," in part),
        "",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('duration=30 source=main test_name=payments images="db:16;app:1.4" description=x', "No difference from the last comparable run, 00000000 (ended 23 h 14 min ago), is known."),
        ("duration=60 source=main test_name=payments images=app:1.5 custom.seed=7",
         "Unlike the last comparable run, 00000000 (ended 23 h 14 min ago): antithesis.duration is 60, it was 30; antithesis.images is app:1.5, it was app:1.4;db:16; custom.seed is 7, it was not given."),
        ("duration=30 source=main test_name=payments", "Unlike the last comparable run, 00000000 (ended 23 h 14 min ago): antithesis.images is not given, it was app:1.4;db:16."),
    ],
)  # fmt: skip
async def test_confirmation__says_what_differs(words: str, said: str) -> None:
    """From the last run that it will be compared with, not from a later one of another branch; order and name change nothing."""
    stage = with_runs(
        started_with(1), started_with(2, {"antithesis.duration": "5", "antithesis.source": "dev"})
    )

    reply = await stage.say(f"launch basic_test {words}")

    assert differences(texts(reply.card)) == said


async def test_confirmation__what_cannot_be_read_of_the_last_run_is_no_difference() -> None:
    """An image without a tag is given in a way that no launch here takes: nothing is said of it."""
    stage = with_runs(started_with(1, {"antithesis.duration": "60", "antithesis.images": "app"}))

    other = await stage.say("launch basic_test duration=30 images=app:1.4")
    same = await stage.say("launch basic_test duration=60 images=app:1.4")

    assert differences(texts(other.card)).endswith(": antithesis.duration is 30, it was 60.")
    assert differences(texts(same.card)) == ""


async def test_confirmation__of_a_long_difference_is_short() -> None:
    """Six are named, and the others counted; a long value is shortened."""
    given = {f"custom.p{n}": "x" * 500 for n in range(9)}
    stage = with_runs(started_with(1, given))

    said = differences(texts((await stage.say("launch basic_test duration=30")).card))

    assert said.endswith("; and 4 more.")
    assert len(said) < 800


@pytest.mark.parametrize("runs", [[], [started_with(1, {})], [started_with(1, unread=True)]])
async def test_confirmation__of_runs_that_say_nothing_nothing_is_said(runs: list[Run]) -> None:
    """Neither that something differs, nor that it is the same."""
    stage = with_runs(*runs)

    reply = await stage.say("launch basic_test duration=30")

    assert differences(texts(reply.card)) == ""


NO_SOURCE = "No source is given, unlike in the last 2 comparable runs of this launcher (“main” in the newest), so what is new may not be known."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("source=main test_name=payments", None),
        ("source=dev test_name=payments", "The source is “dev”, unlike in the last 2 comparable runs of this launcher (“main” in the newest), so what is new may not be known."),
        ("source=main test_name=ledger", "The test name is “ledger”, unlike in the last 2 comparable runs of this source (“payments” in the newest), so what is new may not be known."),
        ("source=main", "No test name is given, unlike in the last 2 comparable runs of this source"),
        ("test_name=payments", NO_SOURCE),
        ("source=main test_name=payments ephemeral=yes", "It is ephemeral: no later run will be compared with it."),
    ],
)  # fmt: skip
async def test_confirmation__warns_of_a_run_without_a_baseline(words: str, said: str | None) -> None:
    """Another source, another test name, or none; runs that are no baseline themselves do not count."""
    others: dict[str, object] = {"source": "dev", "test_name": "payments"}
    stage = with_runs(
        started_with(1), started_with(2), started_with(3, ephemeral=True, **others),
        started_with(4, status=RunStatus.CANCELLED, **others), started_with(5, status=RunStatus.INCOMPLETE, **others),
    )  # fmt: skip

    reply = await stage.say(f"launch basic_test duration=30 {words}")

    known = ("may not be known", "ephemeral:")
    assert any(word in plain(reply.card.text) for word in known) is (said is not None)
    assert said is None or said in plain(reply.card.text)


async def test_confirmation__an_older_run_on_record_is_a_baseline() -> None:
    """The newest page of the list does not show it."""
    stage = with_runs(started_with(1, {"antithesis.source": "dev"}), *(started_with(n) for n in range(2, 5)))
    stage.service.page_size = 3
    old = replace(started_with(1, {"antithesis.source": "dev"}))
    words = "launch basic_test duration=30 source=dev"
    before = plain((await stage.say(words)).card.text)
    step = PollStep(connection="demo", now=stage.clock.now(), runs=(old,))
    await stage.memory.record(step)
    after = plain((await stage.say(words)).card.text)

    assert "The source is “dev”" in before
    assert "may not be known" not in after


async def test_confirmation__a_run_that_goes_on_may_be_a_baseline() -> None:
    """It can complete before this one does."""
    stage = with_runs(
        started_with(1), started_with(2, source="dev", test_name=None, status=RunStatus.IN_PROGRESS)
    )

    reply = await stage.say("launch basic_test duration=30 source=dev")

    assert "may not be known" not in plain(reply.card.text)


async def test_confirmation__where_nothing_is_listed_the_record_says_it() -> None:
    """By the environment of what was launched here; nothing is said to be the same, for only that is known."""
    runs = [an_execution(n, source="staging", status=RunStatus.COMPLETED) for n in range(1, 5)]
    stage = await a_stage(*runs)
    stage.service.given = lambda run: {"source": run.source or ""}  # as a plan does

    form = await the_form(stage, "launch Release")
    other = await stage.say("launch Release duration=30 source=prod")
    same = await stage.say("launch Release duration=30 source=staging")

    assert form["source"] == (
        "staging",
        "usually a branch; compared within one; filled in as in 4 of its last 4 executions",
    )
    assert (
        "Unlike the last execution of this test plan, exec_00004: antithesis.source is prod, it was staging."
        in texts(other.card)
    )
    assert "The environment is “prod”, unlike in the last 4 comparable executions of this test plan" in texts(
        other.card
    )
    assert differences(texts(same.card)) == ""
    assert "may not be known" not in texts(same.card)


async def test_rerun__takes_what_the_run_says_it_was_given() -> None:
    """What one launch took, the next one takes."""
    stage = with_runs(
        started_with(
            1, USUAL | {"custom.seed": "7", "antithesis.debugging.run_id": "x", "clew.request_id": "k"}
        )
    )

    await stage.say(f"rerun {run_id(1)}")
    (draft,) = stage.memory.intents.values()

    assert draft.state is IntentState.DRAFT
    assert draft.request_as(LaunchRequest).values == {"duration": "30", "source": "main", "test_name": "payments",
                                    "images": "app:1.4;db:16", "custom.seed": "7"}  # fmt: skip


async def test_form__of_a_launcher_by_its_key_or_in_another_case() -> None:
    """Where launchers are listed, theirs are the runs that count."""
    rows = (LauncherRow(key="55", name="basic_test"), LauncherRow(key="56", name="other"))
    stage = with_runs(
        *(started_with(n, launcher_key="55") for n in range(3)),
        stage=Stage(service=FakeRunService(rows=rows)),
    )

    assert (await the_form(stage, "launch BASIC_TEST"))["source"][0] == "main"
    assert (await the_form(stage, "launch launcher=55"))["source"][0] == "main"
    assert (await the_form(stage, "launch launcher=57"))["source"][0] == ""
