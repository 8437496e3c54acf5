"""Outer keys at real servers: HashiCorp Vault or OpenBao, and moto's AWS KMS, where they are.

`vault` or `bao` and `moto_server` are looked for in the PATH; STONEPINE_TEST_VAULT and
STONEPINE_TEST_MOTO name programs that lie elsewhere.
"""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from keyring.outer.key import KeyRefused, OuterKey
from keyring.outer.kinds import checked_secret, checked_settings, open_outer_key
from keyring.outer.sigv4 import AwsCredentials, Signer
from kit import clock
from kit.destinations import parse_destinations
from kit.errors import DataLoss
from kit.ids import new_id
from tests.support.waiting import wait_until

_LOOPBACK = parse_destinations("127.0.0.0/8")
_INNER = b"wrapped by the keyring already"
_TOKEN = "root-of-the-tests"
_REGION = "eu-central-1"
# Who asks while moto verifies nothing yet.
_FIRST = AwsCredentials("first", "of-all")


def _program(variable: str, *names: str) -> str:
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(names)} is installed")
    return found


@contextmanager
def _running(*argv: str, url: str, folder: Path, **more: str) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        child = subprocess.Popen(argv, stdout=log, stderr=log, env=os.environ | more)
    try:
        wait_until(lambda: _answers(url), what=f"{argv[0]} answers", timeout_s=60)
        yield
    finally:
        child.terminate()
        child.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < 500
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _key(kind: str, settings: dict[str, str], secret: dict[str, str]) -> OuterKey:
    checked = checked_settings(kind, settings, allowed=_LOOPBACK)
    return open_outer_key(kind, checked, checked_secret(kind, secret), allowed=_LOOPBACK)


def _wraps(key: OuterKey) -> bytes:
    """What every kind must do; gives what it wrapped for a project of no interest."""
    project = new_id()
    wrapped = key.wrap(project, _INNER)
    assert key.unwrap(project, wrapped) == _INNER
    with pytest.raises(DataLoss):
        key.unwrap(new_id(), wrapped)
    with pytest.raises(DataLoss):
        key.unwrap(project, wrapped[:-4] + b"AAA=")
    return wrapped


