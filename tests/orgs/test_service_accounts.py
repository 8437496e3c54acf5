"""Service accounts: their roles, their names, their secrets side by side."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from kit import clock
from kit.errors import (
    InvalidArgument,
    NotFound,
    PaymentRequired,
    PermissionDenied,
    QuotaExceeded,
)
from orgs.models import AccessToken, RoleBinding, ServiceAccount, ServiceAccountSecret
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.queries import find_organization, grants_of
from orgs.role_bindings import Assignment
from orgs.secrets import is_genuine
from orgs.service_accounts import (
    MAX_SECRETS,
    add_secret,
    create_service_account,
    delete_service_account,
    rename_service_account,
    revoke_secret,
    rotate_secret,
    set_secret_expiry,
)
from tests.support.world import World


def test_a_service_account_starts_with_the_roles_it_is_given(world: World) -> None:
    roles = [Assignment(Role.ORG_MEMBER), Assignment(Role.PROJECT_VIEWER, world.project.pk)]
    account, _ = create_service_account(
        world.alice, world.organization, name=" ci ", assignments=[*roles, roles[0]]
    )
    assert account.name == "ci"
    held = {(grant.role, grant.project_id) for grant in grants_of(account.pk)}
    assert held == {(Role.ORG_MEMBER, None), (Role.PROJECT_VIEWER, world.project.pk)}


def test_a_service_account_may_hold_no_role_at_all(world: World) -> None:
    account, _ = create_service_account(world.alice, world.organization, name="ci")
    assert grants_of(account.pk) == ()


@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "a\0b", "a\nb"])
def test_a_name_has_1_to_80_printable_characters(world: World, name: str) -> None:
    with pytest.raises(InvalidArgument):
        create_service_account(world.alice, world.organization, name=name)
    assert not ServiceAccount.objects.using("system").exists()


def test_a_role_that_cannot_be_given_leaves_no_account(world: World) -> None:
    theirs = Assignment(Role.PROJECT_VIEWER, world.their_project.pk)
    misplaced = Assignment(Role.ORG_MEMBER, world.project.pk)
    for assignment, error in ((theirs, NotFound), (misplaced, InvalidArgument)):
        with pytest.raises(error):
            create_service_account(
                world.alice, world.organization, name="ci", assignments=[assignment]
            )
    too_many = [Assignment(Role.PROJECT_VIEWER, world.project.pk)] * 101
    create_service_account(world.alice, world.organization, name="ci", assignments=too_many)
    assert ServiceAccount.objects.using("system").count() == 1


def test_a_rotated_secret_replaces_all_others(world: World) -> None:
    account, first = create_service_account(world.alice, world.organization, name="ci")
    add_secret(world.alice, account)
    second = rotate_secret(world.alice, account)
    row = ServiceAccountSecret.objects.using("system").get()
    assert is_genuine(second, stored=row.digest, pepper_id=row.pepper_id)
    assert not is_genuine(first, stored=row.digest, pepper_id=row.pepper_id)
    assert row.shown == f"spsa_{second.public_id}_…{second.value[-4:]}"


def test_secrets_overlap_until_one_is_revoked(world: World) -> None:
    account, _ = create_service_account(world.alice, world.organization, name="ci")
    (first,) = ServiceAccountSecret.objects.using("system").all()
    end = clock.now() + timedelta(days=1)
    second, _ = add_secret(world.alice, account, expires_at=end)
    assert ServiceAccountSecret.objects.using("system").count() == 2
    assert set_secret_expiry(world.alice, second, expires_at=None).expires_at is None
    revoke_secret(world.alice, first)
    assert ServiceAccountSecret.objects.using("system").get().pk == second.pk
    with pytest.raises(NotFound):
        revoke_secret(world.alice, first)


def test_an_expiry_lies_in_the_future(world: World) -> None:
    account, _ = create_service_account(world.alice, world.organization, name="ci")
    secret, _ = add_secret(world.alice, account)
    for act in (
        lambda: add_secret(world.alice, account, expires_at=clock.now()),
        lambda: set_secret_expiry(world.alice, secret, expires_at=clock.now()),
    ):
        with pytest.raises(InvalidArgument):
            act()


def test_secrets_are_few(world: World) -> None:
    account, _ = create_service_account(world.alice, world.organization, name="ci")
    for _ in range(MAX_SECRETS - 1):
        add_secret(world.alice, account)
    with pytest.raises(QuotaExceeded, match=f"at most {MAX_SECRETS} secrets"):
        add_secret(world.alice, account)


def test_a_deleted_account_takes_everything_along(world: World) -> None:
    roles = [Assignment(Role.ORG_MEMBER)]
    account, _ = create_service_account(
        world.alice, world.organization, name="ci", assignments=roles
    )
    delete_service_account(world.alice, account)
    for rows in (ServiceAccount, ServiceAccountSecret, AccessToken):
        assert not rows.objects.using("system").exists()
    assert not RoleBinding.objects.using("system").filter(principal_id=account.pk).exists()
    for act in (delete_service_account, rotate_secret, add_secret):
        with pytest.raises(NotFound):
            act(world.alice, account)


def test_service_accounts_need_the_plan_but_can_always_be_deleted(world: World) -> None:
    account, _ = create_service_account(world.alice, world.organization, name="ci")
    secret, _ = add_secret(world.alice, account)
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    organization = find_organization("pine")
    assert organization is not None
    for act in (
        lambda: create_service_account(OPERATOR, organization, name="more"),
        lambda: rename_service_account(world.alice, account, name="other"),
        lambda: rotate_secret(world.alice, account),
        lambda: add_secret(world.alice, account),
    ):
        with pytest.raises(PaymentRequired, match="needs Enterprise or Dedicated"):
            act()
    revoke_secret(world.alice, secret)
    delete_service_account(world.alice, account)


def test_only_owners_manage_service_accounts(world: World) -> None:
    account, _ = create_service_account(world.alice, world.organization, name="ci")
    for stranger in (world.bob, world.mallory):
        with pytest.raises(PermissionDenied):
            rename_service_account(stranger, account, name="mine")
