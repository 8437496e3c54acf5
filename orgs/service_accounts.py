"""Service accounts: machines that hold roles in an organization, and their secrets."""

from collections.abc import Sequence
from datetime import datetime

from access.actor import Actor
from access.decide import require
from access.keys import PlainKey, SecretKind
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import InvalidArgument, NotFound, QuotaExceeded
from kit.ids import random_base62
from orgs.locks import locked
from orgs.models import (
    Organization,
    PrincipalType,
    RoleBinding,
    ServiceAccount,
    ServiceAccountSecret,
)
from orgs.plans import Feature
from orgs.role_bindings import Assignment, Principal, bind, require_assignable
from orgs.secrets import minted
from orgs.verbs import verb

MAX_SECRETS = 10
_CLIENT_ID_LENGTH = 32
_MAX_NAME = 80
_MAX_ROLES = 100


@verb(Action.SERVICE_ACCOUNT_CREATED)
def create_service_account(
    actor: Actor, organization: Organization, *, name: str, assignments: Sequence[Assignment] = ()
) -> tuple[ServiceAccount, PlainKey]:
    """A machine's identity with these roles; its first secret is returned only here."""
    require(actor, Permission.SERVICE_ACCOUNT_WRITE, organization.scope)
    organization.require_feature(Feature.SERVICE_ACCOUNTS)
    name, assignments = _checked_name(name), list(dict.fromkeys(assignments))
    if len(assignments) > _MAX_ROLES:
        raise InvalidArgument(
            f"A service account starts with at most {_MAX_ROLES} roles.", field="role_bindings"
        )
    organization = locked(organization.pk)
    for assignment in assignments:
        require_assignable(actor, organization, assignment)
    account = ServiceAccount.objects.create(
        organization=organization, name=name, client_id=random_base62(_CLIENT_ID_LENGTH)
    )
    for assignment in assignments:
        bind(organization, Principal(PrincipalType.SERVICE_ACCOUNT, account.pk), assignment)
    _, plain = _new_secret(account)
    roles = sorted({str(assignment.role) for assignment in assignments})
    record(actor, Action.SERVICE_ACCOUNT_CREATED, target=account.audit_target(), roles=roles)
    return account, plain


@verb(Action.SERVICE_ACCOUNT_RENAMED)
def rename_service_account(actor: Actor, account: ServiceAccount, *, name: str) -> ServiceAccount:
    """The client id stays, and so do roles and secrets."""
    found = _opened(actor, account, needs_plan=True)
    previous, found.name = found.name, _checked_name(name)
    found.updated_at = clock.now()
    found.save(update_fields=["name", "updated_at"])
    record(
        actor, Action.SERVICE_ACCOUNT_RENAMED, target=found.audit_target(), previous_name=previous
    )
    return found


@verb(Action.SERVICE_ACCOUNT_DELETED)
def delete_service_account(actor: Actor, account: ServiceAccount) -> None:
    """Its roles, secrets and tokens go with it: tokens are refused from the next call on."""
    found = _opened(actor, account)
    record(actor, Action.SERVICE_ACCOUNT_DELETED, target=found.audit_target())
    RoleBinding.objects.filter(
        principal_type=PrincipalType.SERVICE_ACCOUNT, principal_id=found.pk
    ).delete()
    _delete_secrets(found)
    found.delete()


@verb(Action.SERVICE_ACCOUNT_ROTATED)
def rotate_secret(actor: Actor, account: ServiceAccount) -> PlainKey:
    """A new secret in place of all others; they and their tokens stop at once.

    For an overlap use `add_secret`, and `revoke_secret` once nobody uses the old one any more.
    """
    found = _opened(actor, account, needs_plan=True)
    _delete_secrets(found)
    _, plain = _new_secret(found)
    record(actor, Action.SERVICE_ACCOUNT_ROTATED, target=found.audit_target())
    return plain


