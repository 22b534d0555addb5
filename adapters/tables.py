"""The tables of the settings that belong to no chat and to no platform; ids are checked by what the chats know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from adapters.chat.kind import Ids
from adapters.chat.registry import CHATS
from adapters.configuration.checks import (
    LOWER,
    HeartbeatUrl,
    HooksUrl,
    MailDomain,
    Name,
    Network,
    PageToken,
    PollSeconds,
    SecretText,
    UserHeader,
    WebAddress,
    listening,
    loopback,
    text,
)
from adapters.configuration.database import read_address
from adapters.configuration.environment import SECRETS
from adapters.configuration.problems import did_you_mean, wrong
from adapters.configuration.table import Table, Variable
from bot import grammar, mentioning
from bot.access import Role, reaches
from bot.calendar import EVERY_DAY, Window
from bot.cards import ReportLinks
from bot.command import Preset
from bot.errors import UserError, WrongValue
from bot.model import Secret
from bot.quotas import Quota
from bot.replies import channel as of_channel
from bot.state import ChannelSettings, Expectation, MentionRule, Outcome, Per, PublishRule, Subscription

MOST_A_DAY = 1_000_000  # runs or minutes; a number beyond is a slip
POLITE_SECONDS = 60.0  # the platform's own client asks no more often
ROLES = tuple(role.word for role in Role)


def _one_of(what: str, forms: Iterable[Ids | None], shown: Iterable[Ids | None]) -> AfterValidator:
    """Check that an id has one of some forms; immutable ids only, since display names can be taken by anyone."""
    known = [form for form in forms if form]
    names = [form.shown for form in shown if form]

    def check(value: str) -> str:
        if not any(form.fits(value) for form in known):
            raise wrong(what, f"Give {', '.join(names[:-1])} or {names[-1]}.")
        return value

    return AfterValidator(check)


def _role(value: str) -> str:
    if value not in ROLES:
        raise wrong("Unknown key.", did_you_mean(value, ROLES))
    return value


def _approver(value: object) -> Role:
    """Read the role of whoever approves: they have to be allowed to start the run themselves."""
    approvers = {role.word: role for role in Role if role >= Role.LAUNCH}
    if not isinstance(value, str) or value not in approvers:
        raise wrong("This is not a role that may launch.", f"Give {' or '.join(approvers)}.")
    return approvers[value]


def _once(value: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Refuse an id that two people have."""
    held = Counter(one for ids in value.values() for one in ids)
    twice = [one for one, times in held.items() if times > 1]
    if twice:
        raise wrong(f"Two people have the id {min(twice)}.", "Give it to one of them.")
    return value


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise wrong("This is not a single value.", "Give text, a number, true or false.")


def _database(value: Secret) -> Secret:
    try:
        read_address(value.reveal())
    except UserError as error:
        raise wrong(error.problem, error.hint) from None
    return value


SERVED = [chat for chat in CHATS if chat.switch]  # those that a variable switches on
_PEOPLE = [form for chat in CHATS for form in (chat.whole, *chat.people)]
_USERS = [form for chat in CHATS for form in chat.people if form.shown.split(":")[1] == "user"]
_PLACES = [form for chat in CHATS for form in (chat.channel, chat.whole)]
_CHANNELS = [chat.channel for chat in CHATS]
# Who asks through `clew mcp` and where: nobody and nowhere of a chat.
_AGENT = Ids("mcp:user:NAME", r"mcp:user:[a-z0-9][a-z0-9-]{0,31}")
_AGENTS = Ids("mcp:channel:local", "mcp:channel:local")
_SHOWN = [chat.channel for chat in SERVED]

Links = Annotated[ReportLinks, LOWER]
RoleName = Annotated[str, AfterValidator(_role)]
Principal = Annotated[
    str,
    BeforeValidator(text),
    _one_of("This is not the id of a person or group.", [*_PEOPLE, *_CHANNELS, _AGENT], _PEOPLE),
]
UserId = Annotated[
    str,
    BeforeValidator(text),
    _one_of("This is not the id of a person.", _USERS, _USERS),
]
AgentId = Annotated[
    str,
    BeforeValidator(text),
    _one_of("This is not the id of a person or an agent.", [*_USERS, _AGENT], [*_USERS, _AGENT]),
]
Mentionable = Annotated[
    str,
    BeforeValidator(text),
    _one_of(
        "This is not the id of a person or group.",
        [*_PEOPLE, *_CHANNELS],
        [form for chat in CHATS for form in chat.people],
    ),
]
PlaceId = Annotated[
    str, BeforeValidator(text), _one_of("This is not the id of a place.", [*_PLACES, _AGENTS], _PLACES)
]
AgentChannel = Annotated[str, _one_of("This is not a channel id.", [*_CHANNELS, _AGENTS], [*_SHOWN, _AGENTS])]
ChannelId = Annotated[str, _one_of("This is not a channel id.", _CHANNELS, _SHOWN)]


