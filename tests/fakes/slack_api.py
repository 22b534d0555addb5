"""The Web API of a loopback Slack: what slack_sdk calls, answered from the world, or as a fault says.

Arguments come as JSON, as a form or in the query, as slack_sdk sends them. A fault takes the next call of its
method: it can answer something else, lose the answer after storing, drop the request, or wait.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tests.fakes import slack_judge
from tests.fakes.dripping import drip
from tests.fakes.slack_files import SharedFiles
from tests.fakes.slack_world import (
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    BOT_USER,
    MAIN,
    PRIVATE,
    RESPONSES,
    SHARED,
    TEAM,
    Json,
    Message,
    World,
    channel_error,
    is_registered,
    person,
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one call. `store`: the method does its work all the same; `late`: seen only later.

    `abort`: the connection breaks instead of an answer; `gate`: nothing is answered before it is set; `drips`: the
    answer comes byte by byte and never ends.
    """

    status: int = 200
    body: Json | None = None
    text: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    store: bool = False
    late: bool = False
    abort: bool = False
    gate: asyncio.Event | None = None
    drips: bool = False


def error(code: str) -> Fault:
    """Answer `ok: false`."""
    return Fault(body={"ok": False, "error": code})


def limited(seconds: str | None = "1") -> Fault:
    """Answer 429."""
    headers = (("Retry-After", seconds),) if seconds is not None else ()
    return Fault(status=429, body={"ok": False, "error": "ratelimited"}, headers=headers)


PNG = b"\x89PNG\r\n\x1a\n"
LOST_REPLY = Fault(store=True, abort=True)
LATE = Fault(store=True, late=True, abort=True)
DROPPED = Fault(abort=True)
DRIPPING = Fault(store=True, drips=True)
HTML_502 = Fault(status=502, text="<html><body>Bad gateway</body></html>")
EMPTY = Fault(text="")
NO_TS = Fault(body={"ok": True})


