"""Each set of credentials makes a store of its cloud, without asking anybody yet."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dataplane.importer.remote_source import open_remote
from dataplane.importer.source import ImportFailed
from storage.import_uris import parse_import_uri

_S3 = {"access_key_id": "AKID", "secret_access_key": "secret"}


@pytest.fixture(scope="module")
def service_account_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "client_email": "robot@example.iam",
        "private_key": pem.decode(),
        "private_key_id": "7",
    }
    return json.dumps(account)


@pytest.mark.parametrize("place", [{}, {"region": "eu-west-1"}, {"endpoint": "http://127.0.0.1:1"}])
@pytest.mark.parametrize("credentials", [{}, _S3, {**_S3, "session_token": "t"}])
def test_of_s3(place: dict[str, str], credentials: dict[str, str]) -> None:
    open_remote(parse_import_uri("s3://bucket/a"), place, credentials)


@pytest.mark.parametrize(
    "credentials", [{}, {"account_key": "c2VjcmV0"}, {"sas_token": "?sv=1&sig=x"}]
)
def test_of_azure(credentials: dict[str, str]) -> None:
    open_remote(parse_import_uri("https://acct.blob.core.windows.net/box/a"), {}, credentials)


def test_of_gcs(service_account_key: str) -> None:
    uri = parse_import_uri("gs://bucket/a")
    open_remote(uri, {}, {})
    open_remote(uri, {}, {"service_account_key": service_account_key})


def test_credentials_that_are_none_are_told_without_their_text() -> None:
    with pytest.raises(ImportFailed) as failure:
        open_remote(parse_import_uri("gs://bucket/a"), {}, {"service_account_key": "geheim"})
    assert "geheim" not in str(failure.value)
