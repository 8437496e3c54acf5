"""Addresses and passwords, apart from any organization."""

import pytest

from accounts.addresses import checked_email
from accounts.models import User
from accounts.passwords import generated_password, require_good_password, verified
from accounts.queries import find_user, find_user_by_email
from kit.errors import InvalidArgument
from kit.ids import new_id

GOOD = "correct horse battery staple"


@pytest.mark.parametrize("text", ["Alice@Example.com", " alice@example.com ", "ALICE@EXAMPLE.COM"])
def test_one_mailbox_has_one_spelling(text: str) -> None:
    assert checked_email(text) == "alice@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@example.com",
        "a@",
        "a b@c",
        "a@b@c",
        "a@b..c",
        "a\0@b",
        "a" * 251 + "@b.c",
        "a<victim@corp.example>",
        '"b"<victim@corp.example>',
        "c(d)@e.f",
        "a,b@c.d",
        "a@b.",
        "a@.b",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        checked_email(text)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "fourteen chars",
        "alice@example.com",
        "123456789123456789",
        "abababababababab",
        "alice wonderland",
    ],
)
def test_short_common_and_personal_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidArgument):
        require_good_password(password, email="alice@example.com", name="Alice Wonderland")


def test_a_long_password_needs_no_special_characters() -> None:
    require_good_password(GOOD, email="alice@example.com", name="Alice")
    require_good_password(generated_password(), email="alice@example.com", name="Alice")


def test_accounts_are_stored_with_argon2_and_found_by_any_spelling(database: None) -> None:
    user = User.objects.create_user("Alice@Example.com", GOOD, name="Alice")
    assert user.password.startswith("argon2$argon2id$")
    assert find_user_by_email("ALICE@example.com") == user
    assert User.objects.get_by_natural_key("ALICE@example.com") == user
    assert find_user(user.pk) == user
    assert find_user(new_id()) is None
    assert GOOD not in repr(vars(user))


def test_only_the_right_password_of_an_active_account_verifies(database: None) -> None:
    user = User.objects.create_user("alice@example.com", GOOD)
    assert verified(user, GOOD)
    assert not verified(user, GOOD + " ")
    assert not verified(None, GOOD)
    user.is_active = False
    assert not verified(user, GOOD)
