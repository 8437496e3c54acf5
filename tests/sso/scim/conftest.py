"""A provider calling, without a server between."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from orgs.models import Organization
from tests.support.directory import managed_by_scim, token_of
from tests.support.world import World

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@dataclass
class Provider:
    """A token and an organization's base; every call gives the status and the body."""

    token: str
    organization: Organization
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    last: HttpResponse = field(default_factory=HttpResponse)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        url = f"/scim/v2/{self.organization.public_id}{path}"
        sent = body if isinstance(body, bytes) else json.dumps(body) if body is not None else ""
        bearer = {"Authorization": f"Bearer {self.token}", **headers}
        self.last = self.client.generic(
            method, url, sent, "application/scim+json; charset=utf-8", headers=bearer
        )
        content = self.last.content
        return self.last.status_code, json.loads(content) if content else None

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> tuple[int, Any]:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.call("PATCH", path, body, **headers)

    def made(self, user_name: str, **attributes: Any) -> str:
        """The id of a new user."""
        body = {"schemas": [USER], "userName": user_name, **attributes}
        status, reply = self.call("POST", "/Users", body)
        assert status == 201, reply
        return str(reply["id"])

    def grouped(self, name: str, *members: str) -> str:
        """The id of a new group."""
        people = [{"value": one} for one in members]
        body = {"schemas": [GROUP], "displayName": name, "members": people}
        status, reply = self.call("POST", "/Groups", body)
        assert status == 201, reply
        return str(reply["id"])


@pytest.fixture
def managed(world: World) -> World:
    """SCIM manages Alice's organization."""
    managed_by_scim(world.organization)
    return world


@pytest.fixture
def provider(managed: World) -> Provider:
    return Provider(token_of(managed.organization), managed.organization)


@pytest.fixture
def elsewhere(managed: World) -> Provider:
    """Mallory's."""
    return Provider(token_of(managed.elsewhere), managed.elsewhere)
