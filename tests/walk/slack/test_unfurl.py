"""Links to reports that people share: a card beside them, unasked, where the workspace switched it on."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from adapters.chat.slack.manifest import SCOPES
from adapters.store.store import open_store
from bot.access import Policy, Role
from bot.model import RunRef
from tests.fakes import slack_api as faults
from tests.fakes.runs import a_run, run_id, some_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import BOT_USER, MAIN, PRIVATE, SHARED, STRANGER, Message
from tests.walk.test_secrets import kept

CANARY = "CANARY7a1b2c3d4e5f"
REPORT = "https://demo.antithesis.com/report/abc/one.html"
LINK = f"{REPORT}?auth=v2.public.{CANARY}&x=1"
OTHER = f"https://demo.antithesis.com/report/def/two.html?auth=v2.public.{CANARY}"
FAILING = tuple(f"Ledger <!channel> *{n}*" for n in range(7))


def a_platform() -> FakeRunService:
    """Return a platform with two runs whose reports can be linked."""
    service = FakeRunService()
    for number, url in ((1, LINK), (2, OTHER)):
        run = (
            a_run(number, description="see *this* <!here>")
            if number == 1
            else a_run(number, launcher="Other Nightly")
        )
        run = service.add_run(run)
        service.set_results(some_results(run, failing=FAILING if number == 1 else (), passing=("Starts",)))
        service.set_report(run, url)
    return service


@pytest.fixture
async def listening(slack: FakeSlack) -> AsyncIterator[Bot]:
    """Run a bot that answers links, in a workspace whose app is registered for them."""
    slack.world.unfurl_domains = ("antithesis.com",)
    async with running_bot(slack, service=a_platform(), unfurl=True) as bot:
        yield bot


async def shown(bot: Bot, message: Message) -> str:
    """Wait for the cards beside the links of a message; return all that they say."""
    await bot.slack.world.until(lambda: message.unfurls)
    return str(list(message.unfurls.values()))


async def nothing_more(bot: Bot, calls: int = 0) -> None:
    """Wait until what is under way has ended: so many cards were shown, and no message was posted."""
    assert await bot.conversation.drain(10) == 0
    assert len(bot.slack.world.called("chat.unfurl")) == calls
    assert not {"chat.postMessage", "chat.postEphemeral"} & {name for name, _ in bot.slack.world.calls}


async def test_share__shows_what_the_run_found(listening: Bot) -> None:
    """One card by the link's own address, that names the run and what failed, and no message."""
    message = await listening.slack.share(LINK)
    words = await shown(listening, message)

    assert list(message.unfurls) == [LINK.replace("&", "&amp;")]
    assert "Payments Nightly" in words
    assert "Ledger" in words
    assert "auth=" not in words
    assert CANARY not in words
    await nothing_more(listening, 1)


async def test_share__several_links_take_one_call(listening: Bot) -> None:
    """Each link that leads to a report has its card; one that leads nowhere has none."""
    nowhere = "https://demo.antithesis.com/report/abc/none.html?auth=x"
    message = await listening.slack.share(LINK, nowhere, OTHER)
    await shown(listening, message)

    assert len(message.unfurls) == 2
    assert "Other Nightly" in str(message.unfurls[OTHER])
    await nothing_more(listening, 1)


async def test_share__is_answered_once(listening: Bot) -> None:
    """An event that Slack sends again is acknowledged, and nothing is read or shown for it."""
    message = listening.slack.world.say("U02BOB", MAIN, f"<{REPORT}>")
    event = listening.slack.envelope(listening.slack.shared_links(message))

    for _ in range(3):
        assert (await listening.slack.gate.deliver("events_api", event)).taken
    await shown(listening, message)

    await nothing_more(listening, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://demo.antithesis.com/report/abc/none.html",
        "https://other.antithesis.com/report/abc/one.html",
        "https://demo.antithesis.com/docs/",
        f"https://demo.antithesis.com/runs/{run_id(1)}",
        "https://demo.antithesis.com/report/a/?text=Moment.from({input_hash",
    ],
)
async def test_share__of_anything_else_is_met_with_silence(listening: Bot, url: str) -> None:
    """No report of a run here: no card, no error, nothing that anyone sees."""
    await listening.slack.share(url)

    await nothing_more(listening)


@pytest.mark.parametrize(
    "how",
    [
        {"composer": True},
        {"user": BOT_USER},
        {"bot_id": "B99"},
        {"user": STRANGER},
        {"channel": PRIVATE},
        {"channel": SHARED},
    ],
)
async def test_share__is_not_for_everyone_and_everywhere(listening: Bot, how: dict[str, str]) -> None:
    """While it is written, by an app or a stranger, where the bot is not, or where others read along: silence."""
    await listening.slack.share(LINK, **how)  # type: ignore[arg-type]  # the test's own words

    await nothing_more(listening)


EVERYWHERE = Policy(roles={Role.READ: frozenset({"slack:team:T01"})})
THERE = replace(EVERYWHERE, places={Role.READ: frozenset({f"slack:channel:T01:{SHARED}"})})


