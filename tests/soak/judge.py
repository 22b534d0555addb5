"""Reads what the servers stored, and says what was lost, doubled, out of order, answered twice or launched twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from adapters.chat.discord.history import GAP, mark
from adapters.simulator.antithesis.run import SimRun
from adapters.simulator.common.misbehave import Json
from adapters.store.store import open_store
from adapters.store.tables import inbox, outbox
from bot.state import DeliveryState, Intent, IntentState
from tests.fakes.slack_world import BOT_USER, MAIN, TEAM
from tests.soak.world import World

WANTED = "soak-"  # begins the sources of launches that people ask for
UNDECIDED = frozenset({IntentState.CONFIRMED, IntentState.POSTING})
OVER = frozenset({DeliveryState.SENT, DeliveryState.FOLDED, DeliveryState.DEAD, DeliveryState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A message of ours as a server keeps it. `mark`: what tells it from others; `reply_to`: the message that it answers."""

    channel: str
    thread: str | None
    id: str
    mark: str
    words: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the outbox."""

    key: str
    channel: str
    mark: str
    state: str
    after: str | None
    message_id: str | None


@dataclass(kw_only=True)
class Verdict:
    """What is wrong; all empty where nothing is."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misplaced: list[str] = field(
        default_factory=list
    )  # out of order, or not in the thread of what they correct
    unanswered: list[str] = field(default_factory=list)
    answered_twice: list[str] = field(default_factory=list)
    launched_twice: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)  # launches of which the record says something else
    violations: list[str] = field(default_factory=list)
    told: int = 0

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What is not empty, by name."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in found.items() if isinstance(value, list) and value}


def stored(world: World) -> list[Stored]:
    """Return all messages of ours that others see, in each channel in the order in which they became visible."""
    return [*_in_slack(world), *_in_discord(world)]


def _in_slack(world: World) -> Iterator[Stored]:
    for message in world.slack.world.messages:
        if message.user == BOT_USER and message.only_for is None:
            key = (message.metadata or {}).get("event_payload", {}).get("k", "")
            channel = f"slack:channel:{TEAM}:{message.channel}"
            words = "\n".join([message.words, *(str(before) for before in message.history)])
            yield Stored(channel=channel, thread=message.thread_ts, id=message.ts, mark=key, words=words)


def _in_discord(world: World) -> Iterator[Stored]:
    backend, guild = world.discord.backend, world.discord.guild
    for place in list(backend.messages):
        own = backend.channels.get(place)
        parent = own.parent_id if own is not None and own.is_thread else None
        for message in world.discord.ours(place):
            if message.flags & 64:  # one person alone sees it
                continue
            footers = [(embed.get("footer") or {}).get("text") or "" for embed in message.embeds]
            yield Stored(
                channel=f"discord:channel:{guild}:{parent or place}",
                thread=str(place) if parent else None,
                id=str(message.id),
                mark=next((f.split(GAP)[-1] for f in footers if f.split(GAP)[-1].startswith("n:")), ""),
                words=world.discord.words(message),
                reply_to=_reference(message),
            )


def _reference(message: Any) -> str | None:
    told = message.reference or {}
    return str(told["message_id"]) if told.get("message_id") else None


async def rows(url: str) -> list[Row]:
    """Return the outbox, in the order in which it was recorded."""
    async with open_store(url) as store:
        await store.check()
        async with store._db.reading() as connection:
            found = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
    return [
        Row(
            key=row.key, channel=row.channel, mark=marked(row.channel, row.provider_key), state=row.state,
            after=row.after_key, message_id=row.message_id,
        )
        for row in found
    ]  # fmt: skip


async def unanswered(url: str) -> int:
    """Return how many commands were accepted and not answered yet."""
    async with open_store(url) as store, store._db.reading() as connection:
        return len((await connection.execute(select(inbox.c.id).where(~inbox.c.finished))).all())


async def accepted(url: str) -> frozenset[str]:
    """Return the ids of all commands that were accepted."""
    async with open_store(url) as store, store._db.reading() as connection:
        return frozenset((await connection.execute(select(inbox.c.dedupe_id))).scalars())


def marked(channel: str, provider_key: str) -> str:
    """Return what a message shows of its key in a chat."""
    return mark(provider_key) if channel.startswith("discord:") else provider_key