class Watch(Table):
    """A channel that is notified of runs."""

    channel: ChannelId
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None
    outcomes: frozenset[Annotated[Outcome, LOWER]] = frozenset({Outcome.ALL})
    report_links: Links | None = None

    @property
    def subscription(self) -> Subscription:
        """The same as the core knows it."""
        return Subscription(**dict(self), from_settings=True)


class Mention(Table):
    """Whom posts in a channel mention. `property`: a pattern for the name of a check that newly fails."""

    channel: ChannelId
    who: Mentionable
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None
    pattern: str | None = Field(default=None, alias="property")
    outcomes: frozenset[Annotated[Outcome, LOWER]] = frozenset()

    @field_validator("who", mode="after")
    @classmethod
    def _mentionable(cls, value: str, info: ValidationInfo) -> str:
        """Refuse whoever cannot be mentioned there, and everybody: nobody wants a test to wake a whole company."""
        if not any(chat.mention(value) for chat in CHATS):
            raise wrong(
                "It cannot be mentioned.",
                "Give the id of a person, a user group or a role, not of everybody.",
            )
        if not reaches(value, info.data.get("channel", value)):
            raise wrong(
                "It is not of the channel's chat.",
                "Give an id of the chat and server that the channel is in.",
            )
        return value

    @field_validator("pattern", mode="after")
    @classmethod
    def _telling(cls, value: str | None) -> str | None:
        if value is not None and mentioning.fits_everything(value, ()):
            raise wrong("It fits every name.", "Leave it out to mention somebody for any new failure.")
        return value

    @field_validator("outcomes", mode="after")
    @classmethod
    def _of_checks(cls, value: frozenset[Outcome], info: ValidationInfo) -> frozenset[Outcome]:
        if mentioning.contradicts(info.data.get("pattern"), value):
            raise wrong(
                "A property pattern is about failures.",
                "Give failures or new-failures, or a table of its own.",
            )
        return value

    @property
    def rule(self) -> MentionRule:
        """The same as the core knows it."""
        values = {**dict(self), "outcomes": self.outcomes or mentioning.default_outcomes(self.pattern)}
        return MentionRule(**values, from_settings=True)


