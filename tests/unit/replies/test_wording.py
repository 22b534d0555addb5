"""How runs and checks are named: two different ones never read the same."""

from __future__ import annotations

import pytest

from bot.cards import plain
from bot.replies import finding
from bot.replies.wording import check_name, short_id, titled
from bot.terms import PLAIN

LONG = "tests/" + "very_long_folder_name/" * 8 + "test_auth.py::TestLogin::test_session"


@pytest.mark.parametrize(
    ("run_id", "shown"),
    [
        ("9043254f65c9c65d63fe043a0abfc7fc-53-1", "9043254f"),
        ("9043254f65c9c65d63fe043a0abfc7fc", "9043254f"),
        ("1024", "1024"),
        ("exec_def456", "exec_def456"),
        ("exec_9f8e7d6c5b4a", "exec_9…c5b4a"),
        ("65f1c0a2b3d4e5f601234567", "65f1c0…34567"),
        ("run-1", "run-1"),
        ("", ""),
    ],
)
def test_short_id__by_shape(run_id: str, shown: str) -> None:
    """Random digits are told by the first of them, other ids whole or by both ends."""
    assert shown == short_id(run_id)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("exec_def456", "exec_def999"),
        ("exec_def456789abc", "exec_def456789abd"),
        ("65f1c0a2b3d4e5f601234567", "65f1c0a2b3d4e5f601234568"),
        ("1024", "10241"),
    ],
)
def test_short_id__tells_ids_of_unknown_shape_apart(one: str, other: str) -> None:
    """Ids that begin alike, as those of one minute do, are two."""
    assert short_id(one) != short_id(other)


@pytest.mark.parametrize(
    ("name", "title", "place"),
    [
        ("Counter never goes back", "Counter never goes back", ""),
        ("tests/test_auth.py::TestLogin::test_ok", "test_ok", "tests/test_auth.py::TestLogin"),
        ("tests/test_a.py::test_b[std::string-x y]", "test_b[std::string-x y]", "tests/test_a.py"),
        ("tests/a.test.ts::logs in and out", "logs in and out", "tests/a.test.ts"),
        ("raft::tests::elects_one", "elects_one", "raft::tests"),
        ("std::vector bound always holds", "std::vector bound always holds", ""),
        ("[setup] a.py::b", "[setup] a.py::b", ""),
        ("a.py::", "a.py::", ""),
        ("::a", "::a", ""),
        ("", "", ""),
    ],
)
def test_titled__says_the_test_first_and_its_file_below(name: str, title: str, place: str) -> None:
    """What tells tests apart comes first; the name of a property that is no test's id stays whole."""
    assert (title, place) == tuple(
        plain(part) if isinstance(part, tuple) else part.text for part in titled(name)
    )


def test_names__of_two_long_ones_never_read_the_same() -> None:
    """In a sentence and in a list, they differ in a folder, in the test or in its parameters."""
    names = [LONG, f"x{LONG}", LONG.replace("folder_name/v", "folder_nam/v", 1), f"{LONG}_2", f"{LONG}[{'a' * 150}1]",
             f"{LONG}[{'a' * 150}2]"]  # fmt: skip

    assert len({check_name(name) for name in names}) == len(names)
    assert len({titled(name) for name in names}) == len(names)
    assert max(len(check_name(name).text) for name in names) <= 120
    assert len({finding.no_runs_of(name, (), PLAIN).problem for name in names}) == len(names)
    assert len({finding.check_without_moment(name, PLAIN).problem for name in names}) == len(names)
