"""How what was sent and is no launch stands: a rerun, a request to stop, an agent's run, a change of the quarantine."""

from __future__ import annotations

from bot.cards import Button, Card, Command, Context, Fact, Line, Progress, Tone, Untrusted
from bot.model import RunRef
from bot.replies import confirming
from bot.replies.confirming import WORDS, named, run_named
from bot.replies.wording import check_name, sentence
from bot.state import Intent, IntentState
from bot.terms import Terms
from bot.triage import AgentRequest, CancelRequest, QuarantineRequest, RerunRequest


def standing(intent: Intent, terms: Terms) -> Card:
    """Say how it stands, before anything is known of a run that it became or that it stops."""
    match intent.state:
        case IntentState.ACCEPTED:
            return _accepted(intent, terms)
        case IntentState.REJECTED:
            return _rejected(intent, terms)
        case IntentState.UNKNOWN:
            return _unknown(intent, terms)
        case _:
            said: Line = ("The ", *named(intent), " was sent; the platform has not answered yet.")
            sent = Progress(fraction=None, text="sent, no answer yet")
            return _card(intent, ("Sending the ", *named(intent)), said, Tone.RUNNING, progress=sent)


def _accepted(intent: Intent, terms: Terms) -> Card:
    match intent.request:
        case RerunRequest() as request:
            return _rerun(intent, request, terms)
        case CancelRequest(launcher=launcher, run_id=run_id):
            run = run_named(launcher, run_id)
            said: Line = (f"{terms.platform} was asked to stop ", *run, ". That can take a moment.")
            return _card(intent, ("Stopping ", *run), said, Tone.RUNNING)
        case AgentRequest() as work:
            return _agent(intent, work, terms)
        case QuarantineRequest() as change:
            return _quarantine(intent, change, terms)
        case _:
            raise TypeError(f"a {intent.kind} has cards of its own")


def _rerun(intent: Intent, request: RerunRequest, terms: Terms) -> Card:
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
    set_up = Progress(fraction=0.0, text="being set up")
    return _card(intent, (*new, " is started"), said, Tone.RUNNING, progress=set_up,
                 facts=(reruns(request.run_id),))  # fmt: skip


def reruns(run_id: str) -> Fact:
    """Say which run is run again."""
    return Fact("Reruns", (Untrusted(run_id, code=True),))


def _agent(intent: Intent, work: AgentRequest, terms: Terms) -> Card:
    name = Untrusted(work.name or work.agent)
    result = f"{terms.platform} does not hand the result back; it is in the platform's dashboard."
    facts = [Fact("Task", (Untrusted(work.task),))]
    if intent.run_id:
        facts.append(Fact("Agent run", (Untrusted(intent.run_id, code=True),)))
    said: Line = (name, f" was started on its task. {result}")
    return _card(intent, (name, " is at work"), said, Tone.NEUTRAL, facts=tuple(facts))


def _quarantine(intent: Intent, change: QuarantineRequest, terms: Terms) -> Card:
    check, job = check_name(change.check), Untrusted(change.launcher)
    if change.remove:
        said: Line = (f"This {terms.check.one} is no longer quarantined in ", job,
                      ". Its failures count again from the next ", terms.run.one, " on.")  # fmt: skip
        title: Line = ("“", check, "” is out of quarantine")
    else:
        said = (f"This {terms.check.one} is quarantined in ", job, ". ", *_keeps(change, terms),
                f"It may still run, or not run at all: that depends on how {terms.platform} is set up.")  # fmt: skip
        title = ("“", check, "” is quarantined")
    facts = [
        Fact(terms.check.title, (Untrusted(change.check, code=True),)),
        Fact(terms.launcher.title, (job,)),
    ]
    if change.reason:
        facts.append(Fact("Reason", (Untrusted(change.reason),)))
    return _card(intent, title, said, Tone.NEUTRAL, facts=tuple(facts), buttons=_take_out(intent, change))


def _keeps(change: QuarantineRequest, terms: Terms) -> Line:
    """Say that what was judged already stays so."""
    if change.run_id is None:
        return ()
    return (f"{terms.run.title} ", Untrusted(change.run_id, code=True), " keeps its verdict. ")


def _take_out(intent: Intent, change: QuarantineRequest) -> tuple[Button, ...]:
    if change.remove or change.run_id is None:
        return ()
    run = RunRef(intent.connection, change.run_id)
    command = Command.of_run("quarantine", run, test=change.check, remove="yes")
    return (Button(label="Take it out again", command=command),)


def _rejected(intent: Intent, terms: Terms) -> Card:
    nothing = WORDS[intent.kind].nothing
    said: Line = (f"{terms.platform} refused the ", *named(intent), f". {nothing}")
    why: Line = sentence("It said: ", Untrusted(intent.reason)) if intent.reason else ()
    return Card(
        title=("The ", *named(intent), " was refused"),
        text=(*said, " ", *why),
        tone=Tone.BAD,
        body=(said, why) if why else (said,),
        footer=confirming.correlation(intent),
    )


def _unknown(intent: Intent, terms: Terms) -> Card:
    words = WORDS[intent.kind]
    check = f"Clew never sends it twice. Check {terms.platform} before you ask again."
    lost = f" was sent, but no answer came, so it is not known whether it was {words.done}. {check}"
    said: Line = ("The ", *named(intent), lost)
    return _card(intent, ("The ", *named(intent), " is unconfirmed"), said, Tone.WARNING)


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
    run = _run_of(intent)
    return Card(
        title=title,
        text=said,
        tone=tone,
        body=(said,),
        facts=facts,
        progress=progress,
        buttons=(*buttons, *confirming.follow(intent)),
        footer=confirming.correlation(intent),
        context=Context(run=run) if run else None,
    )


def _run_of(intent: Intent) -> RunRef | None:
    """Return the run that the card is about: the new one, else the one that was meant."""
    if isinstance(intent.request, RerunRequest) and intent.run_id:
        return RunRef(intent.connection, intent.run_id)
    meant = getattr(intent.request, "run_id", None)
    return RunRef(intent.connection, meant) if isinstance(meant, str) else None
