"""Look at a Slack set-up without serving it: both tokens, and every permission that the manifest asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.kind import Found
from adapters.chat.slack import outcomes
from adapters.chat.slack.addressees import Addressees
from adapters.chat.slack.addresses import API_URL, Addresses, new_client, open_session
from adapters.chat.slack.manifest import LINK_SCOPES, SCOPES
from adapters.chat.slack.settings import Slack
from adapters.clock import SystemClock
from bot.replies.mentioning import looked_up
from bot.state import MentionRule

SECONDS = 10.0
NOWHERE, NO_THREAD = "C0", "0.0"
NOT_THERE = frozenset({"channel_not_found", "invalid_thread_ts"})
REINSTALL = "Update the app from `{command}`, install it again, and set SLACK_BOT_TOKEN again."


async def check(settings: Slack, rules: Iterable[MentionRule] = ()) -> AsyncIterator[Found]:
    """Say of each thing what was found and how to fix it. Raises nothing for what Slack answers.

    `rules`: whom posts mention.
    """
    url = Addresses(settings.api_url or API_URL).api_url
    async with open_session(url, SECONDS) as session:
        client = new_client(session, url)
        bot = await _bot(client, settings)
        yield bot
        if settings.thread_status and not bot[1]:
            yield await _status(client, settings)
        if not bot[1]:
            client.token = settings.bot_token.reveal()
            addressees = Addressees(client, SystemClock())
            for rule in rules:
                yield looked_up(rule, await addressees.find(rule.who))
        if settings.app_token:
            yield await _app(client, settings.app_token.reveal())
        else:
            yield ("HTTP mode, on {}:{}".format(*settings.listen), "")


def lacking(header: str | None, *, unfurl: bool) -> list[str]:
    """Return the permissions that the app was not given, of those the manifest names; none where unknown.

    `unfurl`: links that people share are to be answered, which takes more.
    """
    granted = {scope.strip() for scope in (header or "").split(",")}
    wanted = SCOPES | LINK_SCOPES if unfurl else SCOPES
    return [scope for scope in wanted if scope not in granted] if header else []


def explained(scopes: list[str]) -> str:
    """Say what is lacking and what each is for."""
    return "the app lacks " + "; ".join(f"{scope} ({(SCOPES | LINK_SCOPES)[scope]})" for scope in scopes)


def reinstall(settings: Slack) -> str:
    """Say how to give the app what it lacks."""
    options = (" --unfurl DOMAIN" * settings.unfurl, " --thread-replies" * settings.thread_replies)
    return REINSTALL.format(command=f"clew manifest slack{''.join(options)}")


async def _bot(client: AsyncWebClient, settings: Slack) -> Found:
    try:
        identity = await client.auth_test(token=settings.bot_token.reveal())
    except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
        return _failed(error, "SLACK_BOT_TOKEN")
    scopes = lacking(identity.headers.get("x-oauth-scopes"), unfurl=settings.unfurl)
    if scopes:
        return (explained(scopes), reinstall(settings))
    team = str(identity["team_id"])
    if settings.workspaces and team not in settings.workspaces:
        return (
            f"the token belongs to workspace {team}, which [slack] workspaces does not name",
            f"Add {team} to it.",
        )
    return (f"bot token accepted, workspace {team}", "")


async def _status(client: AsyncWebClient, settings: Slack) -> Found:
    """Take back the status of a thread that is nowhere: Slack minds the thread only where the app may do it."""
    try:
        await client.assistant_threads_setStatus(
            token=settings.bot_token.reveal(), channel_id=NOWHERE, thread_ts=NO_THREAD, status=""
        )
    except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
        code = outcomes.code(error)
        if not code:
            return _failed(error, "SLACK_BOT_TOKEN")
        if code not in NOT_THERE:
            what = f"Slack refuses to show a status in threads ({code})"
            return (
                what,
                "Progress messages are posted instead; [slack] thread_status = false asks for no more.",
            )
    return ("Slack lets the app set a status in threads", "")


async def _app(client: AsyncWebClient, token: str) -> Found:
    try:
        await client.apps_connections_open(app_token=token)
    except Exception as error:  # noqa: BLE001 - whatever it is becomes a line
        return _failed(error, "SLACK_APP_TOKEN")
    return ("app token accepted, Socket Mode is on", "")


def _failed(error: Exception, token: str) -> Found:
    code = outcomes.code(error)
    if code in outcomes.HALT:
        return (
            f"Slack does not accept {token} ({code})",
            f"Set {token} again; the README shows where to create it.",
        )
    return (f"Slack does not answer ({code or type(error).__name__})", "Check the network and SLACK_API_URL.")
