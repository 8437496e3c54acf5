"""Reads of the directory and of its tokens."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from kit.errors import NotFound
from orgs.models import Organization
from orgs.tenancy import tenant
from sso.scim.models import DirectoryGroup, DirectoryUser, GroupMember, ScimToken


def scim_tokens(actor: Actor, organization: Organization) -> list[ScimToken]:
    """Newest first; also those that have expired."""
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        rows = ScimToken.objects.filter(organization=organization)
        return list(rows.select_related("organization").order_by("-created_at"))


def get_scim_token(actor: Actor, organization: Organization, token_id: UUID) -> ScimToken:
    found = next((one for one in scim_tokens(actor, organization) if one.pk == token_id), None)
    if found is None:
        raise NotFound("There is no such SCIM token.")
    return found


def find_scim_token(actor: Actor, organization: Organization, public_id: str) -> ScimToken:
    """By what lists show of it."""
    rows = scim_tokens(actor, organization)
    found = next((one for one in rows if one.public_id == public_id), None)
    if found is None:
        raise NotFound("There is no such SCIM token.")
    return found


def directory_groups(actor: Actor, organization: Organization) -> list[DirectoryGroup]:
    """For owners, who give them roles; by name."""
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        rows = DirectoryGroup.objects.filter(organization=organization)
        return list(rows.select_related("organization").order_by("display_key"))


def get_directory_group(
    actor: Actor, organization: Organization, group_id: UUID | None
) -> DirectoryGroup:
    rows = directory_groups(actor, organization)
    found = next((one for one in rows if one.pk == group_id), None)
    if found is None:
        raise NotFound("There is no such group in the directory.")
    return found


def directory_size(actor: Actor, organization: Organization) -> tuple[int, int]:
    """How many people and groups the directory holds."""
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        people = DirectoryUser.objects.filter(organization=organization)
        groups = DirectoryGroup.objects.filter(organization=organization)
        return people.count(), groups.count()


def locked_user(organization: Organization, user_id: UUID) -> DirectoryUser:
    """Within a verb that holds the organization's lock."""
    rows = DirectoryUser.objects.filter(organization=organization, pk=user_id)
    found = rows.select_related("user", "organization").first()
    if found is None:
        raise NotFound(f"User {user_id} not found.")
    return found


def locked_group(organization: Organization, group_id: UUID) -> DirectoryGroup:
    """Within a verb that holds the organization's lock."""
    rows = DirectoryGroup.objects.filter(organization=organization, pk=group_id)
    found = rows.select_related("organization").first()
    if found is None:
        raise NotFound(f"Group {group_id} not found.")
    return found


def groups_of(rows: Collection[DirectoryUser]) -> dict[UUID, list[DirectoryGroup]]:
    """The groups of each record. Within a transaction of the organization."""
    found: dict[UUID, list[DirectoryGroup]] = defaultdict(list)
    members = GroupMember.objects.filter(person__in=[row.pk for row in rows])
    for member in members.select_related("group").order_by("group_id"):
        found[member.person_id].append(member.group)
    return found


def people_of(rows: Collection[DirectoryGroup]) -> dict[UUID, list[str]]:
    """Ids of each group's members. Within a transaction of the organization."""
    found: dict[UUID, list[str]] = defaultdict(list)
    members = GroupMember.objects.filter(group__in=[row.pk for row in rows])
    for group_id, person_id in members.order_by("person_id").values_list("group_id", "person_id"):
        found[group_id].append(str(person_id))
    return found
