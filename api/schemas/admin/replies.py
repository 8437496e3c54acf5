"""What the Admin API shows of each thing; every key is one that official clients insist on."""

from datetime import datetime
from typing import Any

from orgs.models import (
    Invitation,
    Membership,
    Organization,
    ResourceType,
    RoleBinding,
    ServiceAccount,
)
from orgs.plans import Plan
from orgs.support_models import SupportAccess
from projects.models import ApiKey, EncryptionKey, Project

_PLANS = {Plan.STARTER: "Free"}
_SUPPORT = {Plan.STARTER: "Free", Plan.STANDARD: "Developer"}


def render_organization(organization: Organization) -> dict[str, Any]:
    plan = Plan(organization.plan)
    return {
        "id": organization.public_id,
        "name": organization.name,
        "plan": _PLANS.get(plan, plan.value),
        # Nobody is billed here; a suspended organization cannot ask.
        "payment_status": "Active",
        "support_tier": _SUPPORT.get(plan, "Enterprise"),
        "created_at": _moment(organization.created_at),
    }


def render_support_access(access: SupportAccess) -> dict[str, Any]:
    return {
        "id": str(access.pk),
        "status": str(access.status),
        "reason": access.reason,
        "requested_by": access.requested_by or None,
        "granted_by": access.granted_by or None,
        "created_at": _moment(access.created_at),
        "expires_at": _moment(access.expires_at),
        "ended_at": _moment(access.ended_at) if access.ended_at else None,
    }


def render_project(project: Project) -> dict[str, Any]:
    return {
        "id": str(project.pk),
        "name": project.name,
        "max_pods": project.max_pods,
        "force_encryption_with_cmek": project.force_encryption_with_cmek,
        "organization_id": project.organization.public_id,
        "created_at": _moment(project.created_at),
    }


def render_api_key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": str(key.pk),
        "name": key.name,
        "project_id": str(key.project_id),
        "roles": [str(role) for role in key.typed_roles],
    }


def render_encryption_key(key: EncryptionKey, *, keys_wrapped: int) -> dict[str, Any]:
    """Settings may be shown again; of the secret nothing is."""
    return {
        "id": str(key.pk),
        "kind": key.kind,
        "settings": key.shown_settings,
        "status": "enabled" if key.is_enabled else "disabled",
        "keys_wrapped": keys_wrapped,
        "health": {
            "reachable": None if key.checked_at is None else not key.failure,
            "latency_ms": key.latency_ms,
            "failure": key.failure or None,
            "checked_at": _moment(key.checked_at) if key.checked_at else None,
            "last_success_at": _moment(key.succeeded_at) if key.succeeded_at else None,
        },
        "created_at": _moment(key.created_at),
    }


def render_user(membership: Membership) -> dict[str, Any]:
    user = membership.user
    shown = {"id": str(user.pk), "email": user.email}
    return {**shown, "name": user.name} if user.name else shown


def render_invite(invitation: Invitation) -> dict[str, Any]:
    processed = invitation.processed_at
    return {
        "id": str(invitation.pk),
        "email": invitation.email,
        "status": str(invitation.status),
        "expires_at": _moment(invitation.expires_at),
        "processed_at": _moment(processed) if processed else None,
        "created_at": _moment(invitation.created_at),
    }


def render_service_account(account: ServiceAccount) -> dict[str, Any]:
    return {
        "id": str(account.pk),
        "name": account.name,
        "client_id": account.client_id,
        "created_at": _moment(account.created_at),
        "updated_at": _moment(account.updated_at),
    }


def render_role_binding(binding: RoleBinding) -> dict[str, Any]:
    on_organization = binding.resource_type == ResourceType.ORGANIZATION
    owner = binding.organization
    return {
        "id": str(binding.pk),
        "principal_type": str(binding.principal_type),
        "principal_id": str(binding.principal_id),
        "resource_type": str(binding.resource_type),
        "resource_id": owner.public_id if on_organization else str(binding.resource_id),
        "role": str(binding.role),
        "created_at": _moment(binding.created_at),
    }


def _moment(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")