@pytest.mark.parametrize(("policy", "cards"), [(EVERYWHERE, 0), (THERE, 1)])
async def test_share__where_others_read_along_the_channel_is_named(
    slack: FakeSlack, policy: Policy, cards: int
) -> None:
    """That the person may read there says nothing of the others: the settings have to name the channel."""
    slack.world.unfurl_domains = ("antithesis.com",)
    async with running_bot(slack, service=a_platform(), policy=policy, unfurl=True) as bot:
        await slack.share(LINK, channel=SHARED)

        await nothing_more(bot, cards)


async def test_share__is_off_unless_switched_on(slack: FakeSlack) -> None:
    """The event is acknowledged, since an app may be registered still, and nothing is read for it."""
    slack.world.unfurl_domains = ("antithesis.com",)
    async with running_bot(slack, service=a_platform()) as bot:
        message = slack.world.say("U02BOB", MAIN, f"<{REPORT}>")
        ack = await slack.gate.deliver("events_api", slack.envelope(slack.shared_links(message)))

        assert ack.taken
        await nothing_more(bot)
        assert bot.service.calls == []


@pytest.mark.parametrize(
    "fault", [faults.error("missing_scope"), faults.error("cannot_unfurl_url"), faults.DROPPED]
)
async def test_share__that_slack_refuses_stops_nothing(listening: Bot, fault: faults.Fault) -> None:
    """A permission that lacks for links alone: commands are answered as before."""
    listening.slack.api.fault("chat.unfurl", fault)
    await listening.slack.share(LINK)
    await nothing_more(listening, 1)

    await listening.slack.command(f"status {run_id(2)}")

    await listening.slack.world.answer("Other Nightly")


async def test_share__pauses_when_slack_asks_for_it(listening: Bot) -> None:
    """After 429 nothing is tried again, and no other link either while the pause lasts; posts are not held up."""
    listening.slack.api.fault("chat.unfurl", faults.limited("600"))
    await listening.slack.share(LINK)
    await nothing_more(listening, 1)

    await listening.slack.share(OTHER)

    await nothing_more(listening, 1)
    await listening.slack.command(f"status {run_id(2)}")
    await listening.slack.world.answer("Other Nightly")


async def test_share__over_http(slack: FakeSlack) -> None:
    """The same over signed HTTP."""
    slack.world.unfurl_domains = ("antithesis.com",)
    async with running_bot(slack, http=True, service=a_platform(), unfurl=True) as bot:
        message = await slack.share(LINK)

        assert "Payments Nightly" in await shown(bot, message)


async def test_start__names_the_permissions_that_links_take(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    """Where it is switched on the log says what the app lacks for it, and how to give it."""
    slack.api.scopes = ",".join(SCOPES)
    caplog.set_level(logging.WARNING)

    async with running_bot(slack, unfurl=True):
        pass

    assert "lacks links:read" in caplog.text
    assert "--unfurl DOMAIN" in caplog.text


async def test_share__keeps_no_secret(
    slack: FakeSlack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The token of a link is in no card, table, log or metric, whether Slack takes the card or not."""
    slack.world.unfurl_domains = ("antithesis.com",)
    caplog.set_level(logging.INFO)
    slack.api.fault("chat.unfurl", faults.error("cannot_unfurl_url"))
    path = tmp_path / "clew.db"
    async with (
        open_store(f"sqlite:///{path}") as store,
        running_bot(slack, store=store, service=a_platform(), unfurl=True) as bot,
    ):
        await slack.command("help")
        await bot.answered(1)
        for url in (LINK, OTHER, f"https://other.antithesis.com/report/a/b.html?auth=v2.public.{CANARY}"):
            message = await slack.share(url)
        await slack.share(LINK)
        await bot.conversation.drain(10)
        cards = [
            str(shown) for call in slack.world.called("chat.unfurl") for shown in call["unfurls"].values()
        ]

    assert kept(path) == []
    assert cards
    assert CANARY not in "".join(cards) + caplog.text + generate_latest().decode()
    assert message.unfurls == {}


async def test_share__of_a_platform_without_signed_reports(slack: FakeSlack) -> None:
    """The page of a run is its report there: read out of the address, on the connection whose address it is."""
    slack.world.unfurl_domains = ("builds.example.com",)
    builds = a_build_server(connection="builds")
    builds.set_results(
        some_results(builds.add_run(a_run(1, ref=RunRef("builds", "1024"))), failing=("Pays",))
    )
    page = re.compile(r"https://builds\.example\.com/runs/([0-9]+)")
    reading = replace(builds.platform, addresses=lambda url: m[1] if (m := page.fullmatch(url)) else None)
    async with running_bot(slack, service=a_platform(), beside={"builds": reading}, unfurl=True) as bot:
        message = await slack.share(
            "https://builds.example.com/runs/1024", "https://builds.example.com/runs/77"
        )

        assert "Pays" in await shown(bot, message)
        assert list(message.unfurls) == ["https://builds.example.com/runs/1024"]
        await nothing_more(bot, 1)
