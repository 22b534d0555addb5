"""What the bot says of flaky checks."""

from __future__ import annotations

from bot.cards import Button, Card, Command, Item, Line, Pages, Reply, Untrusted
from bot.platform import Platform
from bot.replies.wording import check_names, from_on, number_of, titled
from bot.triage import FlakyCheck, LauncherRow

LISTED = 10
TOLD = 3
LONGEST_ADVICE = 200


def listing(
    checks: tuple[FlakyCheck, ...],
    launcher: LauncherRow | None,
    rated_by: str,
    platform: Platform,
    begin: int = 1,
) -> Reply:
    """List them, those that got worse first, then the least healthy.

    `rated_by`: what they are all of, if not of a launcher; `begin`: the first entry shown.
    """
    terms = platform.terms
    wider = f" in the {rated_by} of " if rated_by else " of "
    of: Line = (wider, Untrusted(launcher.name)) if launcher else (f" on {platform.connection}",)
    if not checks:
        said: Line = (f"{terms.platform} names no flaky {terms.check.one}", *of, ".")
        return Reply(card=Card(title=(f"No flaky {terms.check.many}", *of), text=said, body=(said,)))
    ordered = sorted(checks, key=_urgency)
    worse = sum(check.emerging for check in ordered)
    named = number_of(len(ordered), terms.check).replace(" ", " flaky ", 1)
    said = (f"{named}", *of, f", {worse:,} of them getting worse" if worse else "", from_on(begin), ": ",
            *check_names([check.name for check in ordered[begin - 1 :]], TOLD), ".")  # fmt: skip
    of_launcher = {"launcher": launcher.key} if launcher else {}
    again = Command("flaky", {**of_launcher, "connection": platform.connection})
    pages = Pages.of(again, len(ordered), begin, LISTED)
    where = platform.quarantines is not None and launcher is not None
    card = Card(
        title=(named, *of, from_on(begin)),
        text=said,
        items=tuple(
            _item(number, ordered[number - 1], launcher if where else None, platform)
            for number in pages.numbers
        ),
        items_left_out=pages.left_out,
        pages=pages,
        footer=(f"Rates and scores are {terms.platform}'s own, over its recent {terms.run.many}.",),
    )
    return Reply(card=card)


def _urgency(check: FlakyCheck) -> tuple[bool, float, float]:
    """Return the place of a check: what got worse by how much, then by health, the worst first."""
    worse = (check.rate or 0.0) - (check.rate_before or 0.0)
    health = 100.0 if check.health is None else check.health
    return (not check.emerging, -worse if check.emerging else 0.0, health)


def _item(number: int, check: FlakyCheck, launcher: LauncherRow | None, platform: Platform) -> Item:
    title, place = titled(check.name)
    lines = [place] if place else []
    numbers = " · ".join(part for part in (_rate(check), _health(check)) if part)
    if numbers:
        lines.append((numbers,))
    if check.advice:
        lines.append((f"{platform.terms.platform} recommends: ", Untrusted(check.advice[:LONGEST_ADVICE])))
    buttons = _quarantine(number, check, launcher, platform) if launcher is not None else ()
    return Item(
        mark="getting worse" if check.emerging else "flaky",
        title=(f"{number}. ", title),
        lines=tuple(lines),
        buttons=buttons,
    )


def _quarantine(
    number: int, check: FlakyCheck, launcher: LauncherRow, platform: Platform
) -> tuple[Button, ...]:
    reasons = platform.quarantines.reasons if platform.quarantines else ()
    values = {"launcher": launcher.key, "property": check.name, "connection": platform.connection}
    known = {"reason": "flaky"} if "flaky" in reasons else {}
    command = Command("quarantine", values | known)
    return (Button(label="Quarantine", entry=number, command=command, opens_form=not known),)


def _rate(check: FlakyCheck) -> str:
    if check.rate is None:
        return ""
    before = f", {check.rate_before * 100:.0f} % before" if check.rate_before is not None else ""
    return (
        f"fails in {check.rate * 100:.0f} % of its runs{before}"
        if check.emerging
        else f"flaky in {check.rate * 100:.0f} % of its runs"
    )


def _health(check: FlakyCheck) -> str:
    return f"health {check.health:.0f} of 100" if check.health is not None else ""
