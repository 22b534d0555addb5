"""What only an Antithesis tenant can do wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.simulator.common.misbehave import FAULTS as COMMON
from adapters.simulator.common.misbehave import Json, Rule, answers


def _looping(body: Json, query: Mapping[str, str]) -> Json:
    return body | {"next_cursor": query.get("after") or body.get("next_cursor") or "bG9vcA=="}


def _without_run_id(body: Json, _query: Mapping[str, str]) -> Json:
    return {name: value for name, value in body.items() if name != "runId"}


def _other_key(body: Json, _query: Mapping[str, str]) -> Json:
    return {"message": "Success", "run_id": body.get("runId"), "statusCode": body.get("statusCode")}


FAULTS: dict[str, Rule] = {
    **COMMON,
    "looping cursor": Rule(rewrite=_looping, times=None),
    "null run id": Rule(sets={"runId": None}, method="POST"),
    "no run id": Rule(rewrite=_without_run_id, method="POST"),
    "run_id key": Rule(rewrite=_other_key, method="POST"),
    "accepted": Rule(answer_status=202, sets={"statusCode": 202}, method="POST"),
    "started, then 500": replace(answers(500, {"statusCode": 500, "runId": None}), acts=True, method="POST"),
}
