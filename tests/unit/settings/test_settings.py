from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.problems import SettingsError
from adapters.platforms.antithesis.settings import Tenant
from adapters.settings import Settings, environment_names
from bot.access import Role
from bot.cards import ReportLinks
from bot.model import Secret
from bot.state import MentionRule, Outcome


def problems() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return [str(problem) for problem in caught.value.problems]


def tenants(loaded: Settings) -> list[Tenant]:
    found = [connection for connection in loaded.connections if isinstance(connection, Tenant)]
    assert len(found) == len(loaded.connections)
    return found


def only() -> Tenant:
    (found,) = tenants(settings.load())
    return found


def one_problem() -> str:
    (problem,) = problems()
    return problem


@pytest.mark.usefixtures("complete")
def test_load__least() -> None:
    """A tenant and a key are enough, and everything else has its default."""
    loaded = settings.load()

    connection = tenants(loaded)[0]
    assert (connection.name, connection.address) == ("default", "https://acme.antithesis.com")
    assert connection.api_key == Secret("canary-key")
    assert (loaded.poll_seconds, loaded.read_only, loaded.web.listen) == (60, False, ("127.0.0.1", 8080))
    assert loaded.database_url.reveal() == "sqlite:///clew.db"
    assert (loaded.chats, loaded.warnings) == ({}, ())


def test_load__nothing() -> None:
    """Without a platform the error names the variables and the way that needs none."""
    problem = one_problem()

    assert problem.startswith("No test platform is set up. Set ANTITHESIS_TENANT")
    assert "clew demo" in problem


def test_load__dot_env_file(folder: Path) -> None:
    """`.env` in the working directory counts, and the environment stands over it."""
    (folder / ".env").write_text("ANTITHESIS_TENANT=acme\nANTITHESIS_API_KEY=k\nCLEW_READ_ONLY=true\n")

    assert settings.load().read_only


