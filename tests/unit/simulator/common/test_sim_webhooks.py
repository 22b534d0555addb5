"""Deliveries over real HTTP: each form of signature, and each way to spoil one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import pytest

from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.webhooks import Attempt, Webhooks, signature
from tests.fakes.clock import ManualClock
from tests.fakes.receiver import Receiver, receiving

SECRET = "s3cr3t-of-th"
BODY = {"event": "build.finished", "data": {"build_id": 1026, "status": "failed"}}
VECTOR_HEX = "e185f10496e3ba672b293a12efe5dfcceccaa261ea2dff934633094f5c11872a"
VECTOR_BASE64 = "4YXxBJbjumcrKToS7+XfzOzKomHqLf+TRjMJT1wRhyo="


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def builds_of(receiver: Receiver) -> list[int]:
    return [body["data"]["build_id"] for body in receiver.bodies]


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def webhooks(clock: ManualClock) -> AsyncIterator[Webhooks]:
    webhooks = Webhooks(SimulatedClock(clock, 1.0))
    yield webhooks
    await webhooks.close()


def build(number: int) -> dict[str, object]:
    return {"event": "build.finished", "data": {"build_id": number}}


@pytest.mark.parametrize(
    ("form", "written"),
    [("hex", VECTOR_HEX), ("sha256", "sha256=" + VECTOR_HEX), ("base64", VECTOR_BASE64)],
)
async def test_send__signs_in_each_form(
    webhooks: Webhooks, receiver: Receiver, form: str, written: str
) -> None:
    """The bytes that arrive are the bytes that were signed."""
    webhooks.deliver_as(form=form, header="X-Testhide-Signature")
    attempts: list[Attempt] = []
    webhooks.send(receiver.url, SECRET, BODY, attempts.append)
    await webhooks.settled()

    content, headers = receiver.got[0]

    assert (content, headers["X-Testhide-Signature"]) == (json.dumps(BODY).encode(), written)
    assert [(attempt.delivered, attempt.status, attempt.error) for attempt in attempts] == [(True, 202, "")]


@pytest.mark.parametrize(
    ("changes", "key", "valid"),
    [
        ({}, SECRET, True),
        ({"padding": 1_000_000}, SECRET, True),
        ({"forged": True}, SECRET, False),
        ({"secret": "somebody else's"}, SECRET, False),
        ({"secret": "somebody else's"}, "somebody else's", True),
    ],
)
async def test_send__forged_and_foreign_signatures_do_not_hold(
    webhooks: Webhooks, receiver: Receiver, changes: dict[str, object], key: str, valid: bool
) -> None:
    """What a receiver computes over what it got."""
    webhooks.deliver_as(form="hex", **changes)
    webhooks.send(receiver.url, SECRET, BODY)
    await webhooks.settled()

    content, headers = receiver.got[0]
    expected = hmac.new(key.encode(), content, hashlib.sha256).hexdigest()

    assert valid == (expected == headers["X-Hub-Signature-256"])
    assert json.loads(content) == BODY
    assert len(content) >= changes.get("padding", 0)  # type: ignore[operator]


async def test_send__without_a_secret_there_is_no_signature(webhooks: Webhooks, receiver: Receiver) -> None:
    """Whether none was given, or none is to be sent."""
    webhooks.send(receiver.url, None, BODY)
    webhooks.deliver_as(form="none")
    webhooks.send(receiver.url, SECRET, BODY)
    await webhooks.settled()

    assert [False, False] == ["X-Hub-Signature-256" in headers for _, headers in receiver.got]


@pytest.mark.parametrize(("copies", "builds"), [(0, []), (1, [7]), (2, [7, 7])])
async def test_send__twice_or_not_at_all(
    webhooks: Webhooks, receiver: Receiver, copies: int, builds: list[int]
) -> None:
    """A lost delivery is not an attempt."""
    webhooks.deliver_as(copies=copies)
    webhooks.send(receiver.url, SECRET, build(7))
    await webhooks.settled()

    assert builds_of(receiver) == builds


async def test_send__late(webhooks: Webhooks, receiver: Receiver, clock: ManualClock) -> None:
    """By seconds of the clock; others overtake it."""
    webhooks.deliver_as(delay=30)
    webhooks.send(receiver.url, SECRET, build(1))
    webhooks.deliver_as()
    await webhooks.send_now(receiver.url, SECRET, build(2))
    early = list(builds_of(receiver))

    await clock.advance(30)
    await webhooks.settled()

    assert (early, builds_of(receiver)) == ([2], [2, 1])


async def test_send__held_ones_are_sent_newest_first(webhooks: Webhooks, receiver: Receiver) -> None:
    """Order is not to be relied on."""
    webhooks.deliver_as(held=True)
    webhooks.send(receiver.url, SECRET, build(1))
    webhooks.send(receiver.url, SECRET, build(2))
    await webhooks.settled()
    before = list(builds_of(receiver))

    released = webhooks.release()
    await webhooks.settled()

    assert (before, released, builds_of(receiver)) == ([], 2, [2, 1])


async def test_send_now__says_what_became_of_it(webhooks: Webhooks, receiver: Receiver) -> None:
    """A refusal has a status; where nobody listens there is none."""
    receiver.status = 401
    refused = await webhooks.send_now(receiver.url, SECRET, BODY)
    unheard = await webhooks.send_now("http://127.0.0.1:9/hooks/qa", SECRET, BODY)

    assert (refused.delivered, refused.status, refused.error) == (False, 401, "HTTP 401")
    assert (unheard.delivered, unheard.status, unheard.error != "") == (False, None, True)


def test_deliver_as__an_unknown_form() -> None:
    """The sentence names those that there are."""
    with pytest.raises(ValueError, match="hex, sha256, base64, none"):
        Webhooks(SimulatedClock(ManualClock(), 1.0)).deliver_as(form="md5")


def test_signature__base64_is_of_the_bytes() -> None:
    """Not of the hexadecimal text."""
    assert base64.b64decode(signature(SECRET, b"x", "base64")).hex() == signature(SECRET, b"x", "hex")
