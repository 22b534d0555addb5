"""What an earlier version left in its database is read and acted on by this one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from adapters.configuration.database import read_address
from adapters.store.database import Database
from adapters.store.schema import HEAD
from adapters.store.store import SqlStore, open_store
from bot.access import Policy, Role
from bot.cards import Card, Context, Reply, ReportLinks, plain
from bot.command import Preset, Services
from bot.errors import StoreError
from bot.handler import Handler
from bot.model import DebugRequest, RunRef
from bot.ports import Delivered, PostOutcome
from bot.state import (
    CHANGES,
    Actor,
    Cause,
    DeliveryState,
    IntentKind,
    IntentState,
    Invocation,
    MessageRef,
    Outcome,
    Place,
    Stretch,
    Subscription,
)
from bot.watch.launches import LaunchWatch
from bot.watch.live import LiveCards
from bot.watch.poll import Poller
from tests.contract.store.conftest import DATABASES
from tests.earlier import CHANCE, LEFT_AT, LONG, LOST, a_clock, load, platform
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.inbox import unfinished
from tests.fakes.runs import EPOCH, MOMENT, a_run, run_id, some_results
from tests.fakes.service import FakeRunService
from tests.postgresql import Server

MAIN, SECOND = "slack:channel:T01:C01MAIN", "slack:channel:T01:C02PRIVATE"
DISCORD, TERMINAL = "discord:channel:900:901", "terminal:channel:local"
ALICE = Actor(
    id="slack:user:T01:U01ALICE",
    principals=frozenset({"slack:user:T01:U01ALICE", "slack:team:T01", "slack:usergroup:T01:S01"}),
    name="Alice",
    email="alice@example.com",
    member=True,
)
ANN = Actor(
    id="discord:user:902",
    principals=frozenset({"discord:user:902", "discord:guild:900"}),
    name="Ann",
    member=True,
)
POLICY = Policy(roles={Role.LAUNCH: frozenset({"slack:usergroup:T01:S01", ANN.id})})


ASKED = IntentState.ASKED  # that version knew of no second person


def an_id(number: int) -> str:
    """Return the id of an intent of that time by its last digits."""
    return f"{0xC1E0 + number:032x}"


async def silent(_: str) -> None:
    """Take a report of progress."""


@dataclass(kw_only=True)
class Now:
    """This version at work on that database."""

    store: SqlStore
    service: FakeRunService
    clock: ManualClock
    handler: Handler

    async def say(
        self, words: str, *, by: Actor = ALICE, channel: str = MAIN, thread: str | None = None
    ) -> Reply:
        """Say something where it was said then."""
        self.service.now = self.clock.now()
        asked = Invocation(
            actor=by,
            place=Place(channel=channel, thread=thread),
            text=words,
            key=f"now {words}",
            at=self.clock.now(),
        )
        return await self.handler.handle(asked, silent)


async def _bring_up_to_date(url: str) -> None:
    await load(url)
    async with open_store(url):
        pass


@pytest.fixture(scope="session")
def brought_up_to_date() -> dict[str, Any]:
    """Return what of each kind of database is kept to be copied: to get it takes a second."""
    return {}


@pytest.fixture(params=DATABASES)
async def left(
    request: pytest.FixtureRequest, brought_up_to_date: dict[str, Any], tmp_path: Path
) -> AsyncIterator[str]:
    """Return the URL of what was left, brought up to date."""
    kept, path = brought_up_to_date, tmp_path / "clew.db"
    if request.param == "sqlite":
        if "sqlite" not in kept:
            await _bring_up_to_date(f"sqlite:///{path}")
            kept["sqlite"] = path.read_bytes()
        path.write_bytes(kept["sqlite"])
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    if "postgresql" not in kept:
        kept["postgresql"] = await server.template(f"earlier_{os.getpid()}", _bring_up_to_date)
    async with server.database(like=kept["postgresql"]) as url:
        yield url


@pytest.fixture
async def now(left: str) -> AsyncIterator[Now]:
    """Open what was left, some seconds later."""
    clock, service = a_clock(), platform()
    clock.pass_time(10)
    keys = count(0xD000)
    async with open_store(left, now=clock.now) as store:
        services = Services(
            platforms={"demo": service.platform},
            store=store,
            clock=clock,
            policy=POLICY,
            presets={
                "nightly": Preset(name="nightly", launcher="Payments Nightly", values={"duration": "30"})
            },
            new_key=lambda: f"{next(keys):032x}",
        )
        yield Now(store=store, service=service, clock=clock, handler=Handler(services))
    assert service.violations == []


async def test_open__brings_it_up_to_date(url: str) -> None:
    """The schema is this version's, the audit trail holds, and nothing is gone."""
    await load(url)
    async with open_store(url) as store:
        assert await store.verify_audit() == 46
        assert len((await store.entries(100))[0]) == 14
        assert len(await store.live()) == 4
    database = Database(read_address(url))
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
        assert await connection.scalar(text("SELECT count(*) FROM intents")) == 20
    await database.close()


