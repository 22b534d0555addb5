"""Asking for a launch: what is checked, what is shown, and that nothing is sent meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.cards import plain
from bot.command import Preset
from bot.errors import Unreachable
from bot.model import LaunchRequest, Run, RunQuery, RunStatus
from bot.state import Intent, IntentKind, IntentState, PollStep
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import KEY, FakeRunService
from tests.fakes.stage import ANN, READER, Stage, texts

IMAGE = "registry.example.com/team/app@sha256:" + "a" * 64


def drafts(stage: Stage) -> list[Intent]:
    """Return all intents, in the order they were made."""
    return list(stage.memory.intents.values())


async def test_launch__shows_what_would_be_sent() -> None:
    """The card shows the exact parameters and the cost; nothing is sent."""
    stage = Stage()
    reply = await stage.say(
        'launch basic_test duration=1h30m source=main description="retry  fix" custom.seed=7 ephemeral=no'
    )
    facts = {fact.label: plain(fact.value) for fact in reply.card.facts}

    expected = {
        "Launcher": "basic_test",
        "Cost": "90 minutes of test time",
        "antithesis.duration": "90",
        "antithesis.description": "retry fix",
        "antithesis.source": "main",
        "antithesis.is_ephemeral": "false",
        "custom.seed": "7",
        KEY: drafts(stage)[0].id,
    }
    assert expected == facts
    assert [button.label for button in reply.card.buttons] == ["Launch", "Cancel"]
    assert stage.service.launches == []
    assert (
        plain(reply.card.text)
        == "Launch basic_test for 90 minutes of test time? Nothing has been started yet."
    )


async def test_launch__keeps_a_draft() -> None:
    """The draft holds exactly what was shown, for the person and the place."""
    stage = Stage()
    await stage.say("launch basic_test duration=30", thread="t1")
    draft = drafts(stage)[0]

    expected = (IntentState.DRAFT, IntentKind.LAUNCH, ANN.id, "fake:channel:C1", "t1", "demo", "basic_test")
    assert expected == (
        draft.state,
        draft.kind,
        draft.actor,
        draft.channel,
        draft.thread,
        draft.connection,
        draft.subject,
    )
    assert draft.id == draft.request_as(LaunchRequest).key


async def test_launch__custom_duration_is_enough() -> None:
    """Many launchers take their length of time as a parameter of their own: that is asked about, not refused."""
    stage = Stage()
    reply = await stage.say("launch basic_test custom.duration=1")
    facts = {fact.label: plain(fact.value) for fact in reply.card.facts}

    assert [button.label for button in reply.card.buttons] == ["Launch", "Cancel"]
    assert "No duration= is given. The launcher decides how long to test; it gets custom.duration." in texts(
        reply.card
    )
    assert "antithesis.duration" not in facts
    assert facts["Cost"] == "the launcher's own duration"


@pytest.mark.parametrize(
    ("given", "cost"),
    [
        ("10s", "10 seconds"),
        ("1m10s", "1 minute and 10 seconds"),
        ("0.5", "30 seconds"),
        ("60", "60 minutes"),
    ],
)
async def test_launch__tells_the_cost_exactly(given: str, cost: str) -> None:
    """Seconds are told as such, not as a fraction of a minute."""
    reply = await Stage().say(f"launch basic_test duration={given}")

    assert f"Launch basic_test for {cost} of test time?" in plain(reply.card.text)


async def test_launch__understands_the_platforms_names() -> None:
    """antithesis.duration says the same as duration, and other parameters pass through."""
    stage = Stage()
    await stage.say(
        f"launch basic_test antithesis.duration=30 antithesis.images={IMAGE} antithesis.is_ephemeral=true "
        "antithesis.report.recipients=ann@example.com antithesis.performance_tier=high config_image=c:1"
    )
    request = drafts(stage)[0].request_as(LaunchRequest)

    assert request.values == {
        "duration": "30",
        "images": IMAGE,
        "ephemeral": "true",
        "recipients": "ann@example.com",
        "antithesis.performance_tier": "high",
        "config_image": "c:1",
    }


async def test_launch__takes_a_launcher_with_spaces_and_form_values() -> None:
    """A name of two words needs no quotes, and a form's fields count like words."""
    stage = Stage()
    await stage.say("launch Payments Nightly duration=30")
    await stage.say("launch", values={"launcher": "Payments Nightly", "duration": "0.5", "source": ""})
    first, second = (intent.request_as(LaunchRequest) for intent in drafts(stage))

    assert (first.launcher, first.values) == ("Payments Nightly", {"duration": "30"})
    assert (second.launcher, second.values) == ("Payments Nightly", {"duration": "0.5"})