def test_load__environment_over_dot_env(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment wins over the same one in `.env`."""
    (folder / ".env").write_text("ANTITHESIS_TENANT=acme\nANTITHESIS_API_KEY=k\n")
    monkeypatch.setenv("ANTITHESIS_TENANT", "other")

    assert only().tenant == "other"


def test_load__everything_wrong_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems of the environment and of the file come together, each with its hint and no secret."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme/api")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
    monkeypatch.setenv("CLEW_POLL_SECOND", "30")
    monkeypatch.setenv("CLEW_READ_ONLY", "perhaps")
    monkeypatch.setenv("ANTITHESIS_TENNANT", "acme")
    (folder / "clew.toml").write_text(
        'reprot_links = "post"\n[roles]\nlaunch = ["alice"]\n[[watch]]\nchannel = "#general"\noutcome = ["all"]\n'
    )

    found = problems()

    assert found[:2] == [
        "ANTITHESIS_TENNANT: Unknown setting. Did you mean ANTITHESIS_TENANT?",
        "CLEW_POLL_SECOND: Unknown setting. Did you mean CLEW_POLL_SECONDS?",
    ]
    assert any(p.startswith("ANTITHESIS_TENANT: A tenant name has only letters") for p in found)
    assert any(p.startswith("CLEW_READ_ONLY: ") and p.endswith("Give true or false.") for p in found)
    assert "clew.toml, reprot_links: Unknown key. Did you mean “report_links”?" in found
    assert "clew.toml, watch 1, outcome: Unknown key. Did you mean “outcomes”?" in found
    assert any(p.startswith("clew.toml, roles, launch 1: This is not the id of a person") for p in found)
    assert any(p.startswith("clew.toml, watch 1, channel: This is not a channel id.") for p in found)
    assert not any("canary" in p for p in found)


@pytest.mark.parametrize("tenant", ["acme/x", "acme.com/x", "https://acme", "acme?x", "-acme", "a_b", "acmé"])
def test_load__tenant_that_leads_elsewhere(tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant that is no host label is refused before it can carry the key to another host."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")
    monkeypatch.setenv("ANTITHESIS_TENANT", tenant)

    assert "Give only the first part of the address" in one_problem()


@pytest.mark.parametrize(
    "tenant",
    [
        "antithesis.com",
        "https://antithesis.com/",
        "acme.evil.com",
        "https://acme.evil.com",
        "a.b.antithesis.com",
        "https://a.b.antithesis.com/",
        "a.b",
        "acme.",
        ".antithesis.com",
        "acme.antithesis.com.antithesis.com",
    ],
)
def test_load__tenant_with_dots(tenant: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only in its own whole address a tenant has dots: any other name with them leads to nobody's host."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")
    monkeypatch.setenv("ANTITHESIS_TENANT", tenant)
    (folder / "clew.toml").write_text(f'[[connection]]\nname = "p"\ntenant = "{tenant}"\napi_key = "k"\n')

    said = (
        "A tenant name has only letters, digits and hyphens, no dot. "
        'Give only the first part of the address: "acme" for https://acme.antithesis.com.'
    )
    assert problems() == [f"ANTITHESIS_TENANT: {said}", f"clew.toml, connection 1, tenant: {said}"]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://acme.antithesis.com/", "https://acme.antithesis.com"),
        ("https://acme.antithesis.com/api/v1", "https://acme.antithesis.com"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://[::1]:8123/", "http://[::1]:8123"),
        ("http://localhost:1", "http://localhost:1"),
    ],
)
def test_load__base_url(given: str, used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address may stand for the tenant; its usual endings are cut."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")
    monkeypatch.setenv("ANTITHESIS_BASE_URL", given)

    assert used == only().address


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://acme.antithesis.com", "Use https."),
        ("ftp://acme", "This is not a web address."),
        ("https://user:pw@acme", "This is not a web address."),
        ("https://acme:99999", "This is not a web address."),
        ("https://[", "This is not a web address."),
        ("acme", "This is not a web address."),
    ],
)
def test_load__base_url_refused(given: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that would send the key in the clear, or is none, is refused."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")
    monkeypatch.setenv("ANTITHESIS_BASE_URL", given)

    assert said in one_problem()


@pytest.mark.usefixtures("complete")
def test_load__tenant_and_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the address of a proxy the tenant says where reports are."""
    monkeypatch.setenv("ANTITHESIS_BASE_URL", "https://proxy.example.com")

    connection = only()

    assert (connection.address, connection.tenant) == ("https://proxy.example.com", "acme")


def test_load__tenant_and_base_url_in_a_table(folder: Path) -> None:
    """The same holds for a connection of the file."""
    (folder / "clew.toml").write_text(
        '[[connection]]\nname = "p"\ntenant = "acme"\nbase_url = "https://proxy.example.com"\napi_key = "k"\n'
    )

    loaded = settings.load()

    (connection,) = tenants(loaded)
    assert (connection.address, connection.tenant) == ("https://proxy.example.com", "acme")
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("address", "warned"),
    [("https://proxy.example.com", 1), ("https://acme.antithesis.com", 0), ("http://127.0.0.1:8123", 0)],
)
def test_load__address_of_nobody_known(address: str, warned: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the tenant beside a proxy's address its report links cannot be checked, and that is said."""
    monkeypatch.setenv("ANTITHESIS_BASE_URL", address)
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")

    warnings = settings.load().warnings

    assert len(warnings) == warned
    assert all(w.startswith("ANTITHESIS_TENANT is not set and the address is not") for w in warnings)


@pytest.mark.parametrize(
    "tenant",
    ["acme", "ACME", "acme.antithesis.com", "https://acme.antithesis.com/", "https://acme.antithesis.com"],
)
def test_load__tenant_as_people_copy_it(tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole address of a tenant says the same as its first part."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")
    monkeypatch.setenv("ANTITHESIS_TENANT", tenant)

    connection = only()

    assert (connection.tenant, connection.address) == ("acme", "https://acme.antithesis.com")


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ANTITHESIS_TENANT", "acme\n", "It ends in white space."),
        ("ANTITHESIS_TENANT", "acme ", "It ends in white space."),
        ("ANTITHESIS_TENANT", "acme\r", "It ends in a carriage return (\\r)."),
        ("ANTITHESIS_BASE_URL", " https://acme.antithesis.com", "It begins in white space."),
        ("CLEW_POLL_SECONDS", "60\r", "It ends in a carriage return (\\r)."),
        ("CLEW_READ_ONLY", "true\r\n", "It ends in a carriage return (\\r)."),
        ("CLEW_LOG_LEVEL", "info ", "It ends in white space."),
        ("CLEW_CONFIG", "clew.toml\r", "It ends in a carriage return (\\r)."),
        ("SLACK_API_URL", "https://slack.example.com/api/ ", "It ends in white space."),
        ("DISCORD_GATEWAY_URL", "wss://x.example.com ", "It ends in white space."),
        ("DISCORD_TOKEN", " ", "It contains only white space."),
    ],
)
def test_load__white_space(
    name: str, value: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody sees on a screen is named."""
    (folder / "clew.toml").touch()
    monkeypatch.setenv(name, value)

    assert said in next(problem for problem in problems() if problem.startswith(f"{name}: "))


@pytest.mark.usefixtures("complete")
def test_load__white_space_around_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Around a secret it is cut off: files end in a line end."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key\r\n")

    assert only().api_key == Secret("canary-key")


def test_load__white_space_around_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a secret's file is named too, and never printed with what moves the cursor."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY_FILE", "/run/secrets/key\r")

    assert one_problem().startswith(
        "ANTITHESIS_API_KEY: ANTITHESIS_API_KEY_FILE begins or ends in white space."
    )


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("level", ["INFO", "Warning", "error"])
def test_load__log_level_in_capitals(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The level may be written as programs print it."""
    monkeypatch.setenv("CLEW_LOG_LEVEL", level)

    assert level.lower() == settings.load().log_level


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("name", ["ANTITHESIS_HTTPS_PROXY", "DISCORD_HTTPS_PROXY"])
@pytest.mark.parametrize("value", ["http://", "proxy", "http://:3128", "socks5://proxy", "http://proxy:x"])
def test_load__proxy_that_is_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy without a host would be no proxy at all."""
    monkeypatch.setenv(name, value)

    assert f"{name}: This is not an HTTP proxy address. Give it like http://proxy" in one_problem()


GIVE_A_PROXY = "Give it like http://proxy.example.com:3128, or remove the line."


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("name", ["ANTITHESIS_HTTPS_PROXY", "DISCORD_HTTPS_PROXY"])
@pytest.mark.parametrize(
    ("value", "said"),
    [("", "It is set but empty."), (" \t", "It contains only white space.")],
)
def test_load__proxy_without_an_address(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that is set to nothing is refused: everything would go around the one that somebody meant."""
    monkeypatch.setenv(name, value)

    assert one_problem() == f"{name}: {said} {GIVE_A_PROXY}"


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("line", ["DISCORD_HTTPS_PROXY=", "DISCORD_HTTPS_PROXY=''", "discord_https_proxy"])
def test_load__proxy_without_an_address_in_dot_env(line: str, folder: Path) -> None:
    """The same holds for `.env`, however nothing is written there."""
    (folder / ".env").write_text(f"{line}\n")

    assert one_problem() == f"DISCORD_HTTPS_PROXY: It is set but empty. {GIVE_A_PROXY}"


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "It is set but empty."), (" ", "It contains only white space.")],
)
def test_load__proxy_without_an_address_in_a_table(value: str, said: str, folder: Path) -> None:
    """The same holds for a connection of the file."""
    (folder / "clew.toml").write_text(
        f'[[connection]]\nname = "p"\ntenant = "acme"\napi_key = "k"\nproxy = "{value}"\n'
    )

    assert one_problem() == f"clew.toml, connection 1, proxy: {said} {GIVE_A_PROXY}"


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(("plain", "in_file"), [("http://proxy:1", ""), ("", "http://proxy:1")])
def test_load__proxy_of_one_place_alone(
    plain: str, in_file: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty in one place means unset there, as for every setting: the address of the other one is used."""
    monkeypatch.setenv("ANTITHESIS_HTTPS_PROXY", plain)
    (folder / ".env").write_text(f"ANTITHESIS_HTTPS_PROXY={in_file}\n")

    assert only().proxy == "http://proxy:1"


@pytest.mark.usefixtures("complete")
def test_load__other_variables_set_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is empty is unset: files for containers pass on variables that nobody has set."""
    for name in environment_names() - {"ANTITHESIS_HTTPS_PROXY", "DISCORD_HTTPS_PROXY"}:
        monkeypatch.setenv(name, os.environ.get(name, ""))

    assert only().proxy is None


BOT, APP, PERSON = "xoxb-1-2-canary", "xapp-1-A-2-canary", "xoxp-1-2-canary"
SIGNING, DISCORD = "0123456789abcdef" * 2, "MTE0MDAwMDAwMDAwMDAwMDAw.GabcdE." + "x" * 38


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", APP, "looks like Slack's app token. Use the one that starts with xoxb-"),
        ("SLACK_BOT_TOKEN", PERSON, "looks like a person's token of Slack."),
        ("SLACK_BOT_TOKEN", SIGNING, "looks like Slack's signing secret"),
        ("SLACK_BOT_TOKEN", DISCORD, "looks like Discord's bot token"),
        ("SLACK_BOT_TOKEN", "canary", "is not Slack's bot token"),
        ("SLACK_APP_TOKEN", BOT, "looks like Slack's bot token. Use the one that starts with xapp-"),
        ("SLACK_APP_TOKEN", SIGNING, "looks like Slack's signing secret"),
        ("SLACK_SIGNING_SECRET", APP, "looks like Slack's app token. Use the Signing Secret"),
        ("SLACK_SIGNING_SECRET", DISCORD, "looks like Discord's bot token"),
        (
            "DISCORD_TOKEN",
            BOT,
            "looks like Slack's bot token. Use the token from the application's Bot page.",
        ),
        ("DISCORD_TOKEN", "a" * 64, "looks like Discord's public key"),
        ("DISCORD_TOKEN", "1104000000000000001", "looks like an id of Discord"),
        ("DISCORD_TOKEN", "aB3_" * 8, "looks like Discord's client secret"),
        ("DISCORD_TOKEN", f"Bot {DISCORD}", "starts with “Bot”"),
        ("ANTITHESIS_API_KEY", BOT, "looks like Slack's bot token"),
        ("ANTITHESIS_API_KEY", "two words", "contains spaces"),
    ],
)
def test_load__secret_in_the_wrong_place(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Swapped tokens are named by their shape, without asking anybody and without printing them."""
    monkeypatch.setenv(name, value)

    found = next(problem for problem in problems() if problem.startswith(f"{name}: "))

    assert said in found
    assert value not in found


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SLACK_APP_TOKEN": APP}, "Slack has an app token, but no bot token."),
        ({"SLACK_SIGNING_SECRET": SIGNING}, "Slack has a signing secret, but no bot token."),
        (
            {"SLACK_APP_TOKEN": APP, "SLACK_SIGNING_SECRET": SIGNING},
            "Slack has an app token and a signing secret, but no bot token.",
        ),
    ],
)
def test_load__slack_without_its_bot_token(
    given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wanted Slack, so that it is off is not passed over in silence."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert one_problem() == f"SLACK_BOT_TOKEN: {said} Set SLACK_BOT_TOKEN too."


@pytest.mark.usefixtures("complete")
def test_load__secrets_in_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right ones pass, also a bot token that is rotated."""
    for name, value in {
        "SLACK_BOT_TOKEN": f"xoxe.{BOT}",
        "SLACK_APP_TOKEN": APP,
        "SLACK_SIGNING_SECRET": SIGNING,
        "DISCORD_TOKEN": DISCORD,
    }.items():
        monkeypatch.setenv(name, value)

    assert settings.load().chats.keys() == {"slack", "discord"}


def test_load__everything_of_file_and_environment_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing or stands twice in the file is said beside a value in it that is wrong."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@db/clew?keepalives=1")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")
    (folder / "clew.toml").write_text(
        'read_only = "perhaps"\n'
        '[[connection]]\nname = "a"\ntenant = "acme "\n'
        '[[connection]]\nname = "a"\nbase_url = "https://proxy/x"\napi_key_file = "none"\n'
        '[[watch]]\nchannel = "slack:channel:T01:C01 "\nconnection = "b"\n'
        '[roles]\nread = ["slack:team:T01\t"]\n'
    )

    found = problems()

    assert [p.partition(": ")[0] for p in found] == [
        "clew.toml, connection 1, tenant",
        "clew.toml, connection 1, api_key",
        "clew.toml, connection 2, base_url",
        "clew.toml, connection 2, api_key_file",
        "SLACK_APP_TOKEN",
        "DATABASE_URL",
        "clew.toml, read_only",
        "clew.toml, roles, read 1",
        "clew.toml, watch 1, channel",
        "clew.toml, connection",
        "clew.toml, watch 1, connection",
    ]