async def test_open__newer(url: str) -> None:
    """A database of a newer version is refused, untouched: it says which schema it has, and what helps."""
    async with open_store(url):
        pass
    database = Database(read_address(url))
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await connection.execute(text("DROP TABLE probes"))  # a newer version may keep other tables

    with pytest.raises(StoreError, match=r"newer Clew \(schema 9999, this one knows up to") as refused:
        async with open_store(url):
            pytest.fail("it was opened")
    async with database.reading() as connection:
        version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    await database.close()

    assert version == "9999"
    assert "Install that version again, or restore a backup." in str(refused.value)


ANSWERS = {
    "slack": ["FAILED: Payments Nightly", "Logs before", "Launch basic_test?", "FAILED: Payments Nightly"],
    "discord": ["FAILED: Payments Nightly", "Launch Payments Nightly?"],
    "terminal": ["Logs before 398.489 s", "Failing: "],
}


@pytest.mark.parametrize("chat", sorted(ANSWERS))
async def test_inbox__unanswered_commands_are_answered(now: Now, chat: str) -> None:
    """Whatever was taken, in whichever way it was said, is taken up as it was meant."""
    left = [asked for _, asked in await unfinished(now.store, chat, LEFT_AT - timedelta(hours=1))]
    now.clock.pass_time(300)  # nobody launched the like a moment ago
    replies = [await now.handler.handle(asked, silent) for asked in left]

    assert [plain(r.card.title).startswith(t) for r, t in zip(replies, ANSWERS[chat], strict=True)] == (
        [True] * len(replies)
    ), [plain(r.card.title) for r in replies]


async def test_inbox__values_are_whole(now: Now) -> None:
    """What was filled in is launched as it was."""
    (_, (_, launch)) = await unfinished(now.store, "discord", LEFT_AT)
    reply = await now.handler.handle(launch, silent)
    facts = {fact.label: plain(fact.value) for fact in reply.card.facts}

    assert facts["antithesis.duration"] == "90"
    assert facts["antithesis.images"] == "app:1.4;db:16"


async def test_inbox__what_was_answered_is_not_taken_twice(now: Now) -> None:
    """A chat that delivers again after the change of versions is not answered again."""
    again = Invocation(
        actor=ALICE, place=Place(channel=MAIN), text="watch", key="slack-act-1", at=now.clock.now()
    )

    assert not await now.handler.accept(again)


async def test_subscriptions__stand(now: Now) -> None:
    """All of them, with what they leave out and why one does not work."""
    assert set(await now.store.subscriptions()) == {
        Subscription(channel=MAIN),
        Subscription(channel=TERMINAL),
        Subscription(
            channel=SECOND,
            launcher="Payments Nightly",
            outcomes=CHANGES,
            from_settings=True,
            report_links=ReportLinks.PRIVATE,
        ),
        Subscription(
            channel=DISCORD,
            launcher="Payments Nightly",
            source="main",
            outcomes=frozenset({Outcome.FAILURES, Outcome.RECOVERY}),
            problem="Discord said: Missing Access",
        ),
    }


async def test_watch__goes_on(now: Now) -> None:
    """Nothing is told again, and a run that ends now is compared with those on record."""
    told: list[str] = []

    def render(card: Card) -> str:
        told.append(plain(card.text))
        return "{}"

    poller = Poller(
        now.service.platform,
        now.store,
        clock=now.clock,
        renderers=dict.fromkeys(("slack", "discord", "terminal"), render),
        on_rows=lambda: None,
        notify_operator=silent,
    )
    await poller.tick()
    before = list(told)
    run = now.service.add_run(a_run(20, created_at=now.clock.now(), completed_at=now.clock.now()))
    now.service.set_results(some_results(run, failing=(CHANCE, "A new one")))
    now.clock.pass_time(60)
    now.service.now = now.clock.now()
    await poller.tick()

    assert before == []
    assert len(told) == 4  # the channels of all subscriptions
    assert all(f"Newly failing: “A new one”. Still failing: “{CHANCE}”." in sentence for sentence in told)


async def test_watch__how_far_lists_were_read(now: Now) -> None:
    """The stretch that was still to be read is still to be read."""
    coverage = await now.store.coverage("other")

    assert coverage is not None
    assert coverage.unread == (Stretch(EPOCH + timedelta(minutes=1), EPOCH + timedelta(minutes=9)),)
    told = await now.store.announced_results(RunRef("demo", run_id(12)))
    assert told is not None
    assert told.failing == {CHANCE, LONG}
    assert (told.excused, told.skipped_count, told.says, told.seen_at) == (frozenset(), 0, None, None)


