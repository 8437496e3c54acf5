"""Second factors: sealed at rest and bound to their owner, codes that work once."""

import pytest
from allauth.mfa.models import Authenticator

from accounts.second_factors import (
    SealingAdapter,
    WrongCode,
    check_code,
    factors_of,
    has_second_factor,
    sealed_for,
    unused_recovery_codes,
)
from kit.errors import DataLoss, FailedPrecondition, PermissionDenied
from orgs.account_verbs import person
from orgs.second_factors import (
    add_authenticator_app,
    add_passkey,
    remove_second_factor,
    renew_codes,
)
from tests.support.codes import codes_now, with_app
from tests.support.together import together
from tests.support.world import World


def test_secrets_are_sealed_and_bound_to_their_owner(world: World) -> None:
    alice, bob = world.people["alice"], world.people["bob"]
    secret, codes = with_app(alice)
    stored = str([factor.data for factor in Authenticator.objects.filter(user=alice)])
    assert secret not in stored
    assert not any(code in stored for code in codes)
    sealed = Authenticator.objects.filter(user=alice, type="totp")[0].data["secret"]
    with sealed_for(alice):
        assert SealingAdapter().decrypt(sealed) == secret
    with sealed_for(bob), pytest.raises(DataLoss):
        SealingAdapter().decrypt(sealed)
    with pytest.raises(LookupError):
        SealingAdapter().decrypt(sealed)


def test_a_factor_moved_to_another_account_opens_nothing(world: World) -> None:
    secret, _ = with_app(world.people["bob"])
    Authenticator.objects.filter(user=world.people["bob"], type="totp").update(
        user=world.people["alice"]
    )
    with pytest.raises(DataLoss):
        check_code(world.people["alice"], codes_now(secret)[1])


def test_each_code_of_the_app_works_once_and_no_older_one_after_it(world: World) -> None:
    alice = world.people["alice"]
    secret, _ = with_app(alice)
    before, now, after = codes_now(secret)
    assert check_code(alice, f"{now[:3]} {now[3:]}").type == "totp"
    for stale in (now, before):
        with pytest.raises(WrongCode):
            check_code(alice, stale)
    assert check_code(alice, after).last_used_at is not None


def test_a_recovery_code_works_once_even_for_simultaneous_tries(world: World) -> None:
    alice = world.people["alice"]
    _, codes = with_app(alice)
    assert len(set(codes)) == 10
    outcomes = together([lambda: check_code(alice, codes[0])] * 4)
    assert [type(one) for one in outcomes].count(Authenticator) == 1
    assert unused_recovery_codes(alice) == 9


def test_renewing_replaces_all_recovery_codes(world: World) -> None:
    alice = world.people["alice"]
    _, old = with_app(alice)
    new = renew_codes(person(alice), alice)
    assert not set(old) & set(new)
    with pytest.raises(WrongCode):
        check_code(alice, old[0])
    check_code(alice, new[0])


def test_without_a_factor_there_are_no_recovery_codes(world: World) -> None:
    with pytest.raises(FailedPrecondition):
        renew_codes(person(world.people["alice"]), world.people["alice"])


def test_the_last_factor_takes_the_recovery_codes_along(world: World) -> None:
    alice = world.people["alice"]
    with_app(alice)
    (app,) = [factor for factor in factors_of(alice) if factor.type == "totp"]
    remove_second_factor(person(alice), alice, factor_id=app.pk)
    assert not has_second_factor(alice)
    assert factors_of(alice) == []


def test_a_second_app_is_refused(world: World) -> None:
    secret, _ = with_app(world.people["alice"])
    with pytest.raises(FailedPrecondition):
        with_app(world.people["alice"])
    assert check_code(world.people["alice"], codes_now(secret)[1])


def test_nobody_adds_a_factor_to_the_account_of_another(world: World) -> None:
    mallory = person(world.people["mallory"])
    with pytest.raises(PermissionDenied):
        with_app(world.people["alice"], mallory)
    with pytest.raises(PermissionDenied):
        add_passkey(mallory, world.people["alice"], credential={}, name="mine")
    with pytest.raises(PermissionDenied):
        add_authenticator_app(mallory, world.people["alice"], secret="A" * 32, code="000000")
    assert not has_second_factor(world.people["alice"])
