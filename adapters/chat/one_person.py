"""What chats with one person have in common: whoever sits at the machine that Clew runs on, whom nobody has to find out about."""

from __future__ import annotations

import getpass
import re
from dataclasses import dataclass

from adapters.chat.surface import FormOrError, Inbound, Surface
from bot.access import Denied
from bot.cards import Form
from bot.errors import UserError
from bot.replies import mentioning
from bot.state import Actor, Addressee, Invocation

_ADDRESSED = re.compile(r"[/@]?clew\s+(?=\S)", re.IGNORECASE)  # as one says it in other chats


@dataclass(slots=True)
class Interaction:
    """What answering leads to: a form that is to be filled in next."""

    form: Form | None = None


Command = Inbound[Interaction]


class OnePersonSurface(Surface[Interaction]):
    """A chat of one `person`, who may read all that stands in it. A form is left in the `Interaction` for whoever waits for it."""

    redelivers = False
    uninvited = ""
    person: str

    async def resolve(self, invocation: Invocation) -> Invocation:
        """Return it as it is: there is nobody else."""
        return invocation

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return the same person."""
        del invocation
        return actor

    async def find_addressee(self, invocation: Invocation, typed: str) -> Addressee:
        """Know the one person."""
        del invocation
        if typed != self.person:
            raise mentioning.nobody_there(typed)
        return Addressee(id=self.person, name=mentioning.YOU)

    async def open_form(self, inbound: Command, form: FormOrError) -> UserError | None:
        """Note the form that was asked for."""
        prepared = await form()
        if isinstance(prepared, UserError):
            return prepared
        if inbound.interaction is not None:
            inbound.interaction.form = prepared
        return None


def somebody(person: str) -> Actor:
    """Return the one person, by the id that the chat gives them and the name of their account."""
    return Actor(id=person, principals=frozenset({person}), name=_account())


def unaddressed(text: str) -> str:
    """Return a command without the name before it that other chats want: `/clew VERB`, `@clew VERB`."""
    addressed = _ADDRESSED.match(text)
    return text[addressed.end() :] if addressed else text


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "you"