async def test_watch__a_series_is_what_it_was(now: Now) -> None:
    """Runs of then go by their launcher's name, and a list has shown them."""
    known = await now.store.known("demo", (run_id(12),))
    before = now.clock.now()
    earlier = await now.store.earlier("demo", a_run(12).series, before, EPOCH, 3)

    assert known[run_id(12)].listed
    assert [run.launcher_key for run in earlier] == [None] * len(earlier) != []


async def test_outbox__every_state_goes_on(now: Now) -> None:
    """What waits goes out as it was written, what is in doubt is looked for, what needs an operator waits for one."""
    later = now.clock.now() + timedelta(hours=2)
    (doubtful,) = await now.store.unconfirmed(frozenset({"terminal"}), later)
    await now.store.mark_sent(doubtful, MessageRef(channel=TERMINAL, message_id="1"), now.clock.now())
    sent = []
    for chat in ("slack", "discord", "terminal"):
        while row := await now.store.claim(frozenset({chat}), later):
            sent.append(row)
            message = MessageRef(channel=row.channel, message_id=f"m{row.id}", thread=row.thread)
            await now.store.mark_sent(row, message, now.clock.now())
    left, _ = await now.store.entries(100)

    assert run_id(10) in doubtful.key
    assert len({row.key for row in sent if row.payload}) == len(sent) == 11
    assert {entry.delivery.state for entry in left} == {DeliveryState.DEAD, DeliveryState.UNKNOWN}
    assert await now.store.holds(now.clock.now()) == {SECOND: LEFT_AT + timedelta(hours=1)}


async def test_outbox__summary_covers_what_it_stands_for(now: Now) -> None:
    """A summary that waits still knows the messages in whose place it came."""
    waiting = await now.store.waiting(MAIN)

    assert [d.state for d in waiting].count(DeliveryState.FOLDED) == 2
    assert waiting[-1].key == f"many:{MAIN}"


async def test_threads__know_what_they_speak_of(now: Now) -> None:
    """In the thread of a message of then, verbs need no arguments."""
    thread = "1700000028.000100"

    assert await now.store.context(MAIN, thread) == Context(
        run=RunRef("demo", run_id(5)), property_name="Fifth", moment=MOMENT
    )
    assert "of “Fifth”" in plain((await now.say("logs", thread=thread)).card.title)


class Edited(FakeChat):
    """Notes the titles of edited messages."""

    def __init__(self, *, clock: ManualClock) -> None:
        super().__init__(clock=clock)
        self.edited: dict[str, str] = {}

    async def edit(self, message: MessageRef, card: Card) -> PostOutcome:
        """Take an edit."""
        self.edited[message.message_id] = plain(card.title)
        return Delivered(message.message_id)


async def test_live__messages_go_on(now: Now) -> None:
    """Messages of launches and sessions of then are edited, and their threads speak of their runs."""
    chat = Edited(clock=now.clock)
    chats = {"slack": chat, "discord": chat}
    live = LiveCards(platforms={"demo": now.service.platform}, store=now.store, clock=now.clock, chats=chats)
    await live.tick()

    assert "Payments Nightly" in chat.edited["1700000005.000100"]
    assert "debugging session" in chat.edited["1700000010.000100"]
    assert "unconfirmed" in chat.edited["1700000004.000100"]
    assert await now.store.story(an_id(1), MAIN) == MessageRef(channel=MAIN, message_id="1700000005.000100")
    assert await now.store.name(ALICE.id) == "Alice"


async def test_confirm__a_launch_that_was_shown(now: Now) -> None:
    """What was shown is sent, to the letter; once."""
    reply = await now.say(f"confirm {an_id(14)}")
    again = await now.say(f"confirm {an_id(14)} ")

    assert plain(reply.card.title) == "drafted_test is launched"
    assert "already handled" in plain(again.card.title)
    assert dict(now.service.parameters(now.service.launches[0])) == {
        "antithesis.duration": "30",
        "antithesis.config_image": "config:main",
        "antithesis.images": "app:1.4;db:16",
        "antithesis.description": "retry fix",
        "antithesis.source": "main",
        "antithesis.test_name": "payments",
        "antithesis.is_ephemeral": "true",
        "antithesis.report.recipients": "alice@example.com",
        "antithesis.performance_tier": "high",
        "custom.seed": "7",
        "clew.request_id": an_id(14),
    }
    assert len(now.service.launches) == 1