@pytest.mark.parametrize(
    ("said", "launcher", "minutes"),
    [
        ("launch basic_test 30", "basic_test", "30"),
        ("launch Payments Nightly 1h30m", "Payments Nightly", "90"),
        ("launch Payments 2 duration=30", "Payments 2", "30"),
        ("launch etcd 3x duration=5", "etcd 3x", "5"),
    ],
)
async def test_launch__takes_a_length_at_the_end(said: str, launcher: str, minutes: str) -> None:
    """A length of time behind the launcher is its duration, unless one is named."""
    stage = Stage()

    await stage.say(said)

    request = drafts(stage)[0].request_as(LaunchRequest)
    assert (request.launcher, request.values) == (launcher, {"duration": minutes})


async def test_launch__without_a_length_asks_for_it() -> None:
    """What does not read as a length belongs to the name."""
    reply = await Stage().say("launch etcd 3x")

    assert reply.card.form is not None
    assert reply.card.form.fields[0].value == "etcd 3x"


async def test_launch__fills_in_a_preset() -> None:
    """A preset gives launcher and values; what is said beside it wins."""
    presets = {"nightly": Preset(name="nightly", launcher="Payments Nightly",
                                 values={"antithesis.duration": "60", "source": "main"})}  # fmt: skip
    stage = Stage(presets=presets)
    shown = await stage.say("launch nightly duration=10")
    assert [plain(fact.value) for fact in shown.card.facts if fact.label == "Preset"] == ["nightly"]
    await stage.say("launch preset=nightly launcher=basic_test")
    first, second = (intent.request_as(LaunchRequest) for intent in drafts(stage))

    assert (first.launcher, first.values) == ("Payments Nightly", {"duration": "10", "source": "main"})
    assert (second.launcher, second.values["duration"]) == ("basic_test", "60")


async def test_launch__keeps_which_preset_it_came_by() -> None:
    """Named, as a bare word, by its form or once more, a launch is one by its preset; another one is of none."""
    stage = Stage(presets={"nightly": Preset(name="nightly", launcher="Payments Nightly")})
    card = (await stage.say("launch nightly")).card
    assert card.form is not None
    filled = {field.name: field.value for field in card.form.fields if field.value}
    await stage.say("launch", values={**filled, "duration": "10"})
    await stage.press("Launch")
    run_id = drafts(stage)[0].run_id
    assert run_id is not None
    run = await stage.service.run(run_id)
    stage.service.finish(run, some_results(run))
    await stage.say(f"again {drafts(stage)[0].id}")
    await stage.say(f"rerun {run_id}")
    await stage.say("launch nightly duration=20")
    await stage.say("launch preset=nightly duration=30")
    await stage.say("launch basic_test duration=10")

    assert filled == {"preset": "nightly"}
    assert [intent.preset for intent in drafts(stage)] == [*["nightly"] * 5, ""]
    assert [intent.subject for intent in drafts(stage)] == [*["Payments Nightly"] * 5, "basic_test"]


async def test_launch__a_mistyped_preset_is_offered() -> None:
    """What is no launcher's name may have been meant as a preset's."""
    stage = Stage(presets={"nightly": Preset(name="nightly", launcher="Payments Nightly")})
    reply = await stage.say("launch nigthly duration=10")

    assert "Did you mean “nightly”?" in plain(reply.card.text)


@pytest.mark.parametrize(
    ("presets", "said"),
    [
        ({}, "The settings have no presets."),
        ({"nightly": "x"}, "Did you mean “nightly”? Presets are nightly."),
    ],
)
async def test_launch__unknown_preset(presets: dict[str, str], said: str) -> None:
    """A preset that is not there is named with those that are."""
    stage = Stage(presets={name: Preset(name=name, launcher=of) for name, of in presets.items()})
    reply = await stage.say("launch preset=nightli duration=30")

    assert reply.failed
    assert f"There is no preset “nightli”. {said}" in plain(reply.card.text)


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        ("launch", "a launcher and a duration"),
        ("launch duration=30", "a launcher"),
        ("launch basic_test custom.seed=7 recipients=ann@example.com", "a duration"),
    ],
)
async def test_launch__asks_for_what_is_missing(words: str, lacking: str) -> None:
    """A form opens where there are forms; the words say the same."""
    stage = Stage()
    reply = await stage.say(words)
    form = reply.card.form

    assert f"To launch a run, Clew needs {lacking}." in plain(reply.card.text)
    assert form is not None
    assert form.verb == "launch"
    assert [field.name for field in form.fields if field.required] == ["launcher", "duration"]
    assert drafts(stage) == []


