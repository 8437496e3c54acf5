"""Each kind of outer key: what it wraps it alone unwraps, and how its holder's answers are told."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from keyring.outer.key import KeyRefused, OuterKey
from keyring.outer.kinds import OuterKind, checked_secret, checked_settings, open_outer_key
from keyring.outer.sigv4 import AwsCredentials, Signer
from kit.destinations import parse_destinations
from kit.errors import DataLoss, InvalidArgument, Unavailable
from kit.ids import new_id
from tests.support.key_house import (
    APP_ROLE,
    AWS_ROLE,
    AWS_SECRET,
    SECRETS,
    KeyHouse,
    key_house,
)

KINDS = [kind.value for kind in OuterKind]
_LOOPBACK = parse_destinations("127.0.0.0/8")
_INNER = b"wrapped by the keyring already"


@pytest.fixture
def house() -> Iterator[KeyHouse]:
    with key_house() as running:
        yield running


def _key(house: KeyHouse, kind: str, secret: dict[str, str] | None = None, **more: str) -> OuterKey:
    settings = checked_settings(kind, house.settings(kind, **more), allowed=_LOOPBACK)
    held = checked_secret(kind, secret or SECRETS[kind]())
    return open_outer_key(kind, settings, held, allowed=_LOOPBACK)


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_wraps_it_unwraps_for_the_same_project_alone(house: KeyHouse, kind: str) -> None:
    key, project = _key(house, kind), new_id()
    wrapped = key.wrap(project, _INNER)
    assert _INNER not in wrapped
    assert key.unwrap(project, wrapped) == _INNER
    with pytest.raises(DataLoss):
        key.unwrap(new_id(), wrapped)
    with pytest.raises(DataLoss):
        key.unwrap(project, wrapped[:-4] + b"AAAA")


@pytest.mark.parametrize("kind", KINDS)
def test_a_disabled_key_is_a_refusal_and_comes_back(house: KeyHouse, kind: str) -> None:
    key, project = _key(house, kind), new_id()
    wrapped = key.wrap(project, _INNER)
    house.is_enabled = False
    with pytest.raises(KeyRefused, match="cannot be used"):
        key.unwrap(project, wrapped)
    house.is_enabled = True
    assert key.unwrap(project, wrapped) == _INNER


@pytest.mark.parametrize("kind", KINDS)
def test_a_provider_that_is_down_is_no_refusal(house: KeyHouse, kind: str) -> None:
    key = _key(house, kind)
    house.is_down = True
    with pytest.raises(Unavailable, match="answered 503"):
        key.wrap(new_id(), _INNER)
    settings = checked_settings(kind, house.settings(kind), allowed=_LOOPBACK)
    out_of_reach = open_outer_key(kind, settings, SECRETS[kind](), allowed=())
    with pytest.raises(Unavailable, match="cannot be asked"):
        out_of_reach.wrap(new_id(), _INNER)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("vault", {"token": "hvs.another"}),
        ("vault", {"role_id": "role-1", "secret_id": "another"}),
        ("aws_kms", {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "another"}),
        ("aws_kms", {**AWS_SECRET, "session_token": "another"}),
    ],
)
def test_who_is_not_let_in_is_refused(house: KeyHouse, kind: str, secret: dict[str, str]) -> None:
    with pytest.raises(KeyRefused):
        _key(house, kind, secret).wrap(new_id(), _INNER)


def test_an_approle_signs_in_first(house: KeyHouse) -> None:
    _key(house, "vault", APP_ROLE).wrap(new_id(), _INNER)
    assert [asked.path for asked in house.asked] == [
        "/v1/auth/approle/login", "/v1/transit/encrypt/stonepine",
    ]  # fmt: skip


def test_a_role_is_taken_on_with_its_external_id(house: KeyHouse) -> None:
    wanted = {"role_arn": AWS_ROLE, "external_id": "of-acme"}
    key, project = _key(house, "aws_kms", **wanted), new_id()
    assert key.unwrap(project, key.wrap(project, _INNER)) == _INNER
    with pytest.raises(KeyRefused, match="AccessDenied"):
        _key(house, "aws_kms", role_arn=AWS_ROLE, external_id="of-mallory").wrap(project, _INNER)


def test_the_signature_is_the_one_that_aws_published() -> None:
    """The suite's `post-x-www-form-urlencoded`."""
    credentials = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    signed = Signer(credentials, "us-east-1", "service").sign(
        "https://example.amazonaws.com/",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"Param1=value1",
        datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
    )
    assert signed["Authorization"].endswith(
        "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
    )


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("vault", {"address": "https://10.0.0.1:8200"}, "address"),
        ("vault", {"address": "file:///etc/passwd"}, "address"),
        ("vault", {"address": "http://1.1.1.1"}, "address"),
        ("vault", {"key": "../sys/seal"}, "key"),
        ("vault", {"key": "a?b"}, "key"),
        ("vault", {"mount": "transit/../sys"}, "mount"),
        ("vault", {"namespace": "a\r\nX-Evil: 1"}, "namespace"),
        ("vault", {"surprise": "1"}, "surprise"),
        ("aws_kms", {"key": "alias/mine"}, "key"),
        ("aws_kms", {"endpoint": "http://169.254.169.254"}, "endpoint"),
        ("google_kms", {"key": "projects/p"}, "key"),
        ("google_kms", {"token_endpoint": "http://metadata.google.internal@10.0.0.1"}, "token"),
    ],
)
def test_settings_that_lead_elsewhere_are_refused(
    house: KeyHouse, kind: str, change: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        checked_settings(kind, house.settings(kind, **change), allowed=_LOOPBACK)
    assert str(refused.value.fields["field"]).startswith(field)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("vault", {}),
        ("vault", {"token": "a", "role_id": "b"}),
        ("vault", {"token": "line\nbreak"}),
        ("aws_kms", {"access_key_id": "a"}),
        ("google_kms", {"service_account_key": "{}"}),
        ("google_kms", {"service_account_key": '{"private_key": "x"}'}),
    ],
)
def test_half_a_secret_is_refused_without_being_quoted(kind: str, secret: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        checked_secret(kind, secret)
    assert all(value not in refused.value.message for value in secret.values() if len(value) > 2)
    with pytest.raises(InvalidArgument, match="kind must be one of"):
        checked_settings("azure", {}, allowed=())
