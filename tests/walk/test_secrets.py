"""What people paste by mistake goes no further: into no table, answer, log or metric, and not to the platform.

Both adapters run whole on a real database; every table of it is read afterwards.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from adapters.clock import SystemClock
from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import empty_world, simulated_tenant
from adapters.store.store import open_store
from bot.delivery.deliver import Deliverer, Pace
from bot.handler import Handler
from bot.model import Secret
from bot.state import Subscription
from bot.watch.poll import Poller
from tests.fakes.chat import FakeChat
from tests.fakes.discord import serve as serve_discord
from tests.fakes.discord_bot import said, simulated
from tests.fakes.discord_live import running_bot as running_discord
from tests.fakes.runs import MOMENT, a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.slack import serve
from tests.fakes.slack_bot import running_bot
from tests.fakes.slack_world import BOB, MAIN

SUBMIT = 5  # what Discord calls a modal that was sent
CANARY = "CANARY7a1b2c3d4e5f"
API_KEY = f"{CANARY} is the tenant's own key"
RUN = run_id(1)
LINK = f"https://demo.antithesis.com/report/a/b.html?auth=v2.public.{CANARY}"
HOSTILE = (
    f'launch basic_test duration=30 description="see {LINK}"',
    f"launch basic_test duration=30 antithesis.integrations.slack.token=xoxb-{CANARY}-1234567",
    f'debug {RUN} description="token v2.public.{CANARY}"',
    f"watch source=xoxb-{CANARY}-1234567",
    f"find {LINK}",
    f"find Bearer {CANARY} and {RUN}",
    f"find curl -su ann:{CANARY} https://demo.antithesis.com/api/v0/runs/{RUN}",
    f"find curl -H 'X-Api-Key: {CANARY}' https://demo.antithesis.com/api/v0/runs/{RUN}",
    f"find Authorization: Basic {CANARY}== {RUN}",
    f"find https://ann:{CANARY}@demo.antithesis.com/runs {RUN}",
    f'find "{API_KEY}" {RUN}',
    f"xoxb-{CANARY}-1234567",
    f"launch basic_test duration=30 custom.db-password={CANARY}",
    f'launch basic_test duration=30 access_token="{CANARY} two"',
    f"launch basic_test duration=30 --custom.dbPassword {CANARY}",
    f"find export SLACK_BOT_TOKEN={CANARY} {RUN}",
    f"find ghp_{CANARY}{CANARY} {RUN}",
    f"find curl -H 'Private-Token: {CANARY}' https://demo.antithesis.com/api/v0/runs/{RUN}",
)


def a_platform() -> FakeRunService:
    """Return a platform with one run that can be asked about."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts",)))
    return service


def knowing_its_secrets(handler: Handler) -> None:
    """Tell the core what the settings hold, as `adapters.main` does."""
    handler.services = replace(handler.services, secrets=(Secret(API_KEY),))


def all_rows(path: Path) -> Iterator[str]:
    """Yield every row of every table of a database as text."""
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f'select * from "{table}"'):
                yield f"{table}: {row!r}"


def kept(path: Path) -> list[str]:
    """Return the rows that hold a secret."""
    rows = list(all_rows(path))
    assert any(row.startswith("inbox: ") for row in rows), "the tour reached the database"
    return [row for row in rows if CANARY in row]


FIELDS = (
    "description",
    "source",
    "test_name",
    "recipients",
    "config_image",
    "images",
    "launcher",
    "duration",
)
FORMS = tuple(
    (FIELDS[(number + step) % len(FIELDS)], text) for number, text in enumerate(HOSTILE) for step in (0, 3, 7)
)  # each text in three fields of the launch form, each field with several texts


def filled(name: str, text: str) -> dict[str, str]:
    """Return a form that is right but for one field, which holds a hostile text."""
    return {"launcher": "basic_test", "duration": "30", name: text}


