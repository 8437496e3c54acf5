"""The decision: may this actor do that here, and why."""

from dataclasses import dataclass

from access.actor import Actor, RoleGrant, Scope
from access.permissions import (
    CREDENTIAL_PERMISSIONS,
    ROLE_PERMISSIONS,
    Permission,
    Role,
)
from kit.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with its reason, a sentence fit for an error and for the access explainer.

    `grant` is what allows it: None for a denial, and for actors that hold no grants.
    """

    is_allowed: bool
    reason: str
    grant: RoleGrant | None = None


def decide(actor: Actor, permission: Permission, scope: Scope) -> Decision:
    """Rights are the union of all grants that reach the scope, cut by the kind of credential
    and by how far it reaches."""
    if permission not in CREDENTIAL_PERMISSIONS[actor.kind]:
        return _denied(f"{permission} cannot be exercised with a credential of kind {actor.kind}")
    if actor.is_unbounded:
        return _allowed(f"the {actor.kind} may act everywhere")
    refusal = actor.reach.refusal(permission, scope.index_id, scope.namespace)
    if refusal is not None:
        return _denied(refusal)
    for grant in actor.grants:
        if reaches(grant, scope) and permission in ROLE_PERMISSIONS[grant.role]:
            return _allowed(f"allowed by the role {grant.role}", grant)
    return _denied(f"no role held here carries {permission}")


def require(actor: Actor, permission: Permission, scope: Scope) -> None:
    """Raise `PermissionDenied` with the reason unless the actor may."""
    decision = decide(actor, permission, scope)
    if not decision.is_allowed:
        raise PermissionDenied(
            f"Access denied: permission {permission} is required ({decision.reason}).",
            permission=str(permission),
        )


def may_grant(actor: Actor, role: Role, scope: Scope) -> bool:
    """Whether the actor's own roles at the scope carry all that the role would give away."""
    if actor.is_unbounded:
        return True
    held = [ROLE_PERMISSIONS[grant.role] for grant in actor.grants if reaches(grant, scope)]
    return ROLE_PERMISSIONS[role] <= frozenset().union(*held)


def reaches(grant: RoleGrant, scope: Scope) -> bool:
    """Whether the role counts there at all."""
    if grant.organization_id != scope.organization_id:
        return False
    if grant.project_id is not None:
        return grant.project_id == scope.project_id
    # A role on the organization stays there, except the owner's, which reaches every project.
    return scope.project_id is None or grant.role is Role.ORG_OWNER


def _allowed(reason: str, grant: RoleGrant | None = None) -> Decision:
    return Decision(is_allowed=True, reason=reason, grant=grant)


def _denied(reason: str) -> Decision:
    return Decision(is_allowed=False, reason=reason)
