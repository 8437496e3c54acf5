"""Who calls the Admin API: service accounts by role, and tokens that are none, or none any more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from access import keys
from access.actor import OPERATOR, Actor
from access.permissions import Role
from kit import clock
from orgs.access_tokens import issue_access_token
from orgs.models import ServiceAccountSecret
from orgs.role_bindings import Assignment
from orgs.service_accounts import (
    create_service_account,
    delete_service_account,
    revoke_secret,
    rotate_secret,
)
from orgs.tenancy import tenant
from tests.matrix.cast import key_of, with_wrong_secret
from tests.matrix.reference import ORGANIZATION_ROLES, PROJECT_ROLES
from tests.support.world import World


@dataclass(frozen=True)
class Robot:
    """`roles` is None where the token is none, or none any more."""

    label: str
    token: str
    roles: frozenset[str] | None
    is_elsewhere: bool = False


def living_robots(world: World) -> Iterator[Robot]:
    for role in (*ORGANIZATION_ROLES, *PROJECT_ROLES):
        roles = frozenset({role} if role in ORGANIZATION_ROLES else {"OrgMember", role})
        yield Robot(f"service account {role}", token_of(world, roles), roles)
    owner = frozenset({"OrgOwner"})
    yield Robot("owner elsewhere", token_of(world, owner, is_ours=False), owner, is_elsewhere=True)


def ended_robots(world: World) -> Iterator[Robot]:
    """Each was an owner's once, or is no token at all."""
    for label, end in ENDS.items():
        secret, token = _owner(world)
        end(world, secret)
        yield Robot(f"a token {label}", token, None)
    plain = create_service_account(
        OPERATOR, world.organization, name="robot", assignments=[Assignment(Role.ORG_OWNER)]
    )[1]
    living = token_of(world, frozenset({"OrgOwner"}))
    values = {
        "an API key": key_of(world),
        "the secret itself": plain.value,
        "a wrong token": with_wrong_secret(living, keys.SecretKind.ACCESS_TOKEN),
        "garbage": "garbage",
        "nothing": "",
    }
    yield from (Robot(label, value, None) for label, value in values.items())


def _expire(world: World, secret: ServiceAccountSecret) -> None:
    with tenant(world.organization.pk):
        secret.tokens.update(expires_at=clock.now() - timedelta(seconds=1))


def _expire_secret(world: World, secret: ServiceAccountSecret) -> None:
    with tenant(world.organization.pk):
        rows = ServiceAccountSecret.objects.filter(pk=secret.pk)
        rows.update(expires_at=clock.now() - timedelta(seconds=1))


def _change_secret(
    act: Callable[[Actor, ServiceAccountSecret], object],
) -> Callable[[World, ServiceAccountSecret], None]:
    def changed(_world: World, secret: ServiceAccountSecret) -> None:
        act(OPERATOR, secret)

    return changed


# What ends a token, beside the suspension of its organization.
ENDS: dict[str, Callable[[World, ServiceAccountSecret], None]] = {
    "that has expired": _expire,
    "of an expired secret": _expire_secret,
    "of a revoked secret": _change_secret(revoke_secret),
    "of a rotated secret": _change_secret(
        lambda actor, secret: rotate_secret(actor, secret.service_account)
    ),
    "of a deleted service account": _change_secret(
        lambda actor, secret: delete_service_account(actor, secret.service_account)
    ),
}


def _owner(world: World) -> tuple[ServiceAccountSecret, str]:
    """A new owner's secret, and a token for it."""
    account, plain = create_service_account(
        OPERATOR, world.organization, name="robot", assignments=[Assignment(Role.ORG_OWNER)]
    )
    token = issue_access_token(account.client_id, plain.value).plain.value
    with tenant(world.organization.pk):
        secrets = account.secrets.select_related("service_account__organization")
        (secret,) = secrets
    return secret, token


def token_of(world: World, roles: frozenset[str], *, is_ours: bool = True) -> str:
    assignments = [
        Assignment(Role(role), None if role in ORGANIZATION_ROLES else world.project.pk)
        for role in sorted(roles)
    ]
    organization = world.organization if is_ours else world.elsewhere
    account, plain = create_service_account(
        OPERATOR, organization, name="robot", assignments=assignments
    )
    return issue_access_token(account.client_id, plain.value).plain.value
