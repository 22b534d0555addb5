"""A loopback Slack: Web API, Socket Mode and signed HTTP over real sockets, with people who use it.

It is stateful and hostile: tickets are single use, triggers live three seconds, unacknowledged envelopes are
seen, every message and view is judged (`world.violations`), and faults can be put before any call. A person's
acts (`command`, `mention`, `direct`, `press`, `submit`, ...) send what Slack would send and return the `Ack`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from tests.fakes.loopback import listening
from tests.fakes.slack_api import Api
from tests.fakes.slack_files import SharedFile
from tests.fakes.slack_gate import Ack, Gate
from tests.fakes.slack_world import (
    ALICE,
    APP,
    BOT_USER,
    MAIN,
    SHARED,
    TEAM,
    Json,
    Message,
    World,
    home,
    is_registered,
)


class FakeSlack:
    """The workspace with its doors."""

    def __init__(self) -> None:
        self.world = World()
        self.api = Api(self.world)
        self.gate = Gate(self.world)
        self.url = ""

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL is set to."""
        return f"{self.url}/api/"

    # People -------------------------------------------------------------------------------------

    async def command(self, text: str, *, user: str = ALICE, channel: str = MAIN, team: str = TEAM) -> Ack:
        """Let somebody type `/clew TEXT`."""
        return await self.gate.deliver(
            "slash_commands", self.command_payload(text, user=user, channel=channel, team=team)
        )

    def command_payload(self, text: str, *, user: str = ALICE, channel: str = MAIN, team: str = TEAM) -> Json:
        """Return what a slash command sends."""
        return {
            "command": "/clew", "text": text, "user_id": user, "user_name": "deprecated", "team_id": team,
            "channel_id": channel, "channel_name": "main", "api_app_id": APP, "is_enterprise_install": "false",
            "trigger_id": self.world.trigger(), "response_url": self.api.response_url(channel, user),
        }  # fmt: skip

    async def mention(
        self,
        text: str,
        *,
        user: str = ALICE,
        channel: str = MAIN,
        thread: str | None = None,
        files: Sequence[SharedFile] = (),
        sparse: bool = False,
    ) -> Message:
        """Let somebody write to the bot in a channel; return their message. `sparse`: the event says nothing of files."""
        message = self.world.say(user, channel, f"<@{BOT_USER}> {text}".strip(), thread=thread)
        more = self.with_files(channel, files)
        message.files = more.get("files", [])
        await self.gate.deliver("events_api", self.event("app_mention", message, **({} if sparse else more)))
        return message

    async def channel_message(
        self, text: str, *, user: str = ALICE, channel: str = MAIN, thread: str | None = None
    ) -> Message:
        """Let somebody write in a channel without naming the bot, which is told as its app wants all messages."""
        message = self.world.say(user, channel, text, thread=thread)
        await self.gate.deliver("events_api", self.event("message", message, channel_type="channel"))
        return message

    async def direct(
        self, text: str, *, user: str = ALICE, thread: str | None = None, files: Sequence[SharedFile] = ()
    ) -> Message:
        """Let somebody write to the bot alone; return their message."""
        message = self.world.say(user, f"D{user}", text, thread=thread)
        more = self.with_files(message.channel, files) | ({"subtype": "file_share"} if files else {})
        await self.gate.deliver("events_api", self.event("message", message, channel_type="im", **more))
        return message

    async def share(
        self, *urls: str, user: str = ALICE, channel: str = MAIN, composer: bool = False, **more: Any
    ) -> Message:
        """Let somebody post links, or only write them (`composer`); return their message.

        Slack sends an event where one of them is of the app's domains, and names those alone.
        """
        text = " ".join(f"<{url.replace('&', '&amp;')}>" for url in urls)
        message = self.world.say(user, channel, f"look: {text}")
        event = self.shared_links(message, composer=composer) | more
        if event["links"]:
            await self.gate.deliver("events_api", self.envelope(event))
        return message

    def shared_links(self, message: Message, *, composer: bool = False) -> Json:
        """Return what a message with links sends."""
        urls = [url for url in re.findall(r"<([^<>]+)>", message.text) if is_registered(self.world, url)]
        return {
            "type": "link_shared", "user": message.user, "channel": "COMPOSER" if composer else message.channel,
            "message_ts": f"{message.ts}-composer" if composer else message.ts, "event_ts": message.ts,
            "is_bot_user_member": not composer and message.channel in self.world.members,
            "source": "composer" if composer else "conversations_history",
            "links": [{"url": url, "domain": urlsplit(url).hostname} for url in urls],
        }  # fmt: skip

    def with_files(self, channel: str, files: Sequence[SharedFile]) -> Json:
        """Return what a message with files says of them; they are shared where it stands.

        A file of another organisation comes with little more than its id.
        """
        for file in files:
            file.channels.add(channel)
        told = [file.about(self.url) for file in files]
        foreign = {"file_access": "check_file_info"}
        shown = [{"id": f["id"], **foreign} if f.get("file_access") else f for f in told]
        return {"files": shown, "upload": False, "display_as_bot": False} if files else {}

    def event(self, kind: str, message: Message, **more: Any) -> Json:
        """Return what an event about a message sends."""
        event = {
            "type": kind,
            "channel": message.channel,
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
        }
        event |= {"event_ts": message.ts, "team": home(message.user), **more}
        if message.thread_ts:
            event["thread_ts"] = message.thread_ts
        if message.channel == SHARED:  # then Slack names where the author comes from, in two more ways
            event |= {"user_team": home(message.user), "source_team": home(message.user)}
        return self.envelope(event) | {"is_ext_shared_channel": message.channel == SHARED}

    def envelope(self, event: Json) -> Json:
        """Return an event in its envelope."""
        return {
            "type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event": event,
            "event_id": f"Ev{self.world.number()}", "event_time": 1,
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }  # fmt: skip

    async def press(self, message: Message, label: str, *, user: str = ALICE) -> Ack:
        """Let somebody press a button, or choose an entry of a menu."""
        return await self.gate.deliver(
            "interactive", self.press_payload(message, message.button(label), user=user)
        )

    def press_payload(self, message: Message, element: Json, *, user: str = ALICE) -> Json:
        """Return what a pressed button sends."""
        action: Json = {"type": "button", "block_id": "b", "action_ts": "1", **element}
        if "action_id" not in element:  # an entry of a menu
            action = {"type": "overflow", "action_id": "more:1", "block_id": "b", "selected_option": element}
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
        container["is_ephemeral"] = message.only_for is not None
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload: Json = {
            "type": "block_actions", "actions": [action], "container": container,
            "channel": {"id": message.channel, "name": "main"}, "api_app_id": APP,
            "response_url": self.api.response_url(message.channel, user, message if message.only_for else None),
            **self.who(user),
        }  # fmt: skip
        if message.only_for is None:
            payload["message"] = message.as_json(metadata=True)
        return payload

    async def shortcut(self, callback: str, message: Message, *, user: str = ALICE) -> Ack:
        """Let somebody use a message shortcut."""
        payload = {
            "type": "message_action", "callback_id": callback, "message": message.as_json(metadata=True),
            "channel": {"id": message.channel, "name": "main"}, "message_ts": message.ts,
            "response_url": self.api.response_url(message.channel, user), **self.who(user),
        }  # fmt: skip
        return await self.gate.deliver("interactive", payload)

    async def global_shortcut(self, callback: str, *, user: str = ALICE) -> Ack:
        """Let somebody use a global shortcut, which has no channel."""
        return await self.gate.deliver(
            "interactive", {"type": "shortcut", "callback_id": callback, **self.who(user)}
        )

    async def pick(self, view: Json, block_id: str, value: str, *, user: str = ALICE) -> Ack:
        """Let somebody choose an entry of a select in a form, which tells of it where the form wants that."""
        return await self.gate.deliver("interactive", self.pick_payload(view, block_id, value, user=user))

    def pick_payload(self, view: Json, block_id: str, value: str, *, user: str = ALICE) -> Json:
        """Return what a choice sends, with all that the form holds then."""
        (block,) = (block for block in view["blocks"] if block["block_id"] == block_id)
        assert block["dispatch_action"]
        self.fill_in(view, {block_id: value})
        elements = {b["block_id"]: b["element"] for b in view["blocks"] if "element" in b}
        state = {
            name: {element["action_id"]: _filled(element, self.holds(view)[name] or "")}
            for name, element in elements.items()
        }
        action = {
            "type": block["element"]["type"], "block_id": block_id, "action_id": block["element"]["action_id"],
            "selected_option": {"value": value}, "action_ts": "1",
        }  # fmt: skip
        return {
            "type": "block_actions", "actions": [action], "container": {"type": "view", "view_id": view["id"]},
            "view": {**view, "state": {"values": state}, "app_installed_team_id": TEAM}, "api_app_id": APP,
            **self.who(user),
        }  # fmt: skip

    def fill_in(self, view: Json, values: Mapping[str, str]) -> None:
        """Let somebody type into an open form, or empty a field of it, which tells nobody yet."""
        held = self.world.held[view["id"]]
        for names in [names for names in held if names[0] in values]:
            held[names] = values[names[0]] or None

    def holds(self, view: Json) -> dict[str, str | None]:
        """Return what stands in the fields of an open form just now."""
        return {name: value for (name, _), value in self.world.held[view["id"]].items()}

    async def submit(self, view: Json, values: dict[str, str], *, user: str = ALICE) -> Ack:
        """Let somebody send a form."""
        return await self.gate.deliver("interactive", self.submission(view, values, user=user))

    def submission(self, view: Json, values: dict[str, str], *, user: str = ALICE) -> Json:
        """Return what a form sends; fields that are not named keep what they were prefilled with."""
        state = {
            block["block_id"]: {
                block["element"]["action_id"]: _filled(block["element"], values.get(block["block_id"]))
            }
            for block in view["blocks"]
            if block["type"] == "input"
        }
        shown = {
            **view,
            "state": {"values": state},
            "hash": "h",
            "app_id": APP,
            "app_installed_team_id": TEAM,
        }
        theirs = {
            "team": {"id": home(user), "domain": "x"}
        }  # in a shared channel, whose form it is stands in the view
        return {"type": "view_submission", "view": shown, **self.who(user), **theirs}

    async def suggestions(
        self,
        view: Json,
        block_id: str,
        typed: str,
        *,
        user: str = ALICE,
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> list[str]:
        """Let somebody type into a select; return what is offered. `beside`: what they filled in elsewhere in the form."""
        elements = {
            block.get("block_id"): block["element"] for block in view.get("blocks", ()) if "element" in block
        }
        kind = elements.get(block_id, {}).get("action_id", "launcher")
        state = {n: {elements[n]["action_id"]: _filled(elements[n], value)} for n, value in beside.items()}
        payload = {
            "type": "block_suggestion", "action_id": kind, "block_id": block_id, "value": typed,
            "view": {**view, "state": {"values": state}}, "container": {"type": "view", "view_id": view["id"]},
            **self.who(user),
        }  # fmt: skip
        ack = await self.gate.deliver("interactive", payload)
        return [option["value"] for option in ack.payload["options"]]

    async def open_home(self, *, user: str = ALICE) -> Json:
        """Let somebody look at the app's home; return what is published."""
        self.world.homes.pop(user, None)
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": f"D{user}",
            "tab": "home",
            "event_ts": "1",
        }
        await self.gate.deliver("events_api", self.envelope(event))
        home: Json = await self.world.until(lambda: self.world.homes.get(user))
        return home

    def who(self, user: str) -> Json:
        """Return the part of an interaction that says who acts: from which workspace, and in which."""
        organisation = {"id": self.world.enterprise, "name": "Loopback"} if self.world.enterprise else None
        return {
            "user": {"id": user, "username": "x", "team_id": home(user)},
            "team": {"id": TEAM, "domain": "loopback"},
            "enterprise": organisation,
            "is_enterprise_install": False,
            "trigger_id": self.world.trigger(),
            "token": "deprecated",
        }

    async def view(self, title: str = "", *, ready: bool = True) -> Json:
        """Wait for an open form, with its fields where it has to be ready."""

        def found() -> Json | None:
            fitting = [v for v in self.world.views.values() if title in v["title"]["text"]]
            return next((v for v in reversed(fitting) if not ready or v["callback_id"] == "clew_form"), None)

        view: Json = await self.world.until(found)
        return view


