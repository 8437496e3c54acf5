"""Accepting an invitation: the token leads to it, the verified address opens it."""

from access.actor import Actor
from access.keys import PlainKey, SecretKind, parse
from accounts.addresses import normalized_email
from accounts.models import User
from accounts.throttle import counted_guess
from audit import context
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition, NotFound, PermissionDenied
from orgs.errors import OrganizationSuspended
from orgs.locks import locked
from orgs.members import find_membership
from orgs.models import (
    Invitation,
    InvitationStatus,
    Membership,
    Organization,
    PrincipalType,
    RoleBinding,
)
from orgs.queries import session_actor
from orgs.role_bindings import Assignment, Principal, bind
from orgs.secrets import is_genuine
from orgs.user_management import require_decided_here
from orgs.verbs import verb
from orgs.ways_in import require_addressable


def open_invitation(token: str) -> Invitation:
    """The invitation behind a token that still works; raises with what to do where it does not.

    Whoever looks may belong to no organization, so the look-up crosses tenants; guesses are few.
    """
    plain = parse(token)
    guessed = plain.public_id if plain else token
    with counted_guess("invitation", subject=guessed, place=context.current().ip):
        invitation = _find(plain)
    _require_pending(invitation)
    return invitation


def _find(plain: PlainKey | None) -> Invitation:
    found = None
    if plain is not None and plain.kind is SecretKind.INVITATION:
        rows = Invitation.objects.using("system").select_related("organization")
        found = rows.filter(public_id=plain.public_id).first()
    if (
        plain is None
        or found is None
        or not is_genuine(plain, stored=found.digest, pepper_id=found.pepper_id)
    ):
        raise NotFound("This invitation is not valid any more. Ask for a new one.")
    return found


def accept_invitation(user: User, token: str) -> Organization:
    """Make the person a member with the roles the invitation holds; it works once."""
    invitation = open_invitation(token)
    return _accept(session_actor(user), invitation, user=user)


def take_roles_of_invitation(organization: Organization, user: User) -> bool:
    """Whether the person's address was invited: then the invitation's roles are theirs now. Part
    of a verb's transaction, of a member whose address was proven in another way."""
    found = waiting_invitation(organization, user.email)
    if found is None:
        return False
    _move_roles(organization, found, user)
    found.processed_at = clock.now()
    found.save(update_fields=["processed_at"])
    return True


def waiting_invitation(organization: Organization, email: str) -> Invitation | None:
    """What asks that address to join. Within a verb of the organization."""
    rows = Invitation.objects.filter(organization=organization, email=email)
    return rows.filter(processed_at=None, expires_at__gt=clock.now()).first()


def may_accept(user: User, invitation: Invitation) -> bool:
    """Whether the invitation is for this person's address."""
    return normalized_email(user.email) == normalized_email(invitation.email)


@verb(Action.INVITATION_ACCEPTED)
def _accept(actor: Actor, invitation: Invitation, *, user: User) -> Organization:
    organization = locked(invitation.organization_id)
    require_decided_here(actor, organization)
    require_addressable(organization, user.email)
    found = Invitation.objects.select_related("organization").filter(pk=invitation.pk).first()
    if found is None:
        raise NotFound("This invitation is not valid any more. Ask for a new one.")
    _require_pending(found)
    if not may_accept(user, found):
        raise PermissionDenied("This invitation is for another e-mail address: sign in with it.")
    if find_membership(organization, user) is None:
        # Its place is kept by the invitation itself, unless the plan has shrunk since.
        members = Membership.objects.filter(organization=organization)
        organization.require_room("users", members.count())
        Membership.objects.create(organization=organization, user=user)
    _move_roles(organization, found, user)
    found.processed_at = clock.now()
    found.save(update_fields=["processed_at"])
    record(actor, Action.INVITATION_ACCEPTED, target=found.audit_target())
    return organization


def _move_roles(organization: Organization, invitation: Invitation, user: User) -> None:
    held = RoleBinding.objects.filter(
        organization=organization,
        principal_type=PrincipalType.INVITE,
        principal_id=invitation.pk,
    )
    for binding in held.order_by("pk"):
        assignment = Assignment(binding.typed_role, binding.project_id)
        bind(organization, Principal.of(user), assignment)
    held.delete()


def _require_pending(invitation: Invitation) -> None:
    if invitation.organization.is_suspended:
        raise OrganizationSuspended(f"{invitation.organization.name} is suspended at the moment.")
    match invitation.status:
        case InvitationStatus.PROCESSED:
            raise FailedPrecondition("This invitation was accepted already: sign in.")
        case InvitationStatus.EXPIRED:
            raise FailedPrecondition("This invitation has expired. Ask for a new one.")
        case InvitationStatus.PENDING:
            return
