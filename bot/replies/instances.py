"""What the bot says of more instances of a property: a sample of the events that hold its name."""

from __future__ import annotations

from bot.cards import Attachment, Card, Context, Item, Line, Reply, Tone, Untrusted
from bot.model import Instance, Instances, Run
from bot.platform import Platform
from bot.redact import scrub
from bot.replies import at_moment
from bot.replies.data import EventsFound
from bot.replies.wording import check_name, count, listed, run_name, sentence, short_id, virtual

SHOWN = 10
LONGEST_LINE = 300  # characters
_ORDER = (False, True, None)
_MARKS = {False: "fails", True: "holds", None: "mentions it"}
_SAMPLE = "The search gives a sample in no order, so an instance that is missing here may still exist."


def instances(platform: Platform, about: Context, run: Run, found: Instances) -> Reply:
    """Show those that fail first, each with its moment and buttons; a long sample is whole in a file.

    `about`: what was asked about, which the thread goes on speaking of.
    """
    name = about.property_name or ""
    ordered = sorted(found.found, key=_place)
    story = _story(run, name, found)
    cut: tuple[Line, ...] = (sentence("Not the whole answer: ", Untrusted(found.cut)),) if found.cut else ()
    card = Card(
        title=(_title(found), " of “", check_name(name), "”"),
        text=(*story, " ", _SAMPLE),
        tone=Tone.WARNING if found.cut else Tone.NEUTRAL,
        body=(story, *cut, (_SAMPLE,)),
        items=tuple(_item(n, each, platform, run, name) for n, each in enumerate(ordered[:SHOWN], 1)),
        items_left_out=max(0, len(ordered) - SHOWN),
        files=_files(run, ordered),
        context=about,
    )
    data = EventsFound(ref=run.ref, check=name, events=tuple(ordered), more=found.more, cut=found.cut)
    return Reply(card=card, data=data)


def _place(instance: Instance) -> tuple[int, float]:
    return _ORDER.index(instance.holds), instance.moment.seconds if instance.moment else 0.0


def _title(found: Instances) -> str:
    if found.found:
        return "More instances"
    return "No instance read" if found.cut else "No instance found"


def _story(run: Run, name: str, found: Instances) -> Line:
    if not found.found:
        none = "No event could be read" if found.cut else "No event was found"
        return (f"{none} of ", *run_name(run), " with the name “", check_name(name), "”.")
    numbers = [(sum(each.holds is holds for each in found.found), holds) for holds in _ORDER]
    words = {
        False: "{} where it fails",
        True: "{} where it holds",
        None: "{} where it neither fails nor holds",
    }
    parts = [words[holds].format(f"{number:,}") for number, holds in numbers if number]
    more = " There are more." if found.more else ""
    return (f"{count(len(found.found), 'event')} of ", *run_name(run), " with the name “", check_name(name),
            f"”: {listed(parts)}.{more}")  # fmt: skip


def _item(number: int, instance: Instance, platform: Platform, run: Run, name: str) -> Item:
    about = Context(run=run.ref, property_name=name, moment=instance.moment)
    when = f"at {virtual(instance.moment)}" if instance.moment else "without a moment"
    source: Line = (", from ", Untrusted(instance.line.source)) if instance.line.source else ()
    return Item(
        mark=_MARKS[instance.holds],
        title=(f"{number}. ", Untrusted(instance.line.text[:LONGEST_LINE], code=True)),
        lines=((when, *source),),
        buttons=at_moment.buttons(about, platform, number=number) if instance.moment else (),
        context=about,
    )


def _files(run: Run, ordered: list[Instance]) -> tuple[Attachment, ...]:
    if len(ordered) <= SHOWN:
        return ()
    rows = (
        "\t".join(
            (
                _MARKS[each.holds],
                f"{each.moment.input_hash} {each.moment.vtime}" if each.moment else "",
                each.line.source,
                each.line.text,
            )
        )
        for each in ordered
    )
    name = f"instances-{short_id(run.ref.run_id)}.txt"
    return (
        Attachment.of_text(
            scrub("\n".join(rows)).text, name=name, title=f"The whole sample, {count(len(ordered), 'event')}"
        ),
    )
