"""People of the directory: added, changed and removed by the identity provider."""

from collections.abc import Callable
from uuid import UUID

from access.actor import Actor
from accounts.models import User as Account
from audit.actions import Action
from audit.record import record
from kit import clock
from orgs.models import Organization
from orgs.verbs import verb
from sso.scim.access import opened, require_match
from sso.scim.addresses import checked_user_name
from sso.scim.errors import invalid_value, not_unique
from sso.scim.former import note_former
from sso.scim.models import DirectoryUser
from sso.scim.queries import groups_of, locked_user
from sso.scim.rendering import document_of, user_resource
from sso.scim.resources import User
from sso.scim.settlement import link_member, settle

_MAX_EXTERNAL_ID = 255


@verb(Action.DIRECTORY_USER_CREATED)
def create_user(actor: Actor, organization: Organization, *, wanted: User) -> DirectoryUser:
    """A record, and a member where SCIM manages the organization's people."""
    organization = opened(actor, organization)
    # Providers may leave it away when they add somebody. Later, silence changes nothing.
    wanted.active = wanted.active is not False
    row = DirectoryUser(organization=organization)
    _describe(organization, row, wanted)
    _require_unique(organization, row)
    link_member(organization, row)
    row.save(force_insert=True)
    settle(organization, [row])
    record(actor, Action.DIRECTORY_USER_CREATED, target=row.audit_target(), **_told(row))
    return row


@verb(Action.DIRECTORY_USER_UPDATED)
def change_user(
    actor: Actor,
    organization: Organization,
    *,
    user_id: UUID,
    change: Callable[[User], User],
    match: str | None = None,
) -> DirectoryUser:
    """What `change` makes of the record as it is now; all of it or nothing.

    Raises `FailedPrecondition` where the record is not the one that `match` names.
    """
    organization = opened(actor, organization)
    row = locked_user(organization, user_id)
    current = user_resource(organization, row, groups_of([row])[row.pk])
    require_match(match, current)
    before = (row.document, row.is_active, row.user_key)
    _describe(organization, row, change(current))
    if before == (row.document, row.is_active, row.user_key):
        return row
    _require_unique(organization, row)
    row.updated_at = clock.now()
    leaving = _relinked(organization, row) if row.user_key != before[2] else None
    row.save()
    settle(organization, [row], leaving=leaving)
    if leaving is not None:
        note_former(row, leaving)
    has_ended = before[1] and not row.is_active
    action = Action.DIRECTORY_USER_DEACTIVATED if has_ended else Action.DIRECTORY_USER_UPDATED
    record(actor, action, target=row.audit_target(), **_told(row))
    return row


@verb(Action.DIRECTORY_USER_DELETED)
def delete_user(
    actor: Actor, organization: Organization, *, user_id: UUID, match: str | None = None
) -> None:
    """The record goes; a membership that it stood for ends with it."""
    organization = opened(actor, organization)
    row = locked_user(organization, user_id)
    current = user_resource(organization, row, groups_of([row])[row.pk])
    require_match(match, current)
    record(actor, Action.DIRECTORY_USER_DELETED, target=row.audit_target())
    row.is_active = False
    settle(organization, [row])
    if row.user is not None:
        note_former(row, row.user)
    row.delete()


def replacement(now: User, wanted: User) -> User:
    """What PUT makes of a record: nobody becomes active again because nothing was said of it."""
    active = now.active if wanted.active is None else wanted.active
    return wanted.model_copy(update={"active": active})


def _describe(organization: Organization, row: DirectoryUser, wanted: User) -> None:
    """The columns of what the provider says. A userName that stays is not asked for its domain
    again: a proof that has lapsed must not keep people from being deactivated."""
    said = (wanted.user_name or "").strip().casefold()
    if said != row.user_key or not said:
        row.user_key = checked_user_name(organization, wanted.user_name)
    external_id = wanted.external_id or ""
    if len(external_id) > _MAX_EXTERNAL_ID:
        raise invalid_value(f"externalId has at most {_MAX_EXTERNAL_ID} characters.")
    row.external_id = external_id
    if wanted.active is not None:
        row.is_active = wanted.active
    row.document = document_of(wanted)


def _relinked(organization: Organization, row: DirectoryUser) -> Account | None:
    """Whom the record stood for until now."""
    previous, row.user = row.user, None
    link_member(organization, row)
    return previous


def _require_unique(organization: Organization, row: DirectoryUser) -> None:
    same = DirectoryUser.objects.filter(organization=organization, user_key=row.user_key)
    if same.exclude(pk=row.pk).exists():
        raise not_unique(f"There is a user {row.user_key} already.")


def _told(row: DirectoryUser) -> dict[str, object]:
    """What the audit log tells of a change."""
    roles = sorted({str(role.get("value")) for role in row.document.get("roles", [])})
    told = {"active": row.is_active, "external_id": row.external_id, "roles": roles}
    return told | ({"account": "handed over"} if row.is_handed_over else {})
