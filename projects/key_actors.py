"""Whom an API key makes of its bearer, and what keeps it from making anybody."""

from access.actor import Actor, RoleGrant
from access.permissions import CredentialKind
from kit import clock
from kit.ids import OrganizationId, ProjectId
from projects.key_bounds import reach_of
from projects.models import ApiKey


def key_actor(key: ApiKey, *, using: str) -> Actor:
    """With the roles that the key carries; needs an open tenant, or `using="system"`."""
    grants = tuple(
        RoleGrant(role, OrganizationId(key.organization_id), ProjectId(key.project_id))
        for role in key.typed_roles
    )
    return Actor(CredentialKind.API_KEY, key.pk, key.name, grants, reach_of(key, using=using))


def key_obstacles(key: ApiKey) -> tuple[str, ...]:
    """Why the key opens nothing now, wherever it is used from; empty while it does.

    Its project and organization have to be loaded with it.
    """
    found = []
    if key.project.organization.is_suspended:
        found.append("the organization is suspended")
    if key.revoked_at is not None:
        found.append("the key is revoked")
    if key.disabled_at is not None:
        found.append("the key is disabled")
    if key.expires_at is not None and key.expires_at <= clock.now():
        found.append(f"the key expired on {key.expires_at:%Y-%m-%d at %H:%M} UTC")
    return tuple(found)
