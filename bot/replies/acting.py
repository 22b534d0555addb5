"""What the bot says of reruns, of stopping runs, of agents at work and of changes of the quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from bot.cards import Button, Card, Command, Context, Fact, Form, Line, Progress, Reply, Tone, Untrusted
from bot.cleaning import shorten
from bot.errors import UserError
from bot.model import LaunchRequest, Run, RunRef
from bot.platform import Platform
from bot.publication import PublishRequest
from bot.replies import confirming, stages
from bot.replies.confirming import WORDS, named, run_named
from bot.replies.meant import mistaken
from bot.replies.outlook import Outlook, going_on, reruns, stop_told
from bot.replies.wording import duration, elapsed, listed, run_name, sentence, short_id, stopped, titled
from bot.state import Intent, IntentState, ScheduleRequest, StopAsked
from bot.terms import Terms
from bot.triage import (
    Agent,
    AgentRequest,
    AgentResult,
    CancelRequest,
    QuarantineRequest,
    RerunRequest,
    RerunScope,
)

_NO_RESULT = "{} does not hand its result back, it is in the platform's dashboard"
_LISTED = 10  # agents that a sentence names
_SHOWN = 60  # characters of what was typed that a sentence quotes


def confirmation(
    intent: Intent,
    title: Line,
    facts: tuple[Fact, ...],
    *,
    yes: str,
    warnings: tuple[Line, ...] = (),
    says: Line = (),
) -> Reply:
    """Show what would be asked for, exactly; nothing was sent yet. `says`: what it would change, or who else is needed."""
    nothing = f" {WORDS[intent.kind].nothing[:-1]} yet."
    card = Card(
        title=title,
        text=(*title, nothing, *(span for line in (says, *warnings) if line for span in (" ", *line))),
        tone=Tone.WARNING if warnings else Tone.NEUTRAL,
        body=(*warnings, *([says] if says else [])),
        facts=facts,
        buttons=confirming.buttons(intent, yes),
        footer=(confirming.MINE_ONLY,),
        context=_context(intent),
    )
    return Reply(card=card, data=intent)


_SCOPES: Mapping[RerunScope, tuple[str, str]] = {
    RerunScope.ALL: ("", "all of it"),
    RerunScope.FAILED: ("what failed in ", "only {} that failed"),
    RerunScope.FLAKY: ("what is flaky in ", "only {} that {platform} calls flaky"),
}  # what the title and the fact say


def confirm_rerun(
    intent: Intent,
    request: RerunRequest,
    terms: Terms,
    warnings: tuple[Line, ...],
    quotas: tuple[Fact, ...],
    second: Line = (),
) -> Reply:
    """Ask before a run is run again; `quotas`: what is left of them, `second`: who else is needed."""
    part = _SCOPES[request.scope][0]
    title: Line = (f"Rerun {part}", *run_named(request.launcher, request.run_id), "?")
    facts = (*facts_of_rerun(intent, request, terms), *quotas)
    return confirmation(intent, title, facts, yes="Rerun", warnings=warnings, says=second)


def facts_of_rerun(intent: Intent, request: RerunRequest, terms: Terms) -> tuple[Fact, ...]:
    """Say exactly what is run again."""
    what = _SCOPES[request.scope][1].format(terms.check.many, platform=terms.platform)
    return (
        Fact(terms.run.title, (Untrusted(request.run_id, code=True),)),
        Fact("What", (what,)),
        Fact("Connection", (Untrusted(intent.connection),)),
        Fact("Cost", (f"one {terms.run.one}",)),
    )


def confirm_cancel(
    intent: Intent, run: Run, platform: Platform, now: datetime, asked: StopAsked | None = None
) -> Reply:
    """Ask before a run is stopped; `asked`: somebody did already."""
    terms = platform.terms
    spent = elapsed(run, now)
    facts = [
        Fact(terms.run.title, (Untrusted(run.ref.run_id, code=True),)),
        Fact("Connection", (Untrusted(intent.connection),)),
    ]
    if run.source:
        facts.append(Fact(terms.source.title, (Untrusted(run.source),)))
    if spent is not None:
        facts.append(Fact("Running for", (duration(spent),)))
    stop = terms.stop.capitalize()
    told = f"Nothing runs there: {terms.platform} is told that all results are in."
    says: Line = (told,) if platform.runs_nothing else ()
    warnings = (stop_told(asked, terms),) if asked else ()
    return confirmation(
        intent, (f"{stop} ", *run_name(run), "?"), tuple(facts), yes=stop, says=says, warnings=warnings
    )


def confirm_agent(
    intent: Intent, request: AgentRequest, run: Run | None, terms: Terms, warnings: tuple[Line, ...]
) -> Reply:
    """Ask before an agent is set to work."""
    name = Untrusted(request.name or request.agent)
    on: Line = (" on ", *run_name(run)) if run else ()
    facts = (
        Fact("Agent", (name, " (", Untrusted(request.agent, code=True), ")")),
        Fact("Task", (Untrusted(request.task),)),
        *(Fact(key, (Untrusted(value, code=True),)) for key, value in request.parameters.items()),
        Fact("Connection", (Untrusted(intent.connection),)),
        Fact("Cost", (f"one agent run; {_NO_RESULT.format(terms.platform)}",)),
    )
    return confirmation(intent, ("Set ", name, " to work", *on, "?"), facts, yes="Start", warnings=warnings)


def which_agent(
    form: Form, there: Sequence[Agent], terms: Terms, *, chosen: str = "", task: str = ""
) -> Reply:
    """Ask for the agent and its task, or for what is missing of both; the form and the words ask for the same."""
    needed = "A task is" if chosen else "An agent is" if task else "An agent and a task are"
    said: Line = (f"{needed} needed: ", Untrusted("debug agent=NAME task=TEXT", code=True), ".")
    names = listed([agent.id for agent in there[:_LISTED]])
    having: Line = (
        (f"{terms.platform} has ", Untrusted(names), ".")
        if there
        else (f"{terms.platform} names no agents.",)
    )
    usual: Line = ("debug_agent and debug_task in the settings name the usual ones.",)
    title = "Which task?" if chosen else "Which agent?"
    card = Card(title=(title,), text=(*said, " ", *having), body=(said, having, usual), form=form)
    return Reply(card=card, private=True, failed=True)


def agent_result(started: str, found: AgentResult, platform: Platform) -> Reply:
    """Show what is handed back of an agent's task."""
    terms = platform.terms
    word: Line = (" is ", Untrusted(found.status)) if found.status else (" has no status",)
    told = "" if found.values else " It says nothing else of it."
    said: Line = (
        f"{terms.platform} says that the agent's task ",
        Untrusted(started, code=True),
        *word,
        f".{told}",
    )
    facts = tuple(Fact(label, (Untrusted(value),)) for label, value in found.values)
    again = _result(started, platform.connection)
    card = Card(title=("Result of an agent's task",), text=said, body=(said,), facts=facts, buttons=(again,))
    return Reply(card=card)