def test_load__file_that_is_not_toml(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a file that cannot be read, what the environment lacks is said too."""
    (folder / "clew.toml").write_text("[roles")
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")

    found = problems()

    assert [p.partition(": ")[0] for p in found] == ["clew.toml", "ANTITHESIS_API_KEY"]


def test_load__dot_env_that_is_not_text(folder: Path) -> None:
    """A `.env` in another encoding is said as such."""
    (folder / ".env").write_bytes(b"ANTITHESIS_TENANT=acm\xe9\n")

    assert one_problem().startswith(".env: The file cannot be read (it is not UTF-8).")


@pytest.mark.usefixtures("complete")
def test_load__words_of_the_file_in_capitals(folder: Path) -> None:
    """ParsedCommand of fixed lists may be capitals in the file too."""
    (folder / "clew.toml").write_text(
        'report_links = "Private"\n[[watch]]\nchannel = "slack:channel:T01:C01"\noutcomes = ["Failures"]\n'
        '[web]\nlisten = "OFF"\n'
    )

    loaded = settings.load()

    assert (tenants(loaded)[0].report_links, loaded.web.listen) == (ReportLinks.PRIVATE, None)
    assert loaded.watches[0].outcomes == {Outcome.FAILURES}


def test_load__tenant_without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant without a key is said under the variable that is missing."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")

    assert one_problem().startswith("ANTITHESIS_API_KEY: It is missing.")


def test_load__key_without_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without a tenant is said under the variable that is missing."""
    monkeypatch.setenv("ANTITHESIS_API_KEY", "k")

    assert one_problem().startswith("ANTITHESIS_TENANT: It is missing.")


def test_load__missing_and_malformed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing beside a value that is wrong is said with it, not after it was mended."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme/x")
    monkeypatch.setenv("CLEW_POLL_SECONDS", "0")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")

    found = [problem.partition(":")[0] for problem in problems()]

    assert ["ANTITHESIS_TENANT", "ANTITHESIS_API_KEY", "SLACK_APP_TOKEN", "CLEW_POLL_SECONDS"] == found


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("seconds", ["0.5", "0", "-1", "nan", "inf", "100000"])
def test_load__unusable_interval(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interval below a second, or none at all, is refused."""
    monkeypatch.setenv("CLEW_POLL_SECONDS", seconds)

    assert "This interval is out of range." in one_problem()


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CLEW_POLL_SECONDS", "often", "This is not a number. Give a number."),
        ("CLEW_READ_ONLY", "maybe", "This is neither true nor false. Give true or false."),
        (
            "CLEW_LOG_LEVEL",
            "loud",
            "This value is not allowed. Give 'debug', 'info', 'warning' or 'error'.",
        ),
    ],
)
def test_load__wrong_kind_of_value(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence is for people: what is wrong, and what to give."""
    monkeypatch.setenv(name, value)

    assert f"{name}: {said}" == one_problem()


@pytest.mark.usefixtures("complete")
def test_load__impolite_interval_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a minute it works, with a warning."""
    monkeypatch.setenv("CLEW_POLL_SECONDS", "5")

    loaded = settings.load()

    assert loaded.poll_seconds == 5
    assert "CLEW_POLL_SECONDS is 5" in loaded.warnings[0]


def test_load__secret_from_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret may stand in a file, and a file that all can read is warned of."""
    (folder / "key").write_text("canary-key\n")
    (folder / "key").chmod(0o644)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY_FILE", str(folder / "key"))

    loaded = settings.load()

    assert tenants(loaded)[0].api_key == Secret("canary-key")
    assert "chmod 0400" in loaded.warnings[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not text"),
        (b"x" * 20_000, "too long"),
    ],
)
def test_load__secret_file_unusable(
    content: bytes | None, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret's file that is missing, empty or no secret is said with its path."""
    if content is not None:
        (folder / "key").write_bytes(content)
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY_FILE", str(folder / "key"))

    found = one_problem()

    assert said in found
    assert str(folder / "key") in found


@pytest.mark.usefixtures("complete")
def test_load__secret_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that is given plainly and as a file leaves open which one is meant."""
    monkeypatch.setenv("ANTITHESIS_API_KEY_FILE", "/nowhere")

    assert "Both ANTITHESIS_API_KEY and ANTITHESIS_API_KEY_FILE are set." in one_problem()


WHOLE_FILE = """
report_links = "private"
read_only = true
recipient_domains = ["Example.com"]
image_registries = ["GHCR.io/acme/", "registry.example.com:5000", "index.docker.io"]
[[connection]]
name = "prod"
kind = "antithesis"
tenant = "acme"
api_key = "canary-toml"
launchers = ["Payments Nightly"]
[[connection]]
name = "lab"
base_url = "http://localhost:8123"
api_key = "k"
report_links = "post"
[roles]
read = ["slack:team:T01"]
launch = ["slack:user:T01:U01ALICE", "slack:usergroup:T01:S01", "discord:role:11040:11041"]
admin = ["discord:user:11042"]
[places]
launch = ["slack:channel:T01:C01", "discord:channel:11040:11043"]
[[watch]]
channel = "slack:channel:T01:C01"
connection = "prod"
launcher = "Payments Nightly"
outcomes = ["failures", "recovery"]
[[mention]]
channel = "slack:channel:T01:C01"
who = "slack:usergroup:T01:S01"
launcher = "Payments Nightly"
property = "ledger*"
[[mention]]
channel = "discord:channel:11040:11043"
who = "discord:role:11040:11041"
[[preset]]
name = "nightly"
launcher = "Payments Nightly"
values = { minutes = 30, ephemeral = true, description = "by preset" }
approve = "admin"
[slack]
workspaces = ["T01"]
[discord]
guilds = ["11040"]
[web]
listen = "off"
"""


def test_load__whole_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the file can say arrives."""
    (folder / "other.toml").write_text(WHOLE_FILE)
    monkeypatch.setenv("CLEW_CONFIG", "other.toml")

    loaded = settings.load()

    prod, lab = tenants(loaded)
    assert (prod.name, prod.report_links, prod.launchers) == (
        "prod",
        ReportLinks.PRIVATE,
        ("Payments Nightly",),
    )
    assert (lab.name, lab.report_links) == ("lab", ReportLinks.POST)
    assert loaded.read_only
    assert {"example.com"} == loaded.recipient_domains
    assert {*map(str, loaded.image_registries or ())} == {
        "ghcr.io/acme",
        "registry.example.com:5000",
        "docker.io",
    }
    assert loaded.roles["admin"] == {"discord:user:11042"}
    assert loaded.places == {"launch": {"slack:channel:T01:C01", "discord:channel:11040:11043"}}
    assert loaded.mention_rules == (
        MentionRule(
            channel="slack:channel:T01:C01",
            who="slack:usergroup:T01:S01",
            launcher="Payments Nightly",
            pattern="ledger*",
            outcomes=frozenset({Outcome.NEW_FAILURES}),
            from_settings=True,
        ),
        MentionRule(
            channel="discord:channel:11040:11043", who="discord:role:11040:11041", from_settings=True
        ),
    )
    (watch,) = loaded.watches
    assert frozenset({Outcome.FAILURES, Outcome.RECOVERY}) == watch.outcomes
    assert watch.from_settings
    assert loaded.presets["nightly"].values == {
        "minutes": "30",
        "ephemeral": "true",
        "description": "by preset",
    }
    assert loaded.presets["nightly"].approve is Role.ADMIN
    assert loaded.web.listen is None
    assert {"canary-toml"} <= {secret.reveal() for secret in loaded.secrets}
    assert "canary" not in repr(loaded)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[roles", "This is not TOML"),
        (
            '[[connection]]\nname = "a b"\ntenant = "x"\napi_key = "k"',
            "connection 1, name: A name must be one word.",
        ),
        (
            '[[connection]]\nname = "default"\ntenant = "x"\napi_key = "k"',
            "Two connections are named “default”.",
        ),
        ('[[connection]]\nname = "a"\napi_key = "k"', "connection 1, tenant: It is missing."),
        ('[[connection]]\nname = "a"\ntenant = "x"', "connection 1, api_key: It is missing."),
        (
            '[[connection]]\nname = "a"\ntenant = "x"\napi_key_file = "none"',
            "api_key_file: There is no file none.",
        ),
        ('[[connection]]\nname = "a"\nkind = "other"\ntenant = "x"\napi_key = "k"', "connection 1, kind: "),
        ('[roles]\nread = "slack:team:T01"', 'Give a list in square brackets: ["one", "two"].'),
        ('[roles]\nowner = ["slack:team:T01"]', "Allowed here: admin, debug, launch, read."),
        ('[places]\nlaunch = ["slack:user:T01:U01"]', "This is not the id of a place."),
        (
            '[[watch]]\nchannel = "slack:channel:T01:C01"\noutcomes = ["bad"]',
            "This value is not allowed.",
        ),
        ('[[watch]]\nchannel = "slack:channel:T01:C01"\nconnection = "defalt"', "Did you mean “default”?"),
        ('[[preset]]\nname = "n"\nlauncher = "L"\nvalues = { a = [1] }', "This is not a single value."),
        ('recipient_domains = ["ann@example.com"]', "This is not a mail domain."),
        (
            'image_registries = ["https://ghcr.io"]',
            "that is not a registry. Give a host, with a port or a path",
        ),
        ('image_registries = ["*.example.com"]', "that is not a registry."),
        ('image_registries = ["acme"]', "that is not a registry."),
        ('image_registries = ["ghcr.io/acme/app:1"]', "that is not a registry."),
        ('image_registries = [""]', "that is not a registry."),
        (
            '[[preset]]\nname = "n"\nlauncher = "L"\npeople = ["ann"]',
            "This is not the id of a person or group.",
        ),
        ('[[preset]]\nname = "n"\nlauncher = "L"\nfree = "duration"', "Give a list in square brackets"),
        (
            '[[preset]]\nname = "n"\nlauncher = "L"\napprove = "debug"',
            "This is not a role that may launch. Give launch",
        ),
        ('[[preset]]\nname = "n"\nlauncher = "L"\napprove = true', "This is not a role that may launch."),
        ('[slack]\nworkspaces = ["my team"]', "This is not a workspace id."),
        ('[slack]\nlisten = "off"', "This is not an address to listen on."),
        ('[slack]\nlisten = "0.0.0.0:99999"', "This is not an address to listen on."),
        ('[slack]\nlisten = "3000"', 'It names no host or no port. Give it like "127.0.0.1:3000".'),
        ('[web]\nlisten = "8080"', 'It names no host or no port. Give it like "127.0.0.1:8080", or off.'),
        ('[discord]\nguilds = ["my server"]', "This is not a server id."),
        ('[web]\nlisten = "8080"', "This is not an address to listen on."),
        ('[web]\nlisten = "127.0.0.1:99999"', "This is not an address to listen on."),
    ],
)
def test_load__file_with_one_mistake(toml: str, said: str, folder: Path) -> None:
    """Each mistake in the file is named with its place and its hint."""
    (folder / "clew.toml").write_text(toml)

    assert said in one_problem()


