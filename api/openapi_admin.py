"""Shapes of the Admin API's and the token endpoint's replies, for the generated description."""

from typing import Any

from access.network_policy import PrivateEndpoint
from access.permissions import API_KEY_ROLES, Role
from compliance.states import State
from keyring.outer.kinds import OuterKind
from orgs.kept import Kept
from orgs.support_status import SupportStatus

_TEXT: dict[str, Any] = {"type": "string"}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_COUNT: dict[str, Any] = {"type": "integer"}
_ANYTHING: dict[str, Any] = {"type": "object", "additionalProperties": True}
_LIST: dict[str, Any] = {"type": "array", "items": _TEXT}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}


def _object(optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _rows(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": _object(**properties)}


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


ADMIN_REPLIES: dict[str, Any] = {
    "TokenRequest": _object(
        ("audience",),
        client_id=_TEXT,
        client_secret=_TEXT,
        grant_type=_one_of("client_credentials"),
        audience=_TEXT,
    ),
    "TokenResponse": _object(
        access_token=_TEXT, token_type=_one_of("Bearer"), expires_in={"type": "integer"}
    ),
    "Organization": _object(
        id=_TEXT,
        name=_TEXT,
        plan=_one_of("Free", "Standard", "Enterprise", "Dedicated"),
        payment_status=_one_of("Active"),
        support_tier=_one_of("Free", "Developer", "Pro", "Enterprise"),
        created_at=_MOMENT,
    ),
    "Project": _object(
        id=_ID,
        name=_TEXT,
        max_pods={"type": "integer"},
        force_encryption_with_cmek={"type": "boolean"},
        organization_id=_TEXT,
        created_at=_MOMENT,
    ),
    "SupportAccess": _object(
        id=_ID,
        status=_one_of(*SupportStatus),
        reason=_TEXT,
        requested_by={**_TEXT, "nullable": True},
        granted_by={**_TEXT, "nullable": True},
        created_at=_MOMENT,
        expires_at=_MOMENT,
        ended_at={**_MOMENT, "nullable": True},
    ),
    "SupportAccessList": _object(data={"type": "array", "items": _named("SupportAccess")}),
    "Evidence": _object(
        organization=_object(id=_TEXT, name=_TEXT, slug=_TEXT),
        collected_at=_MOMENT,
        controls=_rows(name=_TEXT, title=_TEXT, state=_one_of(*State), evidence=_TEXT),
        held_roles=_rows(
            principal_type=_TEXT,
            principal_id=_ID,
            name=_TEXT,
            known_as=_TEXT,
            role=_one_of(*Role),
            place=_TEXT,
            granted_at=_MOMENT,
            last_used_at={**_MOMENT, "nullable": True},
            expires_at={**_MOMENT, "nullable": True},
            is_living={"type": "boolean"},
            has_second_factor={"type": "boolean", "nullable": True},
        ),
        keys={"type": "array", "items": _ANYTHING},
        backups=_ANYTHING,
        sign_in=_ANYTHING,
        audit=_ANYTHING,
        transport=_ANYTHING,
        retention=_rows(what=_TEXT, kept=_TEXT),
    ),
    "OrganizationNetworks": _object(people=_LIST, service_accounts=_LIST),
    "Retention": _object((), **{str(kept): {**_COUNT, "nullable": True} for kept in Kept}),
    "ProjectNetworks": _object(
        data_plane=_LIST, control_plane=_LIST, private_endpoint=_one_of(*PrivateEndpoint)
    ),
    "APIKey": _object(
        id=_ID,
        name=_TEXT,
        project_id=_ID,
        roles={"type": "array", "items": _one_of(*sorted(API_KEY_ROLES))},
    ),
    "APIKeyWithSecret": _object(key=_named("APIKey"), value=_TEXT),
    "EncryptionKey": _object(
        id=_ID,
        kind=_one_of(*OuterKind),
        settings={"type": "object", "additionalProperties": _TEXT},
        status=_one_of("enabled", "disabled"),
        keys_wrapped=_COUNT,
        health=_object(
            reachable={"type": "boolean", "nullable": True},
            latency_ms={**_COUNT, "nullable": True},
            failure={**_TEXT, "nullable": True},
            checked_at={**_MOMENT, "nullable": True},
            last_success_at={**_MOMENT, "nullable": True},
        ),
        created_at=_MOMENT,
    ),
    "EncryptionKeyImpact": _object(
        indexes=_COUNT,
        index_names={"type": "array", "items": _TEXT},
        backups=_COUNT,
        collections=_COUNT,
        backup_schedules=_COUNT,
        running_imports=_COUNT,
        running_restores=_COUNT,
        scoped_api_keys=_COUNT,
    ),
    "User": _object(("name",), id=_ID, email=_TEXT, name=_TEXT),
    "Invite": _object(
        id=_ID,
        email=_TEXT,
        status=_one_of("pending", "expired", "processed"),
        expires_at=_MOMENT,
        processed_at={**_MOMENT, "nullable": True},
        created_at=_MOMENT,
    ),
    "ServiceAccount": _object(
        id=_ID, name=_TEXT, client_id=_TEXT, created_at=_MOMENT, updated_at=_MOMENT
    ),
    "ServiceAccountWithSecret": _object(
        service_account=_named("ServiceAccount"), client_secret=_TEXT
    ),
    "RoleBinding": _object(
        id=_ID,
        principal_type=_one_of("user", "service_account", "invite"),
        principal_id=_ID,
        resource_type=_one_of("organization", "project"),
        resource_id=_TEXT,
        role=_one_of(*Role),
        created_at=_MOMENT,
    ),
}
