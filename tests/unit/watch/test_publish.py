"""What the worker writes into another platform, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest

from bot.analysis import RunAnalysis, analysis_of
from bot.model import (
    Availability,
    Check,
    CheckStatus,
    Counts,
    Moment,
    Results,
    RunRef,
    RunStatus,
    Secret,
    Started,
)
from bot.publication import Publication, PublicationState
from bot.publishing import LOGS, Plan, planned, wanted
from bot.replies import operating
from bot.state import AuditEntry, Intent, IntentState, PollStep, Switched
from bot.watch.publish import GIVE_UP, Publisher
from tests.fakes.clock import ManualClock
from tests.fakes.records import Answer, FakeRecords
from tests.fakes.runs import MOMENT, a_line, a_property, a_run, an_example, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore

RUN = a_run(1, commit="a1b2c3d4e5")
KEY = wanted(RUN, "af", RUN.created_at).key  # type: ignore[arg-type]  # it has one


@dataclass
class Scene:
    """A platform whose runs are published, another that takes them, and the worker between."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(eager=True))
    store: MemoryStore = field(default_factory=MemoryStore)
    service: FakeRunService = field(default_factory=FakeRunService)
    secrets: tuple[Secret, ...] = ()

    def __post_init__(self) -> None:
        self.records = FakeRecords(self.clock)
        self.start()

    def start(self) -> None:
        """Begin anew, as after a restart."""
        keys = count(len(self.store.intents))
        self.publisher = Publisher(
            platforms={"demo": self.service.platform, "af": self.records.platform},
            store=self.store,
            clock=self.clock,
            new_key=lambda: f"key{next(keys)}",
            secrets=self.secrets,
        )

    async def want(self) -> None:
        """Let a rule want the run."""
        step = PollStep(
            connection="demo", now=self.clock.now(), publications=(wanted(RUN, "af", self.clock.now()),)
        )
        await self.store.record(step)

    async def work(self, ticks: int = 40) -> Publication:
        """Let the worker work, and return how it stands then."""
        for _ in range(ticks):
            await self.publisher.tick()
            self.clock.pass_time(2)
        return self.store.publications[KEY]

    @property
    def messages(self) -> dict[str, str]:
        return {result.check.name: result.message for result in self.records.results.values()}


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.service.add_run(RUN, some_results(RUN, failing=("lost write",), passing=("one", "two")))
    made.service.set_log(RUN, MOMENT, *(a_line(f"line {n}", f"{390 + n}.0") for n in range(5)))
    return made


async def test_publish__a_whole_run(scene: Scene) -> None:
    """A record is opened, runs, gets each check, what failed first with its message and its log, and is complete."""
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    [(run_id, record)] = scene.records.records.items()
    assert record.request.label == f"Payments Nightly {RUN.ref.run_id[:8]}, main"
    assert record.request.metadata == {
        "connection": "demo",
        "run": RUN.ref.run_id,
        "commit": "a1b2c3d4e5",
        "verdict": "failed",
        "results": "3 of 3",
    }
    assert record.counts == {"lost write": 1, "one": 1, "two": 1}
    assert [result.check.name for result in scene.records.results.values()] == ["lost write", "one", "two"]
    assert scene.messages == {
        "lost write": "counterexample at 398.489 s: condition: false",
        "one": "",
        "two": "",
    }
    [content] = next(iter(scene.records.results.values())).files.values()
    assert content is not None
    assert content.decode().splitlines()[-1].endswith("line 4")
    assert scene.records.violations == []
    assert [r.result_id for r in await scene.store.written_results(RunRef("af", run_id))] == [
        *scene.records.results
    ]
    lines = [(line.actor, line.action, line.decision) for line in scene.store.trail]
    assert lines == [("clew", "publish", "confirmed"), ("clew", "publish", "accepted")]


