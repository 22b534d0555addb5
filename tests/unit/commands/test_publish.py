"""What a person sees of publishing a run: what would be written, how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cards import Reply, Tone, plain
from bot.model import Availability, Check, CheckStatus, Counts, Results, RunStatus
from bot.publication import PublicationState
from bot.watch.publish import Publisher
from bot.watch.views import Views
from tests.fakes.clock import ManualClock
from tests.fakes.records import Answer, FakeRecords
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.unit.commands.door import MALLORY, Door, command_of, told

RUN = a_run(1)
HEAD = RUN.ref.run_id[:8]


class Scene:
    """A door with a connection that takes runs, and the worker behind it."""

    def __init__(self, *connections: str) -> None:
        self.clock = ManualClock(eager=True)
        self.records = [FakeRecords(self.clock, connection=name) for name in connections]
        self.door = Door(clock=self.clock, takers=tuple(self.records))
        services = self.door.services
        self.publisher = Publisher(
            platforms=services.platforms, store=self.door.store, clock=self.clock, new_key=services.new_key
        )
        self.door.service.add_run(RUN, some_results(RUN, failing=("lost write",), passing=("one", "two")))
        self.door.service.set_log(RUN, MOMENT, a_line("the end", "398.0"))

    async def work(self) -> None:
        """Let the worker write everything."""
        for _ in range(20):
            await self.publisher.tick()
            self.clock.pass_time(2)

    async def shown(self, reply: Reply) -> tuple[str, bool]:
        """Return what a message that lives on says now, and whether that is its last word."""
        views = Views(platforms=self.door.services.platforms, store=self.door.store).at(self.clock)
        view = await views.of(reply.live or "")
        assert view is not None
        return told(view.card), view.last


@pytest.fixture
def scene() -> Scene:
    return Scene("af")


async def test_publish__asks_first(scene: Scene) -> None:
    """The card says from where, into what, how many of what, and what it costs; nothing is sent before the yes."""
    reply = await scene.door.say(f"publish {RUN.ref.run_id} to=af")

    text = told(reply.card)
    for said in (
        f"Publish Payments Nightly {HEAD}?",
        RUN.ref.text,
        "My Project (project_abc123) (af)",
        f"Payments Nightly {HEAD}, main",
        "3: 1 failed, 2 passed",
        "1 log",
        "9 requests; seen by everybody in that team",
        "No report link and no parameters are written.",
    ):
        assert said in text
    assert scene.records[0].sent == []


async def test_publish__to_the_end(scene: Scene) -> None:
    """After the yes one message says that the record is open, how far it is, and what is there at the end."""
    asked = await scene.door.say("publish latest")

    reply = await scene.door.say(command_of(asked.card, "Publish"))

    assert "Publishing Payments Nightly" in told(reply.card)
    assert "the record is open, results follow" in plain(reply.card.text)
    assert await scene.shown(reply) == (
        "\n".join(
            (
                f"Publishing Payments Nightly {HEAD}, main",
                f"Publishing Payments Nightly {HEAD}, main: 0 of 3 results written.",
                "run_000001",
                "Request 00000000",
            )
        ),
        False,
    )
    await scene.work()
    text, last = await scene.shown(reply)
    assert last
    assert text.splitlines()[:2] == ["Published as run_000001", "Published as run_000001: 3 of 3 results."]
    assert "3 of 3" in text
    assert "1 of 1, confirmed" in text


async def test_publish__what_is_not_there_is_named(scene: Scene) -> None:
    """A result that could not be confirmed makes the last word a warning, with its name."""
    asked = await scene.door.say("publish latest")
    reply = await scene.door.say(command_of(asked.card, "Publish"))
    scene.records[0].next += [
        *(Answer.NORMAL, Answer.LOST_REQUEST, Answer.NORMAL, Answer.LOST_REQUEST, Answer.NORMAL)
    ]

    for _ in range(60):
        await scene.publisher.tick()
        scene.clock.pass_time(2)

    text, last = await scene.shown(reply)
    assert last
    assert "“lost write”: written twice without an answer" in text
    assert "2 of 3" in text


async def test_publish__refused(scene: Scene) -> None:
    """What the platform refuses is said, and nothing is written by anybody later."""
    asked = await scene.door.say("publish latest")
    scene.records[0].next.append(Answer.REFUSED)

    reply = await scene.door.say(command_of(asked.card, "Publish"))
    await scene.work()

    assert "Nothing was written." in told(reply.card)
    assert scene.records[0].records == {}


async def test_publish__unknown(scene: Scene) -> None:
    """After a lost answer nobody knows; it is said at once, and nothing goes on by itself."""
    asked = await scene.door.say("publish latest")
    scene.records[0].next.append(Answer.LOST_REPLY)

    reply = await scene.door.say(command_of(asked.card, "Publish"))
    await scene.work()

    assert reply.card.tone is Tone.WARNING
    assert len(scene.records[0].records) == 1
    assert scene.records[0].results == {}


async def test_publish__again_is_warned_of(scene: Scene) -> None:
    """A run that is there already is said to be, with its id; it can be written once more all the same."""
    asked = await scene.door.say("publish latest")
    await scene.door.say(command_of(asked.card, "Publish"))
    await scene.work()
    scene.clock.pass_time(600)

    again = await scene.door.say("publish latest")

    assert (
        "This run was published there 10 min ago, as run_000001. This would write all of it once more."
        in told(again.card)
    )


async def test_publish__of_a_run_that_goes_on(scene: Scene) -> None:
    """Only what has ended is published."""
    going = scene.door.service.add_run(a_run(2, status=RunStatus.IN_PROGRESS))

    reply = await scene.door.say(f"publish {going.ref.run_id}")

    assert reply.failed
    assert "has not ended yet, so there is nothing to publish." in told(reply.card)


@pytest.mark.parametrize("availability", [Availability.NOT_YET, Availability.AGED_OUT])
async def test_publish__without_results(scene: Scene, availability: Availability) -> None:
    """What cannot be read is not published as if there were none."""
    scene.door.service.set_results(Results(ref=RUN.ref, availability=availability))

    reply = await scene.door.say("publish latest")

    assert reply.failed
    assert "cannot be read now" in told(reply.card)


async def test_publish__says_what_is_left_out(scene: Scene) -> None:
    """Checks without a result and those over the bound are named by number."""
    scene.records[0].most = 1
    checks = (Check(name="u", status=CheckStatus.UNKNOWN), Check(name="p", status=CheckStatus.PASSING))
    counts = Counts(passing=1511, unknown=1)
    scene.door.service.set_results(
        Results(ref=RUN.ref, availability=Availability.READY, checks=checks, whole=False, counts=counts)
    )

    text = told((await scene.door.say("publish latest")).card)

    assert "1 check without a result: left out, and counted in the metadata." in text
    assert "Only 1 of 1,511 results are written, those that failed first." in text
    assert "1 of 1,511 results" in text


async def test_publish__where_to() -> None:
    """With several takers one has to be named; into itself, and into what takes no runs, nothing goes."""
    two = Scene("af", "bf")

    answers = {
        words: told((await two.door.say(words)).card)
        for words in (
            "publish latest",
            "publish latest to=cf",
            "publish latest to=demo",
            "publish latest to=bf",
        )
    }

    assert "Several connections take runs." in answers["publish latest"]
    assert "Add to=NAME: af and bf." in answers["publish latest"]
    assert "There is no connection “cf”." in answers["publish latest to=cf"]
    assert "The run is already in “demo”." in answers["publish latest to=demo"]
    assert "My Project (project_abc123) (bf)" in answers["publish latest to=bf"]


async def test_publish__is_denied(scene: Scene) -> None:
    """Who may only read publishes nothing, and leaves no plan behind."""
    reply = await scene.door.say("publish latest", by=MALLORY)

    assert reply.failed
    assert scene.door.store.publications == {}


async def test_publish__live_card_of_a_plan_that_is_gone(scene: Scene) -> None:
    """After its plan was forgotten a message still says as what it was published, and claims no numbers."""
    asked = await scene.door.say("publish latest")
    reply = await scene.door.say(command_of(asked.card, "Publish"))
    await scene.work()
    scene.door.store.publications.clear()
    scene.door.store.steps.clear()

    text, last = await scene.shown(reply)

    assert last
    assert text.splitlines()[1] == "Published as run_000001."


async def test_publish__stopped(scene: Scene) -> None:
    """What was stopped says why, and that what is there stays."""
    asked = await scene.door.say("publish latest")
    reply = await scene.door.say(command_of(asked.card, "Publish"))
    key = reply.live or ""
    scene.door.store.publications[key] = replace(
        scene.door.store.publications[key],
        state=PublicationState.STOPPED,
        reason="The platform refused the key (401).",
    )

    text, last = await scene.shown(reply)

    assert last
    assert "stopped before its end: The platform refused the key (401). What was written stays there." in text
