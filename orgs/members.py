"""People in an organization: joining, and the role they join with."""

from django.db import IntegrityError, transaction

from access.actor import Actor
from access.decide import require
from access.permissions import ORGANIZATION_ROLES, Permission, Role
from accounts.addresses import checked_email
from accounts.models import User
from accounts.passwords import require_good_password
from accounts.queries import find_user_by_email
from accounts.sessions import end_all
from audit.actions import Action
from audit.record import Target, record
from kit import clock
from kit.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from orgs.locks import locked
from orgs.models import Invitation, Membership, Organization
from orgs.role_bindings import Assignment, Principal, bind
from orgs.user_management import require_decided_here
from orgs.verbs import verb


@verb(Action.MEMBER_ADDED)
def add_member(actor: Actor, organization: Organization, *, user: User, role: Role) -> Membership:
    """Make an existing person a member with one organization role."""
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    require_decided_here(actor, locked(organization.pk))
    membership = join(organization, user, role)
    target = member_target(organization, user)
    record(actor, Action.MEMBER_ADDED, target=target, role=str(role))
    return membership


@verb(Action.USER_CREATED)
def create_member(
    actor: Actor, organization: Organization, *, email: str, name: str, password: str, role: Role
) -> User:
    """Make a new account that is a member from the start.

    Only the operator vouches for an address: everybody else invites its owner.
    """
    _require_operator(actor)
    user = new_account(email=email, name=name, password=password)
    join(organization, user, role)
    target = member_target(organization, user)
    record(actor, Action.USER_CREATED, target=target, role=str(role))
    return user


@verb(Action.USER_PASSWORD_SET)
def set_member_password(
    actor: Actor, organization: Organization, *, user: User, password: str
) -> None:
    """Replace a member's password; all sessions of that person end."""
    _require_operator(actor)
    if find_membership(organization, user) is None:
        raise NotFound("There is no such member.")
    require_good_password(password, email=user.email, name=user.name)
    user.set_password(password)
    user.save(update_fields=["password"])
    end_all(user)
    record(actor, Action.USER_PASSWORD_SET, target=member_target(organization, user))


def member_target(organization: Organization, user: User) -> Target:
    """The person as this organization's audit log names them."""
    return Target("user", str(user.pk), user.email, organization.pk, organization.name)


def find_membership(organization: Organization, user: User) -> Membership | None:
    """Within a verb of the organization."""
    return Membership.objects.filter(organization=organization, user=user).first()


def new_account(*, email: str, name: str, password: str) -> User:
    """A checked, saved account; part of a verb's transaction."""
    email, name = checked_email(email), name.strip()
    require_good_password(password, email=email, name=name)
    if find_user_by_email(email) is not None:
        raise AlreadyExists("An account with this e-mail address exists already.", field="email")
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name[:200])
    except IntegrityError:  # somebody was quicker
        raise AlreadyExists(
            "An account with this e-mail address exists already.", field="email"
        ) from None


def join(organization: Organization, user: User, role: Role) -> Membership:
    """The rows of a membership; part of a verb's transaction."""
    if role not in ORGANIZATION_ROLES:
        raise InvalidArgument(f"{role} is not a role that is held on an organization.")
    organization = locked(organization.pk)
    if find_membership(organization, user) is not None:
        raise AlreadyExists(f"{user.email} is a member already.")
    require_room_for_person(organization)
    membership = Membership.objects.create(organization=organization, user=user)
    bind(organization, Principal.of(user), Assignment(role))
    return membership


def require_room_for_person(organization: Organization) -> None:
    """Raise `QuotaExceeded` where members and pending invitations fill the plan; needs the lock."""
    invited = Invitation.objects.filter(
        organization=organization, processed_at=None, expires_at__gt=clock.now()
    )
    members = Membership.objects.filter(organization=organization)
    organization.require_room("users", members.count() + invited.count())


def _require_operator(actor: Actor) -> None:
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")
