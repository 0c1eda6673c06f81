"""The files in deploy/ and docker-compose.yml, as far as they can be checked without what reads them."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from farm.ids import DEFAULT_RUNTIME
from farm.queue.redis_keys import Keys, execute_queue
from farm.tasks.shutdown import DRAIN_S
from tests.support.containers.compose import compose
from tests.support.containers.docker_engine import missing
from tests.support.data import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def documents() -> Iterator[dict[str, Any]]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


def pods() -> dict[str, dict[str, Any]]:
    kinds = ("Deployment", "StatefulSet")
    return {d["metadata"]["name"]: d["spec"]["template"]["spec"] for d in documents() if d["kind"] in kinds}


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_a_service_has_no_more_than_it_needs(service: str) -> None:
    said = COMPOSE["services"][service]
    assert said["read_only"] and said["init"] and said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"] and said["restart"] == "on-failure:5"
    assert {"mem_limit", "cpus", "pids_limit"} <= said.keys()
    assert not {"privileged", "network_mode", "pid", "ipc", "cap_add", "devices", "user"} & said.keys()
    assert all(port.startswith("127.0.0.1:") for port in said.get("ports", []))
    assert "docker.sock" not in json.dumps(said)
    assert not [word for word in said.get("environment", []) if re.match(r"\w*(PASSWORD|SECRET|KEY)=", word)]


def test_only_the_broker_has_the_users_and_only_who_asks_it_the_key() -> None:
    holders = {name: set(said.get("secrets", [])) for name, said in COMPOSE["services"].items()}
    assert {name for name, has in holders.items() if "redis-users" in has} == {"redis"}
    assert {name for name, has in holders.items() if "model-key" in has} == {"coordinator", "generate"}
    for role in ("execute", "score"):
        assert holders[role] == {"farm-secret", f"{role}-password"}
        assert COMPOSE["services"][role]["networks"] == ["broker"]
    assert COMPOSE["networks"]["broker"] == {"internal": True}
    assert "ports" not in COMPOSE["services"]["redis"]


def test_compose_takes_the_file_and_names_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    command = [*compose().split(), "--profile", "ops", "--profile", "score", "config", "--quiet"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "run: farm init-cluster" in refused.stderr
    (tmp_path / ".env").write_text("FARM_VERSION=1\nFARM_SERVER_URL=http://a:1\n")
    taken = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert taken.returncode == 0, taken.stderr


def test_prometheus_takes_its_files_and_alerts_ring_when_they_should(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        missing("no promtool on this machine (Debian: prometheus)")
    shutil.copytree(ROOT / "deploy" / "prometheus", tmp_path / "p")
    config = tmp_path / "p" / "prometheus.yml"
    config.write_text(config.read_text().replace("/run/secrets/web-password", str(config)))  # a file that is there
    for words in (["check", "config", str(config)], ["test", "rules", str(tmp_path / "p" / "alerts_test.yml")]):
        said = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr


def test_the_dashboard_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "dashboard.py"))
    assert script["PLACE"].read_text() == script["text"](), "run: python scripts/dashboard.py"
    boxes = [panel["gridPos"] for panel in script["dashboard"]()["panels"]]
    assert all(box["x"] + box["w"] <= 24 for box in boxes)
    assert len({(box["x"], box["y"]) for box in boxes}) == len(boxes)


@pytest.mark.parametrize("name", ["redis", "coordinator", "generate", "execute", "score"])
def test_pods_keep_to_the_restricted_profile(name: str) -> None:
    """What the restricted Pod Security Standard asks for, and a read-only root, limits and no account besides."""
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert all({"emptyDir", "secret", "persistentVolumeClaim"} & volume.keys() for volume in pod["volumes"])
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= container["resources"].keys()
        assert "hostPort" not in json.dumps(container)


@pytest.mark.parametrize("name", ["execute", "score"])
def test_pods_that_run_foreign_code_have_no_key_and_reap_orphans(name: str) -> None:
    mounted = json.dumps(pods()[name])
    assert "farm-model-key" not in mounted and "farm-coordinator" not in mounted and "ledger" not in mounted
    assert pods()[name]["shareProcessNamespace"] is True, "farm as the first process takes no orphan's exit"


def test_ports_say_their_protocol() -> None:
    """Without it `kubectl apply --server-side` fails on Kubernetes 1.20: tried on a real API server."""
    for document in documents():
        ports = document["spec"]["ports"] if document["kind"] == "Service" else []
        template = document.get("spec", {}).get("template", {}).get("spec", {})
        ports += [port for container in template.get("containers", []) for port in container.get("ports", [])]
        assert all("protocol" in port for port in ports), document["metadata"]["name"]


@pytest.mark.parametrize("role", ["generate", "execute", "score", "coordinator"])
def test_a_worker_has_more_time_to_stop_than_it_takes(role: str) -> None:
    """A generate worker hands back after DRAIN_S what is not answered; killed before, it leaves that to time-outs."""
    written = COMPOSE["services"][role]["stop_grace_period"]
    seconds = int(written[:-1]) * {"s": 1, "m": 60}[written[-1]]
    assert seconds >= DRAIN_S + 30
    assert pods()[role]["terminationGracePeriodSeconds"] >= DRAIN_S + 30


def test_execute_pods_grow_with_the_queue() -> None:
    scaled = next(d["spec"] for d in documents() if d["kind"] == "ScaledObject")
    trigger = scaled["triggers"][0]["metadata"]
    assert trigger["listName"] == Keys("farm:").queue(execute_queue(DEFAULT_RUNTIME))
    assert scaled["scaleTargetRef"]["name"] == "execute"
    rules = {d["metadata"]["name"]: d["spec"] for d in documents() if d["kind"] == "NetworkPolicy"}
    roles = rules["to-model-servers"]["podSelector"]["matchExpressions"][0]["values"]
    assert not {"execute", "score"} & set(roles) and rules["nothing"]["podSelector"] == {}


def test_all_that_kustomize_names_is_there() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    assert {*kustomization["resources"], "kustomization.yaml"} == {path.name for path in KUBERNETES.glob("*.yaml")}
    used = {container["image"] for pod in pods().values() for container in pod["containers"]}
    assert used == {image["name"] for image in kustomization["images"]}
    maps = {entry.partition("=")[0] for entry in kustomization["configMapGenerator"][0]["literals"]}
    assert set(re.findall(r"FARM_BROKER_URL_\w+", json.dumps(pods()))) <= maps
