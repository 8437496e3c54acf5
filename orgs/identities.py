"""The people and service accounts of an organization, as they would act, for the explanation."""

from uuid import UUID

from access.actor import Actor, Scope
from access.decide import decide, require
from access.explain import Identity
from access.permissions import Permission
from accounts.addresses import is_address, normalized_email
from accounts.models import User
from orgs.account_actors import account_actor, account_obstacles
from orgs.models import Membership, Organization, RoleBinding, ServiceAccount
from orgs.queries import session_actor
from orgs.tenancy import tenant


def find_identity(asker: Actor, organization: Organization, reference: str) -> Identity | None:
    """A person by e-mail address or id, a service account by client id or id; None for others.

    Service accounts are shown to whom their list is.
    """
    require(asker, Permission.MEMBER_READ, organization.scope)
    user = _user(organization, reference)
    if user is not None:
        return Identity(session_actor(user), _user_obstacles(organization, user))
    with tenant(organization.pk):
        rows = ServiceAccount.objects.filter(organization=organization)
        account = rows.select_related("organization").filter(**_by(reference, "client_id")).first()
        if account is None or not _may_see(asker, account, organization.scope):
            return None
        return Identity(account_actor(account), account_obstacles(account))


def require_may_ask(asker: Actor, identity: Identity, scope: Scope) -> None:
    """Everybody may ask about themselves. Who holds what in a project is told to whom its members
    are, and to who manages the organization's."""
    if asker.principal_id is not None and asker.principal_id == identity.actor.principal_id:
        return
    whole = Scope(scope.organization_id)
    if scope.project_id is None or decide(asker, Permission.MEMBER_WRITE, whole).is_allowed:
        return
    require(asker, Permission.PROJECT_MEMBER_READ, scope)


def uuid_of(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None


def _may_see(asker: Actor, account: ServiceAccount, scope: Scope) -> bool:
    is_itself = asker.principal_id == account.pk
    return is_itself or decide(asker, Permission.SERVICE_ACCOUNT_READ, scope).is_allowed


def _by(reference: str, name: str) -> dict[str, UUID | str]:
    row_id = uuid_of(reference)
    return {name: reference} if row_id is None else {"pk": row_id}


def _user(organization: Organization, reference: str) -> User | None:
    """Also one whom a role alone ties to the organization: it is a role to find."""
    if is_address(reference):
        user = User.objects.filter(email=normalized_email(reference)).first()
    else:
        row_id = uuid_of(reference)
        user = User.objects.filter(pk=row_id).first() if row_id else None
    if user is None:
        return None
    with tenant(organization.pk):
        is_member = Membership.objects.filter(organization=organization, user=user).exists()
        has_role = RoleBinding.objects.filter(organization=organization, principal_id=user.pk)
        return user if is_member or has_role.exists() else None


def _user_obstacles(organization: Organization, user: User) -> tuple[str, ...]:
    found = {
        "the organization is suspended": organization.is_suspended,
        "the account is deactivated": not user.is_active,
    }
    return tuple(reason for reason, holds in found.items() if holds)