async def test_publish__nothing_new_while_read_only(scene: Scene) -> None:
    """Neither by the settings nor by an admin's switch; after that it goes on by itself."""
    noted = AuditEntry(at=scene.clock.now(), actor="a", channel="c", action="read-only", decision="on")
    scene.publisher._read_only = lambda: True
    await scene.want()
    await scene.work()
    scene.start()
    await scene.store.switch_read_only(Switched(at=scene.clock.now(), actor="a"), noted)
    await scene.work()
    before = dict(scene.records.records)
    await scene.store.switch_read_only(None, noted)
    for _ in range(20):
        scene.clock.pass_time(60)
        publication = await scene.work(5)

    assert before == {}
    assert publication.state is PublicationState.DONE


async def test_publish__once(scene: Scene) -> None:
    """What is done is not done again, however often it is looked at and wanted."""
    await scene.want()
    await scene.work()
    await scene.want()
    scene.start()
    await scene.work()

    assert len(scene.records.records) == 1
    assert len(scene.records.results) == 3


async def test_publish__lost_answer_to_the_record(scene: Scene) -> None:
    """Nobody knows whether a record is there: it is not opened a second time, and nothing more is written."""
    scene.records.next.append(Answer.LOST_REPLY)
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.STOPPED
    assert publication.reason == "It is not known whether the record was opened."
    assert len(scene.records.records) == 1
    assert scene.records.results == {}
    [intent] = scene.store.intents.values()
    assert operating.launch_unknown(intent) == (
        "It is not known whether a publication that a rule of the settings asked for was written on af. "
        "It is not sent again. Look for it on the platform."
    )


async def test_publish__record_refused_for_now(scene: Scene) -> None:
    """What was certainly not opened is asked for again later, as a new request."""
    scene.records.next.append(Answer.LATER)
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    assert len(scene.records.records) == 1
    assert [intent.state for intent in scene.store.intents.values()] == [
        IntentState.REJECTED,
        IntentState.ACCEPTED,
    ]


@pytest.mark.parametrize(
    ("how", "times"), [(Answer.LOST_REPLY, 2), (Answer.LOST_REQUEST, 1), (Answer.LATER, 1)]
)
async def test_publish__lost_answer_to_a_result(scene: Scene, how: Answer, times: int) -> None:
    """A result whose answer was lost is written once more; it may be there twice, and its neighbours are not."""
    scene.records.next += [Answer.NORMAL, Answer.NORMAL, how]
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    [run_id] = scene.records.records
    assert scene.records.written(run_id) == {"lost write": times, "one": 1, "two": 1}
    assert scene.records.violations == []


async def test_publish__result_given_up(scene: Scene) -> None:
    """After two lost answers a result is left, and said to be unconfirmed; the others are written."""
    scene.records.next += [
        *(Answer.NORMAL, Answer.NORMAL),
        *(Answer.LOST_REQUEST, Answer.NORMAL, Answer.LOST_REQUEST, Answer.NORMAL),
    ]
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    [run_id] = scene.records.records
    assert scene.records.written(run_id) == {"one": 1, "two": 1}
    troubles = [result.trouble for result in await scene.store.published(KEY)]
    assert troubles == [
        "written twice without an answer, so it may be there once, twice or not at all",
        "",
        "",
    ]


async def test_publish__outage_costs_no_try(scene: Scene) -> None:
    """While the platform answers nothing, only the first result is tried: before the next it has to answer again."""
    scene.records.next += [Answer.NORMAL, Answer.NORMAL, *[Answer.LOST_REQUEST] * 8]
    await scene.want()

    publication = await scene.work(2000)

    assert publication.state is PublicationState.DONE
    [run_id] = scene.records.records
    assert scene.records.written(run_id) == {"lost write": 1, "one": 1, "two": 1}


async def test_publish__result_that_has_to_wait(scene: Scene) -> None:
    """What was certainly not written was no try: it is written in the end, however often it had to wait."""
    scene.records.next += [Answer.NORMAL, Answer.NORMAL, *[Answer.LATER, Answer.NORMAL] * 4]
    await scene.want()

    publication = await scene.work(2000)

    assert publication.state is PublicationState.DONE
    [run_id] = scene.records.records
    assert scene.records.written(run_id) == {"lost write": 1, "one": 1, "two": 1}


