"""Files that people share in a loopback Slack: what is told of them, and their bytes for who has the right.

Without a right Slack says nothing of the kind: it leads to a page where one logs in, or shows that page with status 200.
Objects: https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.slack_world import ALICE, BOT_TOKEN, TEAM, Json, World

READ = "files:read"


@dataclass(kw_only=True)
class SharedFile:
    """A file. `told`: what its object says otherwise; `serves`: what is answered in place of its bytes."""

    id: str
    name: str
    content: bytes
    channels: set[str]
    told: Json = field(default_factory=dict)
    serves: web.StreamResponse | None = None
    deleted: bool = False

    def about(self, base: str) -> Json:
        """Return its object."""
        url = f"{base}/files-pri/{TEAM}-{self.id}"
        kinds = {"channels": "C", "groups": "G", "ims": "D"}
        shared = {
            kind: sorted(c for c in self.channels if c.startswith(sign)) for kind, sign in kinds.items()
        }
        return {
            "id": self.id, "name": self.name, "title": self.name, "mimetype": "text/xml", "filetype": "xml",
            "size": len(self.content), "mode": "hosted", "is_external": False, "user": ALICE, **shared,
            "url_private": f"{url}/{self.name}", "url_private_download": f"{url}/download/{self.name}", **self.told,
        }  # fmt: skip


class SharedFiles:
    """All of them, and who asked for their bytes: the Authorization of each request."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = ""
        self.scopes = ""
        self.asked: list[str] = []
        self._files: dict[str, SharedFile] = {}

    def share(self, name: str, content: bytes, /, *channels: str, **told: object) -> SharedFile:
        """Let somebody share a file."""
        file = SharedFile(
            id=f"F{self.world.number():09d}", name=name, content=content, channels={*channels}, told=told
        )
        self._files[file.id] = file
        return file

    def info(self, file_id: str) -> Json | str:
        """Answer files.info."""
        if self.scopes and READ not in self.scopes.split(","):
            return "missing_scope"
        file = self._files.get(file_id)
        if file is None:
            return "file_not_found"
        return "file_deleted" if file.deleted else {"file": file.about(self.base), "comments": []}

    def routes(self) -> list[web.RouteDef]:
        """Return what it serves."""
        return [
            web.get("/files-pri/{of}/download/{name}", self._serve),
            web.get("/files-pri/{of}/{name}", self._serve),
        ]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.headers.get("Authorization", ""))
        self.world.touch()
        file = self._files.get(request.match_info["of"].partition("-")[2])
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(status=302, headers={"Location": f"{self.base}/?redir={request.path}"})
        if self.scopes and READ not in self.scopes.split(","):
            return web.Response(
                text="<!DOCTYPE html><html><title>Sign in</title></html>", content_type="text/html"
            )
        if file is None or file.deleted:
            return web.Response(status=404)
        return file.serves or web.Response(body=file.content, content_type="text/xml")
