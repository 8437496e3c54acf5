"""Access tokens: given to service accounts for their secret, looked up at each call, forgotten."""

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import DatabaseError, connections
from django.db.models import Q

from access.actor import Actor
from access.keys import PlainKey, SecretKind, parse
from access.permissions import CredentialKind
from accounts.throttle import Bounds, TooManyAttempts, counted_failure
from audit import context
from audit.actions import Action
from audit.record import Target, record, record_refusal
from kit import clock
from kit.environment import environment
from kit.errors import Unauthenticated
from orgs.account_actors import account_actor, is_living
from orgs.errors import OrganizationSuspended
from orgs.models import AccessToken, Organization, ServiceAccount, ServiceAccountSecret
from orgs.plans import Feature
from orgs.secrets import is_genuine, minted, renewed_secret
from orgs.tenancy import tenant
from orgs.verbs import verb

_CLIENT_ID = re.compile(r"[0-9A-Za-z]{1,40}")
_USE_NOTED_EVERY = timedelta(minutes=1)
# The secret is too long to be guessed: strangers elsewhere must not lock its owner out.
_BOUNDS = Bounds(subject=None)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """What the client gets; nobody can show it again."""

    plain: PlainKey
    expires_in_s: int


def issue_access_token(client_id: str, client_secret: str) -> IssuedToken:
    """A token for a service account that proves itself. Raises `Unauthenticated` or
    `TooManyAttempts`.

    What cannot be a secret is refused without a look-up. Unknown client, wrong secret and expired
    secret get the same answer; of each wrong guess an event is left, until guesses are refused.
    """
    plain = parse(client_secret)
    is_form_right = plain is not None and _CLIENT_ID.fullmatch(client_id)
    if plain is None or plain.kind is not SecretKind.SERVICE_ACCOUNT or not is_form_right:
        raise _refused()
    try:
        with counted_failure(
            "access-token", subject=client_id, place=context.current().ip, bounds=_BOUNDS
        ):
            secret = _proven(plain, client_id)
    except (Unauthenticated, TooManyAttempts) as error:
        if isinstance(error, Unauthenticated) or error.is_first:
            _record_refusal(_account(client_id), error)
        raise
    return _issue(account_actor(secret.service_account), secret, presented=plain)


def authenticate_access_token(value: str) -> tuple[Actor, Organization]:
    """The service account behind a presented token, and its organization. Crosses tenants.

    Malformed, unknown, wrong, expired and revoked tokens get the same `Unauthenticated`, and so do
    tokens from outside the organization's networks.
    """
    plain = parse(value)
    if plain is None or plain.kind is not SecretKind.ACCESS_TOKEN:
        raise Unauthenticated("Invalid access token.")
    try:
        token = _living_token(plain.public_id)
        if (
            token is None
            or not is_genuine(plain, stored=token.digest, pepper_id=token.pepper_id)
            or not _comes_from_inside(token.service_account)
        ):
            raise Unauthenticated("Invalid access token.")
        actor = account_actor(token.service_account)
    finally:
        # Back to its pool at once: what the request does next may wait long, and needs another one.
        connections["system"].close()
    _note_use(token.service_account)
    return actor, token.service_account.organization


def forget_expired_tokens() -> int:
    """Delete what has expired; how many. Crosses tenants."""
    deleted, _ = AccessToken.objects.using("system").filter(expires_at__lte=clock.now()).delete()
    return deleted


@verb(Action.ACCESS_TOKEN_ISSUED)
def _issue(actor: Actor, secret: ServiceAccountSecret, *, presented: PlainKey) -> IssuedToken:
    # The row is held, so that who revokes the secret waits for the token and takes it along.
    held = ServiceAccountSecret.objects.select_for_update(no_key=True).filter(pk=secret.pk).first()
    if held is None:
        raise _refused()
    organization = secret.service_account.organization
    if organization.suspended_at is not None:
        raise OrganizationSuspended("This organization is suspended.")
    organization.require_feature(Feature.SERVICE_ACCOUNTS)
    now, life_s = clock.now(), environment().access_token_s
    plain, stored = minted(SecretKind.ACCESS_TOKEN)
    AccessToken.objects.create(
        organization=organization,
        service_account=secret.service_account,
        secret=held,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        expires_at=now + timedelta(seconds=life_s),
    )
    _note_secret(held, presented)
    record(actor, Action.ACCESS_TOKEN_ISSUED, target=secret.audit_target(), secret=secret.public_id)
    return IssuedToken(plain, life_s)


def _note_secret(secret: ServiceAccountSecret, presented: PlainKey) -> None:
    """When it was used, at most once a minute; and its digest under today's pepper."""
    now = clock.now()
    renewed = renewed_secret(presented, pepper_id=secret.pepper_id)
    is_due = secret.last_used_at is None or secret.last_used_at <= now - _USE_NOTED_EVERY
    if renewed is not None:
        secret.digest, secret.pepper_id = renewed.digest, renewed.pepper_id
    if is_due or renewed is not None:
        secret.last_used_at = now
        secret.save(update_fields=["digest", "pepper_id", "last_used_at"])


def _account(client_id: str) -> ServiceAccount | None:
    """Whom a guess is about, for the event that it leaves. Crosses tenants."""
    rows = ServiceAccount.objects.using("system").select_related("organization")
    return rows.filter(client_id=client_id).first()


def _proven(plain: PlainKey, client_id: str) -> ServiceAccountSecret:
    """The living secret, where both halves of the credential are right. Crosses tenants."""
    rows = ServiceAccountSecret.objects.using("system").select_related(
        "service_account__organization"
    )
    secret = rows.filter(is_living(), public_id=plain.public_id).first()
    if (
        secret is None
        or not is_genuine(plain, stored=secret.digest, pepper_id=secret.pepper_id)
        or not hmac.compare_digest(secret.service_account.client_id.encode(), client_id.encode())
        or not _comes_from_inside(secret.service_account)
    ):
        raise _refused()
    return secret


def _comes_from_inside(account: ServiceAccount) -> bool:
    return account.organization.admits_service_accounts_from(context.current().ip)


def _living_token(public_id: str) -> AccessToken | None:
    rows = AccessToken.objects.using("system").select_related("service_account__organization")
    return rows.filter(
        is_living("secret__"),
        public_id=public_id,
        expires_at__gt=clock.now(),
        organization__suspended_at=None,
    ).first()


def _note_use(account: ServiceAccount) -> None:
    """At most once a minute, and never a reason to refuse the token."""
    before = clock.now() - _USE_NOTED_EVERY
    if account.last_used_at is not None and account.last_used_at > before:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=before)
    try:
        with tenant(account.organization_id):
            rows = ServiceAccount.objects.filter(is_due, pk=account.pk)
            rows.update(last_used_at=clock.now())
    except DatabaseError:
        _log.warning("service_account_use_not_noted", exc_info=True)


def _record_refusal(account: ServiceAccount | None, error: Exception) -> None:
    # What was sent is not recorded: it may be a secret in the wrong field.
    name = account.name if account else "somebody unknown"
    actor = Actor(CredentialKind.SERVICE_ACCOUNT, account.pk if account else None, name)
    target = account.audit_target() if account else Target("service_account", "", "", None, "")
    record_refusal(actor, Action.ACCESS_TOKEN_ISSUED, target=target, error=error)


def _refused() -> Unauthenticated:
    return Unauthenticated("The client id or the client secret is wrong.")