@verb(Action.SERVICE_ACCOUNT_SECRET_ADDED)
def add_secret(
    actor: Actor, account: ServiceAccount, *, expires_at: datetime | None = None
) -> tuple[ServiceAccountSecret, PlainKey]:
    """One more secret beside the others; the plain one is returned only here."""
    found = _opened(actor, account, needs_plan=True)
    _require_future(expires_at)
    held = found.secrets.count()
    if held >= MAX_SECRETS:
        raise QuotaExceeded(
            f"A service account holds at most {MAX_SECRETS} secrets. Revoke one first.",
            limit=MAX_SECRETS,
            existing=held,
        )
    secret, plain = _new_secret(found, expires_at=expires_at)
    _record_secret(actor, Action.SERVICE_ACCOUNT_SECRET_ADDED, secret)
    return secret, plain


@verb(Action.SERVICE_ACCOUNT_SECRET_EXPIRY_SET)
def set_secret_expiry(
    actor: Actor, secret: ServiceAccountSecret, *, expires_at: datetime | None
) -> ServiceAccountSecret:
    """The secret and its tokens end then; None lets it live."""
    found = _opened_secret(actor, secret)
    _require_future(expires_at)
    found.expires_at = expires_at
    found.save(update_fields=["expires_at"])
    _record_secret(actor, Action.SERVICE_ACCOUNT_SECRET_EXPIRY_SET, found)
    return found


@verb(Action.SERVICE_ACCOUNT_SECRET_REVOKED)
def revoke_secret(actor: Actor, secret: ServiceAccountSecret) -> None:
    """The secret and its tokens stop at once; other secrets go on."""
    found = _opened_secret(actor, secret)
    _record_secret(actor, Action.SERVICE_ACCOUNT_SECRET_REVOKED, found)
    _delete_secrets(found.service_account, only=found)


def _opened(actor: Actor, account: ServiceAccount, *, needs_plan: bool = False) -> ServiceAccount:
    """The account as it is now, under the lock of its organization."""
    require(actor, Permission.SERVICE_ACCOUNT_WRITE, account.organization.scope)
    organization = locked(account.organization_id)
    if needs_plan:
        organization.require_feature(Feature.SERVICE_ACCOUNTS)
    rows = ServiceAccount.objects.select_related("organization")
    found = rows.filter(pk=account.pk).first()
    if found is None:
        raise NotFound(f"Service account {account.pk} not found.")
    return found


def _opened_secret(actor: Actor, secret: ServiceAccountSecret) -> ServiceAccountSecret:
    account = _opened(actor, secret.service_account)
    found = account.secrets.filter(pk=secret.pk).first()
    if found is None:
        raise NotFound("Secret not found.")
    return found


def _delete_secrets(account: ServiceAccount, *, only: ServiceAccountSecret | None = None) -> None:
    """With their tokens. Whoever gets a token at this moment holds the secret's row, and is waited
    for: no token is left behind."""
    rows = account.secrets.all() if only is None else account.secrets.filter(pk=only.pk)
    doomed = [secret.pk for secret in rows.select_for_update()]
    account.secrets.filter(pk__in=doomed).delete()


def _new_secret(
    account: ServiceAccount, *, expires_at: datetime | None = None
) -> tuple[ServiceAccountSecret, PlainKey]:
    plain, stored = minted(SecretKind.SERVICE_ACCOUNT)
    account.updated_at = clock.now()
    account.save(update_fields=["updated_at"])
    secret = ServiceAccountSecret.objects.create(
        organization_id=account.organization_id,
        service_account=account,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
        last4=plain.value[-4:],
        expires_at=expires_at,
    )
    return secret, plain


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME or not name.isprintable():
        raise InvalidArgument(
            f"A service account's name has 1 to {_MAX_NAME} printable characters.", field="name"
        )
    return name


def _require_future(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidArgument("The expiry lies in the past.", field="expires_at")


def _record_secret(actor: Actor, action: Action, secret: ServiceAccountSecret) -> None:
    end = secret.expires_at.isoformat() if secret.expires_at else None
    record(actor, action, target=secret.audit_target(), secret=secret.public_id, expires_at=end)
