"""What was typed is what is meant: no value becomes a command, no word is dropped, and a slip is a question."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import grammar, reading
from bot.cards import Card, Command, plain
from bot.command import Preset
from bot.commands.registry import VERBS, text_of
from bot.errors import UserError
from bot.model import LaunchRequest, RunRef
from bot.parsed import ParsedCommand, Pasted
from bot.redact import MASK
from bot.state import IntentState
from tests.fakes.runs import MOMENT, a_run, run_id
from tests.fakes.stage import Stage, an_invocation, silent, texts
from tests.unit.commands.door import Door, told
from tests.unit.commands.triage_stage import a_triage_stage

HOSTILE = "Bump worker images=registry.example.com/evil/app:1 recipients=mallory@evil.example"


def labels(card: Card) -> list[str]:
    """Return what the card's buttons say."""
    return [button.label for button in card.buttons]


async def argv(stage: Stage, *words: str) -> Card:
    """Say words that a shell has taken apart."""
    verb, *arguments = words
    asked = replace(an_invocation(stage, verb), arguments=tuple(arguments))
    return (await stage.handler.handle(asked, silent)).card


async def test_argument__is_one_value() -> None:
    """A description that holds names and spaces is a description, and starts nothing else."""
    stage = Stage()
    await argv(stage, "launch", "launcher=basic_test", "duration=30", f"description={HOSTILE}")
    request = next(iter(stage.memory.intents.values())).request_as(LaunchRequest)

    assert request.values == {"duration": "30", "description": HOSTILE}


async def test_argument__with_a_space_keeps_the_launcher() -> None:
    """A value of two words is no part of the launcher's name."""
    stage = Stage()
    await argv(stage, "launch", "basic_test", "30", "description=retry fix")
    request = next(iter(stage.memory.intents.values())).request_as(LaunchRequest)

    assert request.launcher == "basic_test"
    assert request.values == {"duration": "30", "description": "retry fix"}


@settings(max_examples=150)
@given(st.lists(st.text(min_size=1, max_size=30)), st.text(max_size=40))
def test_arguments__never_become_names(bare: list[str], value: str) -> None:
    """Whatever the words hold, the only names are those that words begin with."""
    with suppress(UserError):  # bare words that look like a moment and are none
        words = grammar.of_arguments("launch", [*(f" {word}" for word in bare), f"description={value}"])

        assert words.named == {"description": value}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("latest", "Payments", "Nightly"), ParsedCommand(verb="logs", positional=("latest", "Payments", "Nightly"))),
        (("Payments Nightly",), ParsedCommand(verb="logs", positional=("Payments Nightly",))),
        (("--window", "20"), ParsedCommand(verb="logs", named={"window": "20"})),
        (("--window=20", "--build"), ParsedCommand(verb="logs", named={"window": "20", "build": "true"})),
        (("--build", "window=20"), ParsedCommand(verb="logs", named={"build": "true", "window": "20"})),
        (('grep="a b"',), ParsedCommand(verb="logs", named={"grep": '"a b"'})),
        ((run_id(1), MOMENT.input_hash, MOMENT.vtime), ParsedCommand(
            verb="logs", pasted=Pasted(run_id=run_id(1), moment=MOMENT)
        )),
    ],
)  # fmt: skip
def test_arguments__are_read_as_a_person_means_them(
    arguments: tuple[str, ...], expected: ParsedCommand
) -> None:
    """Bare words, names, options and a pasted moment come apart; quotes were the shell's."""
    assert expected == grammar.of_arguments("logs", arguments)


@settings(max_examples=150)
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), max_size=1
    ),
    st.dictionaries(
        st.sampled_from(["grep", "source", "custom.x", "window"]), st.text(min_size=1, max_size=30)
    ),
)
def test_written__reads_back(bare: list[str], named: dict[str, str]) -> None:
    """A command that is written for a button says the same values again, whatever they hold."""
    words = grammar.split(grammar.written("logs", "", named))

    assert named == words.named


@pytest.mark.parametrize(
    ("words", "problem", "offered"),
    [
        (
            "launch basic_test 30 description=two words",
            "“words” after description=two",
            'launch basic_test description="two words" duration=30',
        ),
        ("launch launcher=Payments Nightly duration=30", "“Nightly” after launcher=Payments", None),
        ("logs grep=connection refused", "“refused” after grep=connection", 'logs grep="connection refused"'),
        ("watch source=main Payments Nightly", "“Payments Nightly” after source=main", None),
        ("watch basic_test outcomes=changes nightly", "“nightly” after outcomes=changes", None),
        ("launch basic_test description=wait 30", "“30” after description=wait", None),
        ("watching everything", "watching takes no arguments, but “everything” was given", None),
        ("status run=latest basic_test", "“basic_test” and run=“latest”", None),
        ("confirm abc def", "There is nothing to confirm under that token", None),
    ],
)  # fmt: skip
async def test_surplus_words__are_asked_about(words: str, problem: str, offered: str | None) -> None:
    """A word that would be dropped, or that could belong to two things, is answered with how it was understood."""
    stage = Stage()
    reply = await stage.say(words)

    assert reply.failed
    assert problem in plain(reply.card.text)
    assert offered is None or offered in [text_of(b.command) for b in reply.card.buttons if b.command]
    assert not stage.memory.intents
    assert not await stage.memory.subscriptions()


