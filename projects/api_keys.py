"""API keys: made once, shown once, changed, disabled and enabled, revoked for good."""

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
from orgs.plans import Feature
from orgs.secrets import minted
from orgs.verbs import verb
from projects.key_bounds import COLUMNS, UNBOUND, Bounds, bounds_of
from projects.models import ApiKey, Project
from projects.projects import locked_project

_MAX_NAME = 80


@verb(Action.API_KEY_CREATED)
def create_api_key(
    actor: Actor,
    project: Project,
    *,
    name: str,
    roles: Sequence[Role] = (Role.PROJECT_EDITOR,),
    expires_at: datetime | None = None,
    bounds: Bounds = UNBOUND,
) -> tuple[ApiKey, PlainKey]:
    """A key of the project; the plain key is returned only here and kept nowhere."""
    require(actor, Permission.API_KEY_CREATE, project.scope)
    name = checked_name(name)
    require_grantable(actor, project, roles)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidArgument("The expiry lies in the past.", field="expires_at")
    bounds = bounds.checked()
    organization = locked_project(project.pk).organization
    existing = ApiKey.objects.filter(project=project, revoked_at=None).count()
    organization.require_room("api_keys_per_project", existing)
    plain, stored = minted(SecretKind.API_KEY)
    key = ApiKey(
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
    bounds.put_on(key)
    key.save(force_insert=True)
    told = {"roles": key.roles, **bounds.for_audit()}
    record(actor, Action.API_KEY_CREATED, target=key.audit_target(), **told)
    return key, plain


@verb(Action.API_KEY_UPDATED)
def update_api_key(
    actor: Actor,
    key: ApiKey,
    *,
    name: str | None = None,
    roles: Sequence[Role] | None = None,
    bounds: Bounds | None = None,
) -> ApiKey:
    """Change what is given; what is None stays. `roles` and `bounds` replace all there were."""
    require(actor, Permission.API_KEY_UPDATE, key.scope)
    found = locked_key(key)
    before = _facts(found)
    if name is not None:
        found.name = checked_name(name)
    if roles is not None:
        require_grantable(actor, found.project, roles)
        found.roles = sorted(set(roles))
    if bounds is not None:
        bounds.checked().put_on(found)
    after = _facts(found)
    if after == before and bounds is None:
        return found
    found.save(update_fields=["name", "roles", *COLUMNS])
    record(actor, Action.API_KEY_UPDATED, target=found.audit_target(), before=before, after=after)
    announce_change()
    return found


@verb(Action.API_KEY_DISABLED)
def disable_api_key(actor: Actor, key: ApiKey) -> None:
    """Refuse the key until it is enabled again; nodes follow within a second."""
    require(actor, Permission.API_KEY_UPDATE, key.scope)
    found = _locked(key)
    if found.disabled_at is not None or found.revoked_at is not None:
        return  # it is refused already
    found.disabled_at = clock.now()
    found.save(update_fields=["disabled_at"])
    record(actor, Action.API_KEY_DISABLED, target=found.audit_target())
    announce_change()


@verb(Action.API_KEY_ENABLED)
def enable_api_key(actor: Actor, key: ApiKey) -> None:
    """Accept the key again; what it may do is asked of the actor as for a new one."""
    require(actor, Permission.API_KEY_UPDATE, key.scope)
    found = locked_key(key)
    if found.disabled_at is None:
        return
    _require_held(actor, found.project, found.typed_roles)
    found.disabled_at = None
    found.save(update_fields=["disabled_at"])
    record(actor, Action.API_KEY_ENABLED, target=found.audit_target())
    announce_change()


@verb(Action.API_KEY_REVOKED)
def revoke_api_key(actor: Actor, key: ApiKey, *, reason: str = "") -> None:
    """End a key: the control plane refuses it at once, index nodes within a second."""
    require(actor, Permission.API_KEY_REVOKE, key.scope)
    found = _locked(key)
    if found.revoked_at is not None:
        return  # revoking twice is the same wish
    found.revoked_at = clock.now()
    found.save(update_fields=["revoked_at"])
    record(actor, Action.API_KEY_REVOKED, target=found.audit_target(), reason=reason)
    announce_change()


def locked_key(key: ApiKey) -> ApiKey:
    """The row as it is now; a revoked key is not there to be changed."""
    found = _locked(key)
    if found.revoked_at is not None:
        raise NotFound("API key not found.")
    return found


def checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("An API key's name has 1 to 80 characters.", field="name")
    return name


def require_grantable(actor: Actor, project: Project, roles: Sequence[Role]) -> None:
    """A key holds at least one role that keys may hold, no right that its maker lacks, and on
    plans without custom roles nothing but the right to everything."""
    if not roles or not API_KEY_ROLES.issuperset(roles):
        raise InvalidArgument(
            f"An API key holds one or more of: {', '.join(sorted(API_KEY_ROLES))}.", field="roles"
        )
    if set(roles) != {Role.PROJECT_EDITOR}:
        project.organization.require_feature(Feature.CUSTOM_KEY_ROLES)
    _require_held(actor, project, roles)


def _require_held(actor: Actor, project: Project, roles: Sequence[Role]) -> None:
    for role in roles:
        for permission in ROLE_PERMISSIONS[role]:
            if not decide(actor, permission, project.scope).is_allowed:
                raise PermissionDenied(
                    f"A key with the role {role} could do what you cannot ({permission})."
                )


def _locked(key: ApiKey) -> ApiKey:
    rows = ApiKey.objects.select_for_update(of=("self",)).select_related("project__organization")
    found = rows.filter(pk=key.pk).first()
    if found is None:
        raise NotFound("API key not found.")
    return found


def _facts(key: ApiKey) -> dict[str, object]:
    return {"name": key.name, "roles": list(key.roles), **bounds_of(key).for_audit()}
