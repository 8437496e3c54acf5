"""Columns that no body names stay out of every body's reach, whatever it carries beside."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import models
from django.http import HttpResponse
from django.test import Client

from audit.models import Stream
from indexes.backup_models import Backup
from indexes.backup_schedule_models import BackupSchedule
from indexes.models import Index
from orgs.models import Invitation, Organization, RoleBinding, ServiceAccount
from orgs.support_models import SupportAccess
from orgs.tenancy import tenant
from projects.models import ApiKey, Project
from tests.matrix.api_rows import DAILY, ROWS
from tests.matrix.cast import key_of
from tests.matrix.conftest import Stage
from tests.matrix.robots import token_of
from tests.matrix.walk import filled
from webhooks.models import Webhook

_TOLERANT, _STRICT = "2025-10", "2026-07"
_SOME_ID = "0190a0b0-0000-7000-8000-00000000cafe"


@dataclass(frozen=True, slots=True)
class Wish:
    """A good body for a route. `knows` are the columns that its bodies may name, `moves` what
    else changes by the act itself; NEW stands for a name of its own."""

    model: type[models.Model]
    body: dict[str, Any]
    knows: frozenset[str] = frozenset()
    moves: frozenset[str] = frozenset()
    strict_body: dict[str, Any] | None = None
    is_always_strict: bool = False
    takes_body: bool = True


def _columns(*names: str) -> frozenset[str]:
    return frozenset(names)


_NAMED = {"name": "NEW"}
_NAME = _columns("name")
_PROJECT = _columns("name", "max_pods", "force_encryption_with_cmek")
_NETWORKS = _columns("private_endpoint")
_KEY = _columns("name", "roles")
_INDEX = _columns("name", "spec", "dimension", "metric", "vector_type", "schema", "tags")
_SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
_DENSE = {"type": "dense_vector", "dimension": 4, "metric": "cosine"}
_MEMBER = {"resource_type": "organization", "role": "OrgMember"}
_HOOK = {"name": "NEW", "url": "https://receiver.invalid/", "events": ["index.ready"]}
_BINDING = _columns("principal_type", "principal_id", "resource_type", "resource_id", "role")

WISHES = {
    "POST indexes": Wish(
        Index, {"name": "NEW", "spec": _SPEC, "dimension": 4}, _INDEX,
        strict_body={"name": "NEW", "schema": {"fields": {"_values": _DENSE}}},
    ),
    "PATCH indexes/<str:name>": Wish(
        Index, {"tags": {"a": "NEW"}}, _columns("spec", "schema", "tags"), _columns("generation")
    ),
    "POST indexes/<str:name>/backups": Wish(
        Backup, {"name": "NEW"}, _columns("name", "description")
    ),
    "POST indexes/<str:name>/backup-schedules": Wish(
        BackupSchedule, DAILY, _columns("name"), is_always_strict=True
    ),
    "PATCH backup-schedules/<str:schedule_id>": Wish(
        BackupSchedule, {"frequency": "weekly"}, _columns("frequency", "hour"),
        is_always_strict=True,
    ),
    "POST collections": Wish(Backup, {"name": "NEW", "source": "movies"}, _columns("name")),
    "POST backups/<str:backup_id>/create-index": Wish(
        Index, {"name": "NEW-again"}, _columns("name", "tags")
    ),
    "POST indexes/<str:name>/create-index": Wish(
        Index, {"name": "NEW-again", "restore_to": "2026-01-01T00:00:00Z"},
        _columns("name", "tags"), is_always_strict=True,
    ),
    "PATCH admin/organizations/<str:organization_id>": Wish(Organization, _NAMED, _NAME),
    "PATCH admin/organizations/<str:organization_id>/networks": Wish(
        Organization, {"people": ["10.0.0.0/8"], "force": True}, frozenset(),
        moves=_columns("people_networks"), is_always_strict=True,
    ),
    "PATCH admin/organizations/<str:organization_id>/retention": Wish(
        Organization, {"metrics": 90, "force": True}, frozenset(),
        moves=_columns("retention_days"), is_always_strict=True,
    ),
    "POST admin/organizations/<str:organization_id>/support-access": Wish(
        SupportAccess, {"reason": "NEW"}, _columns("reason"), is_always_strict=True
    ),
    "POST admin/projects": Wish(Project, _NAMED, _PROJECT),
    "PATCH admin/projects/<str:project_id>": Wish(Project, _NAMED, _PROJECT),
    "PATCH admin/projects/<str:project_id>/networks": Wish(
        Project, {"data_plane": ["10.0.0.0/8"], "force": True}, _NETWORKS,
        moves=_columns("data_plane_networks"), is_always_strict=True,
    ),
    "POST admin/projects/<str:project_id>/api-keys": Wish(ApiKey, _NAMED, _KEY),
    "PATCH admin/api-keys/<str:api_key_id>": Wish(ApiKey, _NAMED, _KEY),
    "POST admin/invites": Wish(
        Invitation, {"email": "NEW@example.com", "role_bindings": [_MEMBER]}, _columns("email")
    ),
    "POST admin/invites/<str:invite_id>/resend": Wish(
        Invitation, {},
        moves=_columns("public_id", "digest", "pepper_id", "expires_at"), takes_body=False,
    ),
    "POST admin/service-accounts": Wish(ServiceAccount, _NAMED, _NAME),
    "PATCH admin/service-accounts/<str:service_account_id>": Wish(
        ServiceAccount, _NAMED, _NAME, _columns("updated_at")
    ),
    "POST admin/service-accounts/<str:service_account_id>/rotate-secret": Wish(
        ServiceAccount, {}, moves=_columns("updated_at"), takes_body=False
    ),
    "POST admin/audit-streams": Wish(
        Stream, {"name": "NEW", "kind": "http", "config": {"url": "https://siem.invalid/"}},
        _columns("name", "kind", "config"), is_always_strict=True,
    ),
    "PATCH admin/audit-streams/<str:stream_id>": Wish(
        Stream, _NAMED, _columns("name", "config"), _columns("next_attempt_at"),
        is_always_strict=True,
    ),
    "POST admin/webhooks": Wish(
        Webhook, _HOOK, _columns("name", "url", "events", "project_id"), _columns("sealed_url"),
        is_always_strict=True,
    ),
    "PATCH admin/webhooks/<str:webhook_id>": Wish(
        Webhook, _NAMED, _columns("name", "url", "events"), _columns("updated_at", "sealed_url"),
        is_always_strict=True,
    ),
    "POST admin/webhooks/<str:webhook_id>/rotate-secret": Wish(
        Webhook, {"overlap_hours": 1},
        moves=_columns("sealed_secret", "sealed_previous_secret", "previous_secret_until"),
        is_always_strict=True,
    ),
    "POST admin/role-bindings": Wish(
        RoleBinding,
        {**_MEMBER, "principal_type": "user", "principal_id": _SOME_ID},
        _BINDING, is_always_strict=True,
    ),
}  # fmt: skip
# The token endpoint takes a form of its own; tests/api/test_oauth.py has it. Nothing is read of a
# cancellation's body, nor of a verification's, nor of a test's; a rewind
# names a place in the chain and no column. SCIM's know no columns;
# tests/sso/scim/test_protocol.py plants them.
_ELSEWHERE = {
    "POST oauth/token",
    "POST restore-jobs/<str:job_id>/cancel",
    "POST backups/<str:backup_id>/verifications",
    "POST admin/organizations/<str:organization_id>/evidence",
    "POST admin/projects/<str:project_id>/jobs/<str:job_id>/cancel",
    "POST admin/audit-streams/<str:stream_id>/test",
    "POST admin/audit-streams/<str:stream_id>/rewind",
    "POST admin/webhooks/<str:webhook_id>/test",
    "POST admin/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver",
    *(key for key in ROWS if "scim/" in key),
    # What is set there is a kind's own, and checked in tests/keyring/outer/test_providers.py.
    *(key for key in ROWS if "encryption-key" in key),
}


@dataclass(frozen=True)
class Caller:
    """An owner's service account and an editor's key."""

    stage: Stage
    ids: dict[str, str]
    token: str
    key: str

    def call(self, key: str, body: dict[str, Any], version: str) -> HttpResponse:
        method, _, route = key.partition(" ")
        path = filled(route, self.stage.ours | self.ids)
        headers = {"X-Pinecone-Api-Version": version, "Api-Key": self.key}
        if route.startswith("admin/"):
            headers["Authorization"] = f"Bearer {self.token}"
        client = Client(raise_request_exception=False)
        response: HttpResponse = client.generic(
            method, path, json.dumps(body), "application/json", headers=headers
        )
        return response


@pytest.fixture
def caller(stage: Stage, ids: dict[str, str]) -> Caller:
    owner = frozenset({"OrgOwner"})
    return Caller(stage, ids, token_of(stage.world, owner), key_of(stage.world))


def test_every_route_that_takes_a_body_is_in_the_table() -> None:
    taking = {key for key in ROWS if key.startswith(("POST", "PATCH"))}
    assert set(WISHES) == taking - _ELSEWHERE


def test_older_versions_pass_over_what_no_body_names(caller: Caller) -> None:
    for key, wish in WISHES.items():
        if not wish.is_always_strict:
            _try_tolerant(caller, key, wish)


def _try_tolerant(caller: Caller, key: str, wish: Wish) -> None:
    world = caller.stage.world
    ours, theirs = (one.pk for one in (world.organization, world.elsewhere))
    before, foreign = _rows(ours, wish.model), _rows(theirs, wish.model)
    planted = dict(_planted(caller.stage, wish))
    assert caller.call(key, _named(wish.body, "twin"), _TOLERANT).status_code < 300, key
    between = _rows(ours, wish.model)
    reply = caller.call(key, _named(wish.body, "second") | planted, _TOLERANT)
    assert reply.status_code < 300, (key, reply.content)
    after = _rows(ours, wish.model)
    assert _rows(theirs, wish.model) == foreign, key
    made, twins = set(after) - set(between), set(between) - set(before)
    assert len(made) == len(twins)
    for one, twin in zip(made, twins, strict=True):
        held = {name: value for name, value in after[one].items() if name in planted}
        taken = {name for name, value in held.items() if str(value) == str(planted[name])}
        assert {name for name in taken if between[twin][name] != after[one][name]} == set(), key
    for one, row in between.items():
        changed = {name for name, value in row.items() if after[one][name] != value}
        assert changed <= wish.knows | wish.moves, (key, changed)
        assert all(str(after[one][name]) != str(planted.get(name)) for name in changed), key


def test_newer_versions_refuse_each_of_them(caller: Caller) -> None:
    world = caller.stage.world
    for key, wish in WISHES.items():
        before = _rows(world.organization.pk, wish.model)
        body = _named(wish.strict_body or wish.body, "second")
        for column, value in _planted(caller.stage, wish):
            if wish.takes_body:
                reply = caller.call(key, body | {column: value}, _STRICT)
                assert reply.status_code == 422, (key, column, reply.content)
                assert column in reply.content.decode()
        assert _rows(world.organization.pk, wish.model) == before, key


def _planted(stage: Stage, wish: Wish) -> Iterator[tuple[str, Any]]:
    """Every column that the route's bodies do not name, by its name and as Django spells it."""
    for column in wish.model._meta.concrete_fields:
        for name in {column.name, column.attname} - wish.knows:
            yield name, _value(stage, column)


