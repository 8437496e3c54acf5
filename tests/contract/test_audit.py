"""The audit log of a running installation: what clients do stands there, and it verifies."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.support.tenants import tenants_of
from tests.support.wire import Wire

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


def exported(stack: Stack, action: str) -> list[dict[str, Any]]:
    organization = str(stack.facts["organization_id"])
    result = stack.run(
        "audit", "export", "--home", str(stack.home), "--org", organization, "--action", action
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_administration_through_the_gateway_is_audited_and_the_chains_verify(
    stack: Stack, api: Wire, open_index: Callable[..., Wire], name: str
) -> None:
    index = open_index()
    host = api.request("GET", f"/indexes/{name}").json()["host"]
    viewer = tenants_of(stack).by_role["ProjectViewer"]
    assert index.request("POST", "/namespaces", b'{"name": "n"}').status == 200
    with Wire(host, api_key=viewer) as other:
        assert other.request("DELETE", "/namespaces/n").status == 403
    reply = index.request("DELETE", "/namespaces/n")
    assert reply.status == 200
    found = [
        event for event in exported(stack, "namespace.deleted")
        if event["event"]["resource_name"] == name
    ]  # fmt: skip
    assert [event["outcome"] for event in found] == ["denied", "success"]
    deleted = found[-1]
    assert deleted["actor"]["principal_type"] == "api_key"
    assert deleted["actor"]["principal_name"] == "bootstrap"
    assert deleted["client"]["ip"] == "127.0.0.1"
    assert deleted["source"] == "data_plane"
    assert deleted["request_id"] == reply.request_id
    assert stack.run("audit", "sign-heads", "--home", str(stack.home)).returncode == 0
    verified = stack.run("audit", "verify", "--home", str(stack.home), "--json")
    reports = json.loads(verified.stdout)
    assert verified.returncode == 0, verified.stdout
    assert sum(report["signed_sequence"] for report in reports) > deleted["sequence"]
    assert (stack.home / "audit" / "heads.jsonl").stat().st_mode & 0o077 == 0
