"""What a chat shows around an answer: that it is being worked on, comes later, too late, or for one person alone.

Chats are named by their adapters; what is peculiar to one is said in its own words for the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Button, Card, Command, Reply, Tone
from bot.errors import UserError

STARTING = "Working on it…"
INTERRUPTED = "Clew is being restarted. It takes this up again as soon as it is back."
ONLY_REQUESTER = "The answer is for the person who asked."
COMMANDS_CHANGED = "Commands were updated meanwhile. Type /clew again and choose from the new list."
UNKNOWN_BUTTON = "Clew does not know this any more. Say it again, for example with /clew help."
NOT_INSTALLED_HERE = "This bot works in servers that it was added to, and in direct messages with it; not as an app of your own."
NOT_INVITED = "Only you see this: Clew is not in this channel. Invite it with /invite to share its answers."
NOT_PERMITTED = "Only you see this: Clew may not write here. `clew doctor` says which permission is missing."
PREPARING_FORM = "One moment, this is being prepared…"
FILL_THIS_IN = "Please fill this in."


def working(text: str) -> Card:
    """Show what goes on."""
    return Card(title=("Working on it",), text=(text,), tone=Tone.RUNNING, body=((text,),))


def too_old(command: Command | None) -> Reply:
    """Answer what was asked so long before a restart that nobody waits for it; `command`: what is offered again."""
    said = "Clew was not running when you asked. Ask again if you still want to know."
    card = Card(
        title=("Too late to answer",),
        text=(said,),
        tone=Tone.WARNING,
        body=((said,),),
        buttons=(Button(label="Ask again", command=command),) if command else (),
    )
    return Reply(card=card, private=True)


def no_direct_messages() -> Card:
    """Say in public that the answer is private and could not be handed over."""
    said = "The answer is for you alone, and you take no direct messages from Clew. Say it as /clew instead."
    return Card(title=("For you alone",), text=(said,), body=((said,),))


def not_served(whole: str) -> str:
    """Refuse to answer in a workspace or server that is not served; `whole`: the chat's word for it."""
    return f"This bot does not serve your {whole}. Ask whoever runs it to allow it."


def form_not_ready(chat: str) -> UserError:
    """Say that a form was not prepared within the time that a chat gives."""
    return UserError(f"Preparing the form took longer than {chat} waits. Try once more.")


def form_too_late(chat: str) -> UserError:
    """Say that the time in which a chat opens a form was over."""
    return UserError(f"{chat} gave too little time to open the form. Press the button once more.")


def database_slow() -> str:
    """Say that a command could not be kept in time."""
    return "The database took too long to keep what you said."


def button_slow() -> str:
    """Say that what a button does could not be read in time."""
    return "The database took too long to look up this button."


def too_large(chat: str, mebibytes: int, files: Sequence[str]) -> str:
    """Name the files that a chat does not take."""
    return f"Too large for {chat}, which takes {mebibytes} MiB here: {', '.join(files)}."


def answer_is_in(link: str) -> str:
    """Lead to the thread where an answer stands; `link`: as the chat writes one."""
    return f"The answer is in {link}."


def possible_repeat(chat: str) -> str:
    """Mark a message that may be there twice."""
    return f"Possible repeat: {chat} did not say whether the first one arrived."


def account_refused(chat: str) -> UserError:
    """Refuse an account that acts no more, or a bot's."""
    return UserError(f"{chat} says that this account is deactivated or a bot.")


def no_member(chat: str) -> str:
    """Refuse somebody who left the server."""
    return f"{chat} says that you are not a member of this server any more."
