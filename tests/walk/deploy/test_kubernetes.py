"""Clew in Kubernetes: what kustomize makes of the folder, held against Kubernetes' own schemas and against Clew itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from textwrap import dedent
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from adapters import settings
from adapters.web.app import application
from adapters.web.health import PATIENCE, Health
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore
from tests.links import ROOT

FOLDER = ROOT / "deploy/kubernetes"
VERSIONS = ("1.31", kubernetes_validate.latest_version())
SCHEMAS = cache(kubernetes_validate.utils.schema_contents)  # megabytes, which it reads anew for each object
UID = 10001
README = (ROOT / "deploy/README.md").read_text(encoding="utf-8")

Object = dict[str, Any]
WORDS: dict[str, set[Any]] = {
    "accessModes": {"ReadWriteOncePod"},
    "defaultMode": {0o440},
    "fsGroupChangePolicy": {"OnRootMismatch"},
    "policyTypes": {"Ingress", "Egress"},
    "protocol": {"TCP", "UDP"},
    "type": {"RollingUpdate", "Recreate", "RuntimeDefault"},
    "unhealthyPodEvictionPolicy": {"AlwaysAllow"},
    "whenUnsatisfiable": {"ScheduleAnyway"},
}
"""The words that are used, as Kubernetes' documentation spells them."""


def rendered(folder: Path) -> dict[str, Object]:
    """Return what is applied, by kind."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not here")
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True)
    objects = list(yaml.safe_load_all(done.stdout))
    assert len({found["kind"] for found in objects}) == len(objects)
    return {found["kind"]: found for found in objects}


@pytest.fixture(params=["base", "sqlite", "own"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Object]:
    """Give what is applied on PostgreSQL, on SQLite, and by the README's own overlay with Slack over HTTP."""
    if request.param != "own":
        return rendered(FOLDER / request.param)
    shutil.copytree(FOLDER, tmp_path / "deploy/kubernetes")
    mine = tmp_path / "mine"
    mine.mkdir()
    (own,) = re.findall(r"^ *```yaml\n( *# kustomization.yaml\n.*?)```", README, re.DOTALL | re.MULTILINE)
    (mine / "kustomization.yaml").write_text(f"{dedent(own)}components: [../deploy/kubernetes/slack-http]\n")
    (mine / "clew.toml").write_text('[web]\nlisten = "0.0.0.0:8080"\n[slack]\nlisten = "0.0.0.0:3000"\n')
    return rendered(mine)


def pod(objects: dict[str, Object]) -> Object:
    found: Object = objects["Deployment"]["spec"]["template"]["spec"]
    return found


