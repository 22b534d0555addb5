"""The dashboard and the alerts: they ask for what a running Clew exports, and alerts fire when they should."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.links import ROOT
from tests.walk.deploy.company import PATIENCE, company

FOLDER = ROOT / "deploy/monitoring"
DASHBOARD = json.loads((FOLDER / "clew.dashboard.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "clew.rules.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
FROM_SCRAPING = {"up": {"job", "instance"}}  # what Prometheus adds of its own
TARGET = {"job", "instance"}
LATER: dict[str, dict[str, set[str]]] = {
    "clew_deliveries_total": {"chat": set(), "result": {"sent", "later", "unconfirmed", "halted"}},
    "clew_chat_not_accepted_total": {"chat": set()},
    "clew_chat_redeliveries_total": {"chat": set()},
    "clew_slack_rate_limited_total": {"method": set()},
}
"""The labels of what is only counted once it happened, and the values that are asked for."""
ENDINGS = {"counter": "_total", "histogram": "_bucket"}
PARTS = ("_created", "_count", "_sum")


def selectors(node: Any) -> Iterator[Any]:
    """Yield each series that an expression asks for."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        if (inner := getattr(node, name, None)) is not None and not isinstance(inner, str | float):
            yield from selectors(inner)
    for inner in getattr(node, "args", None) or ():
        yield from selectors(inner)


def expressions() -> dict[str, str]:
    """Return every expression by where it stands."""
    asked = {f"panel {p['title']} {t['refId']}": t["expr"] for p in DASHBOARD["panels"] for t in p["targets"]}
    notes = {f"annotation {note['name']}": note["expr"] for note in DASHBOARD["annotations"]["list"]}
    return {**asked, **notes, **{f"alert {rule['alert']}": rule["expr"] for rule in RULES}}


def grouped(expression: str) -> set[str]:
    """Return the labels that an expression groups by."""
    return {
        name.strip() for names in re.findall(r"\bby \(([^)]*)\)", expression) for name in names.split(",")
    }


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """Give what a running Clew exports once it has posted something: the values of each label, by series."""
    folder = tmp_path_factory.mktemp("monitored")

    async def scrape() -> str:
        discord = {"DISCORD_TOKEN": "MTIz.canary.canary", "DISCORD_API_URL": "http://127.0.0.1:9"}
        async with company(folder) as operator, operator.running("run", "--no-terminal", **discord) as clew:
            await operator.slack.gate.connected(1)
            await operator.slack.command("status latest")
            await operator.slack.world.answer("Run")
            async with httpx.AsyncClient(base_url=operator.web, trust_env=False) as http:
                text = ""
                async with asyncio.timeout(PATIENCE):
                    while not all(
                        name in text for name in ("clew_poll_age_seconds{", "clew_chat_answer_seconds_count{")
                    ):
                        text = (await http.get("/metrics")).text
            assert await clew.ends(signal.SIGTERM) == 0
        return text

    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(asyncio.run(scrape())):
        names = {f"{family.name}{ENDINGS.get(family.type, '')}"}
        for name in names | {sample.name for sample in family.samples if not sample.name.endswith(PARTS)}:
            labels = found.setdefault(name, {})
            for sample in family.samples:
                for label, value in sample.labels.items():
                    labels.setdefault(label, set()).add(value)
    return found


@pytest.mark.parametrize("place", expressions())
def test_expressions__ask_for_what_is_exported(place: str, exported: dict[str, dict[str, set[str]]]) -> None:
    """Each is PromQL; its series, their labels and the values that they are held against are ones that Clew has."""
    expression = expressions()[place].replace("$job", "clew")
    asked = list(selectors(promql_parser.parse(expression)))

    assert asked
    for series in asked:
        known = {**LATER.get(series.name, {}), **exported.get(series.name, {})}
        assert series.name in exported or series.name in FROM_SCRAPING, series.name
        for matcher in series.matchers.matchers:
            assert matcher.name in known.keys() | TARGET, matcher.name
            if matcher.name in known:
                assert set(matcher.value.split("|")) <= known[matcher.name], matcher.value
        assert grouped(expression) <= known.keys() | TARGET


def test_exported__is_shown(exported: dict[str, dict[str, set[str]]]) -> None:
    """What Clew tells of itself is on the dashboard; nobody looks at a figure that is on none."""
    text = json.dumps(DASHBOARD)

    assert [name for name in exported if name.startswith("clew_") and name not in text] == []


def test_dashboard__is_whole() -> None:
    """Panels have ids and titles of their own, a sentence that says what they show, and no two lie on one place."""
    panels = DASHBOARD["panels"]
    places = Counter(
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    )

    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    assert all(panel["description"].endswith(".") for panel in panels)
    assert max(places.values()) == 1
    assert max(x for x, _ in places) == 23
    assert all(target["datasource"]["uid"] == "${datasource}" for p in panels for target in p["targets"])


