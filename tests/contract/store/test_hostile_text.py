"""Whatever comes from outside can be written, read and found again, and poisons nothing."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.store.text import clean, provider_key
from bot.cards import Command, Context
from bot.model import LaunchRequest, Moment, RunRef
from bot.ports import Store
from bot.state import BEGINNING, AuditEntry, LiveCard, MessageRef, Subscription
from tests.contract.store.kit import (
    CHATS,
    NOW,
    a_delivery,
    a_run,
    a_step,
    an_intent,
    an_invocation,
    results_of,
)
from tests.fakes.inbox import ME, unfinished

HOSTILE = "\ud800\udfff\0\u2028\x85\r\n'\"\\%{;🧶\u202e"
TEXT = st.text(st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=())), max_size=12)
# One store takes all examples: each brings its own texts, and the checks ask for those only.
BUDGET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@BUDGET
@given(text=TEXT)
async def test_hostile__through_the_outbox(store: Store, text: str) -> None:
    """A delivery is found by its key and keeps its cleaned payload, thread and context."""
    context = Context(run=RunRef(text, text), property_name=text, moment=Moment("1", "2"))
    new = a_delivery(f"k{text}", payload=text, thread=f"t{text}", context=context, report=RunRef(text, text))
    if not await store.enqueue(new, NOW):
        return  # an earlier example cleaned to the same text

    assert not await store.enqueue(new, NOW)

    delivery = await store.claim(CHATS, NOW)
    assert delivery is not None
    await store.mark_retry(delivery, text, NOW)
    again = await store.claim(CHATS, NOW)
    assert again is not None
    await store.mark_sent(again, MessageRef(channel=again.channel, message_id=f"m{text}"), NOW)
    cleaned = Context(
        run=RunRef(clean(text), clean(text)), property_name=clean(text), moment=Moment("1", "2")
    )

    assert (clean(text), cleaned, clean(text)) == (delivery.payload, delivery.context, again.error)
    assert provider_key(f"k{text}") == delivery.provider_key
    assert cleaned == await store.context(again.channel, f"m{text}")


@BUDGET
@given(text=TEXT)
async def test_hostile__through_a_step(store: Store, text: str) -> None:
    """Names of runs, launchers and properties are kept and found."""
    run = a_run(1, ref=RunRef("demo", f"r{text}"), launcher=f"l{text}")
    results = results_of(1, text, ref=run.ref, launcher=run.launcher)
    await store.record(a_step(runs=(run,), results=(results,), results_known=(run.ref,)))
    kept = await store.stored_results(run.ref)

    assert kept is not None
    assert ({clean(text)}, clean(f"l{text}")) == (set(kept.failing), kept.launcher)
    earlier = await store.earlier("demo", run.series, NOW + timedelta(days=1), BEGINNING, 999)
    assert kept.ref in {before.ref for before in earlier}
    assert {clean(f"r{text}")} == set(await store.known("demo", (run.ref.run_id,)))


@BUDGET
@given(text=TEXT)
async def test_hostile__through_everything_else(store: Store, text: str) -> None:
    """Commands, subscriptions, intents, live messages, words and audit lines take any text."""
    await store.accept(text, text, an_invocation(text, values={text: text}), ME)
    found = dict(await unfinished(store, text, NOW))[clean(text)]
    subscription = Subscription(channel=f"c{text}", launcher=text, source=text)
    await store.subscribe(subscription, NOW)
    if await store.intent(f"i{text}") is None:
        await store.draft(an_intent(f"i{text}", request=LaunchRequest(launcher=text, key=text)))
    intent = await store.intent(f"i{text}")
    card = LiveCard(intent_id=text, message=MessageRef(channel=text, message_id=text), shown=text)
    await store.add_live(card)
    await store.end_live(card)
    await store.keep_text(text, text)
    await store.keep_button(f"b{text}", Command(text, {text: text}))
    await store.audit(AuditEntry(at=NOW, actor=text, channel=text, action=text, decision=text, detail=text))

    assert (clean(text), {clean(text): clean(text)}) == (found.text, dict(found.values))
    assert [clean(text)] == [s.launcher for s in await store.subscriptions(f"c{text}")]
    assert await store.unsubscribe(f"c{text}", None, text, text)
    assert intent is not None
    assert LaunchRequest(launcher=clean(text), key=clean(text)) == intent.request
    assert await store.live() == ()
    assert clean(text) == await store.kept_text(text)
    assert Command(clean(text), {clean(text): clean(text)}) == await store.button(f"b{text}")
