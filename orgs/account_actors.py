"""Whom a service account's token makes of its bearer, and what keeps it from making anybody."""

from django.db.models import Q

from access.actor import Actor
from access.permissions import CredentialKind
from kit import clock
from orgs.models import AccessToken, ServiceAccount, ServiceAccountSecret
from orgs.plans import FEATURES, Feature, Plan
from orgs.queries import grants_of


def account_actor(account: ServiceAccount) -> Actor:
    kind = CredentialKind.SERVICE_ACCOUNT
    return Actor(kind, account.pk, account.name, grants_of(account.pk))


def account_obstacles(account: ServiceAccount) -> tuple[str, ...]:
    """Why the account can neither get a token nor use one that it has; empty while it can.

    Needs an open tenant, and its organization has to be loaded with it.
    """
    plan, found = Plan(account.organization.plan), []
    if account.organization.is_suspended:
        found.append("the organization is suspended")
    if not ServiceAccountSecret.objects.filter(is_living(), service_account=account).exists():
        found.append("the service account has no valid secret")
    elif Feature.SERVICE_ACCOUNTS not in FEATURES[plan] and not _has_living_token(account):
        found.append(f"the plan {plan} does not include {Feature.SERVICE_ACCOUNTS}")
    return tuple(found)


def is_living(prefix: str = "") -> Q:
    """A secret's condition; `prefix` is the way to the secret from the rows that are asked."""
    end = f"{prefix}expires_at"
    return Q(**{end: None}) | Q(**{f"{end}__gt": clock.now()})


def _has_living_token(account: ServiceAccount) -> bool:
    rows = AccessToken.objects.filter(service_account=account, expires_at__gt=clock.now())
    return rows.filter(is_living("secret__")).exists()