def container(objects: dict[str, Object]) -> Object:
    (found,) = pod(objects)["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_objects__are_what_kubernetes_takes(
    objects: dict[str, Object], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strictly: no key that it does not know, in an old version and in the newest one."""
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", SCHEMAS)
    for found in objects.values():
        kubernetes_validate.validate(found, version, strict=True)


def test_objects__hold_what_the_schemas_leave_open(objects: dict[str, Object]) -> None:
    """The schemas take any word for an enumeration, and a mount of no volume; the API server does not."""
    seen = {(key, value) for found in objects.values() for key, value in _words(found) if key in WORDS}

    assert {(key, value) for key, value in seen if value not in WORDS[key]} == set()
    assert seen
    assert {one["name"] for one in container(objects)["volumeMounts"]} == {
        v["name"] for v in pod(objects)["volumes"]
    }
    assert all(len(port["name"]) <= 15 for port in container(objects)["ports"])
    for rule in objects["NetworkPolicy"]["spec"]["egress"]:
        for block in (to["ipBlock"] for to in rule["to"] if "ipBlock" in to):
            whole = ip_network(block["cidr"])
            assert all(ip_network(part).subnet_of(whole) for part in block.get("except", ()))  # type: ignore[arg-type]


def test_pod__may_do_the_least(objects: dict[str, Object]) -> None:
    """The namespace enforces the restricted profile; the pod keeps to it, and asks nothing of the cluster."""
    own, spec = container(objects), pod(objects)
    labels = objects["Namespace"]["metadata"]["labels"]

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert {spec["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {UID}
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert own["resources"]["limits"].keys() == {"memory"}
    assert f"USER {UID}:{UID}\n" in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")


def test_pod__reads_secrets_and_settings_as_files(objects: dict[str, Object]) -> None:
    """No secret is in the environment; both folders are read-only, and the secrets are not for everyone."""
    own = container(objects)
    values = {one["name"]: one["value"] for one in own["env"]}
    mounts = {one["mountPath"]: one for one in own["volumeMounts"]}
    volumes = {one["name"]: one for one in pod(objects)["volumes"]}
    secrets, written = mounts[values["CLEW_SECRETS"]], mounts[str(Path(values["CLEW_CONFIG"]).parent)]

    assert "envFrom" not in own
    assert volumes[secrets["name"]]["secret"]["defaultMode"] == 0o440
    assert secrets["readOnly"]
    assert written["readOnly"]
    assert volumes[written["name"]]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"]


def test_selectors__fit_the_pod_and_nothing_else(objects: dict[str, Object]) -> None:
    """Everything that selects Clew's pods does, and the way to the DNS server is open to it alone."""
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    budget, policy = objects["PodDisruptionBudget"]["spec"], objects["NetworkPolicy"]["spec"]
    (spread,) = pod(objects)["topologySpreadConstraints"]
    dns = policy["egress"][0]

    for selector in (
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        budget["selector"]["matchLabels"],
        policy["podSelector"]["matchLabels"],
        spread["labelSelector"]["matchLabels"],
    ):
        assert selector
        assert selector.items() <= labels.items()
    pods, cache = dns["to"]
    assert pods["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
    assert cache["ipBlock"] == {"cidr": "169.254.20.10/32"}
    assert {(port["port"], port["protocol"]) for port in dns["ports"]} == {(53, "UDP"), (53, "TCP")}


def test_ports__are_where_clew_listens(
    objects: dict[str, Object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings are read as Clew reads them, beside what Kubernetes puts into an environment for a service of this name."""
    (tmp_path / "clew.toml").write_text(objects["ConfigMap"]["data"]["clew.toml"])
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("CLEW_CONFIG", "clew.toml"), ("ANTITHESIS_API_KEY", "canary"), ("SLACK_BOT_TOKEN", "xoxb-1-canary"), ("SLACK_SIGNING_SECRET", 32 * "0"),
        ("CLEW_PORT", "tcp://10.0.0.1:8080"), ("CLEW_SERVICE_HOST", "10.0.0.1"), ("CLEW_SERVICE_PORT_HTTP", "8080"),
        ("CLEW_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    for one in container(objects)["env"][2:] or [{"name": "ANTITHESIS_TENANT", "value": "acme"}]:
        monkeypatch.setenv(one["name"], one["value"])
    loaded = settings.load()
    listening = {"http": loaded.web.listen, "slack": loaded.chats["slack"].listen}  # type: ignore[attr-defined]
    ports = {port["name"]: port["containerPort"] for port in container(objects)["ports"]}

    for name, port in ports.items():
        assert listening[name] == ("0.0.0.0", port)
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == ports.keys()
    assert {
        port["port"] for rule in objects["NetworkPolicy"]["spec"]["ingress"] for port in rule["ports"]
    } == ports.keys()


def test_probes__ask_what_is_served(objects: dict[str, Object]) -> None:
    """Each path is one of Clew's; whether it is ready may take as long as the database is waited for."""
    served = {route.resource.canonical for route in application(_health()).router.routes() if route.resource}
    own = container(objects)
    probes = {name: own[name] for name in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert {probe["httpGet"]["path"] for probe in probes.values()} <= served
    assert probes["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert probes["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert probes["readinessProbe"]["timeoutSeconds"] > PATIENCE
    annotations = objects["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(own["ports"][0]["containerPort"])


def test_replicas__on_each_database() -> None:
    """Replicas share a PostgreSQL database and roll; on SQLite the one ends before the next begins, and its data stay."""
    many, one = rendered(FOLDER / "base"), rendered(FOLDER / "sqlite")

    assert many["Deployment"]["spec"]["replicas"] > 1
    assert many["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "PersistentVolumeClaim" not in many
    assert one["Deployment"]["spec"]["replicas"] == 1
    assert one["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert {"name": "data", "mountPath": "/data"} in container(one)["volumeMounts"]
    assert [5432] not in [
        [p["port"] for p in rule["ports"]] for rule in one["NetworkPolicy"]["spec"]["egress"]
    ]


def test_pod__has_the_time_that_clew_takes_to_stop(objects: dict[str, Object]) -> None:
    """It stops within 20 seconds; what waits for balancers before comes on top."""
    before = container(objects).get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [0, 0])

    assert pod(objects)["terminationGracePeriodSeconds"] >= 20 + int(before[1])


def _health() -> Health:
    return Health(store=MemoryStore(), clock=ManualClock())


def _words(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each single value with the key that it stands under."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _words(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value, key)
    else:
        yield key, node
