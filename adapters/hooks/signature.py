"""Whether a delivery was signed with a secret, whatever the header is called that says so.

No platform documents the name of its header or how it writes the signature. But nobody can make an HMAC without the
secret, so any header that holds the right one proves it.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable

from bot.model import Secret

PREFIX = "sha256="


def is_signed(secret: Secret, body: bytes, values: Iterable[str]) -> bool:
    """Whether any header's value is the HMAC-SHA256 of the raw body, in hexadecimal or base64, after `sha256=` or not.

    Every value is compared, each in constant time.
    """
    digest = hmac.digest(secret.reveal().encode(), body, "sha256")
    hexadecimal, base64 = digest.hex().encode(), b64encode(digest)
    found = False
    for value in values:
        given = value.removeprefix(PREFIX).encode(errors="surrogateescape")
        found |= hmac.compare_digest(given.lower(), hexadecimal) | hmac.compare_digest(given, base64)
    return found
