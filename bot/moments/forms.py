"""The forms in which a run or a moment comes, one function each; every pattern is linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import UserError
from bot.model import Moment, Secret
from bot.moments.numbers import COPY_MOMENT, is_platform_id, read_moment, read_run_id
from bot.moments.objects import Node, objects
from bot.moments.sheet import Sheet

_DEBUGGING = "antithesis.debugging."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one form says."""

    moment: Moment | None = None
    run_id: str | None = None
    session_id: str | None = None
    report_url: Secret | None = None


_EXACT = re.compile(
    r"""(?:[A-Za-z_]\w{0,40}\s{0,3}=\s{0,3})?\bMoment\._exact\(\s*+
        Session\.from\(\s*+\{\s*+["']?id["']?\s*+:\s*+["'](?P<session>[^"'\s]{1,200})["']\s*+,?\s*+\}\s*+\)\s*+,\s*+
        ["']?(?P<hash>[^\s,"')]{1,80})["']?\s*+,\s*+
        ["']?(?P<vtime>[^\s,"')]{1,80})["']?\s*+,?\s*+\)\s{0,3};?""",
    re.VERBOSE,
)


def notebook_blocks(sheet: Sheet) -> Iterator[Found]:
    """Read `Moment._exact(Session.from({id: ...}), HASH, VTIME)`, the form of older reports."""
    for block in _EXACT.finditer(sheet.open):
        sheet.take(*block.span())
        yield Found(
            moment=read_moment(block["hash"], block["vtime"]),
            session_id=read_run_id(block["session"], name="session id"),
        )


def object_forms(sheet: Sheet) -> Iterator[Found]:
    """Read JSON and JSON5: the copy button, answers of the API, event lines, parameters of a debug launch."""
    # A shell's double quotes hide the object's own ones behind backslashes; blanks keep all positions.
    spellings = [sheet.open]
    if '\\"' in sheet.open:
        spellings.append(sheet.open.replace('\\"', ' "'))
    for text in spellings:
        nodes = [(node, found) for node in objects(text) if (found := _read_node(node))]
        for node, found in nodes:
            sheet.take_wrapped(*node.outermost().span)
            yield found
        if nodes:
            return