async def test_publish__result_refused(scene: Scene) -> None:
    """A result that the platform never takes is left with its words, and the others are written."""
    scene.records.next += [Answer.NORMAL, Answer.NORMAL, Answer.REFUSED]
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    assert [r.trouble for r in await scene.store.published(KEY)] == ["The name is too odd.", "", ""]


async def test_publish__log_is_gone(scene: Scene) -> None:
    """A log that cannot be read any more costs its result nothing."""
    elsewhere = an_example(moment=Moment("7", "1.5"))
    scene.service.set_results(
        Results(
            ref=RUN.ref,
            availability=Availability.READY,
            checks=(a_property("lost write", failing=True, counterexamples=(elsewhere,)),),
        )
    )
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    [result] = scene.records.results.values()
    assert result.files == {}
    assert result.message == "counterexample at 1.5 s: condition: false"
    assert [r.trouble for r in await scene.store.published(KEY)] == [
        "its log could not be read: There is no such moment in this run."
    ]


async def test_publish__waits_for_results(scene: Scene) -> None:
    """Results that still come are waited for: a record without them would say that there are none."""
    late = a_run(1, commit="a1b2c3d4e5")
    scene.service.set_results(Results(ref=late.ref, availability=Availability.NOT_YET))
    await scene.want()
    await scene.work(30)
    assert scene.records.records == {}

    scene.service.set_results(some_results(late, passing=("one",)))
    publication = await scene.work(100)

    assert publication.state is PublicationState.DONE
    assert len(scene.records.results) == 1


async def test_publish__gives_up_after_a_day(scene: Scene) -> None:
    """What cannot go on for a day is stopped, with the reason; what was written stays."""
    await scene.want()
    await scene.work(3)
    scene.records.next += [Answer.LATER] * 10_000
    scene.clock.pass_time(GIVE_UP.total_seconds())
    scene.store.publications[KEY] = replace(
        scene.store.publications[KEY],
        state=PublicationState.PLANNED,
        created_at=scene.clock.now() - 2 * GIVE_UP,
    )
    scene.store.steps[KEY] = [
        replace(scene.store.steps[KEY][0], result_id=None, told=False, tries=0, trouble="")
    ]

    publication = await scene.work(3)

    assert publication.state is PublicationState.STOPPED
    assert publication.reason == "Wait."


async def test_publish__target_is_gone(scene: Scene) -> None:
    """A connection that is not configured any more takes nothing."""
    await scene.want()
    scene.publisher._platforms = {"demo": scene.service.platform}

    assert (await scene.work(2)).state is PublicationState.STOPPED


async def test_publish__of_a_person_goes_on_once_the_record_is_there(scene: Scene) -> None:
    """What nobody confirmed is not touched; what was confirmed and opened is written."""
    plan = await _plan(scene, 500)
    intent = Intent(id="i1", connection="af", actor="a", channel="c", thread=None, request=plan.request, subject="s",
                    state=IntentState.DRAFT, created_at=scene.clock.now())  # fmt: skip
    await scene.store.draft(intent)
    own = Publication(key="i1", source=RUN.ref, target="af", created_at=scene.clock.now(), intent_id="i1")
    await scene.store.plan_publication(own, plan.checks, scene.clock.now())
    await scene.publisher.tick()
    assert scene.records.sent == []

    opened = await scene.records.open_record(plan.request)
    assert isinstance(opened, Started)
    now, anyhow = scene.clock.now(), frozenset(IntentState)
    await scene.store.advance("i1", anyhow, IntentState.ACCEPTED, now, run_id=opened.run_id)
    for _ in range(20):
        await scene.publisher.tick()

    assert scene.store.publications["i1"].state is PublicationState.DONE
    assert len(scene.records.results) == 3


# The plan -----------------------------------------------------------------------------------------


async def _analysis(scene: Scene) -> RunAnalysis:
    return await analysis_of(scene.service.platform, scene.store, await scene.service.run(RUN.ref.run_id))


