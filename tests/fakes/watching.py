"""A poller with everything around it in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.cards import ReportLinks
from bot.model import DebugRequest, LaunchRequest, Run, RunStatus
from bot.remembered import remembering
from bot.state import (
    EVERYTHING,
    Intent,
    IntentKind,
    IntentState,
    LiveCard,
    MessageRef,
    NewDelivery,
    Outcome,
    PublishRule,
    Subscription,
)
from bot.watch.finish import Render
from bot.watch.poll import RUN_DEADLINE, Poller
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.runs import MOMENT, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore

CHANNEL = "fake:channel:C1"


@dataclass(kw_only=True)
class Watching:
    """The parts. `rows`: how often the deliverers were woken. `notices`: what the operator was told."""

    clock: ManualClock = field(default_factory=ManualClock)
    store: MemoryStore = field(default_factory=MemoryStore)
    service: FakeRunService = field(default_factory=FakeRunService)
    report_links: ReportLinks = ReportLinks.POST
    run_deadline: float = RUN_DEADLINE
    publish: tuple[PublishRule, ...] = ()
    people: tuple[frozenset[str], ...] = ()  # accounts that the settings link
    rows: int = 0
    notices: list[str] = field(default_factory=list)
    chat: FakeChat = field(init=False)
    poller: Poller = field(init=False)

    def __post_init__(self) -> None:
        self.clock.pass_time(timedelta(days=1).total_seconds())
        self.chat = FakeChat(clock=self.clock)
        self.restart()

    @property
    def renderers(self) -> Mapping[str, Render]:
        """The chats that there are."""
        return {self.chat.name: self.chat.render}

    def restart(self) -> None:
        """Start a new process over the same store and platform."""
        self.poller = Poller(
            remembering(self.service.platform, self.store),
            self.store,
            clock=self.clock,
            renderers=self.renderers,
            on_rows=self._count,
            notify_operator=self._hear,
            report_links=self.report_links,
            publish=self.publish,
            people=self.people,
            run_deadline=self.run_deadline,
        )

    async def begin(self, *watched: Subscription) -> None:
        """Take the baseline, and let a channel hear of every run unless told otherwise."""
        for subscription in watched or (Subscription(channel=CHANNEL),):
            await self.store.subscribe(subscription, self.clock.now())
        await self.tick(0)

    async def tick(self, seconds: float = 60.0) -> None:
        """Look once, after so many seconds."""
        self.clock.pass_time(seconds)
        self.service.now = self.clock.now()
        await self.poller.tick()

    def starts(self, number: int = 1, **changes: object) -> Run:
        """Let a run begin now."""
        self.clock.pass_time(1)
        now = self.clock.now()
        fields: dict[str, object] = {
            "status": RunStatus.IN_PROGRESS,
            "created_at": now,
            "started_at": now,
            **changes,
        }
        return self.service.add_run(a_run(number, **fields))  # type: ignore[arg-type]  # the test's own fields

    async def launched(
        self,
        run: Run,
        *,
        channel: str = CHANNEL,
        thread: str | None = "m7",
        kind: IntentKind = IntentKind.LAUNCH,
        shown: MessageRef | None = None,
    ) -> None:
        """Say that a run was started from a thread of a channel. `shown`: where its live card stands."""
        if shown is not None:
            await self.store.add_live(LiveCard(intent_id=f"intent-{run.ref.run_id}", message=shown))
        asked: LaunchRequest | DebugRequest = LaunchRequest(launcher=run.launcher, key="k")
        if kind is IntentKind.DEBUG:
            asked = DebugRequest(moment=MOMENT, run_id=run.ref.run_id)
        await self.store.draft(
            Intent(
                id=f"intent-{run.ref.run_id}",
                connection=run.ref.connection,
                actor="fake:user:U1",
                channel=channel,
                thread=thread,
                request=asked,
                subject="",
                state=IntentState.ACCEPTED,
                created_at=self.clock.now(),
                run_id=run.ref.run_id,
            )
        )

    @property
    def told(self) -> list[NewDelivery]:
        """What was recorded to be delivered, oldest first."""
        return [
            NewDelivery(
                key=row.delivery.key,
                channel=row.delivery.channel,
                payload=row.delivery.payload,
                thread=row.delivery.thread,
                after=row.after,
                context=row.delivery.context,
                report=row.delivery.report,
                report_links=row.delivery.report_links,
            )
            for row in self.store.outbox.values()
        ]

    async def _hear(self, sentence: str) -> None:
        self.notices.append(sentence)

    def _count(self) -> None:
        self.rows += 1


def a_subscription(
    channel: str = CHANNEL, *, outcomes: frozenset[Outcome] = EVERYTHING, **changes: object
) -> Subscription:
    """Return a channel's wish to hear of runs."""
    return Subscription(channel=channel, outcomes=outcomes, **changes)  # type: ignore[arg-type]  # the test's own