@asynccontextmanager
async def serve() -> AsyncIterator[FakeSlack]:
    """Serve a loopback Slack on a free port."""
    slack = FakeSlack()
    app = web.Application(client_max_size=1 << 28)
    app.router.add_routes([*slack.api.routes(), *slack.gate.routes()])
    async with listening(app) as port:
        slack.url = f"http://127.0.0.1:{port}"
        slack.api.base = slack.gate.base = slack.api.shared.base = slack.url
        slack.api.open_socket = slack.gate.ticket
        try:
            yield slack
        finally:
            for socket in list(slack.gate.sockets):
                slack.gate.abort(socket)


def _filled(element: Json, value: str | None) -> Json:
    kind = element["type"]
    if kind in {"external_select", "static_select"}:
        initial = element.get("initial_option", {}).get("value")
        chosen = value if value is not None else initial
        return {"type": kind, "selected_option": {"value": chosen} if chosen else None}
    if kind == "checkboxes":
        initial = [o["value"] for o in element.get("initial_options", ())]
        chosen_all = value.split(",") if value else initial
        return {"type": kind, "selected_options": [{"value": v} for v in chosen_all]}
    if kind == "conversations_select":
        return {"type": kind, "selected_conversation": value}
    return {"type": kind, "value": value if value is not None else element.get("initial_value")}