async def test_slack__keeps_no_secret_of_forms_and_buttons(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is typed into a form, quoted beside its field, offered again, or carried by a button's value."""
    path = tmp_path / "clew.db"
    caplog.set_level(logging.INFO)
    async with open_store(f"sqlite:///{path}") as store, serve() as slack:
        async with running_bot(slack, store=store, service=a_platform()) as bot:
            knowing_its_secrets(bot.handler)
            await slack.command("launch")
            view = await slack.view("Launch")
            await bot.answered(1)
            count, told, card = 1, "", slack.world.say(BOB, MAIN, "a card")
            for number, (name, text) in enumerate(FORMS):
                sent = slack.submission({**view, "id": f"V{number}F"}, filled(name, text))
                ack = await slack.gate.deliver("interactive", sent)
                told += str(ack.payload)
                count += "errors" not in str(ack.payload)
                await bot.answered(count)
            for text in HOSTILE:
                for action in ("say:1", "ask:launch:1", "report:1"):
                    pressed = slack.press_payload(card, {"action_id": action, "value": text})
                    await slack.gate.deliver("interactive", pressed)
                    count += action != "ask:launch:1"
                await bot.answered(count)
                told += str(await slack.suggestions(view, "launcher", "basic"))
            shown = "\n".join(message.words for message in slack.world.ours())

        assert kept(path) == []
        assert CANARY not in caplog.text + generate_latest().decode()
        assert CANARY not in shown
        assert CANARY not in told
        assert "response_action" in told
        assert CANARY not in str(list(slack.world.views.values())[1:])
        assert CANARY not in repr((bot.service.launches, bot.service.debugs, bot.service.calls))


async def test_slack__keeps_no_secret_that_is_typed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Mentions, slash commands, direct messages, shortcuts and forms are clean before anything is stored."""
    path = tmp_path / "clew.db"
    caplog.set_level(logging.INFO)
    async with open_store(f"sqlite:///{path}") as store, serve() as slack:
        async with running_bot(slack, store=store, service=a_platform()) as bot:
            knowing_its_secrets(bot.handler)
            for number, text in enumerate(HOSTILE):
                await slack.mention(text)
                await slack.command(text)
                await slack.direct(text)
                await slack.shortcut("triage_run", slack.world.say(BOB, MAIN, f"{text} {RUN}"))
                await bot.answered(4 * (number + 1))
            shown = "\n".join(message.words for message in slack.world.ours())

        assert kept(path) == []
        assert CANARY not in caplog.text + generate_latest().decode()
        assert CANARY not in shown
        assert "A secret was removed from your message." in shown
        assert CANARY not in repr((bot.service.launches, bot.service.debugs, bot.service.calls))


async def test_discord__keeps_no_secret_of_forms_and_buttons(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is typed into a modal, said of it, offered again, or carried by a button, also one whose words are kept."""
    path = tmp_path / "clew.db"
    caplog.set_level(logging.INFO)
    async with open_store(f"sqlite:///{path}") as store, serve_discord() as discord:
        async with running_discord(discord, store=store, service=a_platform()) as bot:
            knowing_its_secrets(bot.handler)
            discord.slash("status")
            await bot.answered(1)
            count, (card,) = 1, discord.ours()
            for name, text in (*FORMS, *(("rest", text) for text in HOSTILE)):
                values = filled(name, f"custom.note={text}" if name == "rest" else text)
                discord.interact(SUBMIT, modal("launch", values))
                count += 1
                await bot.answered(count)
            for text in HOSTILE:
                discord.click(card, f"say:1:{text}"[:100])
                count += 1
                await bot.answered(count)
            known = {
                m.id: discord.words(m) for channel in discord.backend.messages for m in discord.ours(channel)
            }
            shown = "\n".join(known.values())

        assert kept(path) == []
        assert CANARY not in caplog.text + generate_latest().decode()
        assert CANARY not in shown
        assert "A secret was removed from your message." in shown
        assert CANARY not in str(discord.requests)
        assert CANARY not in repr((bot.service.launches, bot.service.debugs, bot.service.calls))


def modal(verb: str, values: dict[str, str]) -> dict[str, object]:
    """Return what a form sends."""
    inputs = [{"type": 4, "custom_id": name, "value": value} for name, value in values.items()]
    return {"custom_id": f"form:{verb}", "components": [{"type": 18, "component": part} for part in inputs]}


async def test_discord__keeps_no_secret_that_is_typed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Mentions, typed options and message menus are clean before anything is stored."""
    path = tmp_path / "clew.db"
    caplog.set_level(logging.INFO)
    async with open_store(f"sqlite:///{path}") as store:
        async with simulated(store=store, service=a_platform()) as world:
            knowing_its_secrets(world.handler)
            for text in HOSTILE:
                await world.mention(text)
            for options in (
                {"launcher": "basic_test", "duration": "30", "description": LINK},
                {"more": f"token=xoxb-{CANARY}-1"},
            ):
                await world.say("launch", **options)
            await world.say("debug", run=RUN, description=f"Bearer {CANARY}", moment=MOMENT.text)
            await world.say("watch", source=f"xoxb-{CANARY}-1234567")
            message = await world.bob.send(world.main, f"{HOSTILE[0]} {RUN}")
            await world.alice.context_menu(world.main, "Triage this run", message)
            await world.env.settle()
            people = {world.alice.id, world.bob.id}
            mine = [m for m in world.main.history() if m.author.id not in people]
            shown = "\n".join(said(message) for message in mine)

        assert kept(path) == []
        assert CANARY not in caplog.text + generate_latest().decode()
        assert CANARY not in shown
        assert "A secret was removed from your message." in shown
        assert CANARY not in repr((world.service.launches, world.service.debugs, world.service.calls))


SPELLED = (
    f"xoxb-{CANARY}-1234567",
    f"Bearer {CANARY}",
    f"db-password={CANARY}",
    f"ghp_{CANARY}{CANARY}",
    f"https://ann:{CANARY}@host/x",
    f"{LINK}",
)


async def test_platform__puts_no_secret_of_its_names_and_texts_into_the_database(tmp_path: Path) -> None:
    """A launcher, a branch, a property, a description may hold what people put there; it is neither kept nor posted."""
    path = tmp_path / "clew.db"
    clock = SystemClock()
    async with (
        simulated_tenant(world=empty_world, speed=1.0) as tenant,
        open_http() as http,
        open_store(f"sqlite:///{path}") as store,
    ):
        address = Tenant(name="demo", tenant="demo", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        service = AntithesisService(http, address, spool=tmp_path, now=tenant.now)
        chat = FakeChat(clock=clock)
        told: list[str] = []

        async def notify(sentence: str) -> None:
            told.append(sentence)

        deliverer = Deliverer(
            chat,
            store,
            platforms={"demo": service.platform},
            clock=clock,
            notify_operator=notify,
            pace=Pace(per_channel=0),
        )
        poller = Poller(
            service.platform,
            store,
            clock=clock,
            renderers={chat.name: chat.render},
            on_rows=deliverer.wake,
            notify_operator=notify,
        )
        await store.subscribe(Subscription(channel="fake:channel:C1"), clock.now())
        await poller.tick()
        for number, text in enumerate(SPELLED):
            run = tenant.add_run(
                launcher=f"nightly {number} {text}",
                source=f"fix/{text}",
                test_name=text,
                parameters={"antithesis.description": text, "custom.note": text},
                description=f"see {text}",
                creator={"name": text, "type": "user"},
            )
            await poller.tick()
            tenant.finish_run(run, failing=[f"Holds with {text}"])
        await poller.tick()
        while (await store.depth()).waiting:
            await deliverer.step()

    rows = list(all_rows(path))
    assert len(chat.messages) == len(SPELLED)
    assert len([row for row in rows if row.startswith("runs: ")]) == len(SPELLED)
    assert [row for row in rows if CANARY in row] == []
    assert CANARY not in "".join(message.payload for message in chat.messages)
    assert CANARY not in "".join(told)
