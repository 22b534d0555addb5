"""A private authority and the certificate of a server on loopback that it signed, good from 2020 to 2120.

Made with `openssl`; the key of the authority was thrown away, that of the server guards nothing.
"""

from __future__ import annotations

import ssl
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "samples" / "tls"
AUTHORITY = _FOLDER / "authority.pem"


def server_context() -> ssl.SSLContext:
    """Return what a server on `localhost` or 127.0.0.1 proves itself with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_FOLDER / "server.pem")
    return context