def test_alerts__say_what_happened_and_how_bad_it_is() -> None:
    """A summary, what it means, and a severity to route by; values in a sentence are of labels that are there."""
    names = Counter(rule["alert"] for rule in RULES)

    assert max(names.values()) == 1
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"].endswith(".")
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["description"]))
        by = grouped(rule["expr"])
        assert used <= (by or TARGET), rule["alert"]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here")
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def test_alerts__are_rules_of_prometheus() -> None:
    """Prometheus' own tool takes them."""
    done = promtool("check", "rules", FOLDER / "clew.rules.yaml")

    assert done.returncode == 0, done.stderr


def test_alerts__fire(tmp_path: Path) -> None:
    """Prometheus' own tool plays hours in which things go wrong, and one in which all is well."""
    shutil.copy(FOLDER / "clew.rules.yaml", tmp_path)
    cases = tmp_path / "cases.yaml"
    cases.write_text(
        yaml.safe_dump(
            {"rule_files": ["clew.rules.yaml"], "evaluation_interval": "30s", "tests": list(played())}
        )
    )

    done = promtool("test", "rules", cases)

    assert done.returncode == 0, done.stdout + done.stderr


WELL = {
    'up{job="clew",instance="a"}': "1x120",
    'clew_ready{job="clew",instance="a"}': "1x120",
    'clew_outbox_oldest_seconds{job="clew",instance="a"}': "0x120",
    'clew_outbox_messages{job="clew",instance="a",state="dead"}': "0x120",
    'clew_launches_unknown{job="clew",instance="a"}': "0x120",
    'clew_poll_age_seconds{job="clew",instance="a",connection="prod"}': "30x120",
    'clew_chat_connected{job="clew",instance="a",chat="slack"}': "1x120",
    'clew_deliveries_total{job="clew",instance="a",chat="slack",result="sent"}': "0+10x120",
    'clew_deliveries_total{job="clew",instance="a",chat="slack",result="later"}': "0x120",
    'clew_scheduler_misses_total{job="clew",instance="a"}': "0x120",
    'clew_discord_identifies_today{job="clew",instance="a"}': "3x120",
    'clew_duties{job="clew",instance="a",state="free"}': "0x120",
    'clew_chat_not_accepted_total{job="clew",instance="a",chat="slack"}': "0x120",
    'clew_chat_acknowledge_seconds_bucket{job="clew",instance="a",chat="slack",le="0.5"}': "0+9x120",
    'clew_chat_acknowledge_seconds_bucket{job="clew",instance="a",chat="slack",le="2"}': "0+9x120",
    'clew_chat_acknowledge_seconds_bucket{job="clew",instance="a",chat="slack",le="+Inf"}': "0+9x120",
    'process_start_time_seconds{job="clew",instance="a"}': "1000x120",
}  # fmt: skip
WRONG = {
    "ClewDown": {'up{job="clew",instance="a"}': "0x120"},
    "ClewReplicaDown": {'up{job="clew",instance="b"}': "0x120"},
    "ClewNotReady": {'clew_ready{job="clew",instance="a"}': "0x120"},
    "ClewMessagesLate": {'clew_outbox_oldest_seconds{job="clew",instance="a"}': "0+30x120"},
    "ClewMessagesNeedAPerson": {'clew_outbox_messages{job="clew",instance="a",state="dead"}': "1x120"},
    "ClewLaunchUnknown": {'clew_launches_unknown{job="clew",instance="a"}': "1x120"},
    "ClewPollsLate": {'clew_poll_age_seconds{job="clew",instance="a",connection="prod"}': "0+30x120"},
    "ClewChatNotConnected": {'clew_chat_connected{job="clew",instance="a",chat="slack"}': "0x120"},
    "ClewCommandsNotAccepted": {'clew_chat_not_accepted_total{job="clew",instance="a",chat="slack"}': "0+1x120"},
    "ClewAcknowledgesSlowly": {
        'clew_chat_acknowledge_seconds_bucket{job="clew",instance="a",chat="slack",le="0.5"}': "0+1x120"
    },
    "ClewSendsFail": {'clew_deliveries_total{job="clew",instance="a",chat="slack",result="later"}': "0+1x120"},
    "ClewDiscordSessions": {'clew_discord_identifies_today{job="clew",instance="a"}': "900x120"},
    "ClewDutiesFree": {'clew_duties{job="clew",instance="a",state="free"}': "1x120"},
    "ClewTicksLate": {'clew_scheduler_misses_total{job="clew",instance="a"}': "0+1x120"},
    "ClewRestarts": {'process_start_time_seconds{job="clew",instance="a"}': "1000+60x120"},
}  # fmt: skip


def played() -> Iterable[dict[str, Any]]:
    """Yield for each alert an hour in which one thing is wrong, and what fires at its end: that alone."""
    assert WRONG.keys() == {rule["alert"] for rule in RULES}
    beside = {"ClewDown": {"ClewReplicaDown"}}
    for wrong, series in {"": {}, **WRONG}.items():
        yield {
            "interval": "30s",
            "input_series": [
                {"series": name, "values": values} for name, values in {**WELL, **series}.items()
            ],
            "promql_expr_test": [
                {
                    "expr": f'count by (alertname) (ALERTS{{alertstate="firing",alertname="{name}"}})',
                    "eval_time": "50m",
                    "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1}]
                    if name == wrong or name in beside.get(wrong, ())
                    else [],
                }
                for name in WRONG
            ],
        }