def no_agent_result(started: str, terms: Terms) -> Reply:
    """Say that the platform hands nothing back of a task."""
    known: Line = (f"{terms.platform} hands nothing back of ", Untrusted(started, code=True))
    said: Line = (*known, ". If that is an agent's task, its result is in the platform's dashboard.")
    return Reply(card=Card(title=("No result here",), text=said, body=(said,)), private=True, failed=True)


def _result(started: str, connection: str) -> Button:
    return Button(label="Result", command=Command("debug", {"result": started, "connection": connection}))


def no_agent(name: str, known: Sequence[str], terms: Terms) -> UserError:
    """Answer an agent that the platform does not list."""
    there = f"Its agents are {listed([*known[:_LISTED]])}." if known else "It names no agents."
    return mistaken(
        f"{terms.platform} has no agent “{shorten(name, _SHOWN)}”.", name, known, there, name="agent"
    )


def not_ended(run: Run, terms: Terms) -> UserError:
    """Refuse to run again what still goes on."""
    return UserError(
        f"{terms.run.title} {short_id(run.ref.run_id)} has not ended yet, so it cannot be run again.",
        "Try again when it has ended, or stop it with “cancel”.",
    )


def has_ended(run: Run, terms: Terms) -> UserError:
    """Refuse to stop what has ended."""
    return UserError(
        f"{terms.run.title} {short_id(run.ref.run_id)} has already ended, so there is nothing to {terms.stop}."
    )