def judge(there: Iterable[Stored], recorded: list[Row], expected: Iterable[tuple[str, str]]) -> Verdict:
    """Judge announcements; `expected`: those that there have to be, as (channel, business key)."""
    messages = list(there)
    by_key = {row.key: row for row in recorded}
    marks = {(message.channel, message.mark) for message in messages}
    verdict = Verdict()
    for channel, key in expected:
        row = by_key.get(key)
        if row is None:
            verdict.lost.append(f"{key}: never recorded")
        elif row.state != DeliveryState.FOLDED and (channel, row.mark) not in marks:
            verdict.lost.append(f"{key}: {row.state}")
        else:
            verdict.told += 1
    for row in recorded:  # whatever was recorded is told, also what nobody asked of it, such as summaries
        if row.state == DeliveryState.SENT and (row.channel, row.mark) not in marks:
            verdict.lost.append(f"{row.key}: said to be sent")
    counted = Counter((message.channel, message.mark) for message in messages if message.mark)
    verdict.doubled = [f"{mark} in {channel}, {n} times" for (channel, mark), n in counted.items() if n > 1]
    verdict.misplaced = [*_disordered(messages, recorded), *_astray(messages, recorded, by_key)]
    return verdict


def _disordered(messages: list[Stored], recorded: list[Row]) -> Iterator[str]:
    """Find channels and threads whose messages stand in another order than they were recorded in."""
    order = {(row.channel, row.mark): number for number, row in enumerate(recorded)}
    lanes: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for message in messages:
        if (number := order.get((message.channel, message.mark))) is not None:
            lanes[message.channel, message.thread or message.reply_to].append(number)
    for (channel, thread), numbers in lanes.items():
        if numbers != sorted(numbers):
            late = next(b for a, b in pairwise(numbers) if b < a)
            yield f"{recorded[late].key} came too late in {channel}, thread {thread}"


def _astray(messages: list[Stored], recorded: list[Row], by_key: dict[str, Row]) -> Iterator[str]:
    """Find corrections that do not stand below what they correct."""
    where = {(message.channel, message.mark): message for message in messages}
    for row in recorded:
        parent = by_key.get(row.after or "")
        reply, begun = (where.get((r.channel, r.mark)) if r else None for r in (row, parent))
        if reply is None or begun is None:
            continue
        # Where a thread cannot be opened, Discord shows a reply in the channel.
        if reply.thread != (begun.thread or begun.id) and reply.reply_to != begun.id:
            yield f"{row.key} stands in thread {reply.thread}, not below {begun.id}"


def answers(there: Iterable[Stored], channel: str, words: str) -> list[str]:
    """Return the messages in a channel and its threads that say something, by their ids."""
    return [message.id for message in there if message.channel == channel and words in message.words]


def source(run: SimRun) -> str:
    """Return the source that a run was started with; a launch that people ask for names one of its own."""
    return str((run.parameters or {}).get("antithesis.source"))


def launches(world: World) -> Counter[str]:
    """Return how many runs there are of each source."""
    return Counter(map(source, world.tenant.world.runs.by_id.values()))


async def asked_for(url: str) -> tuple[Intent, ...]:
    """Return all launches on record, however they stand."""
    async with open_store(url) as store:
        return await store._oldest_first(tuple(IntentState))


def unsettled(world: World, asked: Iterable[Intent]) -> list[str]:
    """Return runs that people started and no launch on record names, and launches that may still be sent as far as it knows.

    A draft that nobody confirms may stay: who was killed before it showed one left it to another, who made one more.
    """
    launches = list(asked)
    named = {intent.run_id for intent in launches}
    runs = world.tenant.world.runs.by_id.items()
    started = [run_id for run_id, run in runs if source(run).startswith(WANTED)]
    return [
        *(f"run {run_id} is nobody's" for run_id in started if run_id not in named),
        *(f"{intent.id} is {intent.state}" for intent in launches if intent.state in UNDECIDED),
    ]


MAIN_CHANNEL = f"slack:channel:{TEAM}:{MAIN}"


def violations(world: World) -> list[str]:
    """Return what the servers found wrong with requests."""
    seen: list[Json | str] = [
        *world.slack.world.violations, *world.discord.violations, *world.discord.gate.violations,
        *world.tenant.violations(),
    ]  # fmt: skip
    return [str(violation) for violation in seen]
