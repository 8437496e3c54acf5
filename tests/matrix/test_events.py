"""What the APIs change leaves exactly one event each, in the words of the act."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event, Outcome, Stream
from indexes.deployment.backups import take_backup
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from tests.matrix.api_rows import DAILY, ROWS
from tests.matrix.walk import filled
from tests.support.directory import PINE, token_of, verify
from tests.support.key_house import SECRETS, lasting_house
from tests.support.world import World
from webhooks.models import Delivery

_MEMBER = {"resource_type": "organization", "role": "OrgMember"}
_DENSE = {"type": "dense_vector", "dimension": 4, "metric": "cosine"}
_NEW = {"name": "new"}


@dataclass(frozen=True, slots=True)
class Step:
    """A route with a good body. `keeps` says under which name the walk remembers what, by its
    path in the answer; `$name` in a body stands for what is remembered."""

    route: str
    action: str
    body: dict[str, Any] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    # What a worker does before.
    first: Callable[[dict[str, str]], None] = lambda _known: None


def _remember_delivery(known: dict[str, str]) -> None:
    rows = Delivery.objects.using("system").filter(webhook_id=known["webhook_id"])
    known["delivery_id"] = str(rows.exclude(type="webhook.test").get().pk)


def _remember_sequence(known: dict[str, Any]) -> None:
    known["next"] = Stream.objects.using("system").get(pk=known["stream_id"]).cursor + 1


_SCIM = "scim/v2/<str:organization_id>"
_OF_SCIM = "urn:ietf:params:scim:schemas:core:2.0"
_NINA = {"schemas": [f"{_OF_SCIM}:User"], "userName": "nina@pine.example"}
_STAFF = {"schemas": [f"{_OF_SCIM}:Group"], "displayName": "Staff"}
_LOCK = "admin/projects/<str:project_id>/encryption-key"
_PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "externalId", "value": "new"}],
}
SCIM_WALK = (
    Step(f"POST {_SCIM}/Users", "directory_user.created", _NINA, {"resource_id": "id"}),
    Step(f"PUT {_SCIM}/Users/<str:resource_id>", "directory_user.updated",
         {**_NINA, "displayName": "Nina"}),
    Step(f"PATCH {_SCIM}/Users/<str:resource_id>", "directory_user.updated", _PATCH),
    Step(f"DELETE {_SCIM}/Users/<str:resource_id>", "directory_user.deleted"),
    Step(f"POST {_SCIM}/Groups", "directory_group.created", _STAFF, {"resource_id": "id"}),
    Step(f"PUT {_SCIM}/Groups/<str:resource_id>", "directory_group.updated",
         {**_STAFF, "displayName": "Crew"}),
    Step(f"PATCH {_SCIM}/Groups/<str:resource_id>", "directory_group.updated", _PATCH),
    Step(f"DELETE {_SCIM}/Groups/<str:resource_id>", "directory_group.deleted"),
)  # fmt: skip
# By POST, and change nothing.
_SEARCHES = {
    f"POST {_SCIM}/{name}" for name in ("Bulk", ".search", "Users/.search", "Groups/.search")
}
# In an order in which each finds what it needs.
WALK = (
    Step("POST oauth/token", "access_token.issued",
         {"grant_type": "client_credentials", "client_id": "$client", "client_secret": "$secret"},
         {"token": "access_token"}),
    Step("PATCH admin/organizations/<str:organization_id>", "organization.renamed", _NEW),
    Step("PATCH admin/organizations/<str:organization_id>/networks",
         "organization.networks_changed", {"service_accounts": ["127.0.0.0/8"]}),
    Step("PATCH admin/organizations/<str:organization_id>/retention",
         "organization.retention_changed", {"metrics": 90}),
    Step("POST admin/organizations/<str:organization_id>/evidence", "evidence.exported"),
    Step("POST admin/organizations/<str:organization_id>/support-access", "support.granted",
         {"reason": "ticket 4711"}),
    Step("DELETE admin/organizations/<str:organization_id>/support-access", "support.ended"),
    Step("POST admin/projects", "project.created", _NEW, {"project_id": "id"}),
    Step("PATCH admin/projects/<str:project_id>", "project.updated", {"name": "newer"}),
    Step("PATCH admin/projects/<str:project_id>/networks", "project.networks_changed",
         {"data_plane": ["127.0.0.0/8", "::1"]}),
    Step("POST admin/projects/<str:project_id>/api-keys", "api_key.created", _NEW,
         {"api_key_id": "key.id", "key": "value"}),
    Step("PATCH admin/api-keys/<str:api_key_id>", "api_key.updated", {"name": "newer"}),
    Step(f"POST {_LOCK}", "encryption_key.attached",
         {"kind": "vault", "settings": lasting_house().settings("vault"),
          "secret": SECRETS["vault"]()}),
    Step(f"PATCH {_LOCK}", "encryption_key.updated", {"secret": SECRETS["vault"]()}),
    Step(f"POST {_LOCK}/check", "encryption_key.checked"),
    Step(f"POST {_LOCK}/disable", "encryption_key.disabled"),
    Step(f"POST {_LOCK}/enable", "encryption_key.enabled"),
    Step(f"DELETE {_LOCK}", "encryption_key.detached"),
    Step("POST indexes", "index.created",
         {"name": "movies", "schema": {"fields": {"_values": _DENSE}}}, {"name": "name"}),
    Step("PATCH indexes/<str:name>", "index.configured", {"tags": {"a": "b"}}),
    Step("POST indexes/<str:name>/backup-schedules", "backup_schedule.created", DAILY,
         {"schedule_id": "schedule_id"}),
    Step("PATCH backup-schedules/<str:schedule_id>", "backup_schedule.updated", {"enabled": False}),
    Step("DELETE backup-schedules/<str:schedule_id>", "backup_schedule.deleted"),
    Step("POST indexes/<str:name>/backups", "backup.created", _NEW,
         {"backup_id": "backup_id", "moment": "created_at"}),
    Step("POST backups/<str:backup_id>/create-index", "backup.restored", {"name": "again"},
         {"job_id": "restore_job_id"}, lambda known: take_backup(UUID(known["backup_id"]))),
    Step("POST backups/<str:backup_id>/verifications", "backup.verification_started"),
    Step("POST admin/projects/<str:project_id>/jobs/<str:job_id>/cancel", "restore.cancelled"),
    Step("POST backups/<str:backup_id>/create-index", "backup.restored", {"name": "once-more"},
         {"job_id": "restore_job_id"}),
    Step("POST restore-jobs/<str:job_id>/cancel", "restore.cancelled"),
    Step("POST indexes/<str:name>/create-index", "index.restored",
         {"name": "as-it-was", "restore_to": "$moment"}, {"job_id": "restore_job_id"}),
    Step("POST restore-jobs/<str:job_id>/cancel", "restore.cancelled"),
    Step("DELETE backups/<str:backup_id>", "backup.deleted"),
    Step("POST collections", "collection.created", {"name": "kept", "source": "movies"},
         {"collection": "name"}),
    Step("DELETE collections/<str:collection>", "collection.deleted"),
    Step("DELETE indexes/<str:name>", "index.deleted"),
    Step("DELETE admin/api-keys/<str:api_key_id>", "api_key.revoked"),
    Step("POST admin/projects", "project.created", _NEW, {"project_id": "id"}),
    Step("DELETE admin/projects/<str:project_id>", "project.deleted"),
    Step("POST admin/invites", "invitation.created",
         {"email": "nina@example.com", "role_bindings": [_MEMBER]}, {"invite_id": "id"}),
    Step("POST admin/invites/<str:invite_id>/resend", "invitation.resent"),
    Step("DELETE admin/invites/<str:invite_id>", "invitation.revoked"),
    Step("POST admin/service-accounts", "service_account.created",
         {**_NEW, "role_bindings": [_MEMBER]}, {"service_account_id": "service_account.id"}),
    Step("PATCH admin/service-accounts/<str:service_account_id>", "service_account.renamed",
         {"name": "newer"}),
    Step("POST admin/service-accounts/<str:service_account_id>/rotate-secret",
         "service_account.secret_rotated"),
    Step("POST admin/audit-streams", "audit_stream.created",
         {**_NEW, "kind": "http", "config": {"url": "https://siem.invalid/"}},
         {"stream_id": "stream.id"}),
    Step("PATCH admin/audit-streams/<str:stream_id>", "audit_stream.updated", {"name": "newer"}),
    Step("POST admin/audit-streams/<str:stream_id>/test", "audit_stream.tested"),
    Step("POST admin/audit-streams/<str:stream_id>/rewind", "audit_stream.rewound",
         {"from_sequence": "$next"}, first=_remember_sequence),
    Step("DELETE admin/audit-streams/<str:stream_id>", "audit_stream.deleted"),
    Step("POST admin/webhooks", "webhook.created",
         {**_NEW, "url": "https://receiver.invalid/", "events": ["service_account.created"]},
         {"webhook_id": "webhook.id"}),
    Step("PATCH admin/webhooks/<str:webhook_id>", "webhook.updated", {"name": "newer"}),
    Step("POST admin/webhooks/<str:webhook_id>/rotate-secret", "webhook.secret_rotated"),
    Step("POST admin/webhooks/<str:webhook_id>/test", "webhook.tested"),
    Step("POST admin/service-accounts", "service_account.created",
         {**_NEW, "name": "heard", "role_bindings": [_MEMBER]}),
    Step("POST admin/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver",
         "webhook.redelivered", first=_remember_delivery),
    Step("DELETE admin/webhooks/<str:webhook_id>", "webhook.deleted"),
    Step("POST admin/role-bindings", "role_binding.created",
         {**_MEMBER, "role": "OrgManager", "principal_type": "service_account",
          "principal_id": "$service_account_id"}, {"role_binding_id": "id"}),
    Step("DELETE admin/role-bindings/<str:role_binding_id>", "role_binding.deleted"),
    Step("DELETE admin/service-accounts/<str:service_account_id>", "service_account.deleted"),
    Step("DELETE admin/users/<str:user_id>", "member.removed"),
    *SCIM_WALK,
)  # fmt: skip
# Of an organization that has nothing else: it takes the walker along.
LAST = (WALK[0], Step("DELETE admin/organizations/<str:organization_id>", "organization.deleted"))


@pytest.fixture
def known(world: World) -> dict[str, str]:
    account, plain = _owner(world.organization)
    verify(world.organization, PINE)
    return {
        "scim": token_of(world.organization),
        "client": account.client_id,
        "secret": plain.value,
        "organization_id": world.organization.public_id,
        "user_id": str(world.people["bob"].pk),
    }


def _owner(organization: Any) -> Any:
    return create_service_account(
        OPERATOR, organization, name="walker", assignments=[Assignment(Role.ORG_OWNER)]
    )


def test_every_change_has_its_step() -> None:
    changing = {key for key in ROWS if not key.startswith(("GET", "HEAD"))}
    assert {step.route for step in (*WALK, *LAST)} == changing - _SEARCHES


def test_each_change_leaves_one_event(known: dict[str, str]) -> None:
    for step in WALK:
        _take(step, known)


def test_the_end_of_an_organization_leaves_one_event(world: World) -> None:
    organization = create_organization(OPERATOR, name="Ash", plan=Plan.ENTERPRISE)
    account, plain = _owner(organization)
    known = {
        "client": account.client_id,
        "secret": plain.value,
        "organization_id": organization.public_id,
    }
    for step in LAST:
        _take(step, known)


def _take(step: Step, known: dict[str, str]) -> None:
    step.first(known)
    before = set(Event.objects.using("system").values_list("pk", flat=True))
    method, _, route = step.route.partition(" ")
    body = json.dumps(step.body)
    for name, value in known.items():
        body = body.replace(f'"${name}"', json.dumps(value))
    headers = {"Api-Key": known.get("key", "")}
    if route.startswith("admin/"):
        headers["Authorization"] = f"Bearer {known['token']}"
    if route.startswith("scim/"):
        headers["Authorization"] = f"Bearer {known['scim']}"
    sent = body if step.body else ""
    response = Client().generic(
        method, filled(route, known), sent, "application/json", headers=headers
    )
    assert response.status_code < 300, (step, response.content)
    events = list(Event.objects.using("system").exclude(pk__in=before))
    told = [(event.action, event.outcome, event.source) for event in events]
    assert told == [(step.action, Outcome.SUCCESS, "api")], step
    (event,) = events
    assert event.organization_id is not None
    assert event.request_id == response["X-Pinecone-Request-Id"]
    for name, path in step.keeps.items():
        found = json.loads(response.content)
        for part in path.split("."):
            found = found[part]
        known[name] = found
