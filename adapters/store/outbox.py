"""Messages to deliver: recorded once, claimed by one, closed by what the chat answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    Update,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import decode, decode_context, encode, encode_context, from_row, to_row
from adapters.store.conversations import write_context
from adapters.store.database import ROWS, Database, Insert
from adapters.store.part import Part, whole
from adapters.store.tables import outbox, rate_limits, repeats
from adapters.store.text import chat_of, clean, clip, provider_key
from bot.errors import StoreError
from bot.model import RunRef
from bot.state import Delivery, DeliveryState, Ending, MessageRef, NewDelivery, OutboxDepth

HELD, PENDING, SENDING = (
    DeliveryState.HELD,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
)
SENT = DeliveryState.SENT
UNKNOWN, DEAD, FOLDED = DeliveryState.UNKNOWN, DeliveryState.DEAD, DeliveryState.FOLDED
DROPPED = DeliveryState.DROPPED
AT_ONCE = 10  # rows of which others may have locked all but one
RACES = 10  # how often a claim may lose its thread to another process before it gives way


class SqlOutbox(Part):
    """Fills `bot.ports.Outbox`."""

    @whole
    async def enqueue(self, delivery: NewDelivery, now: datetime) -> bool:
        """Add a delivery; False where its key is there already."""
        async with self._db.writing() as connection:
            return await insert_deliveries(self._db, connection, (delivery,), now) == 1

    @whole
    async def claim(
        self,
        chats: frozenset[str],
        now: datetime,
        *,
        due_by: datetime | None = None,
        busy: frozenset[str] = frozenset(),
    ) -> Delivery | None:
        """Take the oldest due pending row of these chats: `sending`, attempt counted, committed on return."""
        unconfirmed_at = now + timedelta(seconds=self._unconfirmed_after)
        values = {
            "chats": sorted(chats),
            "now": now,
            "due_by": due_by or now,
            "unconfirmed_at": unconfirmed_at,
            "busy": sorted(busy),
        }
        for _ in range(RACES):
            try:
                async with self._db.writing() as connection:
                    row = (await connection.execute(claim_statement(), values)).first()
                    repeat = row is not None and await _is_repeat(connection, row.key)
            except StoreError as error:
                # Another process took a row of the same thread in this instant; look again.
                if not isinstance(error.__cause__, IntegrityError):
                    raise
            else:
                return None if row is None else read_delivery(row, repeat=repeat)
        return None

    @whole
    async def bound_waits(self, chats: frozenset[str], latest: datetime) -> None:
        """Let no row and no channel of these chats wait beyond then."""
        rows = update(outbox).where(
            outbox.c.state == PENDING, outbox.c.chat.in_(sorted(chats)), outbox.c.next_at > latest
        )
        ours = or_(*(rate_limits.c.channel.startswith(f"{chat}:", autoescape=True) for chat in sorted(chats)))
        async with self._db.writing() as connection:
            await connection.execute(rows.values(next_at=latest))
            await connection.execute(
                update(rate_limits).where(rate_limits.c.until > latest, ours).values(until=latest)
            )

    async def unconfirmed(self, chats: frozenset[str], now: datetime) -> tuple[Delivery, ...]:
        """Return rows in `sending` whose `next_at` has come, oldest first."""
        statement = (
            select(outbox)
            .where(outbox.c.state == SENDING, outbox.c.next_at <= now, outbox.c.chat.in_(sorted(chats)))
            .order_by(outbox.c.id)
        )
        async with self._db.reading() as connection:
            rows = (await connection.execute(statement)).all()
            return tuple([read_delivery(row, repeat=await _is_repeat(connection, row.key)) for row in rows])

    @whole
    async def mark_sent(
        self,
        delivery: Delivery,
        message: MessageRef,
        now: datetime,
        *,
        channel_waits: datetime | None = None,
    ) -> None:
        """Mark it sent, whoever holds it by now, and remember what its thread speaks of, in one transaction.

        `channel_waits`: claim nothing for its channel before then, from the same instant on.
        """
        values = {"state": SENT, "message_id": message.message_id, "settled_at": now, "error": ""}
        # Not this claim's row only: the message is there, also where a later claim is about to send it again.
        mark = update(outbox).where(outbox.c.id == delivery.id, outbox.c.state != SENT).values(values)
        async with self._db.writing(guarded=False) as connection:
            changed = (await connection.execute(mark)).rowcount
            if channel_waits is not None:
                row = {"channel": delivery.channel, "until": channel_waits}
                await connection.execute(self._longer(), row)
            if changed and delivery.context is not None:
                await write_context(
                    self._db,
                    connection,
                    channel=message.channel,
                    thread=message.message_id,
                    context=delivery.context,
                    now=now,
                )

    async def mark_retry(self, delivery: Delivery, reason: str, due: datetime) -> None:
        """Back to pending, due then: it was certainly not delivered."""
        await self._write(_owned(delivery, SENDING).values(state=PENDING, next_at=due, error=_short(reason)))

    @whole
    async def mark_repeat(self, delivery: Delivery, reason: str, due: datetime) -> None:
        """Back to pending, due then: it may be there, and its next post says so."""
        later = _owned(delivery, SENDING).values(state=PENDING, next_at=due, error=_short(reason))
        async with self._db.writing() as connection:
            if (await connection.execute(later)).rowcount:
                await connection.execute(self._db.add(repeats), {"key": delivery.key})

    async def mark_unconfirmed(self, delivery: Delivery, reason: str, due: datetime) -> None:
        """Leave it in `sending`; look for it from `due` on."""
        await self._write(_owned(delivery, SENDING).values(next_at=due, error=_short(reason)))

    async def mark_dead(self, delivery: Delivery, reason: str, *, unknown: bool = False) -> None:
        """Leave it to an operator; also after `count_fault` put it back to pending."""
        state = UNKNOWN if unknown else DEAD
        await self._write(_owned(delivery, SENDING, PENDING).values(state=state, error=_short(reason)))

    @whole
    async def count_fault(self, delivery: Delivery, reason: str, due: datetime) -> int:
        """Count a failure that is ours, back to pending; return how many there were."""
        values = {"state": PENDING, "next_at": due, "error": _short(reason), "faults": outbox.c.faults + 1}
        async with self._db.writing() as connection:
            await connection.execute(_owned(delivery, SENDING).values(values))
            faults = await connection.scalar(select(outbox.c.faults).where(outbox.c.id == delivery.id))
        return int(faults or 0)

    async def rate_limit_channel(self, channel: str, until: datetime) -> None:
        """Claim nothing for a channel before then; a longer wait that runs already stays."""
        await self._write(self._longer(), {"channel": channel, "until": until})

    def _longer(self) -> Insert:
        """Put a wait of a channel in the place of a shorter one."""
        return self._db.put(rate_limits, where=lambda new: rate_limits.c.until < new.until)

    async def clear_rate_limit(self, channel: str) -> None:
        """Let a channel wait no more."""
        await self._write(delete(rate_limits).where(rate_limits.c.channel == channel))

    async def depth(self) -> OutboxDepth:
        """Return how much waits, and for how long."""
        statement = (
            select(outbox.c.state, func.count().label("rows"), func.min(outbox.c.recorded_at).label("oldest"))
            .where(outbox.c.state != SENT)
            .group_by(outbox.c.state)
        )
        found = {row.state: row for row in await self._rows(statement)}
        waiting = [found[state] for state in (PENDING, SENDING) if state in found]
        return OutboxDepth(
            waiting=sum(row.rows for row in waiting),
            oldest=min((row.oldest for row in waiting), default=None),
            unknown=found[UNKNOWN].rows if UNKNOWN in found else 0,
            dead=found[DEAD].rows if DEAD in found else 0,
        )


async def _is_repeat(connection: AsyncConnection, key: str) -> bool:
    return await connection.scalar(select(repeats.c.key).where(repeats.c.key == key)) is not None


async def insert_deliveries(
    db: Database, connection: AsyncConnection, deliveries: Sequence[NewDelivery], now: datetime
) -> int:
    """Insert those whose keys are absent, inside an open transaction; return how many were new."""
    if not deliveries:
        return 0
    added = (await connection.execute(db.add(outbox), [_new_row(d, now) for d in deliveries])).all()
    if added:
        await db.tell(connection, ROWS)
    return len(added)


@cache  # building it costs as much as running it
def claim_statement() -> Update:
    """Build the one conditional update that takes a row; on PostgreSQL it skips rows others have locked.

    It takes `chats`, `busy`, `now`, `due_by` and `unconfirmed_at`.
    """
    picked = _claimable().scalar_subquery()
    return (
        update(outbox)
        # The state once more: where rows cannot be locked, another process may have taken it since it was picked.
        .where(outbox.c.id == picked, outbox.c.state == PENDING)
        .values(
            state=SENDING,
            # Its parent's message may have been posted after this row was recorded.
            thread=func.coalesce(_thread_of_parent(outbox), outbox.c.thread),
            attempts=outbox.c.attempts + 1,
            attempt_at=bindparam("now"),
            next_at=bindparam("unconfirmed_at"),
        )
        .returning(outbox)
    )


def _claimable() -> Select[tuple[Any]]:
    """Pick the oldest of the first rows that the channels can send; a channel that waits is passed over at once.

    So the work grows with the number of channels, not with the number of rows that wait for one of them.
    """
    channels = _channels()
    waits = select(rate_limits.c.channel).where(
        rate_limits.c.channel == channels.c.channel, rate_limits.c.until > bindparam("due_by")
    )
    firsts = (
        select(_first_of(channels.c.channel).label("id"))
        .where(
            channels.c.channel.is_not(None),
            channels.c.channel.not_in(bindparam("busy", expanding=True)),
            ~waits.exists(),
        )
        .subquery()
    )
    oldest = select(firsts.c.id).where(firsts.c.id.is_not(None)).order_by(firsts.c.id).limit(AT_ONCE)
    due = outbox.alias("due")
    return (
        select(due.c.id)
        .where(due.c.id.in_(oldest))
        .order_by(due.c.id)
        .limit(1)
        .with_for_update(of=due, skip_locked=True)
    )


def _channels() -> CTE:
    """List the channels with pending rows, each found by one step in the index."""
    first = select(func.min(outbox.c.channel).label("channel")).where(outbox.c.state == PENDING)
    channels = first.cte("channels", recursive=True)
    further = outbox.alias("further")
    following = (
        select(func.min(further.c.channel))
        .where(further.c.state == PENDING, further.c.channel > channels.c.channel)
        .scalar_subquery()
    )
    return channels.union_all(select(following).where(channels.c.channel.is_not(None)))


def _first_of(channel: ColumnElement[str]) -> ScalarSelect[Any]:
    """Pick the oldest row of a channel that can be sent now.

    Said as a range and an order over the channel, for which only the index of the lanes serves: with "=" PostgreSQL
    goes through all rows by age where most of them wait for one channel, expecting to meet this one soon.
    """
    row, parent, flying = outbox.alias("row"), outbox.alias("parent"), outbox.alias("flying")
    # It goes where its parent stands; with no parent that was sent, to its own thread or the top level.
    thread = func.coalesce(
        case((parent.c.state == SENT, func.coalesce(parent.c.thread, parent.c.message_id))),
        row.c.thread,
        "",
    )
    in_flight = select(flying.c.id).where(
        flying.c.state == SENDING,
        flying.c.channel == row.c.channel,
        func.coalesce(flying.c.thread, "") == thread,
    )
    return (
        select(row.c.id)
        .select_from(row.outerjoin(parent, parent.c.key == row.c.after_key))
        .where(
            row.c.state == PENDING,
            row.c.channel >= channel,
            row.c.channel <= channel,
            # A row that was never tried is due, whatever the clock said when it was recorded.
            (row.c.attempts == 0) | (row.c.next_at <= bindparam("due_by")),
            row.c.chat.in_(bindparam("chats", expanding=True)),
            parent.c.state.is_(None) | parent.c.state.in_((SENT, UNKNOWN, DEAD, FOLDED, DROPPED)),
            ~in_flight.exists(),
        )
        .order_by(row.c.channel, row.c.id)
        .limit(1)
        .scalar_subquery()
    )


def _thread_of_parent(child: Any) -> ScalarSelect[Any]:
    parent = outbox.alias("sent_parent")
    return (
        select(func.coalesce(parent.c.thread, parent.c.message_id))
        .where(parent.c.key == child.c.after_key, parent.c.state == SENT)
        .scalar_subquery()
    )


def _owned(delivery: Delivery, *states: DeliveryState) -> Update:
    """Update this claim's row only: a later claim has counted another attempt and owns it."""
    return update(outbox).where(
        outbox.c.id == delivery.id, outbox.c.attempts == delivery.attempts, outbox.c.state.in_(states)
    )


def _short(reason: str) -> str:
    return clip(clean(reason))


def _new_row(new: NewDelivery, now: datetime) -> dict[str, Any]:
    return to_row(
        outbox,
        new,
        provider_key=provider_key(new.key),
        chat=chat_of(new.channel),
        after_key=new.after,
        context=encode_context(new.context),
        report_connection=None if new.report is None else new.report.connection,
        report_run_id=None if new.report is None else new.report.run_id,
        ending=None if new.ending is None else encode(new.ending),
        state=PENDING if new.held_until is None else HELD,
        attempts=0,
        next_at=new.held_until or now,
        faults=0,
        error="",
        recorded_at=now,
    )


def read_delivery(row: Row[Any], *, repeat: bool = False) -> Delivery:
    """Read a row of the outbox."""
    report = None if row.report_run_id is None else RunRef(row.report_connection, row.report_run_id)
    return from_row(
        row,
        Delivery,
        context=decode_context(row.context),
        report=report,
        repeat=repeat,
        ending=None if row.ending is None else decode(row.ending, Ending),
    )
