"""Who a proven assertion is here: a known identity, a member to link, somebody who joins, nobody.

The identity is the NameID at the connection. The address only leads to an account once, and only to
one that the organization has anyway: no provider takes an account from elsewhere.
"""

from dataclasses import dataclass, field

from access.permissions import Role
from accounts.models import User
from accounts.queries import find_user_by_email
from kit import clock
from kit.errors import Aborted, QuotaExceeded
from orgs.acceptance import take_roles_of_invitation, waiting_invitation
from orgs.members import find_membership, require_room_for_person
from orgs.models import Membership, Organization, PrincipalType, RoleBinding, UserManagement
from orgs.role_bindings import Assignment, Principal, bind, is_owner, require_other_owner
from orgs.user_management import deciding
from sso.errors import Fault, SignOnRefused
from sso.models import Identity, SamlConnection
from sso.roles import assignments_of
from sso.said import Said
from sso.seen import digest_of


@dataclass(frozen=True, slots=True)
class Decision:
    """`user` is None for somebody without an account; `roles` is None where they stay as they
    are."""

    user: User | None
    identity: Identity | None
    joins: bool
    roles: list[Assignment] | None = field(default=None)


def decide(connection: SamlConnection, organization: Organization, said: Said) -> Decision:
    """What a sign-on would do, within the tenant's transaction; raises `SignOnRefused` where it is
    refused. Changes nothing, so that a test can ask as well."""
    known = connection.identities.select_related("user").filter(digest=digest_of(said.name_id))
    identity = known.first()
    user = identity.user if identity else _account_of(connection, said)
    if user is not None and not user.is_active:
        raise SignOnRefused(
            Fault.ACCOUNT_DEACTIVATED, "The account is deactivated: its operator can tell why."
        )
    is_member = user is not None and find_membership(organization, user) is not None
    if user is not None and not is_member:
        _require_invited(organization, user, is_known=identity is not None)
    if not is_member:
        _require_joins_by_sign_on(organization)
    if user is None:
        _require_may_join(connection, organization)
    roles = _wanted_roles(connection, organization, said)
    return Decision(user, identity, joins=not is_member, roles=roles)


def apply(
    connection: SamlConnection, organization: Organization, said: Said, decision: Decision
) -> Identity:
    """Carry the decision out; the caller holds the organization's lock."""
    user = decision.user or _new_account(connection, said)
    if decision.joins:
        _join(connection, organization, user, decision)
    identity, _ = Identity.objects.update_or_create(
        connection=connection,
        digest=digest_of(said.name_id),
        defaults={"last_seen_at": clock.now()},
        create_defaults={
            "organization_id": organization.pk, "user": user, "name_id": said.name_id,
        },
    )  # fmt: skip
    if decision.roles is not None:
        replace_roles(organization, user, decision.roles)
    return identity


def replace_roles(organization: Organization, user: User, wanted: list[Assignment]) -> None:
    """Exactly these roles, but for the last owner, who stays one: nobody could repair it else."""
    for assignment in wanted:
        bind(organization, Principal.of(user), assignment)
    held = RoleBinding.objects.filter(
        organization=organization, principal_type=PrincipalType.USER, principal_id=user.pk
    )
    for binding in held:
        if Assignment(binding.typed_role, binding.project_id) in wanted:
            continue
        if not _keeps_owner(organization, user, binding.typed_role):
            binding.delete()


def _keeps_owner(organization: Organization, user: User, role: Role) -> bool:
    if role is not Role.ORG_OWNER or not is_owner(organization, user):
        return False
    try:
        require_other_owner(organization, user.pk)
    except Aborted:
        return True
    return False


def _account_of(connection: SamlConnection, said: Said) -> User | None:
    """The account with that address, if a NameID may be tied to it now."""
    user = find_user_by_email(said.email)
    if user is None:
        return None
    if connection.identities.filter(user=user).exists():
        raise SignOnRefused(
            Fault.IDENTITY_TAKEN,
            f"{said.email} signs in here under another NameID. If the address has a new owner, "
            "remove the old member first.",
        )
    return user


def _require_invited(organization: Organization, user: User, *, is_known: bool) -> None:
    """An account that was removed, or is from elsewhere, comes in by an owner's hand only."""
    if waiting_invitation(organization, user.email) is not None:
        return
    raise SignOnRefused(
        Fault.REMOVED if is_known else Fault.ACCOUNT_ELSEWHERE,
        f"{user.email} has an account that is not a member of {organization.name}: an owner must "
        "invite it first.",
    )


def _require_joins_by_sign_on(organization: Organization) -> None:
    """An invitation from before the directory decided opens nothing here either."""
    if deciding(organization) is UserManagement.SCIM:
        raise SignOnRefused(
            Fault.JOINING_CLOSED,
            "Members come from the directory (SCIM) only: assign the person there.",
        )


def _require_may_join(connection: SamlConnection, organization: Organization) -> None:
    if not connection.may_join:
        raise SignOnRefused(
            Fault.JOINING_CLOSED, "This connection lets nobody join: an owner must invite first."
        )
    try:
        require_room_for_person(organization)
    except QuotaExceeded as error:
        raise SignOnRefused(Fault.NO_ROOM, error.message) from error


def _wanted_roles(
    connection: SamlConnection, organization: Organization, said: Said
) -> list[Assignment] | None:
    if deciding(organization) is not UserManagement.SAML:
        return None
    named = assignments_of(
        said.values(connection.roles_attribute),
        said.values(connection.groups_attribute),
        connection.group_roles,
    )
    # The reverse relation, because the package of projects stands beside this one.
    projects = set(organization.projects.values_list("pk", flat=True))
    found = [one for one in named if one.project_id is None or one.project_id in projects]
    if not found:
        raise SignOnRefused(
            Fault.NO_ROLES,
            f"The attribute {connection.roles_attribute!r} names no role of this organization, "
            "and roles are decided by it.",
        )
    return found


def _new_account(connection: SamlConnection, said: Said) -> User:
    names = said.values(connection.name_attribute)
    return User.objects.create_user(said.email, None, name=(names[0] if names else "")[:200])


def _join(
    connection: SamlConnection, organization: Organization, user: User, decision: Decision
) -> None:
    Membership.objects.create(organization=organization, user=user)
    if decision.roles is None and not take_roles_of_invitation(organization, user):
        bind(organization, Principal.of(user), Assignment(Role(connection.default_role)))
