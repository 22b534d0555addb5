"""What a message that names the bot asks for, in the ways that people write one; the same in every chat.

`@clew: status`, `hey @clew, status?`, `status @clew please`, a quotation or a sentence with a run id before the name:
all ask for the status, the last two of that run.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.chat.message_target import named
from bot.cards import FieldKind
from bot.commands.registry import VERBS
from bot.handler import ALIASES, PROSE
from bot.lengths import READ

_QUOTED_REST = re.compile(r"^[ \t]{0,3}(?:>>>|&gt;&gt;&gt;).*", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"^[ \t]{0,3}(?:>|&gt;)[^\n]*(?:\n|\Z)", re.MULTILINE)
_SIGNS = r"(?>(?:[\s,;:!]|[.\u2013\u2014-](?=\s|\Z))*)"  # a dash before a digit is the sign of a number
_LEADING = re.compile(
    rf"{_SIGNS}(?>(?:(?:hey|hi|hello|hallo|yo|okay|ok|dear|please|pls|thanks|thank you|good (?:morning|afternoon|evening))"
    rf"(?: there)?(?![\w=-]){_SIGNS})*)",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?<![^\s,.!?])(?:please|pls|thanks|thank you|thx|cheers)[\s,.!?]{0,9}\Z", re.IGNORECASE
)
_LONGEST_THANKS = 24  # characters from the end in which thanks begin
_ASKING = re.compile(r"(?<=[\w-])[?!.,:;]{1,9}\Z")
_OF_RUNS = {FieldKind.RUN, FieldKind.LONG_TEXT}
_VERB = re.compile(r"[A-Za-z]{1,40}(?=[\s?!.,:]|\Z)", re.ASCII)


def is_addressed(text: str, name: re.Pattern[str]) -> bool:
    """Whether a message speaks to the bot: its name stands in it, and not in a quotation alone."""
    return bool(name.search(_unquoted(text[:READ])))


def command_text(text: str, name: re.Pattern[str], plain: Callable[[str], str]) -> str:
    """Return the command in a message. `name`: how the chat writes the bot's; `plain` undoes the chat's markup."""
    if len(text) > READ:
        return text[:READ]  # it is refused for its length
    own = _unquoted(text)
    first = name.search(own)
    before, after = (own[: first.start()], own[first.end() :]) if first else ("", own)
    before, after = (_bare(plain(name.sub(" ", part))) for part in (before, after))
    if _verb(after) or not _verb(before):
        command = after if _verb(after) else " ".join(part for part in (before, after) if part)
    else:
        command, before = f"{before} {after}".strip(), ""
    quoted = "" if own == text else plain("\n".join(_quotations(text)))
    return f"{command} {_meant(command, quoted, before)}".strip()


def _meant(command: str, *around: str) -> str:
    """Return what the words around a command name, where it takes a run and names none itself."""
    verb = VERBS.get(ALIASES.get(_verb(command), _verb(command)))
    takes_run = verb is not None and verb.positional is not None and verb.positional.kind in _OF_RUNS
    names_one = any("=" not in word for word in command.split()[1:])
    return named("\n".join(around)) if takes_run and not names_one else ""


def _verb(text: str) -> str:
    """Return the verb that a text begins with, "" where it begins with none."""
    word = _VERB.match(text)
    said = word[0].lower() if word else ""
    return said if said in VERBS or said in ALIASES else ""


def _unquoted(text: str) -> str:
    return _QUOTED.sub("", _QUOTED_REST.sub("", text))


def _quotations(text: str) -> list[str]:
    return [*_QUOTED.findall(_QUOTED_REST.sub("", text)), *_QUOTED_REST.findall(text)]


def _bare(text: str) -> str:
    """Leave out greetings, thanks and the signs around them; the value of a name and a text of one's own stay whole."""
    start = _LEADING.match(text)
    text = text[start.end() if start else 0 :].strip()
    if _verb(text) in PROSE:
        return text
    for _ in range(2):  # "please, thanks"
        thanks = _TRAILING.search(text, max(0, len(text) - _LONGEST_THANKS))
        if thanks is not None and "=" not in _last(text[: thanks.start()]):
            text = text[: thanks.start()].rstrip(" \t\n,")
    return text if "=" in _last(text) else _ASKING.sub("", text)


def _last(text: str) -> str:
    return text.rsplit(None, 1)[-1] if text.strip() else ""
