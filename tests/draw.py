"""`python -m tests.draw FOLDER [POST ...]`: draw posts and digests as they stand in Slack, Discord and a terminal, to be looked at.

It writes a page for each, and a picture of it where a headless Chromium is found (`CHROMIUM` names another one).
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.chat.discord import render as discord
from adapters.chat.slack import render as slack
from tests import digests
from tests.posts import CARDS
from tests.unit.terminal.cards import drawn

Json = dict[str, Any]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
STYLE = """
body{font:15px/1.45 Lato,"DejaVu Sans",sans-serif;width:760px;margin:16px;color:#1d1c1d}
h4{font:12px monospace;color:#888;border-top:1px dashed #bbb;padding-top:8px;margin:18px 0 6px}
h1{font-size:18px;margin:4px 0}.grey{font-size:12.5px;color:#616061}.row{margin:6px 0}
button{font:bold 13px sans-serif;background:#fff;border:1px solid #bbb;border-radius:4px;padding:6px 11px;margin:2px 7px 2px 0}
code{background:#f6f6f6;border:1px solid #ddd;border-radius:3px;color:#c01343;font-size:12px;padding:1px 3px}
pre{background:#f6f6f6;border:1px solid #ddd;padding:7px;font:12px/1.4 "DejaVu Sans Mono",monospace;white-space:pre-wrap}
.push{background:#f2f2f2;border-radius:9px;padding:7px 11px;width:340px;font-size:12px;max-height:50px;overflow:hidden}
.discord{background:#313338;color:#dbdee1;padding:12px}.embed{background:#2b2d31;border-left:4px solid;padding:9px 13px;white-space:pre-wrap}
.discord button{background:#4e5058;color:#fff;border:0}.discord small{color:#949ba4}.discord code{background:#1e1f22;color:#dbdee1;border:0}
.terminal{background:#161616;color:#ddd;border:0}
"""


def page(name: str) -> str:
    """Return a post as a page with all three chats."""
    card = digests.card(name) if name in digests.DIGESTS else CARDS[name]()
    body = "".join((*_slack(slack.message(card)), *_discord(discord.message(card))))
    terminal = f"<h4>{name}, terminal</h4><pre class=terminal>{html.escape(drawn(card))}</pre>"
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><h4>{name}, Slack</h4>{body.replace('NAME', name)}{terminal}"


def _slack(message: Json) -> Iterator[str]:
    yield f"<div class=push>{html.escape(message['text'])}</div>"
    for block in message["blocks"]:
        if block["type"] == "header":
            yield f"<h1>{html.escape(block['text']['text'])}</h1>"
        elif block["type"] == "context":
            yield f"<div class=grey>{_mrkdwn(block['elements'][0]['text'])}</div>"
        elif block["type"] == "rich_text":
            yield from map(_section, block["elements"])
        elif block["type"] == "actions":
            yield f"<div class=row>{''.join(map(_element, block['elements']))}</div>"
        else:
            yield f"<pre>{html.escape(json.dumps(block, ensure_ascii=False))}</pre>"


def _section(section: Json) -> str:
    text = "".join(map(_span, section["elements"]))
    return f"<pre>{text}</pre>" if section["type"] == "rich_text_preformatted" else f"<div>{text}</div>"


def _span(span: Json) -> str:
    text, style = html.escape(span["text"]), span.get("style", {})
    tag = "b" if style.get("bold") else "code" if style.get("code") else "a" if "url" in span else "span"
    return f"<{tag}>{text}</{tag}>"


def _mrkdwn(text: str) -> str:
    text = re.sub(r"<(https[^|>]*)\|([^>]*)>", r"[[\2]]", text)
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", text)
    return re.sub(r"\[\[(.*?)\]\]", r'<a style="color:#1264a3">\1</a>', text)


def _element(element: Json) -> str:
    label = "···" if element["type"] == "overflow" else html.escape(element["text"]["text"])
    return f"<button>{label}</button>"


def _discord(message: Json) -> Iterator[str]:
    (embed,) = message["embeds"]
    yield f"<h4>NAME, Discord</h4><div class=discord><div>{_markdown(message['content'])}</div>"
    yield f'<div class=embed style="border-color:#{embed["color"]:06x}">'
    yield f"<b>{html.escape(embed.get('title', ''))}</b>{_markdown(embed.get('description', ''))}"
    yield f"\n<small>{html.escape(embed.get('footer', {}).get('text', ''))}</small></div>"
    for row in message["components"]:
        labels = (part.get("label") or f"{part.get('placeholder')} ▾" for part in row["components"])
        yield f"<div class=row>{''.join(f'<button>{html.escape(label)}</button>' for label in labels)}</div>"
    yield "</div>"


def _markdown(text: str) -> str:
    text = html.escape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text))
    text = re.sub(r"&lt;t:\d+:R&gt;", "9 minutes ago", text)
    text = re.sub(r"\[([^\]]*)\]\(&lt;https.*?&gt;\)", r'<a style="color:#00a8fc">\1</a>', text)
    text = re.sub(
        r"```\n(.*?)\n```", r"<pre style='background:#1e1f22;border:0'>\1</pre>", text, flags=re.DOTALL
    )
    text = re.sub(r"\*\*(.*?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    return re.sub(r"(?m)^-# (.*)$", r"<small>\1</small>", text)


def picture(browser: str, source: Path) -> None:
    """Draw a page."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=800,1700")
    target = source.with_suffix(".png").resolve()
    command = [browser, *options, f"--screenshot={target}", source.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main(folder: str, *names: str) -> None:
    """Write the pages, and draw them."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in names or (*CARDS, *digests.DIGESTS):
        source = Path(folder) / f"{name}.html"
        source.write_text(page(name), encoding="utf-8")
        if browser:
            picture(browser, source)
    sys.stdout.write(f"{folder}: {'pages and pictures' if browser else 'pages; no Chromium was found'}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