def cannot_stop(run: Run, why: str) -> UserError:
    """Refuse to stop a run that its platform cannot stop."""
    return UserError(f"{short_id(run.ref.run_id)} cannot be stopped from here. {why}")


def whole_only(scope: RerunScope, terms: Terms) -> UserError:
    """Refuse to run a part of a run again where only the whole can be."""
    are = "failed" if scope is RerunScope.FAILED else "are flaky"
    return UserError(
        f"{terms.platform} cannot run only the {terms.check.many} that {are}.",
        f"Without {scope.value}= the whole {terms.run.one} is run again.",
    )


one_scope = partial(UserError, "Both failed=yes and flaky=yes are given.", "Give only one of them.")


def standing(intent: Intent, outlook: Outlook) -> Card:
    """Say how it stands, before anything is known of a run that it became or that it stops."""
    terms = outlook.terms
    match intent.state:
        case IntentState.ACCEPTED:
            return _accepted(intent, outlook)
        case IntentState.REJECTED:
            return _rejected(intent, terms)
        case IntentState.UNKNOWN:
            return _unknown(intent)
        case _:
            said: Line = ("The ", *named(intent), " was sent; the platform has not answered yet.")
            sent = Progress(fraction=None, text="sent, no answer yet")
            return _card(intent, ("Sending the ", *named(intent)), said, Tone.RUNNING, progress=sent)


def _accepted(intent: Intent, outlook: Outlook) -> Card:
    terms = outlook.terms
    match intent.request:
        case RerunRequest() as request:
            return _rerun(intent, request, outlook)
        case CancelRequest(launcher=launcher, run_id=run_id):
            run = run_named(launcher, run_id)
            said: Line = (
                f"{terms.platform} was asked to {terms.stop} ",
                *run,
                ". It has not ended yet; that can take a moment.",
            )
            return _card(intent, (f"{terms.stopping.capitalize()} ", *run), said, Tone.RUNNING)
        case AgentRequest() as work:
            return _agent(intent, work, terms)
        case QuarantineRequest() as change:
            return _quarantine(intent, change, terms)
        case _:
            raise TypeError(f"a {intent.kind} has cards of its own")


def _rerun(intent: Intent, request: RerunRequest, outlook: Outlook) -> Card:
    terms = outlook.terms
    old = run_named(request.launcher, request.run_id)
    if intent.run_id is None:
        said = sentence(
            "The rerun of ", *old, f" was started. {terms.platform} did not say which {terms.run.one} it is"
        )
        return _card(intent, ("Rerun of ", *old, " started"), said, Tone.NEUTRAL)
    new = run_named(request.launcher, intent.run_id)
    said = (
        f"{terms.run.title} ",
        *new,
        " was started as a rerun of ",
        Untrusted(request.run_id, code=True),
        ".",
    )
    set_up = Progress(fraction=None, text="being set up")
    return _card(intent, (*new, " is started"), said, Tone.RUNNING, progress=set_up,
                 facts=(reruns(request.run_id), *stages.of(intent, None, outlook)), buttons=going_on(RunRef(intent.connection, intent.run_id), outlook))  # fmt: skip


def _agent(intent: Intent, work: AgentRequest, terms: Terms) -> Card:
    name = Untrusted(work.name or work.agent)
    result = stopped(_NO_RESULT.format(terms.platform))
    buttons: tuple[Button, ...] = ()
    facts = [Fact("Task", (Untrusted(work.task),))]
    if intent.run_id:
        facts.append(Fact("Agent run", (Untrusted(intent.run_id, code=True),)))
        buttons = (_result(intent.run_id, intent.connection),)
        result = f"{terms.platform} documents no way to read its result: “Result” tries, and the platform's dashboard has it."
    said: Line = (name, f" was started on its task. {result}")
    return _card(intent, (name, " is at work"), said, Tone.NEUTRAL, facts=tuple(facts), buttons=buttons)


