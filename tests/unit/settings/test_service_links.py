"""What Kubernetes puts into the environment beside a service that is named as Clew is not taken for settings."""

from __future__ import annotations

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError

LINKS = (
    "CLEW_SERVICE_HOST", "CLEW_SERVICE_PORT", "CLEW_SERVICE_PORT_HTTP", "CLEW_PORT", "CLEW_PORT_8080_TCP",
    "CLEW_PORT_8080_TCP_PROTO", "CLEW_PORT_8080_TCP_PORT", "CLEW_PORT_8080_TCP_ADDR", "CLEW_METRICS_PORT_53_UDP",
)  # fmt: skip


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("name", LINKS)
def test_load__links_to_services(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clew starts beside them; they are addresses."""
    monkeypatch.setenv(name, "tcp://10.0.0.1:8080")

    assert settings.load().warnings == ()


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("name", ["CLEW_PORTS", "CLEW_LOG_LEVLE", "CLEW_PORT_X", "CLEW_SERVICE"])
def test_load__slips(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else that begins as ours does is still a slip."""
    monkeypatch.setenv(name, "x")

    with pytest.raises(SettingsError, match=f"{name}: Unknown setting"):
        settings.load()
