"""What came of every check of a run, packed into some bytes, since a year of runs has tens of millions of results; pure.

The numbers of the checks in ascending order, each as its distance from the one before (four bytes, the smallest
first), then a letter for each; all of it compressed. Most runs of a launcher have the same checks, most of which
pass: of 1,500 there remain some dozens of bytes.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate

from bot.state import Came

_SIZE = 5  # bytes for each check


def packed(came: Mapping[int, Came]) -> bytes:
    """Pack what came of checks by their numbers."""
    numbers = sorted(came)
    distances = (number - before for before, number in zip((0, *numbers), numbers, strict=False))
    letters = "".join(came[number] for number in numbers).encode()
    return zlib.compress(struct.pack(f"<{len(numbers)}I", *distances) + letters)


def of_check(blob: bytes | None, number: int) -> Came | None:
    """Return what came of one check; None where the run does not name it, or nothing is known."""
    if blob is None:
        return None
    content = zlib.decompress(blob)
    count = len(content) // _SIZE
    numbers = list(accumulate(struct.unpack_from(f"<{count}I", content)))
    place = bisect_left(numbers, number)
    if place == count or numbers[place] != number:
        return None
    return Came(chr(content[count * 4 + place]))
