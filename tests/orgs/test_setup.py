"""The first owner's link: works once, for one, and closes itself for ever."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from indexes.models import Index
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, StonepineError
from orgs.models import Organization, SetupLink
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.queries import has_owner, session_actor
from orgs.setup import mint_setup_link, open_setup_link, redeem_setup_link
from orgs.tenancy import tenant
from tests.indexes.test_lifecycle import at_once
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.usefixtures("database", "audit_context")


@pytest.fixture
def organization(database: None, audit_context: None) -> Organization:
    return create_organization(OPERATOR, name="Fresh", plan=Plan.STARTER)


def redeem(token: str, email: str = "first@example.com") -> User:
    return redeem_setup_link(token, email=email, name="First", password=PASSWORD)


def test_the_link_makes_the_owner_and_closes_itself(organization: Organization) -> None:
    token = mint_setup_link(OPERATOR, organization).value
    assert open_setup_link(token).organization == organization
    user = redeem(token, "First@Example.com ")
    assert user.email == "first@example.com"
    assert user.check_password(PASSWORD)
    (grant,) = session_actor(user).grants
    assert (grant.role, grant.organization_id) == (Role.ORG_OWNER, organization.pk)
    for act in (lambda: open_setup_link(token), lambda: redeem(token, "second@example.com")):
        with pytest.raises(FailedPrecondition, match="used"):
            act()
    with pytest.raises(FailedPrecondition, match="has an owner"):
        mint_setup_link(OPERATOR, organization)
    assert User.objects.count() == 1


def test_a_newer_link_replaces_the_older(organization: Organization) -> None:
    old = mint_setup_link(OPERATOR, organization).value
    new = mint_setup_link(OPERATOR, organization).value
    with pytest.raises(NotFound):
        redeem(old)
    assert redeem(new).is_active


def test_an_expired_link_is_refused(organization: Organization) -> None:
    token = mint_setup_link(OPERATOR, organization).value
    with tenant(organization.pk):
        SetupLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(FailedPrecondition, match="expired"):
        redeem(token)
    assert not has_owner(organization)


@pytest.mark.parametrize("token", ["", "garbage", "pcsk_a_b", "spset_" + "a" * 60, "\0", "ä" * 900])
def test_a_token_that_cannot_be_one_is_refused(organization: Organization, token: str) -> None:
    mint_setup_link(OPERATOR, organization)
    with pytest.raises(NotFound):
        redeem(token)


def test_a_wrong_secret_under_a_right_id_is_refused(organization: Organization) -> None:
    from access.keys import SecretKind, mint

    token = mint_setup_link(OPERATOR, organization)
    other = mint(SecretKind.SETUP)
    forged = other.value.replace(other.public_id, token.public_id)
    with pytest.raises(NotFound):
        redeem(forged)


def test_only_the_digest_is_stored(organization: Organization) -> None:
    token = mint_setup_link(OPERATOR, organization)
    row = SetupLink.objects.using("system").get()
    assert token.value.encode() not in bytes(row.digest)
    assert len(bytes(row.digest)) == 32


def test_of_many_at_once_one_becomes_the_owner(organization: Organization) -> None:
    token = mint_setup_link(OPERATOR, organization).value
    results = at_once(6, lambda number: redeem(token, f"first{number}@example.com"))
    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, StonepineError) for result in results) == 5
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("not an address", PASSWORD),
        ("", PASSWORD),
        ("a@b@c", PASSWORD),
        ("first@example.com", "short"),
        ("firstfirstfirst@example.com", "firstfirstfirst"),
    ],
)
def test_a_bad_address_or_password_leaves_the_link_open(
    organization: Organization, email: str, password: str
) -> None:
    token = mint_setup_link(OPERATOR, organization).value
    with pytest.raises(InvalidArgument):
        redeem_setup_link(token, email=email, name="First", password=password)
    assert not User.objects.exists()
    assert redeem(token).is_active


def test_an_address_that_is_taken_is_refused(world: World) -> None:
    fresh = create_organization(OPERATOR, name="Third", plan=Plan.STARTER)
    token = mint_setup_link(OPERATOR, fresh).value
    with pytest.raises(StonepineError, match="exists already"):
        redeem(token, "ALICE@example.com")
    assert Index.objects.using("system").count() == 0
