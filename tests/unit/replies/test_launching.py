"""Cards of launches, where the verbs' tests do not come by."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.cards import Progress, plain
from bot.model import LaunchRequest, RunStatus
from bot.replies import confirming, launching
from bot.replies.outlook import Outlook
from bot.state import Intent, IntentState
from bot.terms import PLAIN
from tests.fakes.runs import EPOCH, a_run

REQUEST = LaunchRequest(launcher="basic_test", key="a" * 32)


def an_intent(state: IntentState, **changes: object) -> Intent:
    """Return the intent of a launch without a duration of its own."""
    values: dict[str, object] = {
        "id": REQUEST.key,
        "connection": "demo",
        "actor": "fake:user:ANN",
        "channel": "fake:channel:C1",
        "thread": None,
        "request": REQUEST,
        "subject": REQUEST.launcher,
        "state": state,
        "created_at": EPOCH,
        **changes,
    }
    return Intent(**values)  # type: ignore[arg-type]  # the caller's fields


def test_confirmation__without_a_duration() -> None:
    """A launch that leaves the duration to its launcher says so."""
    cost = launching.test_time(None)
    reply = launching.confirmation(an_intent(IntentState.DRAFT), REQUEST, (), PLAIN, cost=cost, alone=True)

    assert "for the launcher's own duration?" in plain(reply.card.text)


@pytest.mark.parametrize(
    ("minutes", "status", "started", "expected"),
    [
        (None, RunStatus.IN_PROGRESS, 0, Progress(fraction=None, text="in progress")),
        (None, RunStatus.STARTING, None, Progress(fraction=None, text="being set up")),
        ("30", RunStatus.IN_PROGRESS, 29, Progress(fraction=29 / 30, text="29 min of 30 min")),
        ("30", RunStatus.IN_PROGRESS, 30, Progress(fraction=1.0, text=launching.FINISHING)),
        ("30", RunStatus.IN_PROGRESS, 900, Progress(fraction=1.0, text=launching.FINISHING)),
        ("30", RunStatus.UNKNOWN, -5, Progress(fraction=0.0, text="0 s of 30 min")),
    ],
)
def test_progress__elapsed_against_requested(
    minutes: str | None, status: RunStatus, started: int | None, expected: Progress
) -> None:
    """Elapsed against requested, capped; words alone where nothing was requested."""
    now = EPOCH + timedelta(hours=30)
    at = None if started is None else now - timedelta(minutes=started)
    run = a_run(1, status=status, started_at=at, requested_minutes=float(minutes) if minutes else None)
    card = launching.progress(an_intent(IntentState.ACCEPTED), run, Outlook(cost="x"), now)

    assert expected == card.progress


def test_progress__a_status_that_nobody_knows_stays_text_from_outside() -> None:
    """What a platform calls its status is quoted in the card, never said in our own words."""
    run = a_run(1, status=RunStatus.UNKNOWN, status_text="*boom*", started_at=None, created_at=None)

    card = launching.progress(an_intent(IntentState.ACCEPTED), run, Outlook(cost="x"), EPOCH)

    own = [span for span in (*card.title, *card.text) if isinstance(span, str)]
    assert "*boom*" in plain(card.title)
    assert Progress(fraction=None, text="unknown") == card.progress
    assert "*boom*" not in "".join(own)


def test_sent__without_a_time_of_sending() -> None:
    """A card that does not know when it was sent leaves that out."""
    intent = an_intent(IntentState.POSTING)
    card = launching.sent(intent, Outlook(cost="x"))
    late = launching.appeared(intent, a_run(1), now=EPOCH)

    assert "The launch of basic_test was sent. Its run" in plain(card.text)
    assert "its run appeared, as" in plain(late.text)


def test_sent__refused_without_a_reason() -> None:
    """A refusal without a word is told all the same."""
    card = launching.sent(an_intent(IntentState.REJECTED), Outlook(cost="x"))

    assert plain(card.text).strip() == "The platform refused to launch basic_test. Nothing was started."
    assert len(card.body) == 1


@pytest.mark.parametrize("state", list(IntentState))
def test_happened__has_a_sentence_for_every_state(state: IntentState) -> None:
    """Whatever became of it, a second press hears a whole sentence, alone."""
    reply = confirming.happened(an_intent(state, run_id="r1"))

    assert reply.private
    assert plain(reply.card.text).strip().endswith(".")


def test_masked__keeps_the_domain() -> None:
    """The owner still knows the address; others learn only where it is."""
    assert launching.masked(" ann@example.com") == "a…@example.com"