async def test_form__keeps_what_was_given() -> None:
    """The form is prefilled, custom parameters and the connection included."""
    stage = Stage(others=(FakeRunService(connection="prod"),))
    reply = await stage.say("launch basic_test custom.seed=7 source=main connection=prod")
    assert reply.card.form is not None
    filled = {field.name: field.value for field in reply.card.form.fields if field.value}

    assert filled == {"launcher": "basic_test", "custom.seed": "7", "source": "main", "connection": "prod"}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("duration=-1", "duration="),
        ("duration=1e9", "duration="),
        ("duration=NaN", "duration="),
        ("duration=٣٠", "duration="),
        ("duration=30;x", "duration="),
        ("duration=0", "duration="),
        ("duration=" + "9" * 10_000, "duration="),
        ('duration=30 images="a:1\nb:2"', "images="),
        ("duration=30 images=a", "images="),
        ("duration=30 config_image=a:1;b:2", "config_image="),
        ("duration=30 ephemeral=maybe", "ephemeral="),
        ("duration=30 recipients=ann", "recipients="),
        ("duration=30 filter_logs_matching=x*", "filter_logs_matching="),
        ("duration=30 antithesis.filter_logs_matching=x", "filter_logs_matching="),
        ("duration=30 antithesis.integrations.slack.token=CANARY", "looks like a secret"),
        ("duration=30 antithesis.integrations.slack.callback_url=https://h", "looks like a secret"),
        ("duration=30 token=CANARY", "looks like a secret"),
        ("duration=30 durations=60", "Did you mean “duration=”"),
        ("duration=30 zzz=60", "It takes duration"),
        ("duration=30 vcs.pr_id=1", "has no parameter “vcs.pr_id=”"),
        ("duration=30 antithesis.duration=60", "is given twice"),
        ("duration=30 source=" + "x" * 1_001, "source= has 1,001 characters"),
        ("duration=30 source=a\u202eb", "source= contains invisible characters"),
        ("duration=30 " + " ".join(f"custom.k{n}=1" for n in range(41)), "41 further parameters"),
        ("duration=30 launcher=../v1/launch/x", "launcher="),
    ],
)
async def test_launch__refuses_a_bad_value(said: str, problem: str) -> None:
    """Nothing is sent and nothing kept; the sentence names the field."""
    stage = Stage()
    reply = await stage.say(f"launch basic_test {said}")

    assert reply.failed
    assert problem in plain(reply.card.text)
    assert "CANARY" not in texts(reply.card)
    assert (drafts(stage), stage.service.launches) == ([], [])


async def test_launch__refuses_what_the_platform_does_not_offer() -> None:
    """A platform without launches says so."""
    stage = Stage(service=FakeRunService(lacks=frozenset({"launches"})))
    reply = await stage.say("launch basic_test duration=30")

    assert "does not offer launch" in plain(reply.card.text)


async def test_launch__is_for_the_launch_role() -> None:
    """A reader is refused, and that is written down."""
    stage = Stage()
    reply = await stage.say("launch basic_test duration=30", by=READER)

    assert "needs the role “launch”" in plain(reply.card.text)
    assert [entry.decision for entry in stage.memory.trail] == ["denied"]
    assert drafts(stage) == []


async def test_launch__masks_recipients_where_others_read() -> None:
    """Mail addresses are whole for the requester alone."""
    stage = Stage(domains=frozenset({"example.com", "example.org"}))
    words = "launch basic_test duration=30 recipients=ann@example.com;bo@example.org"
    here = await stage.say(words)
    alone = await stage.say(words, channel="fake:channel:D1", direct=True)

    assert "a…@example.com; b…@example.org" in texts(here.card)
    assert "ann@" not in texts(here.card)
    assert "ann@example.com;bo@example.org" in texts(alone.card)


