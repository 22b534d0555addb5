"""What is written of a run into another platform; pure. Neither parameters nor report links are among it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.analysis import RunAnalysis
from bot.model import Check, CheckStatus, Run, Secret
from bot.platform import Platform
from bot.publication import Publication, PublicationState, PublishedCheck, PublishRequest
from bot.redact import scrub
from bot.replies import publishing as replies

LOGS = 10  # failing checks whose logs go along
LONGEST_MESSAGE = 2_000  # characters; a platform may take fewer
_CHECK = "check"  # the field of a query that a run's log has to be narrowed by


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written. `total`: of how many checks; `no_result`: how many of them have none to write."""

    request: PublishRequest
    checks: tuple[PublishedCheck, ...]
    total: int
    no_result: int

    @property
    def requests(self) -> int:
        """How many requests it takes: three for the record, one for a result, one for its message, two for its log."""
        messages = sum(bool(check.message) for check in self.checks)
        return 3 + len(self.checks) + messages + 2 * self.logs

    @property
    def logs(self) -> int:
        """How many logs go along."""
        return sum(check.log for check in self.checks)

    @property
    def counts(self) -> Counter[str]:
        """How many results there are by the word that is said of them."""
        return Counter(map(replies.word_of, self.checks))


def planned(found: RunAnalysis, most: int, secrets: Collection[Secret] = ()) -> Plan:
    """Plan what is written of a run: what failed first, and at most so many results."""
    known = found.results.checks if found.results is not None else ()
    with_result = sorted((c for c in known if c.status is not CheckStatus.UNKNOWN), key=_rank)
    chosen = with_result[:most]
    total = max(found.verdict.total, len(known))
    no_result = max(found.verdict.unknown, len(known) - len(with_result))
    checks = tuple(_of(check, found.platform, secrets, log=n < LOGS) for n, check in enumerate(chosen))
    request = PublishRequest(
        source=found.run.ref,
        label=_clean(replies.label(found.run, len(checks), total - no_result), secrets),
        series=_clean(found.run.launcher, secrets),
        metadata={
            name: _clean(value, secrets)
            for name, value in _metadata(found, len(checks), total, no_result).items()
        },
    )
    return Plan(request=request, checks=checks, total=total, no_result=no_result)


def wanted(run: Run, target: str, now: datetime) -> Publication:
    """Return what a rule wants published: this end of this run, once."""
    key = f"{run.ref.text}:{run.status.value}:{target}"
    return Publication(key=key, source=run.ref, target=target, created_at=now, by_rule=True,
                       state=PublicationState.WANTED)  # fmt: skip


def _rank(check: Check) -> int:
    """Order what is written: failures that count, then those that do not, then the rest as it was."""
    if check.status is not CheckStatus.FAILING:
        return 2
    return 0 if check.excused is None and not check.advisory else 1


def _of(check: Check, platform: Platform, secrets: Collection[Secret], *, log: bool) -> PublishedCheck:
    failed = check.status is CheckStatus.FAILING
    return PublishedCheck(
        name=_clean(check.name, secrets),
        status=check.status,
        excused=_rank(check) == 1,
        message=_clean(replies.message(check), secrets)[:LONGEST_MESSAGE] if failed else "",
        took=check.took,
        log=log and check.failing and _has_log(check, platform),
        moment=check.moment,
    )


def _has_log(check: Check, platform: Platform) -> bool:
    """Whether a log of just this check can be read."""
    if check.moment is not None and platform.moment_logs is not None:
        return True
    return platform.run_logs is not None and _CHECK in platform.run_logs.narrows


def _metadata(found: RunAnalysis, written: int, total: int, no_result: int) -> dict[str, str]:
    run = found.run
    said = {
        "connection": run.ref.connection,
        "run": run.ref.run_id,
        "commit": run.commit or "",
        "verdict": found.verdict.kind.value,
        "results": f"{written} of {total}",
        "without_result": str(no_result) if no_result else "",
    }
    return {name: value for name, value in said.items() if value}


def _clean(text: str, secrets: Collection[Secret]) -> str:
    return scrub(text, secrets).text
