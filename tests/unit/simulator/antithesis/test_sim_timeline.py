"""What happens in virtual time fits together: assertions, faults, moments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.simulator.antithesis.lines import PAST_THE_END, all_events, build_lines, log_lines
from adapters.simulator.antithesis.meta import META_NAMES
from adapters.simulator.antithesis.search import matching_events
from adapters.simulator.antithesis.systems import SYSTEMS
from adapters.simulator.antithesis.timeline import Timeline, timeline
from adapters.simulator.common.misbehave import Json
from tests.unit.simulator.antithesis.test_sim_run import a_run

RUN = f"{1:032x}-64-0"
EVERY = [(system.name, system.bugs) for system in SYSTEMS.values()]


def of(system: str = "payments", *failing: str, crashes: bool = False) -> Timeline:
    return timeline(RUN, system, failing, crashes=crashes)


def decoded(line: Timeline, begin: float, vtime: float) -> list[Json]:
    return [json.loads(text) for text in log_lines(line, begin, vtime) if text.strip()]


def open_windows(events: list[Json]) -> set[str]:
    """Return names of the network faults that are open after these events, by the documented bookkeeping."""
    windows: dict[str, float] = {}
    last = 0.0
    for event in events:
        last = float(event["moment"]["vtime"])
        fault = event.get("fault", {})
        if fault.get("name") == "restore" or event.get("info", {}).get("details", {}).get("paused"):
            windows.clear()
        elif fault.get("name") in {"partition", "clog"}:
            windows[fault["name"]] = max(windows.get(fault["name"], 0), last + float(fault["max_duration"]))
    return {name for name, until in windows.items() if until >= last}


@pytest.mark.parametrize(("system", "bugs"), EVERY)
def test_timeline__faults_are_active_when_something_fails(system: str, bugs: tuple[str, ...]) -> None:
    """Each failing assertion stands at its moment, in the middle of a partition and a clog."""
    line = timeline(RUN, system, bugs)

    assert line.failures
    for name, vtime in line.failures.items():
        before = [e for e in decoded(line, vtime - 10, vtime) if float(e["moment"]["vtime"]) <= vtime]
        last: Any = before[-1]
        assert (last["antithesis_assert"]["id"], last["antithesis_assert"]["condition"]) == (name, False)
        assert open_windows(before) == {"partition", "clog"}


@pytest.mark.parametrize(("system", "bugs"), EVERY)
def test_timeline__one_failure_at_a_time(system: str, bugs: tuple[str, ...]) -> None:
    """Only what fails is ever false where it must not be, and it is false in the log as often as said."""
    line = timeline(RUN, system, bugs[:1])
    verdicts = [event["antithesis_assert"] for _, event in all_events(line) if "antithesis_assert" in event]

    false = {
        v["id"] for v in verdicts if v["hit"] and not v["condition"] and v["display_type"] != "Sometimes"
    }

    assert false == set(line.failures) - {b for b in bugs[:1] if b in META_NAMES}
    assert any(not v["hit"] for v in verdicts)


def test_timeline__is_the_same_for_the_same_run() -> None:
    """Cached or not."""
    first = b"".join(log_lines(of(), 0, 0))
    timeline.cache_clear()

    assert b"".join(log_lines(of(), 0, 0)) == first


def test_timeline__crash_comes_after_what_fails() -> None:
    """A run that breaks still shows its failing properties, and ends in the death of a container."""
    line = of("payments", *SYSTEMS["payments"].bugs, crashes=True)
    events = decoded(line, 0, 0)

    assert line.crash == line.end > max(line.failures.values())
    assert (events[-1]["event"], events[-1]["container_exit_code"]) == ("died", 134)
    assert "processes_terminated_with_signal" in {e["source"]["name"] for e in events[-40:]}


def test_timeline__unknown_names_become_assertions() -> None:
    """A test may let anything fail."""
    line = of("payments", "Anything at all")

    assert "Anything at all" in line.failures


def test_timeline__knows_its_hashes() -> None:
    """A hash of another run is no moment of this one."""
    line = of()

    assert line.knows(line.hash_at(200.0))
    assert not line.knows(timeline(RUN[::-1], "payments", ()).hash_at(200.0))


def test_lines__have_every_odd_shape() -> None:
    """Numbers and texts, moments first and last, blank lines, a huge line, every kind of event."""
    line = of("checkout", "Stock below zero")
    raw = list(log_lines(line, 0, 0))
    events = [json.loads(text) for text in raw if text.strip()]

    assert {type(event["moment"]["vtime"]) for event in events} == {float, str}
    assert {next(iter(event)) == "moment" for event in events} == {True, False}
    assert b"\n" in raw
    assert 40_000 < max(map(len, raw)) < 100_000
    kinds = {
        "antithesis_assert",
        "antithesis_guidance",
        "antithesis_sdk",
        "antithesis_setup",
        "fault",
        "info",
    }
    assert kinds | {"event", "output_text", "task_status", "env_setup"} <= {key for e in events for key in e}
    faults = {event["fault"]["name"] for event in events if "fault" in event}
    assert faults == {"partition", "clog", "kill", "pause", "throttle", "skip", "restore"}
    assert {type(e["command_return_code"]) for e in events if "command_return_code" in e} == {int, str}


def test_lines__hold_colours_and_json_in_text() -> None:
    """Text of containers is as messy as it is."""
    texts = [event["output_text"] for _, event in all_events(of("payments")) if "output_text" in event]

    assert any("\x1b[32m" in text for text in texts)
    assert any(text.startswith('{"level"') for text in texts)
    assert any("\u2713" in text for text in texts)


def test_lines__one_line_of_etcd_is_above_a_mebibyte() -> None:
    """Readers need a cap."""
    longest = max(map(len, log_lines(of("etcd"), 59, 61)))

    assert longest > 1024 * 1024


def test_lines__a_later_begin_only_leaves_lines_out() -> None:
    """A window is the end of the whole log, line by line."""
    line = of()
    whole = [text for text in log_lines(line, 0, 200.0) if text.strip()]

    window = [text for text in log_lines(line, 190.0, 200.0) if text.strip()]

    assert window == whole[-len(window) :]
    assert PAST_THE_END == sum(float(json.loads(text)["moment"]["vtime"]) > 200.0 for text in window)


def test_lines__are_in_order() -> None:
    """Chronological by virtual time."""
    vtimes = [vtime for vtime, _ in all_events(of("search"))]

    assert vtimes == sorted(vtimes)


def test_build_lines__hold_a_separator_that_ends_no_line() -> None:
    """U+2028 is a character of a line, not its end."""
    texts = [line["text"] for line in build_lines(a_run(), 2.5)]

    assert any("\u2028" in text for text in texts)
    assert texts[-1] == "Build finished"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stock below ZERO", {"antithesis_assert"}),
        ("reserve", {"antithesis_assert", "output_text"}),
        ("parallel_driver_shop", {"task_status"}),
        ("output_text", set()),
        ("An order is shipped at most once", {"antithesis_assert"}),
        ("Two primaries", set()),
    ],
)
def test_search__looks_where_the_api_looks(text: str, found: set[str]) -> None:
    """Output, hit assertions, their functions, commands; never names of fields, never the catalogue."""
    line = of("checkout", "Stock below zero")
    events = [json.loads(event) for event in matching_events(line, text, 999)]

    kinds = {
        next(k for k in ("antithesis_assert", "output_text", "task_status") if k in event) for event in events
    }

    assert kinds == found
    assert all(event["antithesis_assert"]["hit"] for event in events if "antithesis_assert" in event)
