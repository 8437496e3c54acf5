"""Calling the Admin API with a service account's token."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse

from access.actor import OPERATOR
from access.permissions import ORGANIZATION_ROLES, Role
from orgs.access_tokens import issue_access_token
from orgs.models import ServiceAccount
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from tests.api.conftest import Caller
from tests.support.world import World


@dataclass
class AdminCaller:
    """A token and one version; every call gives the status and the body."""

    token: str
    account: ServiceAccount
    version: str | None = "2026-07"
    last: HttpResponse = field(default_factory=HttpResponse)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        caller = Caller(version=self.version)
        bearer = {"Authorization": f"Bearer {self.token}"}
        self.last = caller.call(method, f"/admin{path}", body, **bearer)
        content = self.last.content
        return self.last.status_code, json.loads(content) if content else None


def sign_up(world: World, *roles: Role) -> AdminCaller:
    """A new service account of Alice's organization, with roles there and on her project."""
    given = [
        Assignment(role, None if role in ORGANIZATION_ROLES else world.project.pk) for role in roles
    ]
    account, plain = create_service_account(
        OPERATOR, world.organization, name="robot", assignments=given
    )
    token = issue_access_token(account.client_id, plain.value)
    return AdminCaller(token.plain.value, account)