def _read_node(node: Node) -> Found | None:
    input_hash, vtime = _part(node, "input_hash"), _part(node, "vtime")
    if input_hash is None:
        return None
    if vtime is None:
        raise UserError("That moment has an input hash but no virtual time (vtime).", COPY_MOMENT)
    return Found(
        moment=read_moment(input_hash, vtime),
        run_id=_id(node, "run_id"),
        session_id=_id(node, "session_id"),
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


_CURL = re.compile(r"(?<![\w/.=\"'-])curl\s++(?=-|[\"']?https?://)")
_SHELL_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*+"|'[^']*+'|\\.|[^\s"'\\])++""", re.DOTALL)
_NAMED = re.compile(r"[A-Za-z][\w.]*=.*", re.DOTALL)


def shell_commands(sheet: Sheet) -> bool:
    """Take a whole curl command out, credentials included; return whether there was one.

    Only `name=value` words that are no option's value stay: they belong to the verb.
    """
    command = _CURL.search(sheet.open)
    if command is None:
        return False
    at, after_option = command.start(), True
    for word in _shell_words(sheet.open, command.end()):
        if not after_option and _NAMED.fullmatch(sheet.text, *word.span()):
            sheet.take(at, word.start())
            at = word.end()
        after_option = word.group().startswith("-")
    sheet.take(at, len(sheet.text))
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


_REPORT = re.compile(
    r"""(?P<note>//\s{0,3}URL:\s{0,3})?
        (?P<url>(?:https?://[^\s/<>"'`]{1,300}|(?<![\w./@:-])[A-Za-z0-9.-]{4,253})/report/[^\s<>"'`|\0]+)""",
    re.VERBOSE,
)
_SESSION_PART = re.compile(r"#/run/([A-Za-z0-9_-]{1,128})(?:/|$)", re.ASCII)


def report_links(sheet: Sheet) -> Iterator[Found]:
    """Read links to triage reports; the token in them opens the report, so they stay secret."""
    for link in _REPORT.finditer(sheet.open):
        url = link["url"].rstrip(".,;)")
        sheet.take(*link.span())
        session = _SESSION_PART.search(url)
        yield Found(
            report_url=Secret(url if "://" in url else f"https://{url}"),
            session_id=session.group(1) if session else None,
        )


_FLAG = re.compile(
    r"""(?<!\S)--(run-id|session-id|input-hash|vtime|begin-vtime|begin-input-hash)(?:\s*+=\s*+|\s++)["']?([^\s"']{1,200})["']?"""
)
_TOOL = re.compile(r"(?:\$\s)?(?<![\w/.=\"'-])snouty\s+(?:runs\s+logs|debug)(?!\S)")


def command_flags(sheet: Sheet) -> Iterator[Found]:
    """Read the flags of the vendor's command-line tool."""
    for tool in _TOOL.finditer(sheet.open):
        sheet.take(*tool.span())
    values: dict[str, str] = {}
    for flag in _FLAG.finditer(sheet.open):
        sheet.take(*flag.span())
        values[flag.group(1)] = flag.group(2)
    if values:
        yield _flagged(values)


def _flagged(values: dict[str, str]) -> Found:
    input_hash, vtime = values.get("input-hash"), values.get("vtime")
    if (input_hash is None) is not (vtime is None):
        raise UserError("A moment needs both --input-hash and --vtime.", COPY_MOMENT)
    run_id, session_id = values.get("run-id"), values.get("session-id")
    return Found(
        moment=read_moment(input_hash, vtime) if input_hash is not None and vtime is not None else None,
        run_id=read_run_id(run_id, name="--run-id") if run_id else None,
        session_id=read_run_id(session_id, name="--session-id") if session_id else None,
    )


_DETAIL_LINES = re.compile(
    r"""failure\s++hash[\s:|]++["']?(?P<hash>-?[0-9]{1,40})["']?[\s|]++failure\s++vtime[\s:|]++["']?(?P<vtime>[^\s"'|]{1,80})["']?""",
    re.IGNORECASE,
)


def detail_lines(sheet: Sheet) -> Iterator[Found]:
    """Read the two lines *Failure Hash* and *Failure VTime* of a run's details."""
    for lines in _DETAIL_LINES.finditer(sheet.open):
        sheet.take(*lines.span())
        yield Found(moment=read_moment(lines["hash"], lines["vtime"]))


# A long number that is followed by anything like a number was meant as a moment, so what is wrong with it is
# said; two short numbers have to look exactly like one.
_PAIR = re.compile(
    r"""(?<![\w.,=/:+-])
        (?:(?:(?:end|last|failure)\s++)?moment\s*+[=:]?\s*+|(?:failing|passing)\s++)?
        (?:(?P<run>[0-9a-f]{32}-[0-9]{1,6}-[0-9]{1,6})[\s,]++)?
        (?:
          ["'`]?(?P<hash>-?[0-9]{12,40})["'`]?[\s,]++["'`]?(?P<vtime>[-+]?(?:[0-9][\w.,+-]{0,100}|nan\b|inf\w{0,5}\b))
        | ["'`]?(?P<short>-?[0-9]{1,11})["'`]?[\s,]++["'`]?(?P<time>[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)(?![\w.+-]|,[0-9])
        )["'`]?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def bare_pairs(sheet: Sheet) -> Iterator[Found]:
    """Read HASH VTIME, alone, as a row of a table, or behind a run id."""
    for pair in _PAIR.finditer(sheet.open):
        sheet.take(*pair.span())
        moment = read_moment(pair["hash"] or pair["short"], (pair["vtime"] or pair["time"]).rstrip(",."))
        yield Found(moment=moment, run_id=pair["run"])


_EXPLORER = re.compile(r"[?&]search=v[0-9]{1,2}v[A-Za-z0-9+/_=%-]{8}")
_LOG_LINE = re.compile(
    r"\[\s*+[0-9]{1,10}\.[0-9]{1,9}\]\s*+\[|(?<![\w.-])[0-9]{1,10}\.[0-9]{1,9}\s++\[[^\]\n]{1,80}\]", re.ASCII
)
_UNREAD = re.compile(r"\bMoment\.(?:from|_exact)\(")


def refuse_lookalikes(text: str) -> None:
    """Raise `UserError` for what looks like a moment and is none, saying why."""
    if _EXPLORER.search(text):
        raise UserError(
            "This is a Logs Explorer link; it names no moment that can be used here.", COPY_MOMENT
        )
    if _UNREAD.search(text):
        raise UserError("That moment could not be read; a part of it seems to be missing.", COPY_MOMENT)
    if _LOG_LINE.search(text):
        raise UserError(
            "A log line is not a moment: its virtual time is rounded and it has no input hash.", COPY_MOMENT
        )
