"""Choosing who decides about an organization's people: one of three, each excluding the others."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission, Role
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.locks import locked
from orgs.models import Organization, UserManagement
from orgs.plans import Feature
from orgs.role_bindings import Assignment, is_owner
from orgs.verbs import verb
from sso.models import SamlConnection, Status
from sso.scim.models import DirectoryUser
from sso.scim.settlement import settle, wanted_roles
from sso.scim.tokens import revoke_all


def parse_mode(name: str) -> UserManagement:
    """The mode of that name, whatever its case."""
    try:
        return UserManagement(name.strip().lower())
    except ValueError:
        known = ", ".join(UserManagement)
        raise InvalidArgument(
            f"People are managed by one of: {known}.", field="user_management"
        ) from None


@verb(Action.SSO_USER_MANAGEMENT_CHANGED)
def set_user_management(
    actor: Actor, organization: Organization, *, mode: UserManagement
) -> Organization:
    """Let members and roles follow the console, the attributes of sign-ons, or the directory.

    Roles that people hold stay as they are until whoever decides now says otherwise. Leaving SCIM
    revokes its tokens; the directory's records stay, and change nobody any more.
    """
    require(actor, Permission.SSO_WRITE, organization.scope)
    organization = locked(organization.pk)
    previous = UserManagement(organization.user_management)
    if previous is mode:
        return organization
    if mode is UserManagement.SCIM:
        organization.require_feature(Feature.SCIM)
        _require_provisioned_owner(organization)
    elif mode is UserManagement.SAML:
        organization.require_feature(Feature.SSO)
        _require_connection(organization)
    organization.user_management = mode
    organization.save(update_fields=["user_management"])
    revoked = revoke_all(organization) if previous is UserManagement.SCIM else 0
    settle(organization, _records(organization))
    record(
        actor,
        Action.SSO_USER_MANAGEMENT_CHANGED,
        target=organization.audit_target(),
        mode=str(mode),
        previous=str(previous),
        revoked_tokens=revoked,
    )
    return organization


def _records(organization: Organization) -> list[DirectoryUser]:
    rows = DirectoryUser.objects.filter(organization=organization)
    return list(rows.select_related("user", "organization").order_by("pk"))


def _require_connection(organization: Organization) -> None:
    """Without one no attribute would ever arrive."""
    rows = SamlConnection.objects.filter(organization=organization, status=Status.ACTIVE)
    if not rows.exists():
        raise FailedPrecondition("Roles follow sign-ons once a connection is active: activate one.")


def _require_provisioned_owner(organization: Organization) -> None:
    """Who switches over must not lock all owners out."""
    active = [row for row in _records(organization) if row.is_active and row.user is not None]
    wanted = wanted_roles(organization, active)
    owner = Assignment(Role.ORG_OWNER)
    for row in active:
        if row.user and owner in wanted[row.pk] and is_owner(organization, row.user):
            return
    raise FailedPrecondition(
        "SCIM can manage people once it has provisioned an owner of today with the role "
        "pinecone:OrgOwner: by an attribute or through a group."
    )
