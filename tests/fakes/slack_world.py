"""What a loopback Slack remembers: people, channels, messages, views, files, triggers, and what was wrong.

Nothing here speaks HTTP; `slack_api` and `slack_gate` do. Whoever waits for something is woken by each change.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

TEAM, APP, BOT, BOT_USER = "T01", "A01", "B01", "UBOT"
BOT_TOKEN, APP_TOKEN, SECRET = (
    "xoxb-loopback-1234567890",
    "xapp-loopback-1234567890",
    "signing-secret-of-a-test",
)
ALICE, BOB, GUEST, STRANGER, GONE = "U01ALICE", "U02BOB", "U03GUEST", "U04STRANGER", "U05GONE"
GRID, DISTANT, STRANGER_TOO = "U06GRID", "U08DISTANT", "U09STRANGER"
OTHER, NEXT_DOOR, ENTERPRISE = "T99", "T77", "E01"  # another organisation's workspace; one of our own's
CROWD = "U7"  # everybody whose id begins like this is a member
MAIN, PRIVATE, SHARED, ARCHIVED = "C01MAIN", "C02PRIVATE", "C03SHARED", "C04ARCHIVED"
TRIGGER_SECONDS = 3.0
STATUS_SECONDS = 120.0
RESPONSES = 5


@dataclass(kw_only=True)
class Message:
    """A message as people see it. `only_for`: nobody else sees it."""

    ts: str
    channel: str
    text: str
    blocks: list[Json]
    user: str = BOT_USER
    thread_ts: str | None = None
    metadata: Json | None = None
    only_for: str | None = None
    files: list[Json] = field(default_factory=list)
    unfurls: dict[str, list[Json]] = field(default_factory=dict)
    edits: int = 0
    history: list[Json] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Everything that it says, text, blocks and buttons, as one text."""
        return "\n".join([self.text, *_strings(self.blocks)])

    def button(self, label: str) -> Json:
        """Return a button or menu entry by its label."""
        for element in _elements(self.blocks):
            if element.get("text", {}).get("text") == label:
                return element
        raise AssertionError(f"no button {label!r} in {self.words!r}")

    @property
    def labels(self) -> list[str]:
        """The labels of all buttons."""
        return [e["text"]["text"] for e in _elements(self.blocks) if "text" in e]

    def as_json(self, *, metadata: bool) -> Json:
        """Return it as the history gives it."""
        shown: Json = {
            "type": "message",
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
            "user": self.user,
        }
        if self.user == BOT_USER:
            shown |= {"bot_id": BOT, "app_id": APP}
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.files:
            shown["files"] = self.files
        if self.metadata:
            shown["metadata"] = self.metadata if metadata else {"event_type": self.metadata["event_type"]}
        return shown


