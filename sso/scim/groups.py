"""Groups of the directory: added, changed and removed by the provider, given roles by owners."""

from collections.abc import Callable, Collection
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import InvalidArgument
from orgs.locks import locked
from orgs.models import Organization
from orgs.plans import Feature
from orgs.role_bindings import require_assignable
from orgs.verbs import verb
from sso.roles import parse_role
from sso.scim.access import opened, require_match
from sso.scim.errors import invalid_value, not_unique
from sso.scim.models import DirectoryGroup, DirectoryUser, GroupMember
from sso.scim.queries import locked_group, people_of
from sso.scim.rendering import group_resource
from sso.scim.resources import Group
from sso.scim.settlement import settle

_MAX_LENGTH = 255
_MAX_ROLES = 100
_TOLD = 50


@verb(Action.DIRECTORY_GROUP_CREATED)
def create_group(actor: Actor, organization: Organization, *, wanted: Group) -> DirectoryGroup:
    """A group with its members; what its name says they hold from now on."""
    organization = opened(actor, organization)
    row = DirectoryGroup(organization=organization)
    _describe(organization, row, wanted)
    row.save(force_insert=True)
    added, _ = _set_members(organization, row, wanted)
    settle(organization, _people(added))
    told = _told(organization, added, set())
    record(actor, Action.DIRECTORY_GROUP_CREATED, target=row.audit_target(), **told)
    return row


@verb(Action.DIRECTORY_GROUP_UPDATED)
def change_group(
    actor: Actor,
    organization: Organization,
    *,
    group_id: UUID,
    change: Callable[[Group], Group],
    match: str | None = None,
) -> DirectoryGroup:
    """What `change` makes of the group as it is now; all of it or nothing.

    Raises `FailedPrecondition` where the group is not the one that `match` names.
    """
    organization = opened(actor, organization)
    row = locked_group(organization, group_id)
    current = group_resource(organization, row, people_of([row])[row.pk])
    require_match(match, current)
    before = (row.display_name, row.external_id)
    wanted = change(current)
    _describe(organization, row, wanted)
    added, removed = _set_members(organization, row, wanted)
    is_described_anew = before != (row.display_name, row.external_id)
    if not (added or removed or is_described_anew):
        return row
    row.updated_at = clock.now()
    row.save()
    concerned = added | removed
    if row.display_name != before[0]:
        concerned |= set(row.members.values_list("person_id", flat=True))
    settle(organization, _people(concerned))
    told = _told(organization, added, removed)
    record(actor, Action.DIRECTORY_GROUP_UPDATED, target=row.audit_target(), **told)
    return row


@verb(Action.DIRECTORY_GROUP_DELETED)
def delete_group(
    actor: Actor, organization: Organization, *, group_id: UUID, match: str | None = None
) -> None:
    """Its members lose what they held through it."""
    organization = opened(actor, organization)
    row = locked_group(organization, group_id)
    current = group_resource(organization, row, people_of([row])[row.pk])
    require_match(match, current)
    concerned = set(row.members.values_list("person_id", flat=True))
    record(actor, Action.DIRECTORY_GROUP_DELETED, target=row.audit_target())
    row.delete()
    settle(organization, _people(concerned))


@verb(Action.DIRECTORY_GROUP_MAPPED)
def map_group(actor: Actor, group: DirectoryGroup, *, roles: Collection[str]) -> DirectoryGroup:
    """Let members of the group hold these roles, beyond what its name says: an owner's choice."""
    require(actor, Permission.SSO_WRITE, group.organization.scope)
    organization = locked(group.organization_id)
    organization.require_feature(Feature.SCIM)
    row = locked_group(organization, group.pk)
    wanted = list(dict.fromkeys(text.strip() for text in roles))
    if len(wanted) > _MAX_ROLES:
        raise InvalidArgument(f"A group holds at most {_MAX_ROLES} roles.", field="roles")
    for text in wanted:
        assignment = parse_role(text)
        if assignment is None:
            raise InvalidArgument(
                f"{text[:100]!r} is no role: write pinecone:<OrgRole> or "
                "pinecone:project:<project id>:<ProjectRole>.",
                field="roles",
            )
        require_assignable(actor, organization, assignment)
    previous, row.roles = row.roles, wanted
    if previous == wanted:
        return row
    row.save(update_fields=["roles"])
    settle(organization, _people(set(row.members.values_list("person_id", flat=True))))
    target = row.audit_target()
    record(actor, Action.DIRECTORY_GROUP_MAPPED, target=target, roles=wanted, previous=previous)
    return row


def _describe(organization: Organization, row: DirectoryGroup, wanted: Group) -> None:
    name, external_id = (wanted.display_name or "").strip(), wanted.external_id or ""
    if not 1 <= len(name) <= _MAX_LENGTH or len(name.casefold()) > _MAX_LENGTH:
        raise invalid_value(f"displayName has 1 to {_MAX_LENGTH} characters.")
    if len(external_id) > _MAX_LENGTH:
        raise invalid_value(f"externalId has at most {_MAX_LENGTH} characters.")
    row.display_name, row.display_key, row.external_id = name, name.casefold(), external_id
    same = DirectoryGroup.objects.filter(organization=organization, display_key=row.display_key)
    if same.exclude(pk=row.pk).exists():
        raise not_unique(f"There is a group {name} already.")


def _set_members(
    organization: Organization, row: DirectoryGroup, wanted: Group
) -> tuple[set[UUID], set[UUID]]:
    """Who came and who went. Members that are no records of this directory are refused."""
    named = {_id_of(member.value) for member in wanted.members or []}
    known = DirectoryUser.objects.filter(organization=organization, pk__in=named)
    missing = named - set(known.values_list("pk", flat=True))
    if missing:
        raise invalid_value(f"members names a user that does not exist: {min(missing)}.")
    present = set(row.members.values_list("person_id", flat=True))
    added, removed = named - present, present - named
    row.members.filter(person__in=removed).delete()
    GroupMember.objects.bulk_create(
        GroupMember(organization=organization, group=row, person_id=one) for one in sorted(added)
    )
    return added, removed


def _id_of(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        raise invalid_value("members must name users by their ids.") from None


def _people(ids: Collection[UUID]) -> list[DirectoryUser]:
    rows = DirectoryUser.objects.filter(pk__in=ids).select_related("user", "organization")
    return list(rows.order_by("pk"))


def _told(
    organization: Organization, added: Collection[UUID], removed: Collection[UUID]
) -> dict[str, object]:
    """What the audit log tells of a change: who, as far as a log entry goes, and how many."""

    def names(ids: Collection[UUID]) -> list[str]:
        rows = DirectoryUser.objects.filter(organization=organization, pk__in=ids)
        return list(rows.order_by("user_key").values_list("user_key", flat=True)[:_TOLD])

    counts = {"added_count": len(added), "removed_count": len(removed)}
    return {"added": names(added), "removed": names(removed), **counts}
