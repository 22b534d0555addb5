"""The forms in which a run or a moment comes, one function each; every pattern is linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.errors import UserError
from bot.moments.embedded_json import Node, objects
from bot.moments.found import Found
from bot.moments.links import EXPLORER
from bot.moments.numbers import is_platform_id, read_moment, read_run_id
from bot.moments.remaining_text import ASSIGNED, RemainingText
from bot.replies import pasting

_DEBUGGING = "antithesis.debugging."


_FROM_ID = (
    r"""Session\.from\(\s*+\{\s*+["']?id["']?\s*+:\s*+["'](?P<session>[^"'\s]{1,200})["']\s*+,?\s*+\}\s*+\)"""
)
_EXACT = re.compile(
    rf"""{ASSIGNED}\bMoment\._exact\(\s*+
        (?:{_FROM_ID}|[A-Za-z_$][\w$]{{0,40}}+)\s*+,\s*+
        ["']?(?P<hash>[^\s,"')]{{1,80}})["']?\s*+,\s*+
        ["']?(?P<vtime>[^\s,"')]{{1,80}})["']?\s*+,?\s*+\)\s{{0,3}};?""",
    re.VERBOSE,
)
_SESSION = re.compile(rf"{ASSIGNED}\b{_FROM_ID}\s{{0,3}};?")


def notebook_blocks(remaining: RemainingText) -> Iterator[Found]:
    """Read `Moment._exact(Session.from({id: ...}), HASH, VTIME)`, the form of older reports.

    The session may be a name that stands for one of `notebook_sessions`.
    """
    for block in _EXACT.finditer(remaining.open):
        remaining.take(*block.span())
        session = block["session"]
        yield Found(
            moment=read_moment(block["hash"], block["vtime"]),
            session_id=read_run_id(session, name="session id") if session else None,
        )


def notebook_sessions(remaining: RemainingText) -> Iterator[Found]:
    """Read `const session = Session.from({id: ...})`, of which a moment beside it is made, and the call alone."""
    for session in _SESSION.finditer(remaining.open):
        remaining.take(*session.span())
        yield Found(session_id=read_run_id(session["session"], name="session id"))


def object_forms(remaining: RemainingText) -> Iterator[Found]:
    """Read JSON and JSON5: the copy button, answers of the API, event lines, parameters of a debug launch."""
    # A shell's double quotes hide the object's own ones behind backslashes; blanks keep all positions.
    spellings = [remaining.open]
    if '\\"' in remaining.open:
        spellings.append(remaining.open.replace('\\"', ' "'))
    for text in spellings:
        nodes = [(node, found) for node in objects(text) if (found := _read_node(node))]
        for node, found in nodes:
            remaining.take_wrapped(*node.outermost().span)
            yield found
        if nodes:
            return


def _read_node(node: Node) -> Found | None:
    input_hash, vtime = _part(node, "input_hash"), _part(node, "vtime")
    if input_hash is None:
        return None
    if vtime is None:
        raise pasting.no_virtual_time()
    return Found(
        moment=read_moment(input_hash, vtime), run_id=_id(node, "run_id"), session_id=_id(node, "session_id")
    )


def _part(node: Node, name: str) -> str | None:
    return node.scalars.get(name, node.scalars.get(_DEBUGGING + name))


def _id(node: Node, name: str) -> str | None:
    """Return an id beside the moment, or one further out if it has the platform's own shape."""
    own = _part(node, name)
    if own:
        return read_run_id(own, name=name)
    outer = (_part(around, name) for around in node.around())
    return next((value for value in outer if value and is_platform_id(value)), None)


_COMMENT = re.compile(r"(?<!\S)//(?=\s)[^\n]*+")


def comments(remaining: RemainingText) -> list[tuple[int, int]]:
    """Return where comments stand, each up to the line's end or the pasted code behind it.

    They belong to a notebook block: names in them are no values of a command.
    """
    return [*remaining.before_taken(comment.span() for comment in _COMMENT.finditer(remaining.text))]


_CURL = re.compile(r"(?<![\w/.=\"'-])curl\s++(?=-|[\"']?https?://)")
_SHELL_WORD = re.compile(r"""(?>(?:"(?>(?:[^"\\]|\\.)*)"|'[^']*+'|\\.|[^\s"'\\])+)""", re.DOTALL)
_NAMED = re.compile(r"[A-Za-z][\w.]*=.*", re.DOTALL)


def shell_commands(remaining: RemainingText) -> bool:
    """Take a whole curl command out, credentials included; return whether there was one.

    Only `name=value` words that are no option's value stay: they belong to the verb.
    """
    command = _CURL.search(remaining.open)
    if command is None:
        return False
    at, after_option = command.start(), True
    for word in _shell_words(remaining.open, command.end()):
        if not after_option and _NAMED.fullmatch(remaining.text, *word.span()):
            remaining.take(at, word.start())
            at = word.end()
        after_option = word.group().startswith("-")
    remaining.take(at, len(remaining.text))
    return True


def _shell_words(text: str, at: int) -> Iterator[re.Match[str]]:
    """Yield words up to the first quote that never closes: nothing behind it can be told apart."""
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif word := _SHELL_WORD.match(text, at):
            yield word
            at = word.end()
        else:
            return


_FLAG = re.compile(
    r"""(?<!\S)--(?:antithesis\.debugging\.)?(run[-_]id|session[-_]id|input[-_]hash|vtime|begin[-_]vtime|begin[-_]input[-_]hash)(?:\s*+=\s*+|\s++)["']?([^\s"']{1,200})["']?"""
)
# What was piped in or handed over as a string has been taken out before, so it is blank by now.
_TOOL = re.compile(
    r"""(?:\$\s)?(?:(?<!\S)(?:echo|printf)\s++(?:-[a-z]\s++)?\0++\s*+\|\s*+)?
        (?<![\w/.="'-])snouty\s+(?:runs\s+[a-z-]{1,20}|debug)(?!\S)""",
    re.VERBOSE,
)
_TOOL_OPTION = re.compile(
    r"""(?<!\S)(?:--(?:stdin|json)(?!\S)|--antithesis\.[\w.-]{1,60}(?:=|\s++)(?:"[^"\n]*+"|'[^'\n]*+'|\S++)|<<<(?=\s*+\0))"""
)


def command_flags(remaining: RemainingText) -> Iterator[Found]:
    """Read the flags of the vendor's command-line tool, and take the rest of its command out."""
    tools = list(_TOOL.finditer(remaining.open))
    for tool in tools:
        remaining.take(*tool.span())
    values: dict[str, str] = {}
    for flag in _FLAG.finditer(remaining.open):
        remaining.take(*flag.span())
        values[flag.group(1).replace("_", "-")] = flag.group(2)
    if tools:
        for option in _TOOL_OPTION.finditer(remaining.open):
            remaining.take(*option.span())
    if values:
        yield _flagged(values)


def _flagged(values: dict[str, str]) -> Found:
    input_hash, vtime = values.get("input-hash"), values.get("vtime")
    if (input_hash is None) is not (vtime is None):
        raise pasting.half_a_moment()
    run_id, session_id = values.get("run-id"), values.get("session-id")
    return Found(
        moment=read_moment(input_hash, vtime) if input_hash is not None and vtime is not None else None,
        run_id=read_run_id(run_id, name="--run-id") if run_id else None,
        session_id=read_run_id(session_id, name="--session-id") if session_id else None,
    )


_HASH_NAMED = r"""(?:(?:failure|input)[\s_-]{1,3}+)?hash\b[\s:=|`]{1,40}+(?P<hash>-?[0-9]{1,40})\b`?"""
_VTIME_NAMED = r"""(?:failure\s++)?v(?:irtual[\s_-]?)?time\b[\s:=|`]{1,40}+(?P<vtime>[^\s"'`|,;&]{1,80})`?"""
_BETWEEN = r"(?>(?:[\s|,;&]++|and\b|at\b){1,6})"
_LABELLED = tuple(
    re.compile(rf"(?<![\w.-]){first}{_BETWEEN}{second}", re.IGNORECASE | re.ASCII)
    for first, second in ((_HASH_NAMED, _VTIME_NAMED), (_VTIME_NAMED, _HASH_NAMED))
)


def labelled_pairs(remaining: RemainingText) -> Iterator[Found]:
    """Read a hash and a virtual time that are named as such, as the details of a run are; lines may end between."""
    for pattern in _LABELLED:
        for pair in pattern.finditer(remaining.open):
            remaining.take(*pair.span())
            yield Found(moment=read_moment(pair["hash"], pair["vtime"].rstrip(".:)")))


# Two bare numbers are a moment only where they can hardly be anything else. A long negative number was meant as
# a hash, so what is wrong behind it is said. A long positive one may be a time stamp, a size or a phone number:
# a virtual time has to follow as the platform writes it, or the line has to end. Fewer digits have to be named, and
# 24 are an id of another kind: hexadecimal ones may all be decimal.
_RUN_BEFORE = r"(?:(?P<run>[0-9a-f]{32}-[0-9]{1,6}-[0-9]{1,6})[ ,]++)?"
_BESIDE = r"""["'`]?(?:[ ]*+,[ ]*+|[ ]++)["'`]?"""
_END = r"""(?![\w%/-]|[.,:+]\w)["'`]?"""
_LAST = r"""(?=["'`]?[ ,;.]*+(?:\n|\Z|\0|(?:--)?[A-Za-z][\w.-]*=))["'`]?"""
_NO_ID = r"(?![0-9]{24}\b)"
_PAIR = re.compile(
    rf"""(?<![\w.,=/:+#$-])
        (?:(?:(?:end|last|failure|replay)[ _])?moment[ ]*+[=:]?[ ]*+|(?:failing|passing)[ ]++)?
        {_RUN_BEFORE}
        (?:
          ["'`]?(?P<signed>-[0-9]{{12,40}}){_BESIDE}(?P<meant>[-+]?(?:[0-9][\w.,+-]{{0,100}}+(?![:/%]\w)|nan\b|inf\w{{0,5}}\b))["'`]?
        | ["'`]?(?P<plain>{_NO_ID}[1-9][0-9]{{11,39}}){_BESIDE}(?P<exact>[0-9]++(?:\.[0-9]++(?:e[+-]?[0-9]++)?|e[+-]?[0-9]++)){_END}
        | ["'`]?(?P<long>{_NO_ID}[1-9][0-9]{{15,39}}){_BESIDE}(?P<whole>[0-9]{{1,7}}+){_LAST}
        )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_NAMED_PAIR = re.compile(
    rf"""(?:
          (?<![\w.-])moment[ ]?=[ ]?
        | (?<!\S)--moment(?:[ ]*+=[ ]*+|[ ]++)
        | (?<![\w.-])(?:end|last|failure|replay)[ _]moment[ ]*+[:=][ ]*+
        | (?<![^\n])[ ]*+moment:[ ]*+
        | (?:\$\s)?(?<![\w/.="'-])snouty[ ]++runs[ ]++logs[ ]++(?=[A-Za-z0-9])
        )
        (?:["'`]?(?P<run>[A-Za-z0-9][\w-]{{0,127}}+)(?:[ ]*+,[ ]*+|[ ]++))??
        ["'`]?(?P<hash>-?[0-9]{{1,40}}){_BESIDE}(?P<vtime>[-+]?(?:[0-9][\w.,+-]{{0,100}}+|nan\b|inf\w{{0,5}}\b))["'`]?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def named_pairs(remaining: RemainingText) -> Iterator[Found]:
    """Read HASH VTIME on one line where the text says that it is a moment, however short the hash."""
    for pair in _NAMED_PAIR.finditer(remaining.open):
        remaining.take(*pair.span())
        run_id = read_run_id(pair["run"]) if pair["run"] else None
        yield Found(moment=read_moment(pair["hash"], pair["vtime"].rstrip(",.")), run_id=run_id)


def bare_pairs(remaining: RemainingText) -> Iterator[Found]:
    """Read HASH VTIME on one line: alone, as a row of a table, or behind a run id."""
    for pair in _PAIR.finditer(remaining.open):
        start, end = pair.span()
        quote = remaining.open[
            end - 1
        ]  # as behind `run="HASH VTIME"`, before which the pattern does not look
        opened = quote in "\"'`" and pair[0].count(quote) % 2 and remaining.open[start - 1 : start] == quote
        remaining.take(start - 1 if opened else start, end)
        input_hash = pair["signed"] or pair["plain"] or pair["long"]
        vtime = pair["meant"] or pair["exact"] or pair["whole"]
        yield Found(moment=read_moment(input_hash, vtime.rstrip(",.")), run_id=pair["run"])


_LOG_LINE = re.compile(
    r"\[\s*+[0-9]{1,10}\.[0-9]{1,9}\]\s*+\[|(?<![\w.-])[0-9]{1,10}\.[0-9]{1,9}\s++\[[^\]\n]{1,80}\]", re.ASCII
)
_HASH_ALONE = re.compile(r"(?<![\w.,=/:+#$-])-[0-9]{15,19}(?![\w.])", re.ASCII)
_UNREAD = re.compile(r"\bMoment\.(?:from|_exact)\(")
_LOOKALIKES = (
    (EXPLORER, pasting.explorer_link),
    (_HASH_ALONE, pasting.hash_alone),
    (_LOG_LINE, pasting.log_line),
)


def refuse_unread(text: str) -> None:
    """Raise `UserError` for a moment in the report's own form that could not be read."""
    if _UNREAD.search(text):
        raise pasting.moment_broken()


def lookalike(text: str) -> UserError | None:
    """Return why what looks like a moment is none, None where nothing does."""
    return next((refusal() for shape, refusal in _LOOKALIKES if shape.search(text)), None)