def _read(read: Callable[[str, str], object]) -> BeforeValidator:
    """Read a text as the commands do, and name what is wrong in the form of the settings."""

    def check(value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            raise wrong("This is not text.", "Put it in quotation marks.")
        try:
            return read(value, info.field_name or "")
        except WrongValue as error:
            raise wrong(*error.as_setting()) from None
        except UserError as error:
            raise wrong(error.problem, error.hint) from None

    return BeforeValidator(check)


def _registry(text: str, name: str) -> str:
    return str(grammar.registry(text, name))


Registry = Annotated[str, _read(_registry)]


class ChannelTable(Table):
    """How a channel is notified, whatever of. `quiet`: between which times nothing is posted; `digest`: when one comes."""

    channel: ChannelId
    zone: Annotated[str, _read(grammar.zone)] = "UTC"
    quiet: Annotated[tuple[time, time] | None, _read(grammar.hours)] = None
    digest: Annotated[time | None, _read(grammar.time_of_day)] = None
    digest_days: Annotated[frozenset[int], _read(grammar.weekdays)] = EVERY_DAY
    digest_empty: bool = False

    @field_validator("digest", mode="after")
    @classmethod
    def _not_in_quiet_hours(cls, value: time | None, info: ValidationInfo) -> time | None:
        quiet = info.data.get("quiet")
        if value is not None and quiet is not None and Window(*quiet).holds(value):
            error = of_channel.digest_in_quiet(value, *quiet)
            raise wrong(error.problem, error.hint)
        return value

    @property
    def settings(self) -> ChannelSettings:
        """The same as the core knows it."""
        start, end = self.quiet or (None, None)
        return ChannelSettings(
            channel=self.channel, zone=self.zone, quiet_from=start, quiet_to=end, digest=self.digest,
            digest_days=self.digest_days, digest_empty=self.digest_empty, from_settings=True,
        )  # fmt: skip


class Expect(Table):
    """A launcher that a channel expects to start by a time of day. `after`: from when on a start counts."""

    channel: ChannelId
    launcher: str = Field(min_length=1)
    connection: str | None = None
    source: str | None = None
    by: Annotated[time | None, _read(grammar.time_of_day)] = None
    after: Annotated[time | None, _read(grammar.time_of_day)] = None
    zone: Annotated[str, _read(grammar.zone)] = "UTC"
    days: Annotated[frozenset[int], _read(grammar.weekdays)] = EVERY_DAY

    @field_validator("after", mode="after")
    @classmethod
    def _before_it(cls, value: time | None, info: ValidationInfo) -> time | None:
        if value is not None and info.data.get("by", ...) in {None, value}:
            raise wrong("It is the deadline itself, or there is none.", "Give an earlier time than “by”.")
        return value

    def expectation(self, connection: str) -> Expectation:
        """Return the same as the core knows it, of a connection where it names none."""
        return Expectation(
            channel=self.channel, connection=self.connection or connection, launcher=self.launcher, source=self.source,
            by=self.by, begins=self.after, zone=self.zone, days=self.days, from_settings=True,
        )  # fmt: skip


class PresetTable(Table):
    """A launch prepared under a name.

    `people`: who may use it; `free`: which parameters may be given beside it; `approve`: the role of the second person who
    has to approve it.
    """

    name: Name
    launcher: str = Field(min_length=1)
    values: Mapping[str, Annotated[str, BeforeValidator(_scalar)]] = {}
    people: frozenset[Principal] = frozenset()
    free: frozenset[Annotated[str, Field(min_length=1)]] | None = None
    approve: Annotated[Role, BeforeValidator(_approver)] | None = None

    @property
    def preset(self) -> Preset:
        """The same as the core knows it."""
        return Preset(**dict(self))


def _limit(value: object) -> int:
    """Read how many: 0 allows none. A pydantic `int` would take true for 1, and "5"."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong("This is not a whole number.", "Give a whole number, without quotation marks.")
    if not 0 <= value <= MOST_A_DAY:
        what = "It is negative." if value < 0 else "It is too large."
        raise wrong(what, f"Give a number from 0, which allows none, to {MOST_A_DAY:,}.")
    return value


Limit = Annotated[int, BeforeValidator(_limit)]


class QuotaTable(Table):
    """How much may be started on a day: by or in what it names, or `per` each of a kind."""

    per: Annotated[Per, LOWER] | None = None
    person: UserId | None = None
    channel: ChannelId | None = None
    launcher: str | None = Field(default=None, min_length=1)
    connection: str | None = None
    runs: Limit | None = None
    minutes: Limit | None = None
    unknown_minutes: Limit = 0
    zone: Annotated[str, _read(grammar.zone)] = "UTC"

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        """Refuse a table that is of none or of several, or that limits nothing."""
        keys = [name for name in ("per", *Per) if getattr(self, name) is not None]
        kinds = ", ".join(Per)
        if not keys:
            hint = f"Name one {' or '.join(Per)}, or say of which kind each has one: per = {kinds}."
            raise wrong("It does not say whose quota it is.", hint)
        if len(keys) > 1:
            raise wrong(f"It names {' and '.join(keys)}.", "Write a [[quota]] for each.")
        if self.runs is None and self.minutes is None:
            raise wrong("It limits nothing.", "Give runs, minutes, or both.")
        if self.unknown_minutes and self.minutes is None:
            raise wrong(
                "Its unknown_minutes have no use without minutes.", "Give minutes too, or remove them."
            )
        return self

    @property
    def quota(self) -> Quota:
        """The same as the core knows it."""
        named = {kind: str(name) for kind in Per if (name := getattr(self, kind)) is not None}
        per, of = next(iter(named.items()), (self.per or Per.PERSON, ""))
        return Quota(per=per, of=of, runs=self.runs, minutes=self.minutes, zone=self.zone,
                     untimed=self.unknown_minutes)  # fmt: skip


class Publish(Table):
    """Runs of the connection `from` that are written into the connection `to` by themselves when they end."""

    source: str = Field(alias="from")
    to: str
    outcomes: frozenset[Annotated[Outcome, LOWER]] = frozenset({Outcome.ALL})

    @property
    def rule(self) -> PublishRule:
        """The same as the core knows it."""
        return PublishRule(source=self.source, target=self.to, outcomes=self.outcomes)


class Web(Table):
    """Where health and metrics are served, and with `page` the operator's page.

    It is read with the token, or by whom one of the `proxies` names in the `user_header`. `url`: how people reach it.
    """

    listen: Annotated[tuple[str, int] | None, BeforeValidator(listening("127.0.0.1:8080", off=True))] = (
        "127.0.0.1",
        8080,
    )
    page: bool = False
    url: WebAddress | None = None
    user_header: UserHeader | None = None
    proxies: tuple[Network, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether only this machine reaches it: it listens there, and nothing leads there from elsewhere."""
        hosts = (self.listen[0] if self.listen else "", urlsplit(self.url).hostname if self.url else None)
        return all(loopback(host) for host in hosts if host)


class Hooks(Table):
    """Where webhooks of test platforms are received, never beside the metrics. `url`: how platforms reach `listen`."""

    listen: Annotated[tuple[str, int] | None, BeforeValidator(listening("127.0.0.1:8081", off=True))] = None
    url: HooksUrl | None = None


class Operator(Table):
    """Where an operator is notified of what needs a person. `heartbeat`: an address that is pinged while all is well."""

    channel: ChannelId | None = None
    heartbeat: HeartbeatUrl | None = None


class Mcp(Table):
    """Who asks through `clew mcp`, and in which channel: roles and places are decided by both."""

    principal: AgentId = "mcp:user:local"
    channel: AgentChannel = _AGENTS.shown


class General(Table):
    """What is of no chat and of no connection. `roles` and `places` hold ids by role name."""

    database_url: Annotated[
        SecretText,
        AfterValidator(_database),
        Variable("DATABASE_URL", "SQLite file or PostgreSQL (`postgresql://…`)"),
    ] = Secret("sqlite:///clew.db")
    config: Annotated[
        Path | None,
        Variable("CLEW_CONFIG", "path of the TOML file; if not set, `clew.toml` is read if it exists"),
    ] = None
    secrets_folder: Annotated[
        Path | None,
        Variable(SECRETS, "folder of secrets: one file each, named as its variable (`DATABASE_URL`)"),
    ] = None
    poll_seconds: Annotated[
        PollSeconds,
        Variable("CLEW_POLL_SECONDS", "seconds between polls for runs; 60 is the recommended minimum"),
    ] = POLITE_SECONDS
    locked: Annotated[
        bool, Variable("CLEW_READ_ONLY", "`true`: no launches, debugging sessions or other changes")
    ] = False
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        LOWER,
        Variable("CLEW_LOG_LEVEL", "log level: `debug`, `info`, `warning` or `error`"),
    ] = "info"
    page_token: Annotated[
        PageToken | None,
        Variable("CLEW_PAGE_TOKEN", "what opens the operator's page, where `[web] page` is true"),
    ] = None
    collector: Annotated[
        WebAddress | None,
        Variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OpenTelemetry collector that gets traces over HTTP: `http://collector:4318`; none if not set",
        ),
    ] = None
    collector_headers: Annotated[
        SecretText | None,
        Variable("OTEL_EXPORTER_OTLP_HEADERS", "headers for it: `authorization=Bearer%20…`"),
    ] = None
    report_links: Links = ReportLinks.POST
    read_only: bool = False
    recipient_domains: frozenset[MailDomain] = frozenset()  # where mail may go; none: to the requester alone
    image_registries: frozenset[Registry] | None = None  # where images may be from; None: from anywhere
    roles: Mapping[RoleName, frozenset[Principal]] = {}
    places: Mapping[RoleName, frozenset[PlaceId]] = {}  # a role that is left out may be used anywhere
    watch: tuple[Watch, ...] = ()
    expect: tuple[Expect, ...] = ()
    preset: tuple[PresetTable, ...] = ()
    publish: tuple[Publish, ...] = ()
    mention: tuple[Mention, ...] = ()
    people: Annotated[Mapping[str, frozenset[UserId]], AfterValidator(_once)] = {}  # ids of one person each
    quota: tuple[QuotaTable, ...] = ()  # `people` says which of them are one person's
    channel: tuple[ChannelTable, ...] = ()
    web: Web = Web()
    hooks: Hooks = Hooks()
    operator: Operator = Operator()
    mcp: Mcp = Mcp()

    @field_validator("channel", mode="after")
    @classmethod
    def _one_table_each(cls, value: tuple[ChannelTable, ...]) -> tuple[ChannelTable, ...]:
        """Refuse a channel that has two tables: nobody knows which one holds."""
        for number, table in enumerate(value):
            if any(table.channel == other.channel for other in value[:number]):
                raise wrong(f"{table.channel} is there twice.", "Write one [[channel]] for it.")
        return value

    @field_validator("quota", mode="after")
    @classmethod
    def _one_quota_each(cls, value: tuple[QuotaTable, ...], info: ValidationInfo) -> tuple[QuotaTable, ...]:
        """Refuse two quotas for the same, also for one person under two ids: nobody knows which one holds."""
        people = info.data.get("people", {}).values()
        seen = set()
        for quota in (table.quota for table in value):
            of = quota.of.casefold() if quota.per is Per.LAUNCHER else quota.of
            whose = quota.per, next((ids for ids in people if of in ids), frozenset({of}))
            if whose in seen:
                raise wrong(f"Two quotas are for {quota.whose}.", "Write one [[quota]] with all its limits.")
            seen.add(whose)
        return value