async def test_surplus_words__the_offer_goes_on() -> None:
    """Pressing what was meant asks for that launch."""
    stage = Stage()
    await stage.say("launch basic_test 30 description=two words")
    reply = await stage.press("two words")
    request = next(iter(stage.memory.intents.values())).request_as(LaunchRequest)

    assert labels(reply.card) == ["Launch", "Cancel"]
    assert request.launcher == "basic_test"
    assert request.values == {"duration": "30", "description": "two words"}


@pytest.mark.parametrize(
    "words", ["logs latest build", "launch basic_test 30 source=main ephemeral", "logs grep=panic latest"]
)
async def test_bare_words__that_are_clear_are_taken(words: str) -> None:
    """A flag, and a run that can be nothing else, may stand anywhere."""
    stage = Stage()
    stage.service.add_run(a_run(1))

    assert "It is unclear what" not in texts((await stage.say(words)).card)


async def test_launch__a_preset_and_a_launcher_are_not_both_taken() -> None:
    """A launcher beside a preset would be dropped, so it is refused."""
    stage = Stage(
        presets={"nightly": Preset(name="nightly", launcher="basic_test", values={"duration": "30"})}
    )
    reply = await stage.say("launch other_test preset=nightly")

    assert reply.failed
    assert "“nightly” and “other_test”" in texts(reply.card)


async def test_launch__a_preset_takes_a_length_of_time() -> None:
    """`launch nightly 10` and `launch preset=nightly 10` change how long it tests."""
    for words in ("launch nightly 10", "launch preset=nightly 10"):
        stage = Stage(
            presets={"nightly": Preset(name="nightly", launcher="basic_test", values={"duration": "30"})}
        )
        await stage.say(words)
        request = next(iter(stage.memory.intents.values())).request_as(LaunchRequest)

        assert (request.launcher, request.values) == ("basic_test", {"duration": "10"}), words


# A launcher's name is its latest run -----------------------------------------------------------------------


def a_door() -> Door:
    """Return a door to a platform with runs of three launchers."""
    door = Door()
    for number, launcher in enumerate(("basic_test", "Etcd Nightly", "Etcd Canary", "basic_test"), start=1):
        door.service.add_run(a_run(number, launcher=launcher))
    return door


@pytest.mark.parametrize("verb", ["status", "failing", "report"])
@pytest.mark.parametrize("name", ["basic_test", "Basic_Test"])
async def test_launchers_name__is_its_latest_run(verb: str, name: str) -> None:
    """The name alone means the newest run, case aside."""
    door = a_door()
    reply = await door.say(f"{verb} {name}")

    assert run_id(4)[:8] in told(reply.card)


@pytest.mark.parametrize(
    "words", ["status Etcd Nightly", 'status "Etcd Nightly"', 'status run="etcd nightly"']
)
async def test_launchers_name__may_have_spaces(words: str) -> None:
    """All bare words together are the name."""
    assert run_id(2)[:8] in told((await a_door().say(words)).card)


async def test_launchers_name__in_a_typed_option() -> None:
    """An option's value is read like bare words."""
    door = a_door()

    assert run_id(2)[:8] in told((await door.say("status", values={"run": "Etcd Nightly"})).card)
    assert run_id(4)[:8] in told((await door.say("status", values={"run": "latest basic_test"})).card)


async def test_launchers_name__part_of_one_is_a_question() -> None:
    """What several launchers hold is offered as buttons, which go on with the same command."""
    door = a_door()
    reply = await door.say("failing etcd property=1")

    assert sorted(labels(reply.card)) == ["Etcd Canary", "Etcd Nightly"]
    assert 'failing property=1 run="Etcd Nightly"' in [
        text_of(b.command) for b in reply.card.buttons if b.command
    ]
    assert "neither a run nor a launcher" in told(reply.card)


async def test_launchers_name__a_slip_is_a_question() -> None:
    """The nearest name is offered."""
    reply = await a_door().say("status basic_tset")

    assert labels(reply.card) == ["basic_test"]
    assert run_id(4)[:8] in told((await a_door().say(reply.card.buttons[0].command)).card)


