"""The kinds of outer keys: what each must be told, checked when it is stored, and made into one."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keyring.outer.aws import AssumedRole, AwsKey
from keyring.outer.google import GoogleKey
from keyring.outer.key import OuterKey
from keyring.outer.sigv4 import AwsCredentials
from keyring.outer.vault import VaultKey
from keyring.outer.wire import Wire
from kit.errors import InvalidArgument
from kit.outbound import AddressRefused, Allowed, ExchangeFailed, place_of, resolved

_GOOGLE = "https://cloudkms.googleapis.com"
_GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
_LIMIT = 2_000
_CA_LIMIT = 20_000
_SECRET_LIMIT = 8_000

Settings = dict[str, str]


class OuterKind(StrEnum):
    """Their names on the wire, and in rows."""

    VAULT = "vault"
    AWS_KMS = "aws_kms"
    GOOGLE_KMS = "google_kms"


LABELS = {
    OuterKind.VAULT: "HashiCorp Vault",
    OuterKind.AWS_KMS: "AWS KMS",
    OuterKind.GOOGLE_KMS: "Google Cloud KMS",
}


@dataclass(frozen=True, slots=True)
class Field:
    """What a setting must look like, and what is taken where it is not given (None: needed)."""

    pattern: str
    default: str | None = None
    is_url: bool = False
    limit: int = _LIMIT


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind is told. `fields` may be shown again, `secrets` never; any set will do."""

    fields: dict[str, Field]
    secrets: tuple[frozenset[str], ...]


