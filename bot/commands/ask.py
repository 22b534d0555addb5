"""Ask the model behind a platform, and go on with the talk in the thread.

ask TEXT
"""

from __future__ import annotations

from bot.access import Role
from bot.cards import Context, Field, FieldKind, Form, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import CONNECTION
from bot.platform import ASKS
from bot.replies import asking as replies
from bot.replies.forms import TITLES, asking
from bot.targets.run import platform_with
from bot.triage import Question


async def handle(asked: Asked, services: Services) -> Reply:
    """Send the text as it is, with the run, the check and the talk that the thread is about."""
    text = asked.value("text", 0)
    if text is None:
        return asking(replies.what_to_ask(), await form(asked, services))
    platform, asks = await platform_with(asked, services, ASKS)
    context = asked.context
    ours = context.run is None or context.run.connection == platform.connection
    about = context if ours else Context()
    question = Question(
        text=text,
        run_id=about.run.run_id if about.run else None,
        check=about.property_name,
        conversation=about.talk_with(platform.connection),
    )
    answer = await asks.ask(question)
    return replies.answered(answer, about, platform)


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, filled in with what was typed."""
    await platform_with(asked, services, ASKS)
    text = Field(name="text", label="Question", kind=FieldKind.LONG_TEXT, required=True, value=asked.value("text", 0) or "",
                 hint=replies.WHERE_IT_GOES)  # fmt: skip
    return Form(verb="ask", title=TITLES["ask"], submit="Ask", fields=(text,))


VERB = Verb(
    name="ask",
    summary="ask the platform's model; the talk goes on in the thread",
    handle=handle,
    needs=(ASKS,),
    parameters=(
        Parameter(name="text", summary="What to ask, in your own words", kind=FieldKind.LONG_TEXT, positional=True,
                  required=True, example="why only on agent-01?"),
        CONNECTION,
    ),
    examples=("ask why does it fail only on agent-01?",),
    role=Role.DEBUG,
    changes=True,
    prose=True,
    long=True,
    form=form,
)  # fmt: skip