async def test_run__whose_beginning_is_not_unique_is_a_question() -> None:
    """The runs that begin so are offered."""
    door = Door()
    for number in (1, 2):
        door.service.add_run(a_run(number, ref=RunRef("demo", f"abcdef{number}" + "0" * 25 + "-1-1")))
    reply = await door.say("status abcdef")

    assert len(labels(reply.card)) == 2
    assert "2 runs begin with “abcdef”" in told(reply.card)


# ParsedCommand that people say -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["?", "-h", "--help", "help", "-?", "help -h", "help --help", "help ?"])
async def test_help__as_people_ask_for_it(words: str) -> None:
    """Every way to ask for help gives help."""
    assert "What Clew can do" in told((await Door().say(words)).card)


@pytest.mark.parametrize("words", ["status --help", "status -h", "status ?", "status help", "runs --help"])
async def test_help__of_one_verb(words: str) -> None:
    """Behind a verb it explains that verb."""
    assert "status: recent runs" in told((await Door().say(words)).card)


@pytest.mark.parametrize("words", ["runs", "list", "runs launcher=basic_test"])
async def test_runs__are_listed(words: str) -> None:
    """Other names for the list of runs are understood."""
    assert "Recent runs" in told((await a_door().say(words)).card)


async def test_version__names_clew_and_the_platforms() -> None:
    """Whoever reports a problem needs both."""
    door = Door()
    door.services = replace(door.services, version="1.2.3")
    door.handler.services = door.services

    assert "Clew 1.2.3" in told((await door.say("version")).card)
    assert "release 64.0" in told((await door.say("version")).card)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("statsu latest", "status latest"),
        ("status latset", "latest"),
        ("logs latest windwo=30", "logs latest window=30"),
        ("help lanch", "launch"),
        ("watch outcomes=chnages", "changes"),
        ("status latest basic_tset", "basic_test"),
        ("launch basic_test duraton=30", "launch basic_test duration=30"),
    ],
)
async def test_did_you_mean__is_a_button(words: str, offered: str) -> None:
    """A slip of the hand is a question that one click answers."""
    door = a_door()
    reply = await door.say(words)

    assert "Did you mean" in told(reply.card) or "It could mean" in told(reply.card)
    assert labels(reply.card) == [offered]


async def test_did_you_mean__never_writes_a_secret_down() -> None:
    """A command that holds a secret is not put into a button."""
    reply = await Stage().say("lunch basic_test antithesis.integrations.slack.token=xoxb-1234567890")

    assert "Did you mean" in texts(reply.card)
    assert labels(reply.card) == []


async def test_unwatch__all_with_the_typed_option() -> None:
    """Everything ends, whether "all" is a bare word or the option's value."""
    for say in ({"words": "unwatch all"}, {"words": "unwatch", "values": {"launcher": "all"}}):
        stage = Stage()
        await stage.say("watch basic_test")
        await stage.say("watch Payments Nightly source=main")
        await stage.say(**say)

        assert await stage.memory.subscriptions() == (), say


async def test_draft__is_all_that_a_question_keeps() -> None:
    """Nothing is sent by any of these questions."""
    stage = Stage()
    await stage.say("launch basic_test 30")

    assert [intent.state for intent in stage.memory.intents.values()] == [IntentState.DRAFT]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Command("status", {"run": f"demo/{run_id(1)}"}), f"status demo/{run_id(1)}"),
        (
            Command("logs", {"run": "demo/r-1", "moment": "-1,2.5", "property": 'It is "so" \\'}),
            'logs demo/r-1 moment=-1,2.5 property="It is \\"so\\" \\\\"',
        ),
        (Command("logs", {"run": "2"}), "logs run=2"),  # a bare number would be an entry of the list
        (Command("logs", {"run": "build"}), "logs run=build"),  # and this a flag
        (Command("watch", {"launcher": "Payments Nightly"}), 'watch launcher="Payments Nightly"'),
        (Command("confirm", {"request": "0" * 32}), f"confirm {'0' * 32}"),
        (Command("help", {"verb": "logs"}), "help logs"),
        (Command("unwatch"), "unwatch"),
    ],
)
def test_text_of__is_read_as_the_same_command(command: Command, text: str) -> None:
    """What is shown of a button can be typed, and then asks for the same."""
    words = grammar.split(text_of(command))

    assert text_of(command) == text
    assert reading.typed(VERBS[command.verb], words) == command or words.pasted is not None