@pytest.mark.usefixtures("complete")
def test_load__named_file_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named has to be there; the default one may be missing."""
    monkeypatch.setenv("CLEW_CONFIG", "nowhere.toml")

    assert one_problem().startswith("nowhere.toml: The file cannot be read")


@pytest.mark.usefixtures("complete")
def test_load__both_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens switch the chats on."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-canary")
    monkeypatch.setenv("DISCORD_TOKEN", "canary-discord")

    loaded = settings.load()

    assert loaded.chats.keys() == {"slack", "discord"}
    assert len(loaded.secrets) == 5
    assert "canary" not in repr(loaded)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(("name", "lacks"), [("BOT", "APP"), ("APP", "BOT")])
def test_load__half_of_slack(name: str, lacks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One Slack token without the other is said, instead of a bot that stays silent."""
    monkeypatch.setenv(f"SLACK_{name}_TOKEN", {"BOT": BOT, "APP": APP}[name])

    assert one_problem().startswith(f"SLACK_{lacks}_TOKEN: ")


OPERATOR = '[operator]\nchannel = "{}"\nheartbeat = "{}"\n'
HEART = "https://heart.example.com/ping/canary-id?x=1"


@pytest.mark.usefixtures("complete")
def test_load__operator(folder: Path) -> None:
    """A channel and an address, as they are; the address is a secret, since who knows it keeps the alarm silent."""
    (folder / "clew.toml").write_text(
        OPERATOR.format("discord:channel:1104000000000000001:1104000000000000002", HEART)
    )

    loaded = settings.load()

    assert loaded.operator.channel == "discord:channel:1104000000000000001:1104000000000000002"
    assert loaded.operator.heartbeat == Secret(HEART)
    assert loaded.operator.heartbeat in loaded.secrets
    assert loaded.warnings == (
        "[operator] channel is in discord, which is off, so it is not notified: set DISCORD_TOKEN.",
    )


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://heart.example.com/canary-id", "Over http, the address could be read on the way. Use https."),
        ("ftp://heart.example.com/canary-id", "This is not a web address."),
        ("https://user:canary-id@heart.example.com/", "This is not a web address."),
        ("canary-id", "This is not a web address."),
        ("https://heart.example.com:99999/canary-id", "This is not a web address."),
    ],
)
def test_load__heartbeat_that_is_none(folder: Path, address: str, said: str) -> None:
    """It is refused with the way to give it right, and never repeated."""
    (folder / "clew.toml").write_text(OPERATOR.format("slack:channel:T01:C01", address))

    problem = one_problem()

    assert said in problem
    assert "canary-id" not in problem


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x", "http://[::1]:9/x", "http://localhost:9/x"])
def test_load__heartbeat_on_this_machine(folder: Path, address: str) -> None:
    """Nobody reads along on loopback."""
    (folder / "clew.toml").write_text(OPERATOR.format("terminal:channel:local", address))

    assert settings.load().operator.heartbeat == Secret(address)