class Api:
    """Answers the Web API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = ""
        self.judging = True  # what is posted is looked at closely: that costs more than to take it
        self.scopes = ""  # what the app was given, as Slack says with every answer; "": it does not say
        self.open_socket: Callable[[], str] = lambda: ""
        self.whim: Callable[[str], Fault | None] = lambda _: None  # a fault for any call, by chance
        self.shared = SharedFiles(world)
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def fault(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go like this, one after the other."""
        self._faults[method].extend(faults)

    def routes(self) -> list[web.RouteDef]:
        """Return what it serves."""
        return [
            web.route("*", "/api/{method}", self._call),
            *self.shared.routes(),
            web.post("/upload/{name}", self._upload),
            web.post("/response/{name}", self._respond),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.world.calls.append((method, arguments))
        self.world.touch()
        fault = self._faults[method].popleft() if self._faults[method] else self.whim(method)
        if fault is not None and fault.gate is not None:
            await fault.gate.wait()
        refused = self._authorise(method, request.headers.get("Authorization", ""))
        if refused:
            return web.json_response({"ok": False, "error": refused})
        if fault is None:
            headers = {"x-oauth-scopes": self.scopes} if self.scopes else {}
            return web.json_response(self._answer(method, arguments), headers=headers)
        if fault.store:
            self._answer(method, arguments, late=fault.late)
        return await _faulty(request, fault) or web.json_response(self._answer(method, arguments))

    def _authorise(self, method: str, header: str) -> str:
        token = header.removeprefix("Bearer").strip()
        if not token:
            return "not_authed"
        if token not in self.world.tokens:
            return "invalid_auth"
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        return "" if token == wanted else "not_allowed_token_type"

    def _answer(self, method: str, arguments: Json, *, late: bool = False) -> Json:
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        if handler is None:
            self.world.violations.append(f"unknown method {method}")
            return {"ok": False, "error": "unknown_method"}
        answer: Json | str = handler(arguments, late) if method == "chat.postMessage" else handler(arguments)
        self.world.touch()
        return {"ok": False, "error": answer} if isinstance(answer, str) else {"ok": True, **answer}

    # Who ----------------------------------------------------------------------------------------

    def _auth_test(self, _: Json) -> Json:
        told = {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "team": "Loopback", "url": self.base}
        return told | ({"enterprise_id": self.world.enterprise} if self.world.enterprise else {})

    def _apps_connections_open(self, _: Json) -> Json:
        return {"url": self.open_socket()}

    def _users_info(self, arguments: Json) -> Json | str:
        found = None if self.world.blind else person(arguments["user"])
        return {"user": found} if found else "user_not_found"

    def _usergroups_users_list(self, arguments: Json) -> Json | str:
        found = self.world.usergroups.get(arguments["usergroup"])
        return {"users": found} if found is not None else "no_such_subteam"

    def _usergroups_list(self, arguments: Json) -> Json:
        """Answer all groups; those that were disabled only where they are asked for."""
        disabled = self.world.disabled_groups
        groups = [
            {"id": group, "handle": f"group-{group.lower()}", "date_delete": int(group in disabled)}
            for group in self.world.usergroups
            if group not in disabled or str(arguments.get("include_disabled")).lower() in {"1", "true"}
        ]
        return {"usergroups": groups}

    def _users_conversations(self, arguments: Json) -> Json:
        return {"channels": [{"id": MAIN, "name": "main"}, {"id": PRIVATE, "name": "private"}]}

    # Messages -----------------------------------------------------------------------------------

    def _chat_postMessage(self, arguments: Json, late: bool = False) -> Json | str:  # noqa: N802 - Slack's name
        channel = self._direct(arguments["channel"])
        wrong = channel_error(self.world, channel) or self._judge_message(arguments)
        if wrong:
            return wrong
        thread = arguments.get("thread_ts")
        if thread and all(m.ts != thread for m in self.world.of(channel)):
            self.world.violations.append(f"a thread that is not there: {thread}")
            return "thread_not_found"
        message = Message(
            ts=self.world.ts(), channel=channel, text=arguments["text"], blocks=arguments.get("blocks", []),
            thread_ts=thread, metadata=arguments.get("metadata"),
        )  # fmt: skip
        (self.world.late if late else self.world.messages).append(message)
        self.world.statuses.pop((channel, str(thread)), None)
        return {"channel": channel, "ts": message.ts, "message": message.as_json(metadata=True)}

    def _chat_postEphemeral(self, arguments: Json) -> Json | str:  # noqa: N802 - Slack's name
        channel = arguments["channel"]
        wrong = channel_error(self.world, channel)
        wrong = wrong or self._judge_message(arguments, update=True)
        if wrong:
            return wrong
        self.ephemeral(channel, arguments["user"], arguments, arguments.get("thread_ts"))
        return {"message_ts": self.world.messages[-1].ts}

    def _chat_update(self, arguments: Json) -> Json | str:
        wrong = self._judge_message(arguments, update=True)
        message = self._message(arguments)
        if wrong or message is None:
            return wrong or "message_not_found"
        if message.user != BOT_USER:
            return "cant_update_message"
        message.history.append({"text": message.text, "blocks": message.blocks})
        message.text, message.blocks = arguments["text"], arguments.get("blocks", [])
        message.edits += 1
        return {"channel": message.channel, "ts": message.ts, "text": message.text}

    def _chat_delete(self, arguments: Json) -> Json | str:
        message = self._message(arguments)
        if message is None:
            return "message_not_found"
        self.world.messages.remove(message)
        return {"ts": message.ts}

    def _chat_unfurl(self, arguments: Json) -> Json | str:
        """Answer as https://docs.slack.dev/reference/methods/chat.unfurl says; once more for a message replaces."""
        if self.scopes and "links:write" not in self.scopes.split(","):
            return "missing_scope"
        message, unfurls = self._message(arguments), arguments["unfurls"]
        if message is None:
            self.world.violations.append("an unfurl without its message")
            return "cannot_find_message"
        for url, shown in unfurls.items():
            if not is_registered(self.world, url):
                self.world.violations.append("an unfurl of a domain that is not the app's")
                return "cannot_unfurl_url"
            if f"<{url}>" not in message.text:
                self.world.violations.append("an unfurl of a link that the message does not hold")
                return "cannot_unfurl_message"
            wrong = slack_judge.unfurled(shown.get("blocks") or [])
            self.world.violations += wrong
            if wrong:
                return "cannot_parse_attachment"
        message.unfurls = {url: shown["blocks"] for url, shown in unfurls.items()}
        return {}

    def _assistant_threads_setStatus(self, arguments: Json) -> Json | str:  # noqa: N802 - Slack's name
        """Show a status; only under the message that the thread hangs on, never under a reply."""
        channel, thread, status = (arguments.get(name) for name in ("channel_id", "thread_ts", "status"))
        if not isinstance(channel, str) or not isinstance(status, str):
            return "invalid_arguments"
        if channel_error(self.world, channel):
            return "channel_not_found"
        if all(m.ts != thread or m.thread_ts not in {None, thread} for m in self.world.of(channel)):
            return "invalid_thread_ts"
        self.world.violations += slack_judge.status(status)
        self.world.set_status(channel, str(thread), status)
        return {}

    def ephemeral(self, channel: str, user: str, shown: Json, thread: str | None) -> Message:
        """Show something to one person; in a thread that has no replies Slack shows it to nobody."""
        replies = [m for m in self.world.of(channel) if m.thread_ts == thread and m.only_for is None]
        if thread is not None and not replies:
            self.world.violations.append("a private message in a thread without replies is not shown")
        message = Message(
            ts=self.world.ts(), channel=channel, text=shown.get("text", ""), blocks=shown.get("blocks", []),
            thread_ts=thread, only_for=user,
        )  # fmt: skip
        self.world.messages.append(message)
        self.world.touch()
        return message

    # Conversations ------------------------------------------------------------------------------

    def _conversations_history(self, arguments: Json) -> Json | str:
        return self._page(arguments, [m for m in self.world.of(arguments["channel"]) if m.thread_ts is None])

    def _conversations_replies(self, arguments: Json) -> Json | str:
        return self._page(arguments, self.world.of(arguments["channel"], arguments["ts"]))

    def _page(self, arguments: Json, messages: list[Message]) -> Json | str:
        wrong = channel_error(self.world, arguments["channel"])
        if wrong and wrong != "is_archived":
            return wrong
        oldest = float(arguments.get("oldest") or 0)
        latest = float(arguments.get("latest") or "inf")
        thread = arguments.get("ts")  # of which the first message always comes along
        seen = [
            m for m in messages
            if m.only_for is None and (oldest <= float(m.ts) <= latest or m.ts == thread)
        ]  # fmt: skip
        seen.sort(key=lambda m: m.ts, reverse="ts" not in arguments)
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        end = start + limit
        metadata = str(arguments.get("include_all_metadata")) in {"1", "True", "true"}
        return {
            "messages": [m.as_json(metadata=metadata) for m in seen[start:end]],
            "response_metadata": {"next_cursor": str(end) if end < len(seen) else ""},
        }

    def _conversations_info(self, arguments: Json) -> Json | str:
        channel = arguments["channel"]
        if channel not in {MAIN, PRIVATE, SHARED, *self.world.members}:
            return "channel_not_found"
        return {"channel": {"id": channel, "is_ext_shared": channel == SHARED, "is_org_shared": False}}

    def _conversations_open(self, arguments: Json) -> Json | str:
        user = arguments["users"]
        return {"channel": {"id": f"D{user}"}} if person(user) else "user_not_found"

    # Views --------------------------------------------------------------------------------------

    def _views_open(self, arguments: Json) -> Json | str:
        wrong = self.world.use_trigger(arguments["trigger_id"])
        if wrong:
            return wrong
        return self._keep_view(f"V{self.world.number()}", arguments["view"])

    def _views_update(self, arguments: Json) -> Json | str:
        if arguments["view_id"] not in self.world.views:
            return "not_found"
        if arguments.get("hash", (seen := self.world.views[arguments["view_id"]]["hash"])) != seen:
            return "hash_conflict"
        return self._keep_view(arguments["view_id"], arguments["view"])

    def _views_publish(self, arguments: Json) -> Json | str:
        wrong = self._judge(slack_judge.view(arguments["view"]))
        if wrong:
            return wrong
        self.world.homes[arguments["user_id"]] = arguments["view"]
        return {"view": arguments["view"]}

    def _keep_view(self, view_id: str, view: Json) -> Json | str:
        wrong = self._judge(slack_judge.view(view))
        if wrong:
            return wrong
        before = self.world.held.get(view_id, {})
        inputs = {
            (b["block_id"], b["element"]["action_id"]): b["element"] for b in view["blocks"] if "element" in b
        }
        # What an element holds stays as long as its names do, whatever it is to begin with.
        self.world.held[view_id] = {
            names: before[names] if names in before else slack_judge.initial(element)
            for names, element in inputs.items()
        }
        self.world.views[view_id] = {"id": view_id, "team_id": TEAM, "hash": f"{self.world.number()}", **view}
        return {"view": self.world.views[view_id]}

    # Files --------------------------------------------------------------------------------------

    def _files_getUploadURLExternal(self, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        name = f"F{self.world.number():09d}"
        return {"upload_url": f"{self.base}/upload/{name}", "file_id": name}

    def _files_completeUploadExternal(self, arguments: Json) -> Json | str:  # noqa: N802 - Slack's name
        files = arguments["files"]
        files = json.loads(files) if isinstance(files, str) else files
        for file in files:
            if file["id"] not in self.world.uploads:
                return "file_not_found"
            content = self.world.uploads[file["id"]]
            self.world.files.append(
                {
                    **file,
                    "channel": arguments.get("channel_id"),
                    "thread": arguments.get("thread_ts"),
                    "content": content,
                }
            )
        return {"files": files}

    def _files_info(self, arguments: Json) -> Json | str:
        self.shared.scopes = self.scopes
        return self.shared.info(arguments["file"])

    async def _upload(self, request: web.Request) -> web.Response:
        self.world.uploads[request.match_info["name"]] = await request.read()
        return web.Response(text="OK - 1", content_type="text/plain")

    # Response URLs ------------------------------------------------------------------------------

    def response_url(self, channel: str, user: str, message: Message | None = None) -> str:
        """Return an address that answers one person, five times."""
        name = f"R{self.world.number()}"
        self.world.response_urls[name] = {
            "channel": channel,
            "user": user,
            "left": RESPONSES,
            "message": message,
        }
        return f"{self.base}/response/{name}"

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.world.calls.append(("response_url", body))
        fault = self._faults["response_url"].popleft() if self._faults["response_url"] else None
        known = self.world.response_urls.get(request.match_info["name"])
        if known is None or known["left"] <= 0:
            return web.Response(status=404, text="used_url")
        if fault is None or fault.store:
            self._show_response(known, body)
        if fault is not None:
            return await _faulty(request, fault) or web.Response(text="ok")
        return web.Response(text="ok")

    def _show_response(self, known: Json, body: Json) -> None:
        known["left"] -= 1
        if self.judging:
            self.world.violations += slack_judge.message(body, update=True)
        if body.get("replace_original") and known["message"] is not None:
            known["message"].text, known["message"].blocks = body["text"], body["blocks"]
            known["message"].edits += 1
            self.world.touch()
            return
        self.ephemeral(known["channel"], known["user"], body, body.get("thread_ts"))

    # Inside -------------------------------------------------------------------------------------

    def _direct(self, channel: str) -> str:
        return f"D{channel}" if channel.startswith("U") else str(channel)

    def _message(self, arguments: Json) -> Message | None:
        found = [m for m in self.world.of(arguments["channel"]) if m.ts == arguments["ts"] and not m.only_for]
        return found[0] if found else None

    def _judge_message(self, arguments: Json, *, update: bool = False) -> str:
        if not self.judging:
            return ""
        pictures = frozenset(f["id"] for f in self.world.files if f["content"].startswith(PNG))
        return self._judge(slack_judge.message(arguments, update=update, pictures=pictures))

    def _judge(self, wrong: list[str]) -> str:
        self.world.violations += wrong
        if "msg_blocks_too_long" in wrong:
            return "msg_blocks_too_long"
        return "invalid_blocks" if wrong else ""


async def _arguments(request: web.Request) -> Json:
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        arguments |= json.loads(body) if body else {}
    elif request.content_type == "application/x-www-form-urlencoded":
        arguments |= dict(await request.post())
    return arguments


async def _faulty(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """Answer as a fault says; None where it only waited."""
    if fault.abort:
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=500)
    if fault.drips:
        return await drip(request)
    headers = dict(fault.headers)
    if fault.text is not None:
        return web.Response(status=fault.status, text=fault.text, content_type="text/html", headers=headers)
    if fault.body is not None:
        return web.json_response(fault.body, status=fault.status, headers=headers)
    return None
