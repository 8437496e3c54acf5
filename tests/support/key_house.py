"""Vault, AWS KMS and Google Cloud KMS as far as outer keys ask them, on one local port.

Each verifies what a real one would: token, signature (recomputed here by the provider's own
rules), assertion; and binds what it wraps to key and context.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from kit import clock

VAULT_TOKEN = "hvs.of-the-tests"
APP_ROLE = {"role_id": "role-1", "secret_id": "secret-1"}
AWS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
AWS_ROLE = "arn:aws:iam::111122223333:role/stonepine"
AWS_SECRET = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG"}
_AWS_SESSION = ("ASIASESSION", "of-the-session", "token-of-the-session")
GOOGLE_KEY = "projects/acme/locations/europe-west3/keyRings/ring/cryptoKeys/stonepine"

Answer = tuple[int, dict[str, Any]]


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class KeyHouse:
    """`is_enabled` False: each key is disabled, as its owner would at the provider's own console.
    `is_down`: whatever is asked is answered by 503."""

    url: str
    is_enabled: bool = True
    is_down: bool = False
    asked: list[Asked] = field(default_factory=list)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    # Of Vault's key, which its owner can rotate; earlier versions than the least one open nothing.
    earlier: list[bytes] = field(default_factory=list)
    least_version: int = 1
    vault_tokens: list[str] = field(default_factory=lambda: [VAULT_TOKEN])
    _gate: threading.Event = field(default_factory=threading.Event)
    _waiting: int = 0

    def __post_init__(self) -> None:
        self._gate.set()

    @contextmanager
    def held_up(self) -> Iterator[Callable[[], None]]:
        """Nobody is answered before what it gives is called, or the block ends."""
        self._gate.clear()
        try:
            yield self._gate.set
        finally:
            self._gate.set()
            self._waiting = 0

    def has_waiting(self) -> bool:
        return self._waiting > 0

    def settings(self, kind: str, **more: str) -> dict[str, str]:
        return {**_SETTINGS[kind](self.url), **more}

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        self._waiting += not self._gate.is_set()
        self._gate.wait(10)
        if self.is_down:
            return 503, {}
        if asked.path.startswith("/v1/projects/") or asked.path == "/token":
            return self._google(asked)
        return self._vault(asked) if asked.path.startswith("/v1/") else self._aws(asked)

    @property
    def version(self) -> int:
        return len(self.earlier) + 1

    def rotate(self) -> None:
        """As `vault write -f transit/keys/stonepine/rotate`."""
        self.earlier.append(self.secret)
        self.secret = secrets.token_bytes(32)

    def _seal(self, plain: bytes, bound: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.secret).encrypt(nonce, plain, bound)

    def _open(self, sealed: bytes, bound: bytes, version: int | None = None) -> bytes:
        key = self.secret if version in {None, self.version} else self.earlier[(version or 0) - 1]
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], bound)

    def _vault(self, asked: Asked) -> Answer:
        if asked.path == "/v1/auth/approle/login":
            if asked.document != APP_ROLE:
                return 400, {"errors": ["invalid role or secret ID"]}
            return 200, {"auth": {"client_token": self.vault_tokens[-1]}}
        if asked.headers.get("x-vault-token") not in self.vault_tokens or not self.is_enabled:
            return 403, {"errors": ["1 error occurred: permission denied"]}
        act, body = asked.path.removeprefix("/v1/transit/"), asked.document
        bound = base64.b64decode(body["associated_data"])
        if act == "encrypt/stonepine":
            sealed = self._seal(base64.b64decode(body["plaintext"]), bound)
            text = base64.b64encode(sealed).decode()
            return 200, {"data": {"ciphertext": f"vault:v{self.version}:{text}"}}
        if act != "decrypt/stonepine":
            return 400, {"errors": ["encryption key not found"]}
        try:
            _, named, text = body["ciphertext"].split(":")
            version = int(named.removeprefix("v"))
            if version < self.least_version:
                return 400, {"errors": ["ciphertext or signature version is disallowed by policy"]}
            plain = self._open(base64.b64decode(text), bound, version)
        except (InvalidTag, ValueError, IndexError):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}

    def _aws(self, asked: Asked) -> Answer:
        session = asked.headers.get("x-amz-security-token")
        id_, secret = AWS_SECRET["access_key_id"], AWS_SECRET["secret_access_key"]
        if session is not None:
            id_, secret = _AWS_SESSION[:2]
        service = "kms" if "x-amz-target" in asked.headers else "sts"
        if session not in (None, _AWS_SESSION[2]) or not _is_signed(asked, id_, secret, service):
            return 403, {"__type": "InvalidSignatureException", "Error": {"Code": "InvalidSig"}}
        return self._sts(asked) if service == "sts" else self._kms(asked)

    def _sts(self, asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode())
        if form["RoleArn"] != [AWS_ROLE] or form.get("ExternalId") != ["of-acme"]:
            return 403, {"Error": {"Code": "AccessDenied"}}
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        made = dict(zip(names, _AWS_SESSION, strict=True))
        return 200, {"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": made}}}

    def _kms(self, asked: Asked) -> Answer:
        body = asked.document
        if body["KeyId"] != AWS_KEY:
            return 400, {"__type": "NotFoundException"}
        if not self.is_enabled:
            return 400, {"__type": "com.amazonaws.kms#DisabledException"}
        bound = json.dumps(body["EncryptionContext"], sort_keys=True).encode()
        if asked.headers["x-amz-target"] == "TrentService.Encrypt":
            sealed = self._seal(base64.b64decode(body["Plaintext"]), bound)
            return 200, {"CiphertextBlob": base64.b64encode(sealed).decode()}
        try:
            plain = self._open(base64.b64decode(body["CiphertextBlob"]), bound)
        except (InvalidTag, ValueError):
            return 400, {"__type": "InvalidCiphertextException"}
        return 200, {"Plaintext": base64.b64encode(plain).decode()}

    def _google(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            assertion = parse_qs(asked.body.decode())["assertion"][0]
            is_good = _is_assertion(assertion, audience=f"{self.url}/token")
            return (200, {"access_token": "ya29"}) if is_good else (400, {"error": "invalid_grant"})
        if asked.headers.get("authorization") != "Bearer ya29":
            return 401, {"error": {"status": "UNAUTHENTICATED"}}
        key, _, act = asked.path.removeprefix("/v1/").partition(":")
        if key != GOOGLE_KEY:
            return 404, {"error": {"status": "NOT_FOUND"}}
        if not self.is_enabled:
            return 400, {"error": {"status": "FAILED_PRECONDITION"}}
        bound = base64.b64decode(asked.document["additionalAuthenticatedData"])
        if act == "encrypt":
            sealed = self._seal(base64.b64decode(asked.document["plaintext"]), bound)
            return 200, {"ciphertext": base64.b64encode(sealed).decode()}
        try:
            plain = self._open(base64.b64decode(asked.document["ciphertext"]), bound)
        except (InvalidTag, ValueError):
            return 400, {"error": {"status": "INVALID_ARGUMENT"}}
        return 200, {"plaintext": base64.b64encode(plain).decode()}


SECRETS: dict[str, Callable[[], dict[str, str]]] = {
    "vault": lambda: {"token": VAULT_TOKEN},
    "aws_kms": lambda: dict(AWS_SECRET),
    "google_kms": lambda: {"service_account_key": service_account_key()},
}
_SETTINGS: dict[str, Callable[[str], dict[str, str]]] = {
    "vault": lambda url: {"address": url, "key": "stonepine"},
    "aws_kms": lambda url: {"key": AWS_KEY, "endpoint": url, "sts_endpoint": url},
    "google_kms": lambda url: {
        "key": GOOGLE_KEY, "endpoint": url, "token_endpoint": f"{url}/token",
    },
}  # fmt: skip


@cache
def _account() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def service_account_key() -> str:
    """A key file as Google hands it out."""
    pem = _account().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account", "client_email": "stonepine@acme.iam.example",
            "private_key_id": "kid-1", "private_key": pem.decode(),
            "token_uri": "https://elsewhere.example/token",
        }
    )  # fmt: skip


def _is_assertion(assertion: str, *, audience: str) -> bool:
    signing, _, signature = assertion.rpartition(".")
    try:
        _account().public_key().verify(_plain(signature), signing.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    head, claims = (json.loads(_plain(part)) for part in signing.split("."))
    now = clock.now().timestamp()
    return bool(
        head == {"alg": "RS256", "typ": "JWT", "kid": "kid-1"}
        and claims["iss"] == "stonepine@acme.iam.example"
        and claims["aud"] == audience
        and claims["scope"] == "https://www.googleapis.com/auth/cloudkms"
        and claims["iat"] <= now < claims["exp"] <= claims["iat"] + 3600
    )


def _plain(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _is_signed(asked: Asked, id_: str, secret: str, service: str) -> bool:
    """By the rules of AWS, from what came over the wire."""
    stated = asked.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ")
    parts = dict(part.split("=", 1) for part in stated.split(", "))
    moment = asked.headers["x-amz-date"]
    scope = [moment[:8], "eu-central-1", service, "aws4_request"]
    names = parts["SignedHeaders"].split(";")
    must = {"host", "x-amz-date"} | {name for name in asked.headers if name.startswith("x-amz-")}
    canonical = f"POST\n{asked.path}\n\n"
    canonical += "".join(f"{name}:{asked.headers[name]}\n" for name in names)
    canonical += f"\n{parts['SignedHeaders']}\n{hashlib.sha256(asked.body).hexdigest()}"
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            moment,
            "/".join(scope),
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = b"AWS4" + secret.encode()
    for part in [*scope, to_sign]:
        key = hmac.digest(key, part.encode(), "sha256")
    is_scope = parts["Credential"] == "/".join([id_, *scope])
    return is_scope and must <= set(names) and hmac.compare_digest(key.hex(), parts["Signature"])


@contextmanager
def key_house() -> Iterator[KeyHouse]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server calls it so
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = house.answer(Asked(self.path, headers, body))
            encoded = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_arguments: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        house = KeyHouse(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        try:
            yield house
        finally:
            server.shutdown()
            thread.join()


_LASTING: list[AbstractContextManager[KeyHouse]] = []


@cache
def lasting_house() -> KeyHouse:
    """One for as long as the process lives: put back what you change."""
    _LASTING.append(key_house())
    return _LASTING[0].__enter__()
