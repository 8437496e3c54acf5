"""SCIM tokens: two at most are good at a time, shown once, looked up at each call."""

from datetime import timedelta

import structlog
from django.db import DatabaseError, connections
from django.db.models import Q

from access.actor import Actor, RoleGrant
from access.decide import require
from access.keys import PlainKey, SecretKind, parse
from access.permissions import CredentialKind, Permission, Role
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import InvalidArgument, NotFound, QuotaExceeded, Unauthenticated
from kit.ids import OrganizationId
from orgs.locks import locked
from orgs.models import Organization
from orgs.plans import Feature
from orgs.secrets import is_genuine, minted, renewed_secret
from orgs.tenancy import tenant
from orgs.verbs import verb
from sso.scim.models import ScimToken

MAX_LIVING = 2
DEFAULT_DAYS = 90
MAX_DAYS = 3650
_MAX_NAME = 80
_USE_NOTED_EVERY = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


@verb(Action.SCIM_TOKEN_CREATED)
def create_scim_token(
    actor: Actor, organization: Organization, *, name: str, days: int | None = DEFAULT_DAYS
) -> tuple[ScimToken, PlainKey]:
    """A token that is good for so many days, or until it is revoked; returned only here.

    Two may be good at once, so that a provider changes from one to the next without a gap.
    """
    require(actor, Permission.SSO_WRITE, organization.scope)
    organization = locked(organization.pk)
    organization.require_feature(Feature.SCIM)
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument(f"A token's name has 1 to {_MAX_NAME} characters.", field="name")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise InvalidArgument(f"A token is good for 1 to {MAX_DAYS} days.", field="days")
    living = ScimToken.objects.filter(_is_living(), organization=organization).count()
    if living >= MAX_LIVING:
        raise QuotaExceeded(
            f"An organization has at most {MAX_LIVING} SCIM tokens at a time. Revoke one first.",
            limit=MAX_LIVING,
            existing=living,
        )
    plain, stored = minted(SecretKind.SCIM)
    token = ScimToken.objects.create(
        organization=organization,
        name=name,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        last4=plain.value[-4:],
        created_by=actor.display_name[:254],
        expires_at=None if days is None else clock.now() + timedelta(days=days),
    )
    expiry = token.expires_at.isoformat() if token.expires_at else "never"
    record(actor, Action.SCIM_TOKEN_CREATED, target=token.audit_target(), expires=expiry)
    return token, plain


@verb(Action.SCIM_TOKEN_REVOKED)
def revoke_scim_token(actor: Actor, token: ScimToken) -> None:
    """The next call with it is refused."""
    require(actor, Permission.SSO_WRITE, token.organization.scope)
    locked(token.organization_id)
    found = ScimToken.objects.select_related("organization").filter(pk=token.pk).first()
    if found is None:
        raise NotFound("There is no such SCIM token.")
    record(actor, Action.SCIM_TOKEN_REVOKED, target=found.audit_target())
    found.delete()


def revoke_all(organization: Organization) -> int:
    """Part of the verb that ends the management by SCIM; how many."""
    return ScimToken.objects.filter(organization=organization).delete()[0]


def authenticate_scim_token(value: str, organization_id: str) -> tuple[Actor, Organization]:
    """The provider behind a token, at the organization that its URL names. Crosses tenants.

    Malformed, unknown, wrong and expired tokens, those of another organization and of a suspended
    one get the same `Unauthenticated`.
    """
    plain = parse(value)
    if plain is None or plain.kind is not SecretKind.SCIM:
        raise _refused()
    try:
        rows = ScimToken.objects.using("system").select_related("organization")
        token = rows.filter(
            _is_living(),
            public_id=plain.public_id,
            organization__public_id=organization_id,
            organization__suspended_at=None,
        ).first()
    finally:
        # Back to its pool at once: what the request does next may wait long, and needs another one.
        connections["system"].close()
    if token is None or not is_genuine(plain, stored=token.digest, pepper_id=token.pepper_id):
        raise _refused()
    _note_use(token, plain)
    return _provider(token), token.organization


def _provider(token: ScimToken) -> Actor:
    """May do to members what owners may; the kind of its credential closes all else."""
    grant = RoleGrant(Role.ORG_OWNER, OrganizationId(token.organization_id))
    return Actor(CredentialKind.SCIM, token.pk, token.name, (grant,))


def _is_living() -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=clock.now())


def _note_use(token: ScimToken, plain: PlainKey) -> None:
    """When it was used, at most once a minute, and its digest under today's pepper; never a reason
    to refuse the token."""
    now = clock.now()
    renewed = renewed_secret(plain, pepper_id=token.pepper_id)
    is_due = token.last_used_at is None or token.last_used_at <= now - _USE_NOTED_EVERY
    if renewed is None and not is_due:
        return
    moved = {"digest": renewed.digest, "pepper_id": renewed.pepper_id} if renewed else {}
    try:
        with tenant(token.organization_id):
            ScimToken.objects.filter(pk=token.pk).update(last_used_at=now, **moved)
    except DatabaseError:
        _log.warning("scim_token_use_not_noted", exc_info=True)


def _refused() -> Unauthenticated:
    return Unauthenticated("Invalid SCIM token.")
