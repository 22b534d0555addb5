"""Who takes what is free, and who gives up: all is held, evenly, and nothing moves to and fro."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.replicas.spread import Load, to_give, to_take

NAMES = [f"d{n}" for n in range(12)]


def load(holds: str = "", can: str = "abcdef", *, fresh: bool = True) -> Load:
    """Return a load; each letter is a duty."""
    return Load(can=frozenset(can), holds=frozenset(holds), fresh=fresh)


def test_to_take__alone_takes_everything() -> None:
    """Nobody is waited for."""
    assert to_take(load(), [], "abc", ()) == ["a", "b", "c"]


def test_to_take__leaves_it_to_whoever_holds_fewest() -> None:
    """As many as brings it level, and one more: of two that hold as many the first to come takes it."""
    assert to_take(load("ab"), [load("c")], "def", ()) == []
    assert to_take(load("c"), [load("ab")], "def", ()) == ["d", "e"]


def test_to_take__what_only_this_one_can_do() -> None:
    """One that has another connection or chat set up is no rival there, and takes nothing that it cannot do."""
    assert to_take(load("ab"), [load("c", can="cd")], "def", ()) == ["e", "f"]
    assert to_take(load("", can="e"), [load("ab")], "def", ()) == ["e"]


def test_to_take__what_was_left() -> None:
    """What nobody took for a while is taken by whoever sees it: the one that should may be frozen."""
    assert to_take(load("ab"), [load("")], "cd", "d") == ["d"]


def test_to_give__to_one_that_does_less() -> None:
    """Only where that makes it more even, to one that could do it and lives for certain; what stays is kept."""
    assert to_give(load("ab"), [load("c")], ()) is None
    assert to_give(load("abc"), [load("d")], ()) == "a"
    assert to_give(load("abc"), [load("d", fresh=False)], ()) is None
    assert to_give(load("abc"), [load("d", can="cd")], ()) == "c"
    assert to_give(load("abc"), [load("d")], "ab") == "c"
    assert to_give(load("abc"), [load("d")], "abc") is None
    assert to_give(load("abc"), [], ()) is None


@settings(deadline=None)
@given(
    st.lists(st.sets(st.sampled_from(NAMES), min_size=1), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 4)),
    st.permutations(range(5)),
)
def test_spread__settles(able: list[set[str]], holders: dict[str, int], order: list[int]) -> None:
    """From any state: every duty that somebody can do is held after two rounds, and after a few nothing moves any more."""
    here = [number for number in order if number < len(able)]
    holds = [{n for n, by in holders.items() if by == number and n in can} for number, can in enumerate(able)]
    wanted, waited = set[str]().union(*able), set[str]()
    moves: list[int] = []
    for _ in range(30):
        moves.append(0)
        for number in here:
            loads = [
                Load(can=frozenset(can), holds=frozenset(held)) for can, held in zip(able, holds, strict=True)
            ]
            mine, others = loads[number], [each for at, each in enumerate(loads) if at != number]
            free = sorted(wanted - set[str]().union(*holds))
            taken = to_take(mine, others, free, waited)
            holds[number] |= set(taken)
            given_up = to_give(Load(can=mine.can, holds=frozenset(holds[number])), others, ())
            holds[number] -= {given_up}
            moves[-1] += len(taken) + (given_up is not None)
        waited = wanted - set[str]().union(*holds)
        assert len(moves) < 2 or len(waited) <= len(here)  # what is just handed on, one for each

    assert set[str]().union(*holds) == wanted
    assert sum(map(len, holds)) == len(wanted)
    assert moves[-1] == 0
    if all(can == able[0] for can in able):
        assert max(map(len, holds)) - min(map(len, holds)) <= 1