def _value(stage: Stage, column: Any) -> Any:
    """One that the column could hold, and that is worth having."""
    theirs = {
        Organization: stage.world.elsewhere.pk,
        Project: stage.world.their_project.pk,
        Index: _SOME_ID,
    }
    if column.is_relation:
        return str(theirs[column.related_model])
    if column.choices:
        return column.choices[0][0]
    for kind, value in _VALUES:
        if isinstance(column, kind):
            return value
    raise AssertionError(f"a value for {column} is missing in _VALUES")


_VALUES: list[tuple[type[Any], Any]] = [
    (models.UUIDField, _SOME_ID),
    (models.DateTimeField, "2001-02-03T04:05:06Z"),
    (models.IntegerField, 4321),
    (models.BooleanField, True),
    (models.GenericIPAddressField, "203.0.113.7"),
    (models.JSONField, {"planted": "planted"}),
    (models.BinaryField, "cGxhbnRlZA=="),
    (models.CharField, "planted"),
    (models.Field, [_SOME_ID]),  # arrays
]


def _named(body: dict[str, Any], name: str) -> dict[str, Any]:
    named: dict[str, Any] = json.loads(json.dumps(body).replace("NEW", name))
    return named


def _rows(organization_id: Any, model: type[Any]) -> dict[Any, dict[str, Any]]:
    with tenant(organization_id):
        return {row["id"]: row for row in model.objects.values()}
