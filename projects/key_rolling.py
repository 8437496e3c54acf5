"""Rolling a key: its successor works at once, it itself until a chosen time."""

from datetime import datetime, timedelta

from access.actor import Actor
from access.decide import require
from access.keys import PlainKey, SecretKind
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.dataplane import announce_change
from orgs.secrets import minted
from orgs.verbs import verb
from projects.api_keys import locked_key, require_grantable
from projects.key_bounds import bounds_of
from projects.models import ApiKey

MAX_OVERLAP = timedelta(days=30)


@verb(Action.API_KEY_ROLLED)
def roll_api_key(
    actor: Actor, key: ApiKey, *, until: datetime | None = None
) -> tuple[ApiKey, PlainKey]:
    """A successor of the same name, roles, bounds and expiry; `until` is when the old key ends.

    None ends it now. The plain key is returned only here and kept nowhere. A key has one
    successor; during the overlap both count as keys of the project, whatever the plan's limit.
    """
    require(actor, Permission.API_KEY_UPDATE, key.scope)
    old = locked_key(key)
    now = clock.now()
    _check(actor, old, now, until)
    plain, stored = minted(SecretKind.API_KEY)
    successor = ApiKey(
        organization_id=old.organization_id,
        project_id=old.project_id,
        name=old.name,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        last4=plain.value[-4:],
        roles=old.roles,
        created_by_kind=actor.kind,
        created_by_id=actor.principal_id,
        created_by_name=actor.display_name,
        expires_at=old.expires_at,
    )
    bounds_of(old).put_on(successor)
    successor.save(force_insert=True)
    old.replaced_by_id = successor.pk
    if until is None or until <= now:
        old.revoked_at = now
    else:
        old.expires_at = min(until, old.expires_at or until)
    old.save(update_fields=["replaced_by_id", "revoked_at", "expires_at"])
    ends_at = (old.revoked_at or old.expires_at or now).isoformat()
    told = {"successor": str(successor.pk), "ends_at": ends_at}
    record(actor, Action.API_KEY_ROLLED, target=old.audit_target(), **told)
    announce_change()
    return successor, plain


def _check(actor: Actor, key: ApiKey, now: datetime, until: datetime | None) -> None:
    if until is not None and until > now + MAX_OVERLAP:
        raise InvalidArgument(
            f"A rolled key goes on for at most {MAX_OVERLAP.days} days.", field="until"
        )
    if key.replaced_by_id is not None:
        raise FailedPrecondition("This key was rolled already: roll its successor.")
    if key.disabled_at is not None:
        raise FailedPrecondition("This key is disabled: enable it before you roll it.")
    if key.expires_at is not None and key.expires_at <= now:
        raise FailedPrecondition("This key has expired: create a new one.")
    require_grantable(actor, key.project, key.typed_roles)