async def _plan(scene: Scene, most: int) -> Plan:
    return planned(await _analysis(scene), most, scene.secrets)


async def test_plan__what_failed_first(scene: Scene) -> None:
    """Failures that count come first, then those that do not; what has no result is left out and counted."""
    checks = (
        Check(name="p", status=CheckStatus.PASSING, took=timedelta(seconds=1)),
        Check(name="u", status=CheckStatus.UNKNOWN),
        Check(name="x", status=CheckStatus.FAILING, excused="quarantined"),
        Check(name="s", status=CheckStatus.SKIPPED),
        Check(name="f", status=CheckStatus.FAILING),
    )
    scene.service.set_results(Results(ref=RUN.ref, availability=Availability.READY, checks=checks))

    plan = await _plan(scene, 3)

    assert [(c.name, c.status, c.excused) for c in plan.checks] == [
        ("f", CheckStatus.FAILING, False),
        ("x", CheckStatus.FAILING, True),
        ("p", CheckStatus.PASSING, False),
    ]
    assert [c.name for c in (await _plan(scene, 500)).checks] == ["f", "x", "p", "s"]
    assert plan.checks[2].took == timedelta(seconds=1)
    assert (plan.total, plan.no_result) == (5, 1)
    assert plan.request.label.endswith(", main, 3 of 4 results")
    assert plan.request.metadata["results"] == "3 of 5"
    assert plan.request.metadata["without_result"] == "1"


async def test_plan__counts_without_names(scene: Scene) -> None:
    """Where a platform names only some, the label says how many there are in all."""
    named = (Check(name="f", status=CheckStatus.FAILING),)
    counts = Counts(failing=3, passing=1509)
    scene.service.set_results(
        Results(ref=RUN.ref, availability=Availability.READY, checks=named, whole=False, counts=counts)
    )

    plan = await _plan(scene, 500)

    assert plan.request.label.endswith(", 1 of 1,512 results")


async def test_plan__logs_are_bounded(scene: Scene) -> None:
    """Of many failures only the first ones bring their logs; the cost counts every request."""
    failing = tuple(f"f{n:02d}" for n in range(LOGS + 5))
    scene.service.set_results(some_results(RUN, failing=failing, passing=("p",)))

    plan = await _plan(scene, 500)

    assert plan.logs == LOGS
    assert plan.requests == 3 + (LOGS + 6) + (LOGS + 5) + 2 * LOGS


async def test_plan__no_secrets() -> None:
    """Neither parameters nor report links go along, and no secret that stands in a name, a message or a commit."""
    secret = Secret("hunter2hunter2")
    scene = Scene(secrets=(secret,))
    run = replace(RUN, parameters={"custom.x": "param-canary"}, report_url=Secret("https://x/report/a?auth=link-canary"),
                  launcher="nightly hunter2hunter2")  # fmt: skip
    sample = replace(a_property("x").examples[0], text="token=abc123 hunter2hunter2", moment=MOMENT)
    bad = a_property("test hunter2hunter2", failing=True, counterexamples=(sample,))
    scene.service.add_run(run, Results(ref=run.ref, availability=Availability.READY, checks=(bad,)))
    scene.service.set_log(run, MOMENT, a_line("password=hunter2hunter2 x", "398.0"))
    await scene.want()

    publication = await scene.work()

    assert publication.state is PublicationState.DONE
    everything = repr((scene.records.records, scene.records.results, scene.store.steps, scene.store.intents))
    assert "password=***" in everything
    for canary in ("hunter2", "param-canary", "link-canary", "abc123", "s3cr3t"):
        assert canary not in everything


async def test_plan__run_without_checks(scene: Scene) -> None:
    """A run that ended without results is a record that says how it ended."""
    scene.service.change(RUN, status=RunStatus.INCOMPLETE)
    scene.service.set_results(Results(ref=RUN.ref, availability=Availability.ABSENT))

    plan = await _plan(scene, 500)

    assert plan.checks == ()
    assert plan.request.metadata["verdict"] == "incomplete"