def _quarantine(intent: Intent, change: QuarantineRequest, terms: Terms) -> Card:
    check, job = titled(change.check)[0], Untrusted(change.launcher)
    this, later = f"This {terms.check.one} is", f"in {terms.run.many} that end from now on."
    if change.remove:
        said: Line = (
            *sentence(f"{this} no longer quarantined in ", job),
            f" Its failures count again {later}",
        )
        title: Line = ("“", check, "” is out of quarantine")
    else:
        runs = "It may still run, or not run at all, as the platform is set up."
        said = (*sentence(f"{this} quarantined in ", job), f" Its failures do not count {later} {runs}")
        title = ("“", check, "” is quarantined in ", job)
    facts = [
        Fact(terms.check.title, (Untrusted(change.check, code=True),)),
        Fact(terms.launcher.title, (job,)),
    ]
    if change.reason:
        facts.append(Fact("Reason", (Untrusted(change.reason),)))
    return _card(intent, title, said, Tone.NEUTRAL, facts=tuple(facts), buttons=_take_out(intent, change))


def _take_out(intent: Intent, change: QuarantineRequest) -> tuple[Button, ...]:
    if change.remove or change.run_id is None:
        return ()
    run = RunRef(intent.connection, change.run_id)
    command = Command.of_run("quarantine", run, property=change.check, remove="yes")
    return (Button(label="Take it out again", command=command),)


def _rejected(intent: Intent, terms: Terms) -> Card:
    nothing = WORDS[intent.kind].nothing
    said: Line = (*sentence(f"{terms.platform} refused the ", *named(intent)), f" {nothing}")
    why: Line = sentence("It said: ", Untrusted(intent.reason)) if intent.reason else ()
    return Card(
        title=("The ", *named(intent), " was refused"),
        text=(*said, " ", *why),
        tone=Tone.BAD,
        body=(said, why) if why else (said,),
        buttons=_look(intent),
        footer=confirming.correlation(intent),
    )


def _look(intent: Intent) -> tuple[Button, ...]:
    """Offer to look at a run that was not stopped: it may have ended."""
    if not isinstance(intent.request, CancelRequest):
        return ()
    run = RunRef(intent.connection, intent.request.run_id)
    return (Button(label="Status", command=Command.of_run("status", run)),)


def _unknown(intent: Intent) -> Card:
    words = WORDS[intent.kind]
    check = "Clew never sends it twice. Check the platform before you ask again."
    lost = f" was sent, but no answer came, so it is not known whether it was {words.done}. {check}"
    said: Line = ("The ", *named(intent), lost)
    return _card(
        intent, ("The ", *named(intent), " is unconfirmed"), said, Tone.WARNING, buttons=_look(intent)
    )


def _card(
    intent: Intent,
    title: Line,
    said: Line,
    tone: Tone,
    *,
    progress: Progress | None = None,
    facts: tuple[Fact, ...] = (),
    buttons: tuple[Button, ...] = (),
) -> Card:
    """Say one thing of it; its thread speaks of the run that it is about."""
    return Card(
        title=title,
        text=said,
        tone=tone,
        body=(said,),
        facts=facts,
        progress=progress,
        buttons=buttons,
        footer=confirming.correlation(intent),
        context=_context(intent),
    )


def _context(intent: Intent) -> Context | None:
    """Return what the card speaks of: the new run, else the one that was meant."""
    if isinstance(intent.request, PublishRequest):
        return Context(run=intent.request.source)
    meant = None if isinstance(intent.request, LaunchRequest | ScheduleRequest) else intent.request.run_id
    run = (intent.run_id if isinstance(intent.request, RerunRequest) else None) or meant
    return Context(run=RunRef(intent.connection, run)) if run else None
