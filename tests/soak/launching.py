"""No launch is sent twice, though the answer to each is lost: what became of it is looked up, also by who comes after a kill.

    python -m tests.soak launching [--short]

The replicas, the servers and all that goes wrong are those of `delivery`; but nothing is announced.
"""

from __future__ import annotations

from tests.soak.delivery import Scale, proven

SHORT = Scale(runs=0, rounds=50, replicas=3, launches=100, lost=1.0)
LONG = Scale(runs=0, rounds=5_000, replicas=3, launches=10_000, lost=1.0)


async def main(*, short: bool) -> int:
    """Prove it; return the exit code."""
    return await proven(SHORT if short else LONG)
