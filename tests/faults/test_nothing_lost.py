"""Replicas of `clew run` on real databases, killed, frozen and cut off from hostile servers: nothing is lost or doubled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.postgresql import Server
from tests.soak.delivery import SHORT, Base, Scale, lite, own_server, prove
from tests.soak.line import frozen_on_the_line
from tests.soak.mutants import RANDOM_NONCE

FEW = Scale(runs=24, rounds=8, questions=8, launches=3)
LONG = replace(
    FEW, runs=96, rounds=32
)  # ends as soon as it is found, and a slow machine has fewer accidents in one round
WRONG = ("mark before send", "resend without look-up", "look-up without settling")


async def test_replicas__lose_and_double_nothing(tmp_path: Path, postgresql_server: Server) -> None:
    """Three of them on PostgreSQL: 200 announcements, with answers and launches, through thirty kills and what else goes wrong."""
    async with own_server(tmp_path) as base:
        proof = await prove(SHORT, tmp_path, base)

    assert proof.problems == {}
    assert proof.verdict.told >= 200
    assert proof.kills >= 25


async def test_one_process__loses_and_doubles_nothing(tmp_path: Path) -> None:
    """On SQLite, where each process goes on with what the one before it left."""
    async with lite(tmp_path) as base:
        proof = await prove(FEW, tmp_path, base)

    assert proof.problems == {}
    assert proof.verdict.told >= 48


@pytest.mark.parametrize("wrong", WRONG)
async def test_wrong_design__is_found(tmp_path: Path, wrong: str) -> None:
    """A design that loses or doubles does not pass: else the proof would say nothing."""
    async with lite(tmp_path) as base:
        proof = await prove(LONG, tmp_path, base, wrong=[wrong], until_wrong=True)

    assert {"lost", "doubled"} & proof.verdict.wrong.keys()


@pytest.mark.parametrize(("wrong", "stored"), [((), 1), ((RANDOM_NONCE,), 2)])
async def test_freeze__on_the_line_before_a_request(
    tmp_path: Path, postgresql: str, wrong: tuple[str, ...], stored: int
) -> None:
    """Who wakes when another has sent the message sends it once more, which Discord knows by its nonce, and only by that."""
    base = Base(url=postgresql, direct=postgresql)

    assert await frozen_on_the_line(tmp_path, base, wrong) == stored
