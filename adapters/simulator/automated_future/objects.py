"""The object store behind presigned URLs: another origin, which takes no key and speaks XML."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from aiohttp import web

from adapters.simulator.automated_future.records import Artifact
from adapters.simulator.automated_future.team import Team
from adapters.simulator.common.answers import NEVER, Refusal
from adapters.simulator.common.seen import Seen
from adapters.simulator.common.server import SimulatedServer

GOOD_FOR = timedelta(minutes=15)
ROUTE = "/{key}"
QUERY = ("Expires", "Signature")
CODES = {403: "AccessDenied", 404: "NoSuchKey"}


class StoreRefusal(Refusal):
    """An error as object stores write it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, {"code": code, "message": message})
        self.text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'

    def answer(self) -> web.Response:
        """Return it as a response."""
        return web.Response(status=self.status, text=self.text, content_type="application/xml", headers=NEVER)


class ObjectStore(SimulatedServer):
    """Holds the files of artifacts. Who has an address may do what it was signed for, until it expires."""

    mount: ClassVar[str] = "/artifacts"
    most: ClassVar[int] = 101_000_000

    def __init__(self, team: Team) -> None:
        super().__init__(team.clock, lambda seen: list(_problems(seen)))
        self.team = team
        self.signatures: list[str] = []
        self._secret = hashlib.blake2b(f"store/{team.seed}".encode()).digest()

    def routes(self) -> list[web.RouteDef]:
        """Return what a presigned URL can do."""
        path = self.mount + ROUTE
        return [web.get(path, self.download, allow_head=False), web.put(path, self.upload)]

    def admit(self, request: web.Request) -> None:
        """Let a request pass that has no key and a signature that is good now."""
        if "Authorization" in request.headers:
            self.journal.note(f"{request.method} {self.mount}{ROUTE}: Authorization on a presigned URL")
            raise self.refusal(400, "Only one authorization mechanism is allowed")
        given, until = request.query.get("Signature", ""), request.query.get("Expires", "")
        good = self._signature(request.method, request.path.rpartition("/")[2], until)
        if not hmac.compare_digest(given.encode(), good.encode()):
            raise StoreRefusal(403, "SignatureDoesNotMatch", "The signature does not match")
        if self.now().timestamp() >= int(until):
            raise self.refusal(403, "Request has expired")

    def refusal(self, status: int, message: str) -> Refusal:
        """Return an error of the store."""
        return StoreRefusal(status, CODES.get(status, "InvalidRequest"), message)

    def settle(self) -> None:
        """Nothing happens here by itself."""

    def presigned(self, method: str, artifact: Artifact) -> str:
        """Return an address that does one thing with one file for a while; whoever has it needs no key."""
        until = str(int(self._until().timestamp()))
        signature = self._signature(method, artifact.artifact_id, until)
        self.signatures.append(signature)
        query = urlencode({"Expires": until, "Signature": signature})
        return f"{self.base_url}/{artifact.artifact_id}?{query}"

    async def upload(self, request: web.Request) -> web.Response:
        """Take the bytes, with the Content-Type that was announced."""
        artifact = self._artifact(request)
        if request.headers.get("Content-Type") != artifact.content_type:
            self.journal.note(f"PUT {self.mount}{ROUTE}: another Content-Type than was announced")
            raise StoreRefusal(
                403, "SignatureDoesNotMatch", "The Content-Type is not the one that was signed"
            )
        content = await request.read()
        if len(content) != artifact.size_bytes:
            self.journal.note(
                f"PUT {self.mount}{ROUTE}: {len(content)} bytes, {artifact.size_bytes} announced"
            )
        artifact.content = content
        return web.Response(headers={"ETag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'})

    async def download(self, request: web.Request) -> web.Response:
        """Hand the bytes out."""
        artifact = self._artifact(request)
        if artifact.content is None:
            raise self.refusal(404, "The specified key does not exist")
        return web.Response(body=artifact.content, headers={"Content-Type": artifact.content_type})

    def _artifact(self, request: web.Request) -> Artifact:
        found = self.team.artifacts.get(request.match_info["key"])
        if found is None:
            raise self.refusal(404, "The specified key does not exist")
        return found

    def _until(self) -> datetime:
        return self.now() + GOOD_FOR

    def _signature(self, method: str, key: str, until: str) -> str:
        return hmac.new(self._secret, f"{method}\n{key}\n{until}".encode(), hashlib.sha256).hexdigest()


def _problems(seen: Seen) -> Iterator[str]:
    if seen.route != ROUTE:
        yield f"{seen.method} {seen.path}: the store has no such operation"
    if seen.route and sorted(name for name, _ in seen.query) != sorted(QUERY):
        yield f"{seen.method} {ROUTE}: the query of a presigned URL was changed"
    if seen.method == "GET" and seen.body:
        yield f"GET {ROUTE}: takes no body"