async def test_launch__mail_goes_to_the_requester_until_domains_are_set() -> None:
    """A report opens to whoever holds its link: nobody else can be named, unless a preset of the settings does."""
    preset = Preset(name="nightly", launcher="basic_test", values={"recipients": "team@example.com"})
    stage = Stage(presets={"nightly": preset})

    refused = await stage.say("launch basic_test 30 recipients=ann@example.com;mallory@evil.example")
    own = await stage.say("launch basic_test 30 recipients=Ann@Example.com")
    of_preset = await stage.say("launch nightly 30")

    assert "recipients= has “mallory@evil.example”" in texts(refused.card)
    assert "recipient_domains" in texts(refused.card)
    assert [button.label for button in own.card.buttons] == ["Launch", "Cancel"]
    assert [button.label for button in of_preset.card.buttons] == ["Launch", "Cancel"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("antithesis.report.recipients.cc", "has no parameter"),
        ("antithesis.integrations.slack.webhook", "looks like a secret"),
        ("antithesis.callbackurl", "looks like a secret"),
        ("antithesis.access_token", "looks like a secret"),
        ("antithesis.Filter_logs_matching", "cannot be given here"),
        ("antithesis.new_thing", "has no parameter"),
        ("custom.db-password", "looks like a secret"),
        ("custom.apiKey", "looks like a secret"),
        ("custom.GITHUB_TOKEN", "looks like a secret"),
        ("custom.slack.webhook_url", "looks like a secret"),
    ],
)
async def test_launch__takes_only_parameters_that_are_known_to_be_harmless(name: str, said: str) -> None:
    """Of the platform's own those on a list, of the launcher's all that do not look like a secret; each is named."""
    stage = Stage()
    reply = await stage.say(f"launch basic_test duration=30 {name}=CANARY")

    assert said in texts(reply.card)
    assert name in texts(reply.card)
    assert "CANARY" not in texts(reply.card)
    assert drafts(stage) == []


@pytest.mark.parametrize(
    "name", ["custom.tokenizer", "custom.max_tokens", "custom.author", "custom.patience"]
)
async def test_launch__a_harmless_name_passes(name: str) -> None:
    """A word that only holds another one is none."""
    stage = Stage()
    await stage.say(f"launch basic_test duration=30 {name}=7")

    assert drafts(stage)[0].request_as(LaunchRequest).values == {"duration": "30", name: "7"}


async def test_launch__mail_stays_within_the_domains_of_the_settings() -> None:
    """A report opens to whoever gets the mail, so an address elsewhere is refused before anything is kept."""
    stage = Stage(domains=frozenset({"example.com"}))
    words = "launch basic_test duration=30 recipients="
    refused = await stage.say(f"{words}ann@example.com;bo@sub.example.com")
    kept = drafts(stage)
    taken = await stage.say(f"{words}ann@EXAMPLE.com")

    assert "recipients= has “bo@sub.example.com”; mail may only go to example.com." in texts(refused.card)
    assert kept == []
    assert not taken.failed


async def test_launch__warns_of_an_unseen_launcher() -> None:
    """No interface lists launchers: an unseen one is asked about, never refused."""
    stage = Stage()
    close = await stage.say("launch basic_tset duration=30")
    far = await stage.say("launch quorum duration=1")

    warning = "No run of the launcher “basic_tset” is known. Did you mean “basic_test”?"
    assert warning in plain(close.card.text)
    assert "No run of the launcher “quorum” is known." in plain(far.card.text)
    assert "Did you mean" not in texts(far.card)
    assert "1 minute of test time" in texts(far.card)


async def test_launch__asks_the_platform_about_an_unseen_launcher() -> None:
    """A launcher whose runs the platform lists is known; where it cannot be asked, nothing is claimed."""
    stage = Stage(known=())
    stage.service.add_run(a_run(1, launcher="basic_test"))
    listed = await stage.say("launch basic_test duration=30")
    stage.service.fail("runs", Unreachable("no"))
    unasked = await stage.say("launch basic_tset duration=30")
    empty = await Stage(known=(), service=NoPages()).say("launch basic_test duration=30")

    assert "No run of the launcher" not in texts(listed.card)
    assert "No run of the launcher" not in texts(unasked.card)
    assert "No run of the launcher" in texts(empty.card)


