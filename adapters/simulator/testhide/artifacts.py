"""Artifacts: what a build leaves behind once it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from adapters.simulator.common.answers import query
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.testhide.access import refuse
from adapters.simulator.testhide.build import RESULTS, Build
from adapters.simulator.testhide.part import ACCOUNT, API, Part
from adapters.simulator.testhide.report_file import report_file
from adapters.simulator.testhide.results import failing

SCREENSHOTS = 3
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0500f00040101"
    "00a1b4d0a80000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file. `kind`: report, log, screenshot or binary."""

    number: int
    name: str
    kind: str
    content: bytes


class Artifacts(Part):
    """One method per endpoint."""

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        return [
            web.get(API + "/artifacts", self.listed, allow_head=False),
            web.get(API + "/artifacts/tree", self.tree, allow_head=False),
            web.get(API + "/artifacts/{artifact_id}/download", self.download, allow_head=False),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """List a build's artifacts; all at once."""
        asked = query(request)
        build = self.build(request, asked["build_id"])
        rows = [
            _row(build, artifact)
            for artifact in self._of(build)
            if asked.get("type") in {None, artifact.kind} and asked.get("search", "") in artifact.name
        ]
        return self.reply(rows)

    async def tree(self, request: web.Request) -> web.Response:
        """Show them in their folders."""
        build = self.build(request, query(request)["build_id"])
        top: Json = {"name": "/", "children": []}
        for artifact in self._of(build):
            *folders, name = artifact.name.split("/")
            place = top
            for folder in folders:
                place = _below(place, folder)
            place["children"].append({"name": name, "id": artifact.number})
        return self.reply(top)

    async def download(self, request: web.Request) -> web.Response:
        """Hand a file out, under a name that nobody should use as a path."""
        number = self.ids.read(request.match_info["artifact_id"]) or 0
        build = self.world.find(number // RESULTS)
        if build is not None and request[ACCOUNT].sees(build.job.project):
            for artifact in self._of(build):
                if artifact.number == number:
                    named = f"attachment; filename*=UTF-8''{quote(artifact.name, safe='')}"
                    headers = {"Content-Disposition": named, "Content-Type": "application/octet-stream"}
                    return web.Response(body=artifact.content, headers=headers)
        raise refuse(404, "Artifact not found")

    def _of(self, build: Build) -> list[Artifact]:
        if build.ended_at is None:
            return []
        log = "\n".join(build.lines(build.ended_at)).encode()
        files = [("junittests.xml", "report", report_file(build)), ("logs/pipeline.log", "log", log)]
        shot = [result.number for result in failing(build)[:SCREENSHOTS]]
        files += [(f"screenshots/{number}.png", "screenshot", PIXEL) for number in shot]
        files += self.world.files.get(build.number, [])
        named = {
            name: (kind, content) for name, kind, content in files
        }  # a file of the same name is replaced
        return [
            Artifact(build.number * RESULTS + 90_001 + place, name, kind, content)
            for place, (name, (kind, content)) in enumerate(named.items())
        ]


def _row(build: Build, artifact: Artifact) -> Json:
    ended = build.ended_at or build.created_at
    return {
        "id": artifact.number,
        "name": artifact.name,
        "type": artifact.kind,
        "size_bytes": len(artifact.content),
        "created_at": timestamp(ended.replace(microsecond=0)),
    }


def _below(place: Json, folder: str) -> Json:
    for child in place["children"]:
        if child["name"] == folder and "children" in child:
            found: Json = child
            return found
    made: Json = {"name": folder, "children": []}
    place["children"].append(made)
    return made
