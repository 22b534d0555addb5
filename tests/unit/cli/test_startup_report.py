from __future__ import annotations

from adapters.cli.startup_report import startup_report
from adapters.platforms.antithesis.settings import Tenant
from adapters.settings import Settings
from adapters.tables import Hooks, Web
from bot.model import Secret

PROD = Tenant(name="prod", base_url="https://acme.antithesis.com", api_key=Secret("canary"))


def test_startup_report__least() -> None:
    """What is off says why, what is on says where, and what was not tried yet is only configured."""
    found = list(
        startup_report(Settings(connections=(PROD,)), frozenset({"terminal"}), "http://127.0.0.1:8080")
    )

    assert found == [
        "configured  platform prod      https://acme.antithesis.com",
        "off         slack              SLACK_BOT_TOKEN is not set",
        "off         discord            DISCORD_TOKEN is not set",
        "on          terminal",
        "on          health             http://127.0.0.1:8080/healthz, /readyz, /metrics",
        "off         page               page = true under [web] switches it on",
        "on          changes            no roles are configured yet, so in chats members may only read; add [roles] to clew.toml",
        "Polling for runs every 60 s.",
    ]


def test_startup_report__all() -> None:
    """With everything set each line says so, and no secret stands in any."""
    settings = Settings(
        connections=(PROD,), roles={"launch": frozenset({"slack:user:T1:U1"})}, read_only=True
    )

    found = "\n".join(startup_report(settings, frozenset({"slack", "discord"}), None))

    assert "off         terminal           --terminal switches it on" in found
    assert "off         health             127.0.0.1:8080 cannot be used yet" in found
    assert "off         changes            Clew is read-only" in found
    assert "configured  slack\nconfigured  discord\n" in found
    assert "canary" not in found


def test_startup_report__roles() -> None:
    """Roles that are set are no longer asked for."""
    settings = Settings(connections=(PROD,), roles={"read": frozenset({"slack:team:T1"})})

    assert "on          changes            roles are set" in list(startup_report(settings, frozenset(), None))


def test_startup_report__health_switched_off() -> None:
    """Health that is not wanted is not called unusable."""
    settings = Settings(connections=(PROD,), web=Web(listen=None))

    assert "off         health             switched off" in list(startup_report(settings, frozenset(), None))


def test_startup_report__page() -> None:
    """Where the page is and who may read it; it is not called on before its address is free."""
    settings = Settings(
        connections=(PROD,), web=Web(page=True, url="https://clew.example.com"), page_token=Secret("t" * 24)
    )
    where = "https://clew.example.com/operator, for whoever has CLEW_PAGE_TOKEN"

    assert f"on          page               {where}" in list(
        startup_report(settings, frozenset(), "http://127.0.0.1:8080")
    )
    assert f"off         page               {where}" in list(startup_report(settings, frozenset(), None))


def test_startup_report__traces() -> None:
    """Where traces go is said, not what opens it; nothing where nobody wants any."""
    settings = Settings(
        connections=(PROD,), collector="http://collector:4318", collector_headers=Secret("canary")
    )
    found = list(startup_report(settings, frozenset(), None))

    assert "configured  traces             http://collector:4318" in found
    assert "canary" not in "\n".join(found)


def test_startup_report__webhooks() -> None:
    """Where webhooks are received is said, or that it is not possible yet; nothing where nobody wants any."""
    settings, url = (
        Settings(connections=(PROD,), hooks=Hooks(listen=("127.0.0.1", 81))),
        "http://127.0.0.1:81",
    )

    on = f"on          webhooks           {url}/hooks/CONNECTION"
    assert on in list(startup_report(settings, frozenset(), None, url))
    off = "off         webhooks           127.0.0.1:81 cannot be used yet"
    assert off in list(startup_report(settings, frozenset(), None))
    assert "webhooks" not in "\n".join(startup_report(Settings(connections=(PROD,)), frozenset(), None))
