"""Moments written as text come back digit by digit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import moments
from bot.model import Moment
from bot.parsed import Pasted
from bot.replies.pasting import copyable

RUN = "9043254f65c9c65d63fe043a0abfc7fc-53-1"
HASHES = st.integers(-(2**63), 2**63 - 1).map(str)
VTIMES = st.floats(0, 2_097_152).map(repr) | st.integers(0, 10**15).map(str) | st.just("1e5")
MOMENTS = st.builds(Moment, HASHES, VTIMES)


def test_show__writes_the_copy_buttons_form() -> None:
    """The text is what the triage report copies, with the run id in front."""
    text = copyable(Moment("-9067336385060865277", "45.334635781589895"), run_id=RUN)

    assert text == (
        f'Moment.from({{ run_id: "{RUN}", input_hash: "-9067336385060865277", vtime: 45.334635781589895 }})'
    )


@settings(max_examples=60)
@given(MOMENTS, st.sampled_from([(None, None), (RUN, None), (None, RUN), (RUN, RUN)]))
def test_show__reads_back_exactly(moment: Moment, ids: tuple[str | None, str | None]) -> None:
    """Every moment survives writing and reading, ids included."""
    found = moments.find(copyable(moment, run_id=ids[0], session_id=ids[1]))

    assert found is not None
    assert (moment, *ids) == (found.moment, found.run_id, found.session_id)


@settings(max_examples=60)
@given(MOMENTS)
@pytest.mark.parametrize("pattern", ["end moment: {0.input_hash} {0.vtime}", "moment={0.text}"])
def test_words__read_back_exactly(pattern: str, moment: Moment) -> None:
    """The short forms of buttons and of named pairs survive as well."""
    found = moments.find(pattern.format(moment))

    assert found is not None
    assert Pasted(moment=moment, warning=found.warning) == found
