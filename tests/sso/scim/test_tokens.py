"""SCIM tokens: two at a time, shown once, kept as digests, good for one organization alone."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR
from access.keys import SecretKind
from kit import clock
from kit.errors import (
    InvalidArgument,
    NotFound,
    PaymentRequired,
    PermissionDenied,
    QuotaExceeded,
    Unauthenticated,
)
from orgs.organizations import set_plan, suspend_organization
from orgs.plans import Plan
from orgs.tenancy import tenant
from projects.peppers import rotate_pepper
from sso.scim.models import ScimToken
from sso.scim.queries import get_scim_token, scim_tokens
from sso.scim.tokens import authenticate_scim_token, create_scim_token, revoke_scim_token
from tests.matrix.cast import key_of, with_wrong_checksum, with_wrong_secret
from tests.support.directory import token_of
from tests.support.world import World


def test_a_token_leads_to_its_organization_and_nowhere_else(world: World) -> None:
    ours, theirs = token_of(world.organization), token_of(world.elsewhere)
    for token, organization in ((ours, world.organization), (theirs, world.elsewhere)):
        actor, found = authenticate_scim_token(token, organization.public_id)
        assert found.pk == organization.pk
        assert {grant.organization_id for grant in actor.grants} == {organization.pk}
    for token, organization in ((ours, world.elsewhere), (theirs, world.organization)):
        with pytest.raises(Unauthenticated):
            authenticate_scim_token(token, organization.public_id)


def test_whatever_is_no_living_token_gets_the_same_answer(world: World) -> None:
    token = token_of(world.organization)
    row = scim_tokens(OPERATOR, world.organization)[0]
    wrong = [
        "", "garbage", key_of(world), with_wrong_checksum(token),
        with_wrong_secret(token, SecretKind.SCIM), token.replace(row.public_id, "AAAAAAAA"),
    ]  # fmt: skip
    for value in wrong:
        with pytest.raises(Unauthenticated, match=r"^Invalid SCIM token\.$"):
            authenticate_scim_token(value, world.organization.public_id)


def test_only_a_digest_is_kept(world: World) -> None:
    token = token_of(world.organization)
    (row,) = scim_tokens(world.alice, world.organization)
    assert token not in str({**row.__dict__, "digest": bytes(row.digest)})
    assert row.shown.startswith(token[:15])
    assert row.shown.endswith(token[-4:])


def test_two_are_good_at_a_time_and_expired_ones_make_room(world: World) -> None:
    first = token_of(world.organization)
    second = token_of(world.organization)
    with pytest.raises(QuotaExceeded, match="at most 2"):
        token_of(world.organization)
    for token in (first, second):
        assert authenticate_scim_token(token, world.organization.public_id)
    with tenant(world.organization.pk):
        rows = ScimToken.objects.filter(public_id=first.split("_")[1])
        rows.update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        authenticate_scim_token(first, world.organization.public_id)
    assert token_of(world.organization)


def test_a_token_is_good_for_90_days_unless_somebody_says_otherwise(world: World) -> None:
    token, _ = create_scim_token(world.alice, world.organization, name="Okta")
    forever, _ = create_scim_token(world.alice, world.organization, name="Entra", days=None)
    assert forever.expires_at is None
    assert token.expires_at is not None
    assert timedelta(days=89) < token.expires_at - clock.now() <= timedelta(days=90)


@pytest.mark.parametrize(("name", "days"), [("", 90), ("x" * 81, 90), ("Okta", 0), ("Okta", 3651)])
def test_a_token_without_sense_is_refused(world: World, name: str, days: int) -> None:
    with pytest.raises(InvalidArgument):
        create_scim_token(world.alice, world.organization, name=name, days=days)
    assert scim_tokens(world.alice, world.organization) == []


def test_a_revoked_one_is_refused_by_the_next_call(world: World) -> None:
    value = token_of(world.organization)
    (row,) = scim_tokens(world.alice, world.organization)
    revoke_scim_token(world.alice, row)
    with pytest.raises(Unauthenticated):
        authenticate_scim_token(value, world.organization.public_id)
    with pytest.raises(NotFound):
        revoke_scim_token(world.alice, row)


def test_a_suspended_organization_lets_no_provider_in(world: World) -> None:
    value = token_of(world.organization)
    suspend_organization(OPERATOR, world.organization, reason="a test")
    with pytest.raises(Unauthenticated):
        authenticate_scim_token(value, world.organization.public_id)


def test_it_needs_enterprise(world: World) -> None:
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired, match="needs Enterprise or Dedicated"):
        token_of(world.organization)


def test_strangers_see_no_tokens(world: World) -> None:
    token_of(world.organization)
    (row,) = scim_tokens(world.alice, world.organization)
    with pytest.raises(PermissionDenied):
        scim_tokens(world.mallory, world.organization)
    with pytest.raises(PermissionDenied):
        scim_tokens(world.vera, world.organization)
    with pytest.raises(NotFound):
        get_scim_token(world.mallory, world.elsewhere, row.pk)


def test_its_use_is_noted_and_moves_it_to_the_new_pepper(world: World) -> None:
    value = token_of(world.organization)
    (before,) = scim_tokens(world.alice, world.organization)
    assert before.last_used_at is None
    rotate_pepper()
    assert authenticate_scim_token(value, world.organization.public_id)
    (after,) = scim_tokens(world.alice, world.organization)
    assert after.last_used_at is not None
    assert after.pepper_id == before.pepper_id + 1
    assert authenticate_scim_token(value, world.organization.public_id)
