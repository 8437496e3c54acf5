"""Invitations: an address is asked to join; only its owner can accept, within seven days."""

import math
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from access.actor import Actor
from access.decide import require
from access.keys import PlainKey, SecretKind
from access.permissions import Permission
from accounts.addresses import checked_email
from accounts.throttle import require_attempts_left
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import AlreadyExists, InvalidArgument, NotFound, ResourceExhausted
from orgs.invitation_mail import send_invitation
from orgs.locks import locked
from orgs.members import require_room_for_person
from orgs.models import (
    Invitation,
    InvitationMail,
    InvitationStatus,
    Membership,
    Organization,
    PrincipalType,
    RoleBinding,
)
from orgs.role_bindings import Assignment, Principal, bind, require_assignable
from orgs.secrets import minted
from orgs.user_management import require_decided_here
from orgs.verbs import verb
from orgs.ways_in import require_addressable

VALID_FOR = timedelta(days=7)
MAILS_AN_HOUR = 100
MAILS_TO_ONE_AN_HOUR = 20
_HOUR = timedelta(hours=1)
_MAX_ROLES = 100


@verb(Action.INVITATION_CREATED)
def create_invitation(
    actor: Actor, organization: Organization, *, email: str, assignments: Sequence[Assignment]
) -> tuple[Invitation, PlainKey]:
    """Ask an address to join with these roles, one of them at least on the organization itself.

    The token is in the mail, and returned only here.
    """
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    email, assignments = checked_email(email), _checked(assignments)
    organization = locked(organization.pk)
    require_decided_here(actor, organization)
    require_addressable(organization, email)
    for assignment in assignments:
        require_assignable(actor, organization, assignment)
    _clear_the_way(organization, email)
    require_room_for_person(organization)
    plain, stored = minted(SecretKind.INVITATION)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        invited_by=actor.display_name,
        expires_at=clock.now() + VALID_FOR,
    )
    for assignment in assignments:
        bind(organization, Principal(PrincipalType.INVITE, invitation.pk), assignment)
    roles = sorted({str(assignment.role) for assignment in assignments})
    record(actor, Action.INVITATION_CREATED, target=invitation.audit_target(), roles=roles)
    _mail(actor, invitation, plain)
    return invitation, plain


@verb(Action.INVITATION_RESENT)
def resend_invitation(actor: Actor, invitation: Invitation) -> tuple[Invitation, PlainKey]:
    """A new mail with a new token, good for seven days from now; the old token stops working."""
    organization, found = _open(actor, invitation)
    require_decided_here(actor, organization)
    if found.status == InvitationStatus.EXPIRED:
        require_room_for_person(organization)
    plain, stored = minted(SecretKind.INVITATION)
    found.public_id, found.digest = stored.public_id, stored.digest
    found.pepper_id, found.expires_at = stored.pepper_id, clock.now() + VALID_FOR
    found.save(update_fields=["public_id", "digest", "pepper_id", "expires_at"])
    record(actor, Action.INVITATION_RESENT, target=found.audit_target())
    _mail(actor, found, plain)
    return found, plain


@verb(Action.INVITATION_REVOKED)
def revoke_invitation(actor: Actor, invitation: Invitation) -> None:
    """Take an invitation back with the roles it holds; its token stops working."""
    _, found = _open(actor, invitation)
    record(actor, Action.INVITATION_REVOKED, target=found.audit_target())
    _drop(found)


def _open(actor: Actor, invitation: Invitation) -> tuple[Organization, Invitation]:
    """The organization, locked, and the invitation, which nobody has accepted yet."""
    scope = invitation.organization.scope
    require(actor, Permission.MEMBER_WRITE, scope)
    organization = locked(invitation.organization_id)
    found = Invitation.objects.select_related("organization").filter(pk=invitation.pk).first()
    if found is None:
        raise NotFound("Invitation not found.")
    if found.status == InvitationStatus.PROCESSED:
        raise AlreadyExists("This invitation was accepted already.", id=str(found.pk))
    return organization, found


def _checked(assignments: Sequence[Assignment]) -> list[Assignment]:
    unique = list(dict.fromkeys(assignments))
    if len(unique) > _MAX_ROLES:
        raise InvalidArgument(f"An invitation holds at most {_MAX_ROLES} roles.", field="roles")
    if all(assignment.project_id is not None for assignment in unique):
        raise InvalidArgument(
            "An invitation needs at least one role on the organization.", field="roles"
        )
    return unique


def _clear_the_way(organization: Organization, email: str) -> None:
    """Refuse what is pending or a member already; an expired invitation makes room for the new."""
    if Membership.objects.filter(organization=organization, user__email=email).exists():
        raise AlreadyExists(f"{email} is a member already.", field="email")
    rows = Invitation.objects.filter(organization=organization, email=email, processed_at=None)
    earlier = rows.first()
    if earlier is None:
        return
    if earlier.status == InvitationStatus.PENDING:
        raise AlreadyExists(
            f"A pending invitation for {email} exists already: {earlier.pk}. Resend or delete it.",
            id=str(earlier.pk),
        )
    _drop(earlier)


def _drop(invitation: Invitation) -> None:
    RoleBinding.objects.filter(
        principal_type=PrincipalType.INVITE, principal_id=invitation.pk
    ).delete()
    invitation.delete()


def _mail(actor: Actor, invitation: Invitation, plain: PlainKey) -> None:
    """Once the transaction is through, and at most so many an hour: for the organization, and
    wherever from for whoever invites and to whoever is invited."""
    now = clock.now()
    sent = InvitationMail.objects.filter(organization=invitation.organization)
    sent.filter(sent_at__lte=now - _HOUR).delete()
    recent = list(sent.order_by("sent_at").values_list("sent_at", flat=True))
    if len(recent) >= MAILS_AN_HOUR:
        raise ResourceExhausted(
            f"An organization sends at most {MAILS_AN_HOUR} invitations an hour. Try again later.",
            retry_after_s=math.ceil((recent[0] + _HOUR - now).total_seconds()),
        )
    inviter = f"{actor.kind} {actor.principal_id}"
    require_attempts_left("invitations-by", inviter, limit=MAILS_AN_HOUR, window=_HOUR)
    require_attempts_left(
        "invitations-to", invitation.email, limit=MAILS_TO_ONE_AN_HOUR, window=_HOUR
    )
    InvitationMail.objects.create(organization=invitation.organization, sent_at=now)
    transaction.on_commit(lambda: send_invitation(invitation, plain), robust=True)
