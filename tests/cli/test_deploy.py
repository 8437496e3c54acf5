"""Image, compose file and chart: what they say can be carried out, and holds what parts need.

Where `helm` is on the path the chart is rendered by it, and where the package kubernetes-validate
is installed what comes out is held against Kubernetes' own schemas.
"""

import importlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from cli.part_settings import NEEDS
from kit.environment import Environment
from kit.parts import PartKind

_ROOT = Path(__file__).resolve().parents[2]
_DEPLOY = _ROOT / "deploy"
_CHART = _DEPLOY / "helm" / "stonepine"
_HELM = shutil.which("helm")
_KNOWN = {
    str(field.validation_alias or f"STONEPINE_{name.upper()}")
    for name, field in Environment.model_fields.items()
}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((_DEPLOY / "compose" / "compose.yaml").read_text())
    return found


def services() -> dict[str, dict[str, Any]]:
    return {name: dict(told) for name, told in compose()["services"].items()}


def variables_of(name: str) -> set[str]:
    """Of an example of a file of variables."""
    lines = (_DEPLOY / "compose" / f"{name}.example").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def test_the_compose_file_is_one_by_its_specification() -> None:
    # The checker knows no merged keys; `yaml` has resolved them.
    told = PyCompose.from_yaml(yaml.safe_dump(compose()))
    assert {str(name) for name in told.service_names()} == {
        "migrate", "gateway", "web", "worker", "n1", "n2",
    }  # fmt: skip


def test_the_checker_of_compose_files_finds_faults() -> None:
    broken = compose()
    broken["services"]["web"]["cap_drop"] = "ALL"
    with pytest.raises(Exception, match=r"(?i)invalid|expected"):
        PyCompose.from_yaml(yaml.safe_dump(broken))


def test_each_service_of_the_compose_file_has_what_its_part_needs() -> None:
    for name, service in services().items():
        kind = service["command"][0]
        if kind == "migrate":
            continue
        told = set(service["environment"]).union(*map(variables_of, service["env_file"]))
        missing = set(NEEDS[PartKind(kind)]) - told
        assert not missing, f"{name}: {missing}"
        assert told <= _KNOWN, f"{name}: {told - _KNOWN}"


def test_nodes_of_the_compose_file_are_told_the_zones_that_its_environment_names() -> None:
    zones = {name: told["environment"].get("STONEPINE_NODE_ZONE")
             for name, told in services().items() if told["command"][0] == "node"}  # fmt: skip
    assert zones == {"n1": "${N1_ZONE:-}", "n2": "${N2_ZONE:-}"}


def test_the_gateway_of_the_compose_file_is_told_no_more_than_it_needs() -> None:
    assert services()["gateway"]["env_file"] == ["gateway.env"]
    assert variables_of("gateway.env") == {"DATABASE_SYSTEM_URL", "STONEPINE_PRODUCTION"}


def test_services_run_as_nobody_in_particular_and_may_do_nothing() -> None:
    for name, service in services().items():
        assert service["user"] == "10001:10001", name
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service


def test_only_the_gateway_is_published() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["gateway"]


def test_the_image_has_every_package_and_runs_as_its_own_user() -> None:
    lines = (_DEPLOY / "Containerfile").read_text().splitlines()
    copied = {line.split()[1] for line in lines if re.fullmatch(r"COPY (\w+) \1", line)}
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())
    packages = {one.split(".")[0] for one in project["tool"]["setuptools"]["packages"]}
    assert packages | {"templates"} == copied
    assert "USER 10001:10001" in lines
    (base,) = [line for line in lines if line.startswith("FROM ")]
    assert re.fullmatch(r"FROM python:3\.11-slim-[a-z]+", base)
    assert any("bootstrap_venv.py .venv requirements/base.txt" in line for line in lines)


@pytest.mark.parametrize("path", sorted(_DEPLOY.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_variable_that_is_set_is_one(path: Path) -> None:
    named = set(
        re.findall(r"\b(?:STONEPINE|DATABASE|REDIS|OBJECT_STORE)_[A-Z_]+\b", path.read_text())
    )
    assert named <= _KNOWN


def test_the_charts_own_files_are_read() -> None:
    chart = yaml.safe_load((_CHART / "Chart.yaml").read_text())
    assert chart["apiVersion"] == "v2"
    values = yaml.safe_load((_CHART / "values.yaml").read_text())
    assert set(values["secrets"]["parts"]) == {str(kind) for kind in PartKind}
    used = set(re.findall(r"\.Values\.(\w+)", "".join(
        path.read_text() for path in (_CHART / "templates").iterdir())))  # fmt: skip
    assert used == set(values)


def rendered(*changes: str) -> list[dict[str, Any]]:
    assert _HELM is not None
    done = subprocess.run(
        [_HELM, "template", "vectors", str(_CHART), *changes],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def pods(resources: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in resources:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


needs_helm = pytest.mark.skipif(_HELM is None, reason="helm is not installed")


@needs_helm
def test_helm_finds_nothing_in_the_chart() -> None:
    assert _HELM is not None
    done = subprocess.run(
        [_HELM, "lint", "--strict", str(_CHART)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@needs_helm
def test_the_chart_makes_each_part_and_nothing_runs_as_root() -> None:
    found = dict(pods(rendered()))
    assert set(found) == {f"vectors-{one}" for one in (*PartKind, "migrate")}
    for name, pod in found.items():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}
        told = {one["name"] for one in container["env"]} - {"POD_IP"}
        assert told <= _KNOWN, name
        assert not [one for one in container["env"] if "PASSWORD" in str(one)]


@needs_helm
def test_the_charts_nodes_are_of_the_zone_of_their_machine_unless_another_is_said() -> None:
    def zone(*changes: str) -> dict[str, Any]:
        (container,) = dict(pods(rendered(*changes)))["vectors-node"]["containers"]
        found = {one["name"]: one for one in container["env"]}.get("STONEPINE_NODE_ZONE", {})
        return {key: value for key, value in found.items() if key != "name"}

    label = {"fieldPath": "metadata.labels['topology.kubernetes.io/zone']"}
    assert zone() == {"valueFrom": {"fieldRef": label}}
    assert zone("--set", "node.zone=z1") == {"value": "z1"}
    assert zone("--set", "node.zoneLabel=") == {}


@needs_helm
def test_policies_let_in_who_has_business_there() -> None:
    policies = {one["metadata"]["name"]: one["spec"]
                for one in rendered() if one["kind"] == "NetworkPolicy"}  # fmt: skip
    assert set(policies) == {"vectors-node", "vectors-web", "vectors-worker"}
    assert policies["vectors-worker"]["ingress"] == []
    callers = [
        one["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in policies["vectors-node"]["ingress"][0]["from"]
    ]
    assert callers == ["gateway", "web", "worker"]
    without = rendered("--set", "networkPolicy.enabled=false")
    assert not [one for one in without if one["kind"] == "NetworkPolicy"]


@needs_helm
def test_what_the_chart_makes_is_what_kubernetes_knows() -> None:
    pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    checker = importlib.import_module("kubernetes_validate")
    for one in rendered():
        checker.validate(one, checker.latest_version(), strict=True)
