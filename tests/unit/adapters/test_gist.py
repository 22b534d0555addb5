"""What a shortcut takes of somebody's message."""

from __future__ import annotations

import pytest

from adapters.chat.gist import about, gist
from tests.fakes.runs import MOMENT, a_run

RUN = a_run(1).ref.run_id
OTHER = a_run(2).ref.run_id
SHOWN = f'input_hash: "{MOMENT.input_hash}", vtime: {MOMENT.vtime}'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("good morning, retries=3", ""),
        (f"retries=3 'quoted {RUN}, see {RUN}", RUN),
        (f"{RUN} or {OTHER}?", f"{RUN} {OTHER}"),
        (
            f"look: Moment.from({{ session_id: “{RUN}”, {SHOWN} }}) x=1",
            f'Moment.from({{ session_id: "{RUN}", {SHOWN} }})',
        ),
        (f"{RUN} at {MOMENT.input_hash} {MOMENT.vtime}", f"{RUN} Moment.from({{ {SHOWN} }})"),
        (
            "https://demo.antithesis.com/report/abc?auth=v2.public.X has retries=3",
            "https://demo.antithesis.com/report/abc?auth=v2.public.X",
        ),
        ("Moment.from({ vtime: 1 }) x=1", "Moment.from({ vtime: 1 }) x=1"),
    ],
)
def test_gist__is_what_a_message_names(text: str, named: str) -> None:
    """Moment, link or ids, without the words beside them; what cannot be read stays for the core to refuse."""
    assert named == gist(text)


@pytest.mark.parametrize(
    ("verb", "text", "asked"),
    [
        ("find", "good 'morning x=1", ("find", {"message": "good 'morning x=1"})),
        ("debug", "good 'morning x=1", ("debug", {})),
        ("find", f"see {RUN}", (f"find {RUN}", {})),
    ],
)
def test_about__asks_of_the_thread_or_says_what_is_missing(
    verb: str, text: str, asked: tuple[str, dict[str, str]]
) -> None:
    """A message that names nothing is no command: the thread may say what is meant, or find says what is missing."""
    assert asked == about(verb, text)
