"""What `find` makes of whatever is pasted: a card of the run or moment, with the next steps."""

from __future__ import annotations

import base64
import json

import pytest

from bot.cards import Context
from bot.model import Run, RunRef
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.unit.commands.door import CHANNEL, Door, command_of, told, words_of

RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
SESSION = "d5d1c9cf0e64b5dd69b00e97b07fe3f4-18-1"
REPORT = "https://demo.antithesis.com/report/Ab3/triage.html"
AT = f'input_hash: "{MOMENT.input_hash}", vtime: {MOMENT.vtime}'
EXPLORER = "https://demo.antithesis.com/search?search=v6v" + base64.urlsafe_b64encode(
    json.dumps({"q": {"n": {}}, "s": SESSION}).encode()
).decode().rstrip("=")


def a_door(*others: FakeRunService) -> tuple[Door, Run]:
    """Return a door behind which one run has a session, a report, a failing property and its log."""
    door = Door(others=others)
    door.service.add_run(a_run(2, session_id="e" * 32 + "-62-14"))
    run = door.service.add_run(a_run(1, session_id=SESSION, ref=RunRef("demo", RUN)))
    door.service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts",)))
    door.service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"))
    door.service.set_report(run, f"{REPORT}?auth=v2.public.CANARY")
    return door, run


@pytest.mark.parametrize(
    "text",
    [
        RUN,
        f"demo/{RUN}",
        f"nightly {RUN} looks bad, PR 4811 2 checks failed",
        "9043254f",
        "9043254f65c9c65d63fe043a0abfc7fc",
        "run 9043254f of 29 11 2026 is red, 20221 rows",
        SESSION,
        SESSION[:10],
        f"session {SESSION} please",
        f"{REPORT}?auth=v2.public.OTHER",
        f"{REPORT}#/run/{SESSION}/finding/{'0a' * 20}",
        "https://demo.antithesis.com/report/Ab3",
        "https://demo.antithesis.com/report/Ab3/…",
        "https://demo.antithesis.com/report/Ab3/tria",
        f"https://demo.antithesis.com/debugging-session/{SESSION}",
        f"https://demo.antithesis.com/debugging-session/{RUN}",
        f"https://demo.antithesis.com/runs?primary-filter={RUN}",
        EXPLORER,
        f"curl -su ann:CANARY https://demo.antithesis.com/api/v0/runs/{RUN}",
        f"snouty runs show {RUN}",
        f"[ 398.489] [ledger-2] panic in {RUN}",
    ],
)
@pytest.mark.parametrize("way", ["typed", "field"])
async def test_find__shows_the_run_that_is_named(text: str, way: str) -> None:
    """Ids, their beginnings, sessions, every kind of link and commands lead to the run's card and its buttons."""
    door, run = a_door()

    reply = await (door.say(f"find {text}") if way == "typed" else door.say("find", values={"run": text}))

    assert Context(run=run.ref) == reply.card.context
    assert f"failing {run.ref.text}" == words_of(reply.card, "Failing")
    assert "CANARY" not in told(reply.card)


@pytest.mark.parametrize(
    "text",
    [
        f"Moment.from({{ run_id: '{RUN}', {AT} }})",
        f"Moment.from({{ session_id: '{SESSION}', {AT} }})",
        f"nightly {RUN} broke at {MOMENT.input_hash} {MOMENT.vtime}, PR 4811 2",
        f"{SESSION} {MOMENT.input_hash} {MOMENT.vtime}",
        f"echo 'Moment.from({{ session_id: \"{SESSION}\", {AT} }})' | snouty debug --stdin",
        f"https://demo.antithesis.com/api/v0/runs/{RUN}/logs?input_hash={MOMENT.input_hash}&vtime={MOMENT.vtime}",
    ],
)
async def test_find__shows_the_moment_that_is_named(text: str) -> None:
    """A moment leads to a card with its logs and a session as next steps, in its run."""
    door, run = a_door()

    reply = await door.say(f"find {text}")

    assert Context(run=run.ref, moment=MOMENT) == reply.card.context
    logs = await door.say(command_of(reply.card, "Logs"))
    assert "balance is off by 3" in told(logs.card)


