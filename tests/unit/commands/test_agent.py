"""`debug` where a platform has agents: asked for with a form, confirmed, started once."""

from __future__ import annotations

from bot.cards import plain
from bot.state import IntentKind, IntentState
from bot.triage import Agent, AgentRequest, AgentResult
from tests.fakes.service import FakeRunService, Launching, a_build_server
from tests.fakes.stage import Stage, button_of, texts
from tests.unit.commands.triage_stage import failed_build, last_intent

PLANNING = Agent(id="agent_planning", name="Test Planning Agent", status="active")


def a_stage(*usual: str) -> Stage:
    """Return a stage whose platform has agents and no model of its own."""
    service: FakeRunService = a_build_server(also=frozenset({"agents"}))
    service.triage.there = (PLANNING, Agent(id="agent_exec", name="Executor"))
    service.triage.usual = (usual[0], usual[1]) if usual else ("", "")
    stage = Stage(service=service)
    failed_build(stage)
    return stage


async def test_agent__asks_then_starts_once() -> None:
    """The run goes along; the answer says where its result is, and nothing is followed."""
    stage = a_stage()
    asked = await stage.say("debug 1026 agent=agent_planning task=analyze-failures")
    before = list(stage.service.triage.invoked)
    reply = await stage.press("Start")
    facts = {fact.label: plain(fact.value) for fact in asked.card.facts}

    assert plain(asked.card.title) == "Set Test Planning Agent to work on Regression Suite 1026?"
    assert facts["executionId"] == "1026"
    assert "does not hand its result back" in facts["Cost"]
    assert before == []
    assert stage.service.triage.invoked == [
        AgentRequest(agent="agent_planning", task="analyze-failures", name="Test Planning Agent",
                     parameters={"executionId": "1026"}, run_id="1026")
    ]  # fmt: skip
    assert (last_intent(stage).kind, last_intent(stage).state) == (IntentKind.AGENT, IntentState.ACCEPTED)
    assert "documents no way to read its result" in plain(reply.card.text)
    assert await stage.memory.tracked("demo") == ()
    await stage.tick()
    assert await stage.memory.live() == ()


async def test_agent__of_the_settings() -> None:
    """Where they name one, nothing has to be said; also without a run."""
    stage = a_stage("agent_planning", "analyze-failures")
    asked = await stage.say("debug")

    assert plain(asked.card.title) == "Set Test Planning Agent to work?"


async def test_agent__by_its_name() -> None:
    """As people call it."""
    stage = a_stage()
    await stage.say('debug 1026 agent="test planning agent" task=look')

    assert last_intent(stage).request_as(AgentRequest).agent == "agent_planning"


async def test_agent__what_is_missing_is_asked_with_a_form() -> None:
    """It has the agents to choose from; words ask for the same."""
    stage = a_stage()
    reply = await stage.say("debug 1026")
    form = reply.card.form
    assert form is not None
    fields = {field.name: field for field in form.fields}

    assert fields["agent"].choices == ("agent_planning", "agent_exec")
    assert fields["run"].value == "1026"
    assert "debug agent=NAME task=TEXT" in texts(reply.card)
    assert stage.memory.intents == {}


async def test_agent__that_is_not_there() -> None:
    """It names those there are."""
    reply = await a_stage().say("debug 1026 agent=agent_planing task=x")

    assert "has no agent “agent_planing”" in texts(reply.card)


async def test_agent__a_second_one_a_moment_later_is_warned_of() -> None:
    """It would cost once more."""
    stage = a_stage("agent_planning", "analyze-failures")
    await stage.say("debug 1026")
    await stage.press("Start")
    again = await stage.say("debug 1026")

    assert "The same run of an agent was confirmed just now as agent run " in texts(again.card)
    assert ". This would start the agent once more, at the same cost." in texts(again.card)


async def test_agent__a_lost_answer_is_never_sent_twice() -> None:
    """It is unknown at once."""
    stage = a_stage("agent_planning", "analyze-failures")
    stage.service.next_launch(Launching.LOST_REPLY)
    await stage.say("debug 1026")
    await stage.press("Start")
    await stage.pass_time(300)

    assert last_intent(stage).state is IntentState.UNKNOWN
    assert len(stage.service.triage.invoked) == 1


async def test_agent__whose_result_is_asked_for() -> None:
    """It is tried once at each press: nobody knows whether the platform hands it back, and when."""
    stage = a_stage()
    await stage.say("debug 1026 agent=agent_planning task=analyze-failures")
    started = await stage.press("Start")
    (run_id,) = [i.run_id for i in stage.memory.intents.values()]
    assert run_id is not None
    nothing = await stage.press("Result")
    stage.service.triage.results[run_id] = AgentResult(
        status="completed", values=(("Output", "3 endpoints <!channel>"),)
    )
    there = await stage.say(button_of(started.card, "Result").command)

    assert nothing.failed
    assert f"hands nothing back of {run_id}" in plain(nothing.card.text)
    assert (
        plain(there.card.text)
        == f"{stage.service.terms.platform} says that the agent's task {run_id} is completed."
    )
    assert [(fact.label, plain(fact.value)) for fact in there.card.facts] == [
        ("Output", "3 endpoints <!channel>")
    ]
    assert await stage.memory.tracked("demo") == ()


async def test_agent__a_result_where_nobody_has_agents() -> None:
    """As every part that is not there."""
    reply = await Stage().say("debug result=agent_exec_1")

    assert reply.failed
    assert "does not offer agents" in plain(reply.card.text)


async def test_agent__only_what_is_missing_is_asked_for() -> None:
    """Who named an agent is asked for the task alone, and told at once where there is no such agent."""
    stage = a_stage()
    task = texts((await stage.say("debug 1026 agent=agent_planning")).card)
    agent = texts((await stage.say("debug 1026 task=x")).card)
    wrong = texts((await stage.say("debug 1026 agent=agent_planing")).card)

    assert "A task is needed:" in task
    assert "An agent is needed:" in agent
    assert "has no agent “agent_planing”" in wrong
