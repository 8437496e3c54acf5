"""The first owner of an installation: a one-time link that closes itself for ever.

Whoever opens the link of the installation's first organization runs the installation as well, as
long as nobody does (ADR 23).
"""

from datetime import timedelta

from access.actor import OPERATOR, Actor
from access.keys import PlainKey, SecretKind, parse
from access.permissions import CredentialKind, Role
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition, NotFound, PermissionDenied
from orgs.members import join, new_account
from orgs.models import Organization, SetupLink
from orgs.operators import add_operator, has_operator
from orgs.queries import first_organization, has_owner
from orgs.secrets import is_genuine, minted
from orgs.verbs import verb

_VALID_FOR = timedelta(days=7)


@verb(Action.SETUP_LINK_MINTED)
def mint_setup_link(actor: Actor, organization: Organization) -> PlainKey:
    """The token of a link that makes the organization's first owner; earlier ones stop working."""
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")
    if has_owner(organization):
        raise FailedPrecondition("This organization has an owner: sign in instead.")
    SetupLink.objects.filter(organization=organization, used_at=None).delete()
    plain, stored = minted(SecretKind.SETUP)
    link = SetupLink.objects.create(
        organization=organization,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        expires_at=clock.now() + _VALID_FOR,
    )
    record(actor, Action.SETUP_LINK_MINTED, target=link.audit_target())
    return plain


def open_setup_link(token: str) -> SetupLink:
    """The link behind a token that still works; raises with what to do where it does not.

    Nobody is signed in yet, so the look-up crosses tenants.
    """
    plain = parse(token)
    link = None
    if plain is not None and plain.kind is SecretKind.SETUP:
        rows = SetupLink.objects.using("system").select_related("organization")
        link = rows.filter(public_id=plain.public_id).first()
    if (
        plain is None
        or link is None
        or not is_genuine(plain, stored=link.digest, pepper_id=link.pepper_id)
    ):
        raise NotFound("This link is not valid. `stonepine up` prints a new one.")
    _require_open(link)
    return link


def redeem_setup_link(token: str, *, email: str, name: str, password: str) -> User:
    """Make the first owner and close the link. Only one of several simultaneous calls succeeds."""
    link = open_setup_link(token)
    visitor = Actor(CredentialKind.SESSION, None, "first owner")
    user = _redeem(visitor, link, email=email, person=name, password=password)
    _entrust_installation(user, link.organization)
    return user


@verb(Action.SETUP_LINK_REDEEMED)
def _redeem(actor: Actor, link: SetupLink, *, email: str, person: str, password: str) -> User:
    del actor  # the right to act is the link itself
    organization = Organization.objects.select_for_update().filter(pk=link.organization_id)[0]
    link = SetupLink.objects.filter(pk=link.pk)[0]
    _require_open(link)
    if has_owner(organization):
        raise FailedPrecondition("This organization has an owner: sign in instead.")
    user = new_account(email=email, name=person, password=password)
    join(organization, user, Role.ORG_OWNER)
    link.used_at = clock.now()
    link.save(update_fields=["used_at"])
    owner = Actor(CredentialKind.SESSION, user.pk, user.display_name)
    record(owner, Action.SETUP_LINK_REDEEMED, target=link.audit_target())
    return user


def _entrust_installation(user: User, organization: Organization) -> None:
    if organization == first_organization() and not has_operator():
        add_operator(OPERATOR, user)


def _require_open(link: SetupLink) -> None:
    if link.used_at is not None:
        raise FailedPrecondition("This link was used. Sign in with the account it made.")
    if link.expires_at <= clock.now():
        raise FailedPrecondition("This link has expired. `stonepine up` prints a new one.")