@pytest.mark.parametrize(
    "text", ["9043254f", SESSION, f"https://demo.antithesis.com/debugging-session/{SESSION}"]
)
async def test_find__looks_in_every_connection(text: str) -> None:
    """What is pasted names no connection, so the others are asked as well."""
    door, run = a_door(FakeRunService(connection="other"))

    first = await door.say(f"find {text}")
    other = Door(service=FakeRunService(connection="other"), others=(door.service,))
    second = await other.say(f"find {text}")

    assert Context(run=run.ref) == first.card.context == second.card.context


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("find good morning", "No run or moment was found in that text"),
        ("find 4811 2", "No run or moment was found in that text"),
        ("find 4811", "“4811” is too short to identify a run"),
        ("find", "What are you looking for?"),
        ("find dead4811", "No recent run or session has an id that starts with “dead4811”"),
        ("find run dead4811 is red", "that starts with “dead4811”. For an older run, give the full id"),
        ("find [ 398.489] [ledger-2] panic", "A log line is not a moment"),
        (f"find {RUN} or {'e' * 32}-62-14", "names 2 runs"),
        (f"status {RUN} {'e' * 32}-62-14", "names 2 runs"),
        (f"find {'f' * 32}-1-1", "no recent run has a session with that id"),
    ],
)
async def test_find__says_what_is_missing(words: str, named: str) -> None:
    """A text that names none or several is answered with a sentence, never with a guess."""
    door, _ = a_door()

    reply = await door.say(words)

    assert reply.failed
    assert named in told(reply.card)


@pytest.mark.parametrize("verb", ["failing", "status", "report", "logs", "debug"])
async def test_session_id__goes_wherever_a_run_id_goes(verb: str) -> None:
    """The two look alike, so every verb takes either."""
    door, _ = a_door()

    by_run, by_session = await door.say(f"{verb} {RUN}"), await door.say(f"{verb} {SESSION}")

    assert not by_session.failed
    assert by_run.card.title == by_session.card.title
    assert by_run.card.context == by_session.card.context


async def test_logs__of_a_session_id_and_a_moment() -> None:
    """SESSION HASH VTIME reads the log of the session's run."""
    door, _ = a_door()

    reply = await door.say(f"logs {SESSION} {MOMENT.input_hash} {MOMENT.vtime}")

    assert "balance is off by 3" in told(reply.card)


async def test_logs__takes_the_run_beside_a_session_that_nobody_knows() -> None:
    """A copied moment may name a session that no listed run has: then the run id that is given counts."""
    door, _ = a_door()
    copied = f"Moment.from({{ session_id: '{'f' * 32}-1-1', {AT} }})"

    alone, beside = await door.say(f"logs {copied}"), await door.say(f"logs {RUN} {copied}")

    assert "Also give the run id" in told(alone.card)
    assert "balance is off by 3" in told(beside.card)


async def test_about__a_message_of_our_own_is_what_it_speaks_of() -> None:
    """The store knows what a message is about; its thread may have gone on to something else since."""
    door, run = a_door()
    other = door.service.add_run(a_run(3))
    await door.store.set_context(CHANNEL, "1.1", Context(run=other.ref))
    await door.store.set_context(CHANNEL, "1.2", Context(run=run.ref, moment=MOMENT))

    about = await door.say("debug", thread="1.1", about="1.2")
    unknown = await door.say("find", thread="1.1", about="1.3")
    nothing = await door.say("find", about="9.9")

    assert "Open a debugging session" in told(about.card)
    assert RUN in told(about.card)
    assert Context(run=other.ref) == unknown.card.context
    assert "not about one run" in told(nothing.card)


async def test_find__help_shows_ids_of_each_platform() -> None:
    """Nobody is shown another platform's id, or asked for a moment where there are none."""
    tenant = told((await Door().say("help find")).card)
    builds = told((await Door(service=a_build_server()).say("help find")).card)
    both = told((await Door(others=(a_build_server(connection="qa"),)).say("help find")).card)

    assert RUN in tenant
    assert "moment" in tenant
    assert "find 1024" in builds
    assert not {"9043254f", "moment", "report"} & set(builds.replace(",", " ").split())
    assert {RUN, "1024"} <= set(both.split())


async def test_find__what_names_nothing_in_the_words_of_the_connections() -> None:
    """Who has builds and no moments is asked for a build."""
    said = told((await Door(service=a_build_server()).say("find foo bar")).card)

    assert "No build was found in that text." in said
    assert "a job's exact name" in said