_CA = Field(r"(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s-]+)?", "", limit=_CA_LIMIT)
_URL = r"https?://[A-Za-z0-9._~:/\[\]-]+"
_PATH = r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]*[A-Za-z0-9_-])*"
_ARN = r"arn:aws[a-z-]*:"
_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
FORMS: dict[OuterKind, Form] = {
    OuterKind.VAULT: Form(
        {
            "address": Field(_URL, is_url=True),
            "key": Field(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
            "mount": Field(_PATH, "transit"),
            "namespace": Field(rf"(?:{_PATH}/?)?", ""),
            "ca": _CA,
        },
        (frozenset({"token"}), frozenset({"role_id", "secret_id"})),
    ),
    OuterKind.AWS_KMS: Form(
        {
            "key": Field(rf"{_ARN}kms:{_REGION}:\d{{12}}:(?:key|alias)/[A-Za-z0-9/_-]+"),
            "role_arn": Field(rf"(?:{_ARN}iam::\d{{12}}:role/[A-Za-z0-9+=,.@/_-]+)?", ""),
            "external_id": Field(r"[A-Za-z0-9+=,.@:/_-]*", ""),
            "endpoint": Field(rf"(?:{_URL})?", "", is_url=True),
            "sts_endpoint": Field(rf"(?:{_URL})?", "", is_url=True),
            "ca": _CA,
        },
        (
            frozenset({"access_key_id", "secret_access_key"}),
            frozenset({"access_key_id", "secret_access_key", "session_token"}),
        ),
    ),
    OuterKind.GOOGLE_KMS: Form(
        {
            "key": Field(
                r"projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+"
                r"/cryptoKeys/[A-Za-z0-9_-]+"
            ),
            "endpoint": Field(_URL, _GOOGLE, is_url=True),
            "token_endpoint": Field(_URL, _GOOGLE_TOKENS, is_url=True),
            "ca": _CA,
        },
        (frozenset({"service_account_key"}),),
    ),
}


def checked_settings(kind: str, given: Mapping[str, object], *, allowed: Allowed) -> Settings:
    """The settings of that kind, defaults filled in, and nothing else. Raises `InvalidArgument`."""
    fields = FORMS[checked_kind(kind)].fields
    unknown = sorted(set(given) - set(fields))
    if unknown:
        raise InvalidArgument(f"A key at {kind} has no {', '.join(unknown)}.", field=unknown[0])
    return {name: _checked(name, field, given.get(name), allowed) for name, field in fields.items()}


def checked_secret(kind: str, given: Mapping[str, object]) -> Settings:
    """What proves us to the provider. Raises `InvalidArgument`, which never quotes it."""
    form = FORMS[checked_kind(kind)]
    held = {name: value for name, value in given.items() if value not in ("", None)}
    if frozenset(held) not in form.secrets:
        ways = " or ".join(" and ".join(sorted(way)) for way in form.secrets)
        raise InvalidArgument(f"A key at {kind} needs {ways}.", field="secret")
    secret = {name: str(value).strip() for name, value in held.items()}
    if not all(0 < len(value) <= _SECRET_LIMIT for value in secret.values()):
        raise InvalidArgument("A secret of the key provider is too long.", field="secret")
    if any(not value.isprintable() for name, value in secret.items() if not name.endswith("_key")):
        raise InvalidArgument("A secret of the key provider has a line break.", field="secret")
    if kind == OuterKind.GOOGLE_KMS:
        _service_account(secret)
    return secret


def checked_kind(kind: str) -> OuterKind:
    try:
        return OuterKind(kind)
    except ValueError:
        raise InvalidArgument(
            f"kind must be one of {', '.join(OuterKind)}.", field="kind"
        ) from None


def open_outer_key(
    kind: str, settings: Settings, secret: Settings, *, allowed: Allowed
) -> OuterKey:
    """The key that checked settings and secret lead to; nobody is asked yet."""
    wire = Wire(allowed, settings["ca"])
    return _MAKERS[OuterKind(kind)](wire, settings, secret)


def _vault(wire: Wire, settings: Settings, secret: Settings) -> OuterKey:
    return VaultKey(
        wire, settings["address"].rstrip("/"), settings["mount"], settings["key"],
        settings["namespace"], secret,
    )  # fmt: skip


def _aws(wire: Wire, settings: Settings, secret: Settings) -> OuterKey:
    region = settings["key"].split(":")[3]
    endpoint = settings["endpoint"] or f"https://kms.{region}.amazonaws.com"
    tokens = settings["sts_endpoint"] or f"https://sts.{region}.amazonaws.com"
    arn = settings["role_arn"]
    role = AssumedRole(tokens.rstrip("/"), arn, settings["external_id"]) if arn else None
    return AwsKey(
        wire, endpoint.rstrip("/"), region, settings["key"], AwsCredentials(**secret), role
    )


def _google(wire: Wire, settings: Settings, secret: Settings) -> OuterKey:
    account = _service_account(secret)
    return GoogleKey(
        wire, settings["endpoint"].rstrip("/"), settings["token_endpoint"], settings["key"],
        account["client_email"], account["private_key_id"], account["private_key"],
    )  # fmt: skip


_MAKERS: dict[OuterKind, Callable[[Wire, Settings, Settings], OuterKey]] = {
    OuterKind.VAULT: _vault,
    OuterKind.AWS_KMS: _aws,
    OuterKind.GOOGLE_KMS: _google,
}


def _checked(name: str, field: Field, value: object, allowed: Allowed) -> str:
    if value is None or value == "":
        if field.default is None:
            raise InvalidArgument(f"{name} is needed.", field=name)
        value = field.default
    if not isinstance(value, str) or len(value) > field.limit:
        raise InvalidArgument(f"{name} is a text of at most {field.limit} characters.", field=name)
    value = value.strip()
    if not re.fullmatch(field.pattern, value):
        raise InvalidArgument(f"{name} does not have the form of one.", field=name)
    if field.is_url and value:
        _check_address(name, value, allowed)
    return value


def _check_address(name: str, url: str, allowed: Allowed) -> None:
    try:
        place = place_of(url)
    except ValueError:
        raise InvalidArgument(f"{name} is no URL.", field=name) from None
    try:
        resolved(place.host, place.port, allowed=allowed, is_public_allowed=place.is_tls)
    except AddressRefused as error:
        raise InvalidArgument(str(error), field=name) from error
    except ExchangeFailed as error:
        raise InvalidArgument(f"{name}: {error}", field=name) from error


def _service_account(secret: Settings) -> Settings:
    """The few parts of a service account's key file that matter."""
    try:
        file = json.loads(secret["service_account_key"])
        account = {
            name: str(file[name]) for name in ("client_email", "private_key_id", "private_key")
        }
        key = load_pem_private_key(account["private_key"].encode(), password=None)
    except (ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvalidArgument(
            "service_account_key is not the JSON file of a service account's key.", field="secret"
        )
    return account