WRITTEN = 'Moment.from({ input_hash: "-9067336385060865277", vtime: 45.334635781589895 })'
PAIR = "-9067336385060865277 45.334635781589895"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (f"status {PAIR}", f"status {WRITTEN}"),
        (f"logs {PAIR} grep=a", f"logs {WRITTEN} grep=a"),
        (f'status run="{PAIR}"', f"status {WRITTEN}"),
        (f"status ,\x9d{PAIR}", f"status {WRITTEN} \x9d"),  # a comma beside a paste belongs to nothing
        (f"status latest {PAIR}", f"status {WRITTEN} latest"),
        ("logs --moment=5,10.5", 'logs Moment.from({ input_hash: "5", vtime: 10.5 })'),
        ("logs --moment 5,10.5", 'logs Moment.from({ input_hash: "5", vtime: 10.5 })'),
        ("status &amp;lt;", 'status run="&lt;"'),  # no chat wrote that entity, so no chat's writing is undone
        ("status *5 *6* 7*", 'status run="*5 6 7*"'),
    ],
)
def test_written__of_what_was_pasted_or_looks_so(typed: str, text: str) -> None:
    """What is written of typed words is read as the same command, a paste in them included."""
    parsed = grammar.split(typed)
    command = reading.typed(VERBS[parsed.verb], parsed)

    assert command is not None
    assert text_of(command) == text
    assert reading.typed(VERBS[parsed.verb], grammar.split(text)) == command


def test_typed__none_where_words_beside_a_paste_would_change() -> None:
    """A dash in a word becomes two, as keyboards make one of them, once nothing stands before it."""
    parsed = grammar.split("rerun moment=5,10.5\u2014e\u0301")

    assert reading.typed(VERBS["rerun"], parsed) is None


def test_run__that_is_a_paste_alone_is_no_name_without_a_value() -> None:
    """What changes something refuses a name without a value; a moment in quotes is one."""
    meant = reading.as_meant(VERBS["debug"], grammar.split(f'debug run="{PAIR}"'))

    reading.check_given(VERBS["debug"], meant)
    assert meant.pasted is not None
    with pytest.raises(UserError):
        reading.check_given(VERBS["debug"], grammar.split('debug run=""'))


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("status latest", {}, Command("status", {"run": "latest"})),
        (
            "launch",
            {"launcher": "x", "custom.seed": "7"},
            Command("launch", {"launcher": "x", "custom.seed": "7"}),
        ),
        ("lgos latest", {}, None),  # nobody knows what it asks for
        ("launch x custom.api_key=1", {}, None),  # no message may keep it
        ("logs grep=connection refused", {}, None),  # what belongs to what is not clear
        ('logs grep="open', {}, None),
    ],
)
def test_command_of__what_can_be_asked_again(
    text: str, values: dict[str, str], expected: Command | None
) -> None:
    """All that was typed or chosen is in it, or there is no button for it."""
    door = a_door()

    assert door.handler.command_of(door.invocation(text, values=values)) == expected


async def test_command__with_a_report_link_is_held_by_no_button() -> None:
    """The link opens the report, so no message keeps it; without it the button would ask for something else."""
    stage = Stage()
    asked = an_invocation(stage, "status https://demo.antithesis.com/report/abc?auth=v2.public.CANARY")

    assert stage.handler.command_of(asked) is None
    assert stage.handler.command_of(an_invocation(stage, f"status {run_id(1)}")) is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("classify 1026 test=1 nonsense", ["after test=1 belongs", "belongs to test, use quotes: test=", "before test=."]),
        ("status build=1026 1027", ["got both “1027” and build=“1026”"]),
        ("status 1026 branch=main", ["“branch=” is for the list", "Leave out either “branch=” or the run."]),
        ("status 1026 job=Nightly", ["Leave “job=” out"]),
        ("failing 1026 test=1 from=2", ["“from=” means nothing beside “test=”."]),
        ("failing 1026 test=1 quarantined=yes", ["“quarantined=” means nothing beside “test=”."]),
        (f"status branch={'x' * 1_200}", ["branch= has 1,200 characters"]),
        (f'quarantine 1026 test="a {MASK}" reason=flaky', ["“test=” has “"]),
        ("quarantine build=1026 job=Nightly test=1 reason=flaky", ["“build=” means nothing beside “job=”."]),
        ("classify 1026 tset=1 infra", ["Did you mean “test=”?"]),
        ("history test=1", ["build"]),
    ],
)  # fmt: skip
async def test_mistake__is_said_of_the_name_that_was_typed(words: str, said: list[str]) -> None:
    """Whoever wrote “test=” reads of “test=”; the parameter's own name, which they may not know, stands nowhere."""
    card = (await a_triage_stage().say(words)).card
    shown = texts(card)

    assert [part for part in said if part not in shown] == []
    assert not re.search(r"(property|run|source|launcher)=", shown)
