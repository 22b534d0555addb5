"""The process itself: where the page is stands on the screen, and it shows what this very program does."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests.walk.hooks.hall import PATIENCE
from tests.walk.hooks.test_process import free_ports
from tests.walk.terminal.keyboard import at_keyboard
from tests.walk.web.hall import TOKEN

SETTINGS = """
[[connection]]
name = "qa"
kind = "testhide"
base_url = "http://127.0.0.1:9"
api_key = "th_live_canary0000"
[web]
listen = "127.0.0.1:{port}"
page = true
"""


def test_run__serves_the_page(tmp_path: Path) -> None:
    """How polls go, what was last checked of the audit trail, and who came: nobody gets in without the token."""
    (port,) = free_ports(1)
    (tmp_path / "clew.toml").write_text(SETTINGS.format(port=port))
    environment = {"CLEW_CONFIG": "clew.toml", "CLEW_PAGE_TOKEN": TOKEN}
    url = f"http://127.0.0.1:{port}/operator"
    with at_keyboard("run", folder=tmp_path, environment=environment) as person:
        person.sees(f"on +page +{url}, for whoever has CLEW_PAGE_TOKEN")
        person.sees("clew>")
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            stranger = client.get(url)
            client.headers["Authorization"] = f"Bearer {TOKEN}"
            overview = shows(client, url, "last poll failed")
            audit = shows(client, f"{url}/audit", "no line was changed or removed")
        person.keys(b"\x04")

        assert person.ends() == 0

    assert stranger.status_code == 401
    assert "http://127.0.0.1:9" in overview
    assert "web:token" in audit
    assert TOKEN not in person.screen


def shows(client: httpx.Client, url: str, what: str) -> str:
    """Load a view until it shows something that the program does at its start."""
    deadline = time.monotonic() + PATIENCE
    while what not in (text := client.get(url).text) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert what in text
    return text