@dataclass(kw_only=True)
class World:
    """The workspace. `members`: channels that the bot is in; `unfurl_domains`: of whose links it hears."""

    messages: list[Message] = field(default_factory=list)
    late: list[Message] = field(default_factory=list)
    views: dict[str, Json] = field(default_factory=dict)
    held: dict[str, dict[tuple[str, str], str | None]] = field(
        default_factory=dict
    )  # by view, block and element
    homes: dict[str, Json] = field(default_factory=dict)
    files: list[Json] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    members: set[str] = field(default_factory=lambda: {MAIN, SHARED})
    unfurl_domains: tuple[str, ...] = ()
    enterprise: str = ""  # the Enterprise organisation that the workspace belongs to
    blind: bool = False  # nothing is told of people
    usergroups: dict[str, list[str]] = field(default_factory=lambda: {"S01": [ALICE]})
    disabled_groups: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    response_urls: dict[str, Json] = field(default_factory=dict)
    triggers: dict[str, float] = field(default_factory=dict)
    statuses: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    lapsed: int = 0  # how often a status had gone by itself before it was set again
    seconds: Callable[[], float] = time.monotonic
    tokens: set[str] = field(default_factory=lambda: {BOT_TOKEN, APP_TOKEN})
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # Reading ------------------------------------------------------------------------------------

    def of(self, channel: str, thread: str | None = None) -> list[Message]:
        """Return the messages of a channel, or of one thread in it."""
        return [
            m for m in self.messages
            if m.channel == channel and (thread is None or thread in (m.thread_ts, m.ts))
        ]  # fmt: skip

    def ours(self) -> list[Message]:
        """Return the messages of the bot, those for one person included."""
        return [m for m in self.messages if m.user == BOT_USER]

    def called(self, method: str) -> list[Json]:
        """Return the arguments of every call of a method."""
        return [arguments for name, arguments in self.calls if name == method]

    async def until(self, condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Wait until something is so, looking whenever anything changed; return what it gave."""
        async with asyncio.timeout(seconds):
            while not (result := condition()):
                self._changed.clear()
                await self._changed.wait()
            return result

    async def answer(self, containing: str, *, at: int = 0, seconds: float = 20.0) -> Message:
        """Wait for a message of the bot that says something."""

        def found() -> Message | None:
            return next((m for m in self.ours()[at:] if containing in m.words), None)

        try:
            message: Message = await self.until(found, seconds)
        except TimeoutError:
            said = [m.words for m in self.ours()]
            raise AssertionError(f"nobody said {containing!r}; said was: {said}") from None
        return message

    async def ephemeral(self, user: str, *, at: int = 0) -> Message:
        """Wait for something that only this person sees."""
        message: Message = await self.until(
            lambda: next((m for m in self.ours()[at:] if m.only_for == user), None)
        )
        return message

    def status(self, channel: str, thread: str) -> str:
        """Return the status that is shown in a thread, "" where none is: it goes by itself after two minutes."""
        status, since = self.statuses.get((channel, thread), ("", 0.0))
        return status if self.seconds() - since < STATUS_SECONDS else ""

    # Changing -----------------------------------------------------------------------------------

    def set_status(self, channel: str, thread: str, status: str) -> None:
        """Show a status in a thread, "" takes it away."""
        self.lapsed += (channel, thread) in self.statuses and not self.status(channel, thread)
        self.statuses.pop((channel, thread), None)
        if status:
            self.statuses[channel, thread] = (status, self.seconds())

    def touch(self) -> None:
        """Wake whoever waits."""
        self._changed.set()

    def number(self) -> int:
        """Return a number that was not used yet."""
        return int(next(self._numbers))

    def ts(self) -> str:
        """Return the id of a new message: later than all before."""
        return f"{int(time.time())}.{self.number():06d}"

    def trigger(self) -> str:
        """Return a trigger, good once and for three seconds."""
        trigger = f"{self.number()}.{TEAM}.trigger"
        self.triggers[trigger] = time.monotonic() + TRIGGER_SECONDS
        return trigger

    def use_trigger(self, trigger: str) -> str:
        """Use a trigger up; return the error that Slack gives, "" where it was good."""
        until = self.triggers.pop(trigger, None)
        if until is None:
            return "exchanged_trigger_id"
        return "" if time.monotonic() < until else "expired_trigger_id"

    def say(self, user: str, channel: str, text: str, *, thread: str | None = None) -> Message:
        """Let a person write something, which sends no event by itself."""
        message = Message(ts=self.ts(), channel=channel, text=text, blocks=[], user=user, thread_ts=thread)
        self.messages.append(message)
        self.touch()
        return message

    def commit_late(self) -> None:
        """Let what was stored late be there now."""
        self.messages += self.late
        self.late = []
        self.touch()


def person(user: str) -> Json | None:
    """Return what users.info tells of somebody."""
    known = {ALICE, BOB, GUEST, STRANGER, STRANGER_TOO, GONE, GRID, DISTANT}
    if user not in known and not user.startswith(CROWD):
        return None
    told: Json = {
        "id": user,
        "team_id": home(user),
        "deleted": user == GONE,
        "is_bot": False,
        "is_restricted": user == GUEST,
        "is_ultra_restricted": False,
        "profile": {"display_name": user.lower(), "email": f"{user.lower()}@example.com"},
    }
    if user in GRID_TEAMS:  # an Enterprise organisation tells of its own people where they are at home
        told["enterprise_user"] = {"id": user, "enterprise_id": ENTERPRISE, "teams": GRID_TEAMS[user]}
    return told


GRID_TEAMS = {GRID: [NEXT_DOOR, TEAM], DISTANT: [NEXT_DOOR]}


def home(user: str) -> str:
    """Return the workspace that somebody is at home in."""
    if user in {STRANGER, STRANGER_TOO}:
        return OTHER
    return NEXT_DOOR if user in GRID_TEAMS else TEAM


def is_registered(world: World, url: str) -> bool:
    """Whether the app hears of a link: its host is one of the app's domains, or below one."""
    host = urlsplit(url).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in world.unfurl_domains)


def channel_error(world: World, channel: str) -> str:
    """Return the error of posting to a channel, "" where it is open to the bot."""
    if channel == ARCHIVED:
        return "is_archived"
    if channel.startswith("D"):
        return "" if person(channel[1:]) else "channel_not_found"
    if channel not in {MAIN, PRIVATE, SHARED, *world.members}:
        return "channel_not_found"
    return "" if channel in world.members else "not_in_channel"


def _elements(blocks: list[Json]) -> list[Json]:
    found: list[Json] = []
    for block in blocks:
        for element in block.get("elements", ()) if block.get("type") == "actions" else ():
            found.append(element)
            found += element.get("options", ())
    return found


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [t for name, inner in value.items() if name != "type" for t in _strings(inner)]
    if isinstance(value, list):
        return [t for inner in value for t in _strings(inner)]
    return [value] if isinstance(value, str) else []
