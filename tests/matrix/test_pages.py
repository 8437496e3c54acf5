"""Tokens of pages: where one organization stopped reading leads into nobody else's rows."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from orgs.invitations import create_invitation
from orgs.members import create_member
from orgs.models import Organization
from orgs.role_bindings import Assignment
from tests.matrix.robots import token_of
from tests.support.world import PASSWORD, World

PAGED = ("users", "invites", "service-accounts", "role-bindings")


@dataclass(frozen=True)
class Reader:
    token: str

    def read(self, noun: str, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        response = Client().get(f"/admin/{noun}", query, headers=headers)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def ids(self, noun: str, **query: str) -> set[str]:
        return {row["id"] for row in self.read(noun, **query)["data"]}


@pytest.fixture
def readers(world: World) -> list[Reader]:
    """Of two organizations that have some of everything, made by turns."""
    found = {}
    for number in range(2):
        for is_ours, organization in ((True, world.organization), (False, world.elsewhere)):
            _populate(organization, number)
            found[is_ours] = token_of(world, frozenset({"OrgOwner"}), is_ours=is_ours)
    return [Reader(token) for token in found.values()]


def _populate(organization: Organization, number: int) -> None:
    create_member(
        OPERATOR, organization, email=f"{number}@{organization.slug}.example", name="New",
        password=PASSWORD, role=Role.ORG_MEMBER,
    )  # fmt: skip
    create_invitation(
        OPERATOR, organization, email=f"{number}@fir.example",
        assignments=[Assignment(Role.ORG_MEMBER)],
    )  # fmt: skip


def test_a_token_of_elsewhere_leads_to_own_rows_only(readers: list[Reader]) -> None:
    for noun in PAGED:
        for reader, other in (readers, readers[::-1]):
            own, theirs = reader.ids(noun), other.ids(noun)
            assert len(own) > 1
            assert len(theirs) > 1
            token = other.read(noun, limit="1")["pagination"]["next"]
            assert other.ids(noun, paginationToken=token) < theirs
            assert reader.ids(noun, paginationToken=token) <= own
            assert not own & theirs


def test_every_list_that_has_pages_is_tried() -> None:
    schema = json.loads(Client().get("/docs/openapi.json").content)
    paged = {
        path.removeprefix("/admin/")
        for path, methods in schema["paths"].items()
        # Backups and restore jobs are of one project: tests/indexes/test_backups.py.
        if path.startswith("/admin/")
        for parameter in methods.get("get", {}).get("parameters", [])
        if parameter["name"] == "paginationToken"
    }
    # Of a webhook: tests/webhooks/test_endpoints.py; of a project: tests/api/admin/test_jobs.py.
    of_one = {"webhooks/{webhook_id}/deliveries", "projects/{project_id}/jobs"}
    assert paged - of_one == set(PAGED)
