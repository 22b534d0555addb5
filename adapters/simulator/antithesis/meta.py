"""Properties that the platform itself checks on every run: not assertions of the user, `is_group` false.

Each has samples of what it shows when it passes and when it fails: scalars, lists, objects, without moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Meta:
    """One such property; `group` is a heading for the page, present on a few."""

    name: str
    passing: tuple[Any, ...]
    failing: tuple[Any, ...]
    group: str | None = None


SETUP = "Setup"

META = (
    Meta("Software was instrumented", ({"module": "app", "module_desc": "Go", "total_locations": 48211},),
         ({"module": "libraft.so", "module_desc": "C++", "total_locations": 0},), SETUP),
    Meta("Symbols were uploaded", (["app.sym", "workload.sym"],), (["libraft.so"],), SETUP),
    Meta("Thread pausing was enabled", ("app (node0)",), ("server (node0)", "server (node1)"), SETUP),
    Meta("Software images match expected platform", (["linux/amd64"],), (["linux/arm64"],), SETUP),
    Meta("Recent version of software was provided", (True,), (False,), SETUP),
    Meta("Assertions are present in customer code", (True,), (False,), SETUP),
    Meta("Fuzzing has branches", (31877,), (0,)),
    Meta("The Test Composer was used", (True,), (False,), SETUP),
    Meta("Test ran with full parallelism", (8,), (1,)),
    Meta("Fault injector started", (True,), (False,), SETUP),
    Meta("All containers joined", (["all"],), ([{"container": "node2", "reason": "exited"}],), SETUP),
    Meta("No Antithesis errors", (), ({"antithesis_error": "out of disk", "exit_code": 1, "is_examplar": True},)),
    Meta("No session errors", (), ("session ended early",)),
    Meta("No build errors", (), (["image not found: node:latest"],)),
    Meta("No build warnings", (), (["base image has no digest"],)),
    Meta("Customer output volume", (18_311_204,), (9_871_233_104,)),
    Meta("Virtual time per wall time", (2.75,), (0.02,)),
    Meta("Hypervisor utilization", (0.93,), (0.11,)),
    Meta("Fault injector total packets", (5_220_119,), (0,)),
    Meta("Unique Edges", (20_412,), (3,)),
    Meta("Input count", (318_446,), (1,)),
    Meta("Always: Peak memory usage", (2_147_483_648,), (17_179_869_184,)),
)  # fmt: skip
META_NAMES = frozenset(meta.name for meta in META)
