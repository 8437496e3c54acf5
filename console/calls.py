"""The call that does what a form does, for every form that has one: shown in the form itself.

By the name of the form's page. `{…}` in paths stand for the page's own parameters, for the project
and the organization; what a form asks for stands there as an example.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch

from console.snippets import Snippet, snippets
from console.visit import Visit

_CONTROL, _ADMIN, _VECTOR = "control", "admin", "vector"


@dataclass(frozen=True, slots=True)
class Call:
    """`face` says whose token it takes and whose address it goes to."""

    face: str
    method: str
    path: str
    body: str = ""


def _control(method: str, path: str, body: str = "") -> Call:
    return Call(_CONTROL, method, path, body)


def _admin(method: str, path: str, body: str = "") -> Call:
    return Call(_ADMIN, method, f"/admin/{path}", body)


def _vector(method: str, path: str, body: str = "") -> Call:
    return Call(_VECTOR, method, path, body)


_LOCK = "projects/{project_id}/encryption-key"
_SCHEDULE = (
    '{"name": "nightly", "schedule": {"type": "time-based", "frequency": "daily", "hour": 3}, '
    '"retention": {"expire_after_days": 30}}'
)
CALLS: dict[str, Call] = {
    "audit_stream_delete": _admin("DELETE", "audit-streams/{stream_id}"),
    "audit_stream_rewind": _admin(
        "POST", "audit-streams/{stream_id}/rewind", '{"from_sequence": 1}'
    ),
    "backup_delete": _control("DELETE", "/backups/{backup_id}"),
    "backup_restore": _control("POST", "/backups/{backup_id}/create-index", '{"name": "again"}'),
    "collection_delete": _control("DELETE", "/collections/{collection}"),
    "encryption_attach": _admin(
        "POST", _LOCK, '{"kind": "{kind}", "settings": {"…": "…"}, "secret": {"…": "…"}}'
    ),
    "encryption_detach": _admin("DELETE", _LOCK),
    "encryption_disable": _admin("POST", f"{_LOCK}/disable"),
    "encryption_enable": _admin("POST", f"{_LOCK}/enable"),
    "encryption_update": _admin("PATCH", _LOCK, '{"secret": {"…": "…"}}'),
    "index_backup_new": _control("POST", "/indexes/{name}/backups", '{"name": "by-hand"}'),
    "index_delete": _control("DELETE", "/indexes/{name}"),
    "index_record": _vector(
        "POST", "/vectors/update", '{"id": "…", "namespace": "…", "setMetadata": {"…": "…"}}'
    ),
    "index_records_delete": _vector(
        "POST", "/vectors/delete", '{"ids": ["…"], "namespace": "…"}'
    ),
    "index_schedule": _control("POST", "/indexes/{name}/backup-schedules", _SCHEDULE),
    "index_schedule_delete": _control("DELETE", "/backup-schedules/$SCHEDULE_ID"),
    "invite_revoke": _admin("DELETE", "invites/{invitation_id}"),
    "key_new": _admin(
        "POST", "projects/{project_id}/api-keys", '{"name": "search", "roles": ["ProjectEditor"]}'
    ),
    "key_revoke": _admin("DELETE", "api-keys/{key_id}"),
    "member_remove": _admin("DELETE", "users/{user_id}"),
    "member_roles": _admin(
        "POST", "role-bindings",
        '{"principal_type": "user", "principal_id": "{user_id}", '
        '"resource_type": "organization", "role": "OrgMember"}',
    ),
    "namespace_delete": _vector("DELETE", "/namespaces/$NAMESPACE"),
    "namespace_empty": _vector(
        "POST", "/vectors/delete", '{"deleteAll": true, "namespace": "…"}'
    ),
    "namespace_new": _vector("POST", "/namespaces", '{"name": "eu"}'),
    "organization_delete": _admin("DELETE", "organizations/{organization_id}"),
    "organization_rename": _admin(
        "PATCH", "organizations/{organization_id}", '{"name": "New name"}'
    ),
    "project_delete": _admin("DELETE", "projects/{project_id}"),
    "project_member_remove": _admin("DELETE", "role-bindings/$ROLE_BINDING_ID"),
    "project_new": _admin("POST", "projects", '{"name": "search"}'),
    "project_rename": _admin("PATCH", "projects/{project_id}", '{"name": "New name"}'),
    "service_account_delete": _admin("DELETE", "service-accounts/{service_account_id}"),
    "service_account_rename": _admin(
        "PATCH", "service-accounts/{service_account_id}", '{"name": "new-name"}'
    ),
    "service_account_rotate": _admin(
        "POST", "service-accounts/{service_account_id}/rotate-secret"
    ),
    "webhook_delete": _admin("DELETE", "webhooks/{webhook_id}"),
    "webhook_edit": _admin("PATCH", "webhooks/{webhook_id}", '{"name": "new-name"}'),
    "webhook_rotate": _admin(
        "POST", "webhooks/{webhook_id}/rotate-secret", '{"overlap_hours": 24}'
    ),
}  # fmt: skip
# Acts that the APIs of today have no word for, and what does them besides the form.
WITHOUT: dict[str, str] = {
    "billing_contact": "a person's letter head; read by the statement alone",
    "collection_index": "create_index with source_collection: the client's own words say it",
    "directory_group_roles": "stonepine scim map-group",
    "factor_codes": "a person's own secret: nobody else may have it made",
    "factor_remove": "a person's own proof; stonepine user remove-factors for the operator",
    "key_roll": "two calls: a new key, later the end of the old one",
    "key_switch": "Pinecone's API has no disabled keys",
    "organization_leave": "people leave for themselves",
    "scim_token_new": "stonepine scim create-token",
    "scim_token_revoke": "stonepine scim revoke-token",
    "service_account_secret_new": "Pinecone's API knows one secret an account",
    "service_account_secret_revoke": "Pinecone's API knows one secret an account",
}


def call_of(request: HttpRequest, visit: Visit | None, address: str = "") -> list[Snippet]:
    """The page's call as code; nothing where it has none. `address` is the index's own."""
    match: ResolverMatch | None = request.resolver_match
    name = (match.url_name or "") if match else ""
    call = CALLS.get(_page(name))
    if call is None or match is None:
        return []
    values = {**match.kwargs, **_places(visit)}
    return snippets(
        "call", ("curl",), call=call, path=_filled(call.path, values),
        body=_filled(call.body, values), address=address,
    )  # fmt: skip


def _page(name: str) -> str:
    """Webhooks have pages at the organization and at each project: the call is the same."""
    return name.removeprefix("project_") if name.startswith("project_webhook") else name


def _places(visit: Visit | None) -> dict[str, Any]:
    if visit is None:
        return {}
    found = {"organization_id": visit.organization.public_id}
    if visit.project is not None:
        found["project_id"] = str(visit.project.pk)
    return found


def _filled(text: str, values: dict[str, Any]) -> str:
    """Parameters come from addresses that a page answered; a body keeps its own braces."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text
