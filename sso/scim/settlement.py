"""What the directory means for an organization: who is a member, with which roles.

Only while SCIM manages the organization's people; until then records wait. Everything here is part
of a verb's transaction and needs the organization's lock.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from django.db import IntegrityError, transaction

from access.permissions import Role
from accounts.models import User
from accounts.queries import find_user_by_email
from accounts.sessions import end_all
from orgs.departures import end_membership
from orgs.members import find_membership
from orgs.models import Membership, Organization, PrincipalType, RoleBinding, UserManagement
from orgs.queries import belongs_elsewhere
from orgs.role_bindings import Assignment, Principal, bind, is_owner, require_other_owner
from orgs.user_management import deciding
from sso.models import Identity, SsoSession
from sso.roles import parse_role
from sso.scim.addresses import checked_user_name
from sso.scim.errors import not_unique
from sso.scim.former import hand_over
from sso.scim.models import DirectoryUser, GroupMember
from sso.sessions import end_sessions


def settle(
    organization: Organization, rows: Collection[DirectoryUser], *, leaving: User | None = None
) -> None:
    """Make members of active records and let the others' memberships end.

    Roles are given to all before any are taken: ownership may pass from one to another. `leaving`
    is the account that the one record stood for before its userName changed.
    """
    if deciding(organization) is not UserManagement.SCIM or not rows:
        return
    active = [row for row in rows if row.is_active]
    wanted = wanted_roles(organization, active)
    members = _members_among(organization, active)
    for row in active:
        if row.user_id not in members:
            _join(organization, row)
    _give(organization, active, wanted)
    if leaving is not None:
        _leave(organization, leaving, heir=active[0].user if active else None)
    _take_others(organization, active, wanted)
    for row in rows:
        if not row.is_active and row.user is not None:
            end_access(organization, row.user)


def wanted_roles(
    organization: Organization, rows: Collection[DirectoryUser]
) -> dict[UUID, list[Assignment]]:
    """By record: what its roles and its groups say, on what is there; at least to be a member."""
    said: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        said[row.pk] += [str(role.get("value", "")) for role in row.document.get("roles", [])]
    for group in _groups_of(rows):
        said[group.person_id] += [group.group.display_name, *group.group.roles]
    # The reverse relation, because the package of projects stands beside this one.
    projects = set(organization.projects.values_list("pk", flat=True))
    return {row.pk: _assignments(said[row.pk], projects) for row in rows}


def end_access(organization: Organization, user: User) -> None:
    """The membership and its roles go, and so do the person's sessions, by the next request.

    Sessions of somebody who belongs elsewhere too reach this organization no more, and go on there:
    no organization's provider signs people out of others.
    """
    if find_membership(organization, user) is None:
        return
    end_membership(organization, user)
    end_sessions(SsoSession.objects.filter(organization=organization, identity__user=user))
    if not belongs_elsewhere(user, organization):
        end_all(user)


def _assignments(said: Iterable[str], projects: set[UUID]) -> list[Assignment]:
    parsed = (parse_role(text) for text in said)
    found = [one for one in parsed if one is not None]
    on_organization = [one for one in found if one.project_id is None]
    on_projects = [one for one in found if one.project_id in projects]
    least = on_organization or [Assignment(Role.ORG_MEMBER)]
    return list(dict.fromkeys([*least, *on_projects]))


def _groups_of(rows: Collection[DirectoryUser]) -> list[GroupMember]:
    found = GroupMember.objects.filter(person__in=[row.pk for row in rows])
    return list(found.select_related("group"))


def link_member(organization: Organization, row: DirectoryUser) -> None:
    """Where somebody with that address is a member already, the record stands for them."""
    rows = Membership.objects.filter(organization=organization, user__email=row.user_key)
    found = rows.select_related("user").first()
    if found is not None:
        _require_free(organization, row, found.user)
        row.user = found.user


def _members_among(organization: Organization, rows: Collection[DirectoryUser]) -> set[UUID | None]:
    found = Membership.objects.filter(
        organization=organization, user__in=[row.user_id for row in rows if row.user_id]
    )
    return set(found.values_list("user_id", flat=True))


def _join(organization: Organization, row: DirectoryUser) -> None:
    """The account of the record is a member from now on."""
    if row.user is None:
        row.user = _account(organization, row)
        row.save(update_fields=["user"])
    Membership.objects.get_or_create(organization=organization, user=row.user)


def _account(organization: Organization, row: DirectoryUser) -> User:
    """The one with that address, or a new one, without a password. The organization has proven
    that the address is its to vouch for."""
    checked_user_name(organization, row.user_key)
    found = find_user_by_email(row.user_key)
    if found is None:
        found = _new_account(row)
    elif find_membership(organization, found) is None:
        row.is_handed_over = hand_over(organization, row, found)
    _require_free(organization, row, found)
    return found


def _new_account(row: DirectoryUser) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(row.user_key, None, name=_name(row))
    except IntegrityError:  # somebody was quicker
        return User.objects.filter(email=row.user_key)[0]


def _require_free(organization: Organization, row: DirectoryUser, user: User) -> None:
    others = DirectoryUser.objects.filter(organization=organization, user=user)
    if others.exclude(pk=row.pk).exists():
        raise not_unique("Another record stands for the account with this address.")


def _name(row: DirectoryUser) -> str:
    document, name = row.document, row.document.get("name") or {}
    parts = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    return str(document.get("displayName") or name.get("formatted") or parts)[:200]


def _leave(organization: Organization, user: User, *, heir: User | None) -> None:
    """A new userName stands for another account: the membership moves there, and so does who the
    person is to the identity provider; nobody's account changes its address. An owner's ownership
    waits at the heir until roles are settled."""
    if heir is not None and is_owner(organization, user):
        bind(organization, Principal.of(heir), Assignment(Role.ORG_OWNER))
    end_access(organization, user)
    if heir is not None:
        Identity.objects.filter(organization=organization, user=user).update(user=heir)


def _give(
    organization: Organization,
    rows: Collection[DirectoryUser],
    wanted: Mapping[UUID, Collection[Assignment]],
) -> None:
    held = _held(organization, rows)
    for row in rows:
        if row.user is None:
            continue
        has = {Assignment(one.typed_role, one.project_id) for one in held[row.user.pk]}
        for assignment in wanted[row.pk]:
            if assignment not in has:
                bind(organization, Principal.of(row.user), assignment)


def _take_others(
    organization: Organization,
    rows: Collection[DirectoryUser],
    wanted: Mapping[UUID, Collection[Assignment]],
) -> None:
    held = _held(organization, rows)
    for row in rows:
        lost = [
            one
            for one in held[row.user_id]
            if Assignment(one.typed_role, one.project_id) not in wanted[row.pk]
        ]
        # Taken one person at a time: who is the last owner shows in what is left.
        if row.user is not None and any(one.role == Role.ORG_OWNER for one in lost):
            require_other_owner(organization, row.user.pk)
        if lost:
            RoleBinding.objects.filter(pk__in=[one.pk for one in lost]).delete()


def _held(
    organization: Organization, rows: Collection[DirectoryUser]
) -> dict[UUID | None, list[RoleBinding]]:
    """The roles of the accounts behind these records, in one question."""
    found: dict[UUID | None, list[RoleBinding]] = defaultdict(list)
    for binding in RoleBinding.objects.filter(
        organization=organization,
        principal_type=PrincipalType.USER,
        principal_id__in=[row.user_id for row in rows if row.user_id],
    ):
        found[binding.principal_id].append(binding)
    return found