async def test_confirm__a_session_that_was_shown(now: Now) -> None:
    """A session at the run's own moment, and one beside the session that is open."""
    first = await now.say(f"confirm {an_id(16)}")
    beside = await now.say(f"confirm {an_id(17)}")

    assert plain(first.card.title) == "Debugging session requested"
    assert plain(beside.card.title) == f"Debugging session requested: “{CHANCE}”"
    assert now.service.debugs == [
        DebugRequest(
            moment=MOMENT,
            run_id=run_id(6),
            description="[clew:00000000]",
            recipients=("alice@example.com",),
        ),
        DebugRequest(
            moment=MOMENT,
            run_id=run_id(4),
            description="[clew:00000000] who holds the lock?",
            property_name=CHANCE,
            recipients=("alice@example.com",),
        ),
    ]


async def test_confirm__one_that_was_asked_again(now: Now) -> None:
    """Drafts that came of another launch, or warned of one, are confirmed without asking anew."""
    again = await now.say(f"confirm {an_id(18)}")
    repeated = await now.say(f"confirm {an_id(19)}")

    assert plain(again.card.title) == "basic_test is launched"
    assert plain(repeated.card.title) == "lost_test is launched"


async def test_decline__and_what_is_too_late(now: Now) -> None:
    """A draft is called off by who asked, in its chat; after five minutes none can be confirmed."""
    declined = await now.say(f"decline {an_id(15)}", by=ANN, channel=DISCORD)
    now.clock.pass_time(300)
    late = await now.say(f"confirm {an_id(14)}")

    assert plain(declined.card.title) == "Cancelled"
    assert plain(late.card.title) == "Too late to confirm"
    assert now.service.launches == []


async def test_unknown__is_looked_for_and_asked_again(now: Now) -> None:
    """The buttons of a launch with an unclear or bad end work on."""
    checked = await now.say(f"check {an_id(0)}")
    unclear, refused, expired = [await now.say(f"again {an_id(n)}") for n in (0, 2, 4)]

    assert plain(checked.card.title) == "Still unconfirmed"
    assert [plain(r.card.title) for r in (unclear, refused, expired)] == [
        "Launch basic_test?",
        "Launch Payments Nightly?",
        "Launch basic_test?",
    ]


async def test_launches__what_was_on_its_way_is_settled(now: Now) -> None:
    """The watcher finds the run of a launch without an answer, and lets go what was never sent."""
    watch = LaunchWatch(
        platforms={"demo": now.service.platform},
        store=now.store,
        clock=now.clock,
        chats={"slack": FakeChat(clock=now.clock)},
    )
    for _ in range(40):
        now.clock.pass_time(5)
        now.service.now = now.clock.now()
        await watch.tick()
    left = {(i.kind, i.state, i.id) for i in await now.store.open_intents()}
    found = await now.store.intent(LOST)

    assert found is not None
    assert (found.state, found.run_id) == (IntentState.ACCEPTED, run_id(0xF007, "64-0"))
    assert left == {
        (IntentKind.LAUNCH, IntentState.UNKNOWN, an_id(0)),
        (IntentKind.DEBUG, IntentState.UNKNOWN, an_id(5)),
        (IntentKind.DEBUG, IntentState.UNKNOWN, an_id(11)),
    }
    assert now.service.launches == []


async def test_debug__joins_the_session_of_then(now: Now) -> None:
    """A second person at the same moment is shown the session that is open, not offered another."""
    reply = await now.say(f'debug {run_id(4)} property="{CHANCE}"')

    assert "no second one was opened" in plain(reply.card.text)


async def test_intents__are_read_whole(now: Now) -> None:
    """Every one of them, whatever it was for and wherever it stands."""
    intents = [await now.store.intent(an_id(n)) for n in range(20)]

    assert None not in intents
    assert {(i.kind, i.state) for i in intents if i} == {
        (kind, state)
        for kind in (IntentKind.LAUNCH, IntentKind.DEBUG)
        for state in IntentState
        if state is not ASKED
    }


async def test_buttons__long_ones_are_known(now: Now) -> None:
    """What a token stood for is still there, and means the same."""
    words = await now.store.button("6a49a493ce5ec34dbb5e24c374122786")

    assert isinstance(words, str)
    assert "of “Every order" in plain((await now.say(words)).card.title)


async def test_notices__what_an_operator_was_told(now: Now) -> None:
    """What is not over is not told again, and can be over."""
    (notice,) = await now.store.notices()

    assert (notice.cause, notice.subject) == (Cause.DEAD, MAIN)
    assert await now.store.close_notice(Cause.DEAD, MAIN, None, now.clock.now())


async def test_replicas__that_ran_then_hold_up_nobody(now: Now) -> None:
    """The program that worked then is in no list and has no lease, whether it ended well or not."""
    assert await now.store.replicas() == ()
    assert await now.store.leases() == ()
