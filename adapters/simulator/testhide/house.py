"""The server itself: who one is, what the licence has, the nodes, and a search over everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web

from adapters.simulator.common.answers import query
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.testhide.access import Accounts, refuse
from adapters.simulator.testhide.build import RUNNING
from adapters.simulator.testhide.part import ACCOUNT, API, Part, sent, whole
from adapters.simulator.testhide.world import Node

VERSION = {"version": "3.14.2", "build": "a1b2c3d"}
OPEN = frozenset({API + "/healthz", API + "/authenticate"})
"""What is answered without a key."""


class House(Part):
    """One method per endpoint."""

    def __init__(self, *parts: Any, accounts: Accounts) -> None:
        super().__init__(*parts)
        self.accounts = accounts

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        get = [
            ("/healthz", self.healthz),
            ("/me", self.me),
            ("/config", self.config),
            ("/users/{user_id}/permissions", self.permissions),
            ("/license/status", self.licence),
            ("/nodes", self.nodes),
            ("/nodes/{node_id}", self.node),
            ("/nodes/{node_id}/health", self.node_health),
            ("/search", self.search),
        ]
        return [
            *(web.get(API + path, handler, allow_head=False) for path, handler in get),
            web.post(API + "/authenticate", self.authenticate),
            web.post(API + "/logout", self.logout),
        ]

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that it runs."""
        return self.reply({"status": "ok"} | VERSION)

    async def authenticate(self, request: web.Request) -> web.Response:
        """Open a session."""
        body = await sent(request)
        now = self.world.settle()
        token, ends, account = self.accounts.log_in(body["username"], body["password"], now)
        ends = ends.replace(microsecond=0)
        return self.reply({"token": token, "expires_at": timestamp(ends), "user_id": account.number})

    async def logout(self, request: web.Request) -> web.Response:
        """End the session."""
        self.accounts.revoke(request.headers.get("Authorization", "").partition(" ")[2])
        return web.Response(status=204)

    async def me(self, request: web.Request) -> web.Response:
        """Say who is asking."""
        account = request[ACCOUNT]
        seen = [number for number in self.world.projects if account.sees(number)]
        return self.reply(
            {"id": account.number, "email": account.email, "role": account.role, "projects": seen}
        )

    async def permissions(self, request: web.Request) -> web.Response:
        """Say what somebody may do."""
        account = self.accounts.number(self.ids.read(request.match_info["user_id"]) or 0)
        if account is None:
            raise refuse(404, "User not found")
        may_write = account.role != "viewer"
        projects = {
            self.ids.text(number): "write" if may_write else "read"
            for number in self.world.projects
            if account.sees(number)
        }
        body = {"user_id": account.number, "can_start_builds": may_write, "is_admin": account.role == "admin"}
        return self.reply(body | {"can_manage_nodes": account.role == "admin", "projects": projects})

    async def config(self, _request: web.Request) -> web.Response:
        """Say how the server is set up."""
        options = {
            "ai_assist": {"enabled": self.world.manners.ai},
            "max_parallel_builds": len(self.world.nodes),
        }
        return self.reply({"version": VERSION["version"], "global_options": options})

    async def licence(self, _request: web.Request) -> web.Response:
        """Say what was paid for."""
        there = self.world.manners.ai
        capabilities = {
            "ai_chat": there, "ai_test_health": there, "llm_evals": False, "white_label": False, "vcenter": False,
            "sso": True, "max_users": 50,
        }  # fmt: skip
        body = {
            "tier": "enterprise" if there else "team",
            "valid": True,
            "seats_licensed": 50,
            "seats_used": 12,
        }
        ends = self.world.clock.start + timedelta(days=365)
        return self.reply(body | {"expires_at": timestamp(ends), "capabilities": capabilities})

    async def nodes(self, request: web.Request) -> web.Response:
        """List the nodes."""
        self.world.settle()
        wanted = query(request).get("status")
        rows = [self._node(node) for node in self.world.nodes.values()]
        return self.reply([row for row in rows if wanted in {None, row["status"]}])

    async def node(self, request: web.Request) -> web.Response:
        """Show one node."""
        self.world.settle()
        row = self._node(self._named_node(request))
        shown = {name: row[name] for name in ("id", "name", "status", "running_builds")}
        return self.reply(shown | {"cpu_cores": 8, "ram_gb": 16, "uptime_s": 86_400})

    async def node_health(self, request: web.Request) -> web.Response:
        """Show how a node is."""
        node = self._named_node(request)
        health = {"cpu_pct": 40, "ram_pct": 60, "disk_free_gb": 120}
        return self.reply({"node_id": node.number, **health, "last_heartbeat_s": 3 if node.online else 900})

    async def search(self, request: web.Request) -> web.Response:
        """Find jobs, builds and projects whose name holds a text."""
        wanted = query(request)["q"].lower()
        named = [("job", job.number, job.name) for job in self.world.jobs.values()]
        named += [("project", project.number, project.name) for project in self.world.projects.values()]
        rows = [
            {"type": kind, "id": number, "name": name, "snippet": name, "score": 1.0}
            for kind, number, name in named
            if wanted in name.lower()
        ]
        return self.reply({"query": query(request)["q"], "results": rows[: whole(request, "limit") or 5]})

    def _named_node(self, request: web.Request) -> Node:
        found = self.world.nodes.get(self.ids.read(request.match_info["node_id"]) or 0)
        if found is None:
            raise refuse(404, "Node not found")
        return found

    def _node(self, node: Node) -> Json:
        running = [b for b in self.world.builds() if b.status == RUNNING and b.node == node.number]
        row: Json = {"id": node.number, "name": node.name, "pool_id": 1, "running_builds": len(running)}
        return row | {"status": "online" if node.online else "offline", "cpu_pct": 90 if running else 5}
