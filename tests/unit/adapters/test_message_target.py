"""What a shortcut takes of somebody's message."""

from __future__ import annotations

import pytest

from adapters.chat.message_target import about, target_text
from bot.lengths import LONGEST
from tests.fakes.runs import MOMENT, a_run, some_results
from tests.unit.commands.door import Door, told

RUN = a_run(1).ref.run_id
OTHER = a_run(2).ref.run_id
SHOWN = f'input_hash: "{MOMENT.input_hash}", vtime: {MOMENT.vtime}'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("good morning, retries=3", ""),
        (f"retries=3 'quoted {RUN}, see {RUN}", RUN),
        (f"{RUN} or {OTHER}?", f"{RUN} {OTHER}"),
        (
            f"look: Moment.from({{ session_id: “{RUN}”, {SHOWN} }}) x=1",
            f'Moment.from({{ session_id: "{RUN}", {SHOWN} }})',
        ),
        (f"{RUN} at {MOMENT.input_hash} {MOMENT.vtime}", f"{RUN} Moment.from({{ {SHOWN} }})"),
        (
            "https://demo.antithesis.com/report/abc?auth=v2.public.X has retries=3",
            "https://demo.antithesis.com/report/abc?auth=v2.public.X",
        ),
        ("Moment.from({ vtime: 1 }) x=1", "Moment.from({ vtime: 1 }) x=1"),
    ],
)
def test_gist__is_what_a_message_names(text: str, named: str) -> None:
    """Moment, link or ids, without the words beside them; what cannot be read stays for the core to refuse."""
    assert named == target_text(text)


@pytest.mark.parametrize(
    ("verb", "text", "asked"),
    [
        ("find", "good 'morning x=1", ("find", {"message": "good 'morning x=1"})),
        ("debug", "good 'morning x=1", ("debug", {})),
        ("find", f"see {RUN}, retries=3", ("find", {"run": RUN})),
        ("debug", f"'quoted {RUN}", ("debug", {"run": RUN})),
    ],
)
def test_about__asks_of_the_thread_or_says_what_is_missing(
    verb: str, text: str, asked: tuple[str, dict[str, str]]
) -> None:
    """A message that names nothing is no command: the thread may say what is meant, or find says what is missing."""
    assert asked == about(verb, text)


@pytest.mark.parametrize("verb", ["find", "debug"])
@pytest.mark.parametrize(
    "text",
    ["it's \"open Moment.from({ vtime: 1 }) run=x run=y", "--build Moment.from({ vtime: 1 }) lines=many"],
)
async def test_about__what_nobody_typed_is_never_a_command(verb: str, text: str) -> None:
    """Where it cannot be told what a message names, the person hears of the moment, not of quotes and names in it."""
    words, values = about(verb, text)

    reply = await Door().say(words, values=values)

    assert "vtime" in told(reply.card) or "moment" in told(reply.card).lower()
    for misread in ("quote", "is given twice", "has no parameter", "It is unclear"):
        assert misread not in told(reply.card)


@pytest.mark.parametrize(
    "text",
    [
        f"see {RUN}, retries=3 it's",
        f"retries=3 Moment.from({{ session_id: “{RUN[:-2]}”, {SHOWN} }}) x=1",
        f"{RUN} at {MOMENT.input_hash} {MOMENT.vtime} grep=",
        "https://demo.antithesis.com/report/abc has retries=3",
    ],
)
@pytest.mark.parametrize("verb", ["find", "debug"])
async def test_about__says_the_same_as_typing_what_it_names(verb: str, text: str) -> None:
    """A value is understood like the words that a person would have typed for it."""
    door = Door()
    run = door.service.add_run(a_run(1))
    door.service.set_results(some_results(run, failing=("Money is kept",), passing=()))
    words, values = about(verb, text)

    chosen = await door.say(words, values=values)
    typed = await door.say(f"{verb} {target_text(text)}")

    assert told(chosen.card) == told(typed.card)


async def test_about__a_message_that_was_not_read_whole_is_said_to_be() -> None:
    """Nothing is concluded of what stands behind the part that is looked into."""
    words, values = about("find", "x " * LONGEST + RUN)

    reply = await Door().say(words, values=values)

    assert "No run or moment was found in the first 12,000 characters of that text" in told(reply.card)
