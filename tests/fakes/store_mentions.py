"""Whom posts mention, in memory: a part of `tests.fakes.store.MemoryStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.state import MentionRule, PollStep
from tests.fakes.store_base import Shared, cleaned, wanted


class MemoryMentions(Shared):
    """Rules by what they want."""

    def __init__(self) -> None:
        super().__init__()
        self.mentions: dict[tuple[str | None, ...], MentionRule] = {}

    async def mention_rules(self, *channels: str, of: str | None = None) -> tuple[MentionRule, ...]:
        await self._turn()
        return wanted(self.mentions.values(), channels, of)

    async def add_mention(self, rule: MentionRule, now: datetime) -> bool:
        await self._turn()
        return self._put_rule(cleaned(rule, since=now, matched_at=None))

    async def end_mention(self, rule: MentionRule) -> bool:
        await self._turn()
        there = self.mentions.get(cleaned(rule).wants)
        if there is None or there.from_settings:
            return False
        del self.mentions[there.wants]
        return True

    async def configure_mentions(self, configured: Sequence[MentionRule], now: datetime) -> None:
        await self._turn()
        kept = [cleaned(rule, since=now, matched_at=None) for rule in configured]
        for wants in [r.wants for r in self.mentions.values() if r.from_settings]:
            if wants not in {rule.wants for rule in kept}:
                del self.mentions[wants]
        for rule in kept:
            self._put_rule(rule)

    def _put_rule(self, rule: MentionRule) -> bool:
        there = self.mentions.get(rule.wants)
        if there is not None:
            fixed = there.from_settings or rule.from_settings
            rule = replace(rule, since=there.since, matched_at=there.matched_at, from_settings=fixed)
        self.mentions[rule.wants] = rule
        return there is None

    def _mark_mentioned(self, step: PollStep) -> None:
        for rule in map(cleaned, step.mentioned):
            if rule.wants in self.mentions:
                self.mentions[rule.wants] = replace(self.mentions[rule.wants], matched_at=step.now)
