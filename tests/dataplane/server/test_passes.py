"""A person for whom the control plane asks: let in once, by own rights, and named in the events."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from access import passes
from access.actor import Actor, RoleGrant, Scope
from access.permissions import CredentialKind, Permission, Role
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from tests.dataplane.server.conftest import Served

READ, WRITE = Permission.DATA_READ, Permission.DATA_WRITE
_RECORD = {"vectors": [{"id": "a", "values": [1, 2, 3, 4]}]}


class Visitor:
    """A person with roles at the index's project."""

    def __init__(self, served: Served, *roles: Role) -> None:
        self._served = served
        project = served.project
        org, here = OrganizationId(project.org_id), ProjectId(project.project_id)
        grants = tuple(RoleGrant(role, org, here) for role in roles)
        self.actor = Actor(CredentialKind.SESSION, new_id(), "Vera", grants)
        self._scope = Scope(org, here, IndexId(served.index_id))

    def pass_for(self, permission: Permission) -> str:
        one = passes.issue(
            self.actor, permission, self._scope,
            request_id="asked-by-the-console", ip="192.0.2.9", user_agent="Firefox",
        )  # fmt: skip
        return passes.sign(self._served.plane.keyring.derive("pass"), one)

    def send(
        self, permission: Permission, call: str, body: Any = None, *, index_id: UUID | None = None
    ) -> httpx.Response:
        return self.bring(self.pass_for(permission), call, body, index_id=index_id)

    def bring(
        self, value: str, call: str, body: Any = None, *, index_id: UUID | None = None
    ) -> httpx.Response:
        method, _, path = call.partition(" ")
        with self._served.plane.client(index_id or self._served.index_id) as client:
            headers = {passes.HEADER: value}
            return client.request(method, path, json=body, headers=headers)


@pytest.fixture
def editor(served: Served) -> Visitor:
    return Visitor(served, Role.PROJECT_EDITOR)


def test_a_person_reads_and_writes_by_own_roles(served: Served, editor: Visitor) -> None:
    assert editor.send(WRITE, "POST /vectors/upsert", _RECORD).json() == {"upsertedCount": 1}
    viewer = Visitor(served, Role.PROJECT_VIEWER)
    found = viewer.send(READ, "GET /vectors/list").json()["vectors"]
    assert found == [{"id": "a"}]
    refused = viewer.send(WRITE, "POST /vectors/delete", {"ids": ["a"]})
    assert (refused.status_code, served.ids()) == (403, ["a"])
    assert Visitor(served).send(READ, "GET /vectors/list").status_code == 403


def test_a_pass_opens_only_what_it_was_made_for(served: Served, editor: Visitor) -> None:
    assert editor.send(READ, "POST /vectors/upsert", _RECORD).status_code == 403
    assert editor.send(WRITE, "GET /vectors/list").status_code == 403
    other = served.plane.index(served.project)
    assert editor.send(READ, "GET /vectors/list", index_id=other).status_code == 401
    assert served.ids() == []


def test_a_pass_is_taken_once(served: Served, editor: Visitor) -> None:
    value = editor.pass_for(READ)
    assert editor.bring(value, "GET /vectors/list").status_code == 200
    assert editor.bring(value, "GET /vectors/list").status_code == 401
    for forged in ("", "x", value[:-1] + ("0" if value[-1] != "0" else "1")):
        assert editor.bring(forged, "GET /vectors/list").status_code == 401


def test_what_a_person_does_leaves_one_event_each_under_that_person(
    served: Served, editor: Visitor
) -> None:
    calls = [
        ("POST /vectors/upsert", {**_RECORD, "namespace": "n"}),
        ("POST /vectors/update", {"id": "a", "namespace": "n", "setMetadata": {"x": 1}}),
        ("POST /vectors/delete", {"ids": ["a"], "namespace": "n"}),
        ("POST /vectors/update", {"id": "gone", "namespace": "n", "setMetadata": {"x": 1}}),
        ("POST /vectors/delete", {"deleteAll": True, "namespace": "n"}),
        ("DELETE /namespaces/n", None),
        ("POST /namespaces", {"name": "m"}),
        ("POST /vectors/update", {"namespace": "m"}),
    ]
    for call, body in calls:
        editor.send(WRITE, call, body)
    found = served.plane.events(served.index_id)
    assert [(one["action"], one["outcome"]) for one in found] == [
        ("namespace.records_upserted", "success"), ("namespace.records_updated", "success"),
        ("namespace.records_deleted", "success"), ("namespace.records_updated", "success"),
        ("namespace.emptied", "success"), ("namespace.deleted", "success"),
        ("namespace.created", "success"), ("namespace.records_updated", "failure"),
    ]  # fmt: skip
    assert {(one["user_id"], one["user_name"], one["key_id"]) for one in found} == {
        (str(editor.actor.principal_id), "Vera", "")
    }
    assert {(one["request_id"], one["ip"]) for one in found} == {
        ("asked-by-the-console", "192.0.2.9")
    }


def test_an_act_that_is_logged_in_pieces_leaves_one_event(served: Served, editor: Visitor) -> None:
    for start in range(0, 11_000, 1000):
        records = [
            {"id": f"{row}", "values": [1, 2, 3, 4], "metadata": {"x": 1}}
            for row in range(start, start + 1000)
        ]
        assert editor.send(WRITE, "POST /vectors/upsert", {"vectors": records}).status_code == 200
    assert editor.send(WRITE, "POST /vectors/delete", {"filter": {"x": 1}}).status_code == 200
    assert served.ids() == []
    actions = [one["action"] for one in served.plane.events(served.index_id)]
    assert actions == ["namespace.records_upserted"] * 11 + ["namespace.records_deleted"]
