"""API keys: made once, shown once, revoked for good."""

from collections.abc import Sequence
from datetime import datetime

from access.actor import Actor
from access.decide import decide, require
from access.keys import PlainKey, SecretKind
from access.permissions import API_KEY_ROLES, ROLE_PERMISSIONS, Permission, Role
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import InvalidArgument, NotFound, PermissionDenied
from orgs.dataplane import announce_change
from orgs.plans import require_room
from orgs.secrets import minted
from orgs.verbs import verb
from projects.models import ApiKey, Project

_MAX_NAME = 80


@verb(Action.API_KEY_CREATED)
def create_api_key(
    actor: Actor,
    project: Project,
    *,
    name: str,
    roles: Sequence[Role] = (Role.PROJECT_EDITOR,),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, PlainKey]:
    """A key of the project; the plain key is returned only here and kept nowhere."""
    require(actor, Permission.API_KEY_CREATE, project.scope)
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("An API key's name has 1 to 80 characters.", field="name")
    _require_grantable(actor, project, roles)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidArgument("The expiry lies in the past.", field="expires_at")
    existing = ApiKey.objects.filter(project=project, revoked_at=None).count()
    require_room(project.organization.limits.api_keys_per_project, existing, what="API keys")
    plain, stored = minted(SecretKind.API_KEY)
    key = ApiKey.objects.create(
        organization_id=project.organization_id,
        project=project,
        name=name,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        last4=plain.value[-4:],
        roles=sorted(set(roles)),
        created_by_kind=actor.kind,
        created_by_id=actor.principal_id,
        created_by_name=actor.display_name,
        expires_at=expires_at,
    )
    record(actor, Action.API_KEY_CREATED, target=key.audit_target(), roles=key.roles)
    return key, plain


@verb(Action.API_KEY_REVOKED)
def revoke_api_key(actor: Actor, key: ApiKey, *, reason: str = "") -> None:
    """End a key: the control plane refuses it at once, index nodes within a second."""
    require(actor, Permission.API_KEY_REVOKE, key.scope)
    found = ApiKey.objects.select_for_update().filter(pk=key.pk).first()
    if found is None:
        raise NotFound("API key not found.")
    if found.revoked_at is not None:
        return  # revoking twice is the same wish
    found.revoked_at = clock.now()
    found.save(update_fields=["revoked_at"])
    record(actor, Action.API_KEY_REVOKED, target=found.audit_target(), reason=reason)
    announce_change()


def _require_grantable(actor: Actor, project: Project, roles: Sequence[Role]) -> None:
    """A key holds at least one role that keys may hold, and no right that its maker lacks."""
    unknown = [role for role in roles if role not in API_KEY_ROLES]
    if unknown or not roles:
        raise InvalidArgument(
            f"An API key holds one or more of: {', '.join(sorted(API_KEY_ROLES))}.", field="roles"
        )
    for role in roles:
        for permission in ROLE_PERMISSIONS[role]:
            if not decide(actor, permission, project.scope).is_allowed:
                raise PermissionDenied(
                    f"A key with the role {role} could do what you cannot ({permission})."
                )