class TestVault:
    @pytest.fixture
    def address(self, tmp_path: Path) -> Iterator[str]:
        program = _program("STONEPINE_TEST_VAULT", "vault", "bao")
        place = f"127.0.0.1:{_free_port()}"
        argv = [
            program, "server", "-dev", f"-dev-root-token-id={_TOKEN}",
            f"-dev-listen-address={place}",
        ]  # fmt: skip
        ready = f"http://{place}/v1/sys/health"
        with _running(*argv, url=ready, folder=tmp_path, HOME=str(tmp_path)):
            yield f"http://{place}"

    def _do(self, address: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = httpx.post(
            f"{address}/v1/{path}", json=body or {}, headers={"X-Vault-Token": _TOKEN}
        )
        assert reply.is_success, reply.text
        return dict(reply.json()) if reply.content else {}

    def test_a_transit_key_by_token_and_by_approle(self, address: str) -> None:
        self._do(address, "sys/mounts/transit", {"type": "transit"})
        self._do(address, "transit/keys/stonepine")
        settings = {"address": address, "key": "stonepine"}
        _wraps(_key("vault", settings, {"token": _TOKEN}))
        rule = "\n".join(
            f'path "transit/{act}/stonepine" {{ capabilities = ["update"] }}'
            for act in ("encrypt", "decrypt")
        )
        self._do(address, "sys/policies/acl/stonepine", {"policy": rule})
        self._do(address, "sys/auth/approle", {"type": "approle"})
        self._do(address, "auth/approle/role/stonepine", {"token_policies": "stonepine"})
        role = httpx.get(
            f"{address}/v1/auth/approle/role/stonepine/role-id", headers={"X-Vault-Token": _TOKEN}
        ).json()["data"]["role_id"]
        made = self._do(address, "auth/approle/role/stonepine/secret-id")["data"]["secret_id"]
        key, project = _key("vault", settings, {"role_id": role, "secret_id": made}), new_id()
        wrapped = key.wrap(project, _INNER)
        assert key.unwrap(project, wrapped) == _INNER
        # The customer takes it away: first the right, then the version of the key.
        self._do(address, "sys/policies/acl/stonepine", {"policy": ""})
        with pytest.raises(KeyRefused, match="403"):
            key.unwrap(project, wrapped)
        self._do(address, "sys/policies/acl/stonepine", {"policy": rule})
        self._do(address, "transit/keys/stonepine/rotate")
        assert key.unwrap(project, wrapped) == _INNER
        self._do(address, "transit/keys/stonepine/config", {"min_decryption_version": 2})
        with pytest.raises(KeyRefused, match="400"):
            key.unwrap(project, wrapped)
        with pytest.raises(KeyRefused):
            _key("vault", settings, {"role_id": role, "secret_id": "another"}).wrap(project, b"")
        with pytest.raises(KeyRefused):
            _key("vault", {**settings, "key": "nothing"}, {"token": _TOKEN}).unwrap(
                project, wrapped
            )


class TestAwsKms:
    @pytest.fixture
    def endpoint(self, tmp_path: Path) -> Iterator[str]:
        program = _program("STONEPINE_TEST_MOTO", "moto_server")
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        # After the calls that make a user and its key, every signature is verified.
        with _running(
            program, "-H", "127.0.0.1", "-p", str(port), url=f"{url}/moto-api/", folder=tmp_path,
            INITIAL_NO_AUTH_ACTION_COUNT="4",
        ):  # fmt: skip
            yield url

    def _ask(
        self, url: str, who: AwsCredentials, service: str, headers: dict[str, str], body: bytes
    ) -> Any:
        signer = Signer(who, _REGION, service)
        signed = signer.sign(f"{url}/", headers, body, clock.now())
        reply = httpx.post(f"{url}/", content=body, headers=signed)
        assert reply.is_success, reply.text
        return reply

    def _iam(self, url: str, who: AwsCredentials, /, **asked: str) -> str:
        body = "&".join(f"{name}={value}" for name, value in asked.items()) + "&Version=2010-05-08"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return str(self._ask(url, who, "iam", form, body.encode()).text)

    def _kms(self, url: str, act: str, **asked: Any) -> Any:
        headers = {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentService.{act}",
        }  # fmt: skip
        return self._ask(url, _FIRST, "kms", headers, json.dumps(asked).encode()).json()

    def test_a_key_by_signed_requests(self, endpoint: str) -> None:
        key_arn = self._kms(endpoint, "CreateKey")["KeyMetadata"]["Arn"]
        self._iam(endpoint, _FIRST, Action="CreateUser", UserName="stonepine")
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = quote(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
        self._iam(
            endpoint, _FIRST, Action="PutUserPolicy", UserName="stonepine", PolicyName="use",
            PolicyDocument=policy,
        )  # fmt: skip
        told = self._iam(endpoint, _FIRST, Action="CreateAccessKey", UserName="stonepine")
        id_ = told.split("<AccessKeyId>")[1].split("<")[0]
        secret = told.split("<SecretAccessKey>")[1].split("<")[0]
        settings = {"key": key_arn, "endpoint": endpoint}
        held = {"access_key_id": id_, "secret_access_key": secret}
        _wraps(_key("aws_kms", settings, held))
        project = new_id()
        wrapped = _key("aws_kms", settings, held).wrap(project, _INNER)
        wrong = {"access_key_id": id_, "secret_access_key": secret[::-1]}
        with pytest.raises(KeyRefused, match="AWS refuses it"):
            _key("aws_kms", settings, wrong).unwrap(project, wrapped)
        # The customer takes the right away. (moto decrypts by disabled keys, too.)
        mine = AwsCredentials(**held)
        gone = {"Action": "DeleteUserPolicy", "UserName": "stonepine", "PolicyName": "use"}
        self._iam(endpoint, mine, **gone)
        with pytest.raises(KeyRefused, match="AWS refuses it"):
            _key("aws_kms", settings, held).unwrap(project, wrapped)