async def test_launch__names_the_nearest_launcher_that_only_the_platform_knows() -> None:
    """Before anything was watched or launched here, the platform's newest runs are all that is known."""
    stage = Stage(known=())
    stage.service.add_run(a_run(1, launcher="basic_test"))
    reply = await stage.say("launch basic_tset duration=30")

    said = "No run of the launcher “basic_tset” is known. Did you mean “basic_test”?"
    assert said in plain(reply.card.text)


class NoPages(FakeRunService):
    """A platform that ends its list before the first page."""

    async def runs(self, query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
        """Yield nothing."""
        pages: tuple[tuple[Run, ...], ...] = ()
        for page in pages:
            yield page


async def test_launch__warns_of_a_run_under_way() -> None:
    """The same launcher at work already may be a slip; the platform knows, whatever is on record."""
    stage = Stage()
    stage.service.add_run(a_run(1, launcher="basic_test", status=RunStatus.IN_PROGRESS))
    reply = await stage.say("launch basic_test duration=30")

    assert "A run of basic_test is already running: 00000000." in plain(reply.card.text)


async def test_launch__calls_no_run_under_way_that_has_ended() -> None:
    """The record may be older than a run's end: where nobody watches, nobody wrote that down."""
    stage = Stage()
    run = stage.service.add_run(a_run(1, launcher="basic_test"))
    going = replace(run, status=RunStatus.IN_PROGRESS, completed_at=None)
    await stage.memory.record(PollStep(connection="demo", now=stage.clock.now(), runs=(going,)))
    reply = await stage.say("launch basic_test duration=30")

    assert "under way" not in plain(reply.card.text)


async def test_launch__confirmed_beforehand() -> None:
    """`clew ask --yes` sends at once, once, after every check."""
    stage = Stage()
    reply = await stage.say("launch basic_test duration=30", confirmed=True)

    assert len(stage.service.launches) == 1
    assert "Launched basic_test for 30 min" in plain(reply.card.text)
    assert not reply.replace
    assert IntentState.ACCEPTED is drafts(stage)[0].state


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("launch basic_test duration=30 custom.channel=xoxb-CANARY-1234567", "custom.channel="),
        ("launch basic_test duration=30 custom.database=postgres://ann:CANARY@db/x", "custom.database="),
        ("launch basic_test duration=30 antithesis.performance_tier=v2.public.CANARY", "performance_tier="),
        ("launch basic_test duration=30 source=xoxb-CANARY-1234567", "source="),
        ("launch basic_test duration=30 test_name='Bearer CANARY00'", "test_name="),
        ("launch xoxb-CANARY-1234567 duration=30", "launcher="),
        ("watch source=xoxb-CANARY-1234567 keep=yes", "source="),
        ("watch xoxb-CANARY-1234567 keep=yes", "launcher="),
    ],
)
async def test_change__by_a_value_that_held_a_secret_is_refused_by_name(words: str, name: str) -> None:
    """What is left of it is not what was meant: nothing is started or watched with a mask in its place."""
    stage = Stage()
    reply = await stage.say(words)

    assert reply.failed
    assert f"{name}” has “***” in the place of what looks like a secret" in texts(reply.card)
    assert "CANARY" not in texts(reply.card)
    assert drafts(stage) == []
    assert await stage.memory.subscriptions() == ()


async def test_launch__by_a_form_whose_field_held_a_secret_is_refused_by_name() -> None:
    """Fields of a form go the same way; a description is for people, and they see what was removed."""
    stage = Stage()
    values = {"launcher": "basic_test", "duration": "30"}
    refused = await stage.say("launch", values={**values, "custom.channel": "xoxb-CANARY-1234567"})
    taken = await stage.say("launch", values={**values, "description": "for xoxb-CANARY-1234567"})

    assert "“custom.channel=” has “***” in the place" in texts(refused.card)
    assert "A secret was removed from your message." in texts(taken.card)
    assert [draft.request_as(LaunchRequest).values["description"] for draft in drafts(stage)] == ["for ***"]


async def test_launch__by_a_preset_whose_value_is_a_secret_is_refused_by_name() -> None:
    """It would stand on the card and in the database, whoever wrote it."""
    preset = Preset(name="nightly", launcher="basic_test", values={"custom.channel": "xoxb-CANARY-1234567"})
    stage = Stage(presets={"nightly": preset})
    reply = await stage.say("launch nightly 30")

    assert "“custom.channel=” has a value that looks like a secret" in texts(reply.card)
    assert "CANARY" not in texts(reply.card)
    assert drafts(stage) == []
