"""What a chat shows around an answer: that it is being worked on, comes later, too late, or for one person alone.

Chats are named by their adapters; what is peculiar to one is said in its own words for the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Button, Card, Command, Reply, Tone
from bot.errors import UserError

STARTING = "Working on it…"
INTERRUPTED = "Clew is restarting and will continue with this afterwards."
ONLY_REQUESTER = "Only the requester can see the answer."
COMMANDS_CHANGED = "Commands have been updated. Type /clew again and choose from the new list."
UNKNOWN_BUTTON = "Clew no longer recognises this. Run the command again, or try /clew help."
NOT_INSTALLED_HERE = "This bot works in servers that it was added to and in direct messages with it, not as a user-installed app."
NOT_INVITED = (
    "Only you can see this because Clew is not in this channel. Invite it with /invite to share its answers."
)
NOT_PERMITTED = (
    "Only you can see this because Clew may not write here. `clew doctor` shows which permission is missing."
)
PREPARING_FORM = "Preparing the form…"
WHERE_TO_ANSWER = "Where should Clew answer?"
FILL_THIS_IN = "This field is required."


def working(text: str) -> Card:
    """Show what goes on."""
    return Card(title=("Working on it",), text=(text,), tone=Tone.RUNNING, body=((text,),))


def status(text: str) -> str:
    """Say what goes on where the chat puts the bot's name before it; "" where nothing was reported yet."""
    return f"is working on it: {text}" if text else "is working on it…"


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
    said = "The answer is only for you, but Clew cannot send you direct messages. Use /clew instead."
    return Card(title=("Only for you",), text=(said,), body=((said,),))


def not_served(whole: str) -> str:
    """Refuse to answer in a workspace or server that is not served; `whole`: the chat's word for it."""
    return f"This bot does not serve your {whole}. Ask whoever runs it to allow it."


def form_not_ready(chat: str) -> UserError:
    """Say that a form was not prepared within the time that a chat gives."""
    return UserError(f"Preparing the form took longer than {chat} waits. Try again.")


def form_too_late(chat: str) -> UserError:
    """Say that the time in which a chat opens a form was over."""
    return UserError(f"{chat} did not leave enough time to open the form. Press the button again.")


def database_slow() -> str:
    """Say that a command could not be kept in time."""
    return "The database took too long to save your command."


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
    return f"{chat} says that you are no longer a member of this server."
