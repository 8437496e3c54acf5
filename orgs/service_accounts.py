"""Service accounts: machines that hold roles in an organization."""

from access.actor import Actor
from access.decide import require
from access.keys import PlainKey, SecretKind
from access.permissions import ORGANIZATION_ROLES, Permission, Role
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import InvalidArgument
from kit.ids import random_base62
from orgs.models import (
    Organization,
    PrincipalType,
    ResourceType,
    RoleBinding,
    ServiceAccount,
    ServiceAccountSecret,
)
from orgs.plans import Feature
from orgs.secrets import minted
from orgs.verbs import verb

_CLIENT_ID_LENGTH = 32
_MAX_NAME = 80


@verb(Action.SERVICE_ACCOUNT_CREATED)
def create_service_account(
    actor: Actor, organization: Organization, *, name: str, role: Role
) -> tuple[ServiceAccount, PlainKey]:
    """A machine's identity with one organization role; its secret is returned only here."""
    require(actor, Permission.SERVICE_ACCOUNT_WRITE, organization.scope)
    organization.require_feature(Feature.SERVICE_ACCOUNTS)
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("A service account's name has 1 to 80 characters.", field="name")
    if role not in ORGANIZATION_ROLES:
        raise InvalidArgument(f"{role} is not a role that is held on an organization.")
    account = ServiceAccount.objects.create(
        organization=organization, name=name, client_id=random_base62(_CLIENT_ID_LENGTH)
    )
    RoleBinding.objects.create(
        organization=organization,
        principal_type=PrincipalType.SERVICE_ACCOUNT,
        principal_id=account.pk,
        role=role,
        resource_type=ResourceType.ORGANIZATION,
        resource_id=organization.pk,
    )
    plain = _replace_secret(account)
    record(actor, Action.SERVICE_ACCOUNT_CREATED, target=account.audit_target(), role=str(role))
    return account, plain


@verb(Action.SERVICE_ACCOUNT_ROTATED)
def rotate_secret(actor: Actor, account: ServiceAccount) -> PlainKey:
    """A new secret; the old one stops at once."""
    organization = Organization.objects.select_for_update().filter(pk=account.organization_id)
    require(actor, Permission.SERVICE_ACCOUNT_WRITE, organization[0].scope)
    account.updated_at = clock.now()
    account.save(update_fields=["updated_at"])
    plain = _replace_secret(account)
    record(actor, Action.SERVICE_ACCOUNT_ROTATED, target=account.audit_target())
    return plain


def _replace_secret(account: ServiceAccount) -> PlainKey:
    plain, stored = minted(SecretKind.SERVICE_ACCOUNT)
    ServiceAccountSecret.objects.filter(service_account=account).delete()
    ServiceAccountSecret.objects.create(
        organization_id=account.organization_id,
        service_account=account,
        public_id=stored.public_id,
        digest=stored.digest,
        pepper_id=stored.pepper_id,
    )
    return plain
