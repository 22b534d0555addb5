"""Webhooks: who registered for what, what was delivered, and real deliveries of what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from adapters.simulator.common.answers import query
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.common.webhooks import Attempt, Webhooks
from adapters.simulator.testhide.access import refuse
from adapters.simulator.testhide.part import API, Part, sent, whole

LOCAL = ("127.0.0.1", "localhost")


@dataclass(kw_only=True)
class Hook:
    """One that is registered."""

    number: int
    url: str
    events: list[str]
    secret: str | None
    project: int | None
    active: bool
    history: list[Json] = field(default_factory=list)


class Hooks(Part):
    """One method per endpoint; `secrets`: all that were ever given."""

    def __init__(self, *parts: Any, out: Webhooks) -> None:
        super().__init__(*parts)
        self.secrets: set[str] = set()
        self._out = out
        self._hooks: dict[int, Hook] = {}
        self._numbers, self._deliveries = count(1), count(1)
        self.world.listeners.append(self.tell)

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        every = API + "/webhooks"
        one = every + "/{id}"
        return [
            web.get(every, self.listed, allow_head=False),
            web.post(every, self.register),
            web.post(every + "/bulk-delete", self.delete_many),
            web.put(one, self.change),
            web.delete(one, self.delete),
            web.post(one + "/test", self.test),
            web.get(one + "/history", self.history, allow_head=False),
        ]

    def tell(self, event: str, project: int, data: Json) -> None:
        """Deliver an event to everybody who registered for it."""
        for hook in list(self._hooks.values()):
            if hook.active and event in hook.events and hook.project in {None, project}:
                body = self.ids.shown({"event": event, "data": data})
                self._out.send(hook.url, hook.secret, body, self._reporter(hook, event))

    async def listed(self, request: web.Request) -> web.Response:
        """List those that are registered, without their secrets."""
        asked = query(request)
        project, active = self.ids.read(asked.get("project_id")), asked.get("active")
        found = [
            _row(hook)
            for hook in self._hooks.values()
            if project in {None, hook.project} and active in {None, str(hook.active).lower()}
        ]
        return self.reply(found)

    async def register(self, request: web.Request) -> web.Response:
        """Register an address."""
        body = await sent(request)
        _check(body["url"])
        hook = Hook(
            number=next(self._numbers),
            url=body["url"],
            events=body["events"],
            secret=body.get("secret"),
            project=self.ids.read(body.get("project_id")),
            active=body.get("active", True),
        )
        self._hooks[hook.number] = hook
        self._remember(hook)
        return self.reply(_row(hook), 201)

    async def change(self, request: web.Request) -> web.Response:
        """Change what was registered."""
        hook, body = self._hook(request), await sent(request)
        _check(body.get("url", hook.url))
        for name, value in body.items():
            setattr(hook, name, value)
        self._remember(hook)
        return self.reply({"id": hook.number, "active": hook.active, "events": hook.events})

    async def delete(self, request: web.Request) -> web.Response:
        """Take one out."""
        del self._hooks[self._hook(request).number]
        return web.Response(status=204)

    async def delete_many(self, request: web.Request) -> web.Response:
        """Take many out."""
        body = await sent(request)
        wanted = [self.ids.read(one) or 0 for one in body["ids"]]
        gone = [number for number in wanted if self._hooks.pop(number, None) is not None]
        return self.reply({"deleted": len(gone), "ids": gone})

    async def test(self, request: web.Request) -> web.Response:
        """Deliver something now."""
        hook = self._hook(request)
        body = {"event": "webhook.test", "data": {}}
        attempt = await self._out.send_now(hook.url, hook.secret, body)
        self._reporter(hook, "webhook.test")(attempt)
        latency = round(attempt.took * 1000)
        return self.reply(
            {"delivered": attempt.delivered, "status_code": attempt.status or 0, "latency_ms": latency}
        )

    async def history(self, request: web.Request) -> web.Response:
        """List deliveries, newest first."""
        hook, status = self._hook(request), query(request).get("status")
        rows = [row for row in hook.history[::-1] if status in {None, "failed" if row["error"] else "ok"}]
        return self.reply(rows[: whole(request, "limit") or 50])

    def _hook(self, request: web.Request) -> Hook:
        found = self._hooks.get(self.ids.read(request.match_info["id"]) or 0)
        if found is None:
            raise refuse(404, "Webhook not found")
        return found

    def _remember(self, hook: Hook) -> None:
        if hook.secret is not None:
            self.secrets.add(hook.secret)

    def _reporter(self, hook: Hook, event: str) -> Any:
        def report(attempt: Attempt) -> None:
            hook.history.append(_delivery(next(self._deliveries), event, attempt, self.world.clock.now()))

        return report


def _delivery(number: int, event: str, attempt: Attempt, at: datetime) -> Json:
    return {
        "delivery_id": f"del_{number}",
        "event": event,
        "status_code": attempt.status or 0,
        "error": attempt.error,
        "attempted_at": timestamp(at.replace(microsecond=0)),
    }


def _row(hook: Hook) -> Json:
    failed = sum(bool(row["error"]) for row in hook.history)
    return {
        "id": hook.number,
        "url": hook.url,
        "events": hook.events,
        "active": hook.active,
        "deliveries_ok": len(hook.history) - failed,
        "deliveries_failed": failed,
    }


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise refuse(422, "url must be HTTPS")
