"""The process itself: where it receives webhooks stands on the screen and on /readyz, and no secret stands anywhere."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from tests.walk.hooks.hall import PATIENCE, SECRET, a_body, signed
from tests.walk.terminal.keyboard import at_keyboard

SETTINGS = """
[[connection]]
name = "qa"
kind = "testhide"
base_url = "http://127.0.0.1:9"
api_key = "th_live_canary0000"
webhook_secret = "{secret}"
[web]
listen = "127.0.0.1:{web}"
[hooks]
listen = "127.0.0.1:{hooks}"
"""


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


def test_run__receives_webhooks(tmp_path: Path) -> None:
    """A signed delivery is taken and a forged one refused; health and webhooks have an address each."""
    web, hooks = free_ports(2)
    (tmp_path / "clew.toml").write_text(SETTINGS.format(secret=SECRET, web=web, hooks=hooks))
    with at_keyboard("run", folder=tmp_path, environment={"CLEW_CONFIG": "clew.toml"}) as person:
        person.sees(f"on +webhooks +http://127.0.0.1:{hooks}/hooks/CONNECTION")
        person.sees("clew>")
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            url = f"http://127.0.0.1:{hooks}"
            taken = client.post(f"{url}/hooks/qa", content=a_body(), headers=signed(a_body()))
            forged = client.post(f"{url}/hooks/qa", content=a_body())
            metrics = client.get(f"{url}/metrics")
            ready = client.get(f"http://127.0.0.1:{web}/readyz").json()
            elsewhere = client.post(
                f"http://127.0.0.1:{web}/hooks/qa", content=a_body(), headers=signed(a_body())
            )
        person.keys(b"\x04")

        assert person.ends() == 0

    statuses = [answer.status_code for answer in (taken, forged, metrics, elsewhere)]
    assert statuses == [202, 401, 404, 404]
    assert ready["webhooks"] == f"http://127.0.0.1:{hooks}/hooks/CONNECTION"
    rows = [file.read_bytes() for file in tmp_path.iterdir() if file.name != "clew.toml"]
    assert [row for row in (*rows, person.screen.encode()) if b"canary" in row] == []
