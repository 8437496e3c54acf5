"""What STONEPINE_PRODUCTION refuses: embedded parts, weak secrets, connections that prove nothing.

Each function names what is weak and what to do about it, and never shows a value: it may be secret.
"""

import ipaddress
import os
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from cli.errors import SetupError
from kit.environment import Environment

_DATABASE_URLS = ("DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_OWNER_URL")
_MIN_SECRET_LENGTH = 32
_MIN_PASSWORD_LENGTH = 16
_OLD_PROTOCOLS = {"TLSv1", "TLSv1.1"}
# Of the object store's library: where it connects to, and what makes it trust anybody.
_ENDPOINTS = (
    "AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT", "GOOGLE_BASE_URL",
)  # fmt: skip
_CARELESS = ("ALLOW_HTTP", "ALLOW_INVALID_CERTIFICATES", "USE_EMULATOR")
_STORES = ("AWS_", "AZURE_", "GOOGLE_")


def weaknesses(
    environment: Environment,
    given: Mapping[str, str] = os.environ,
    *,
    of: Collection[str] | None = None,
) -> list[str]:
    """A sentence for each thing that is not fit for production; `given`: the variables as set.

    `of` names the variables that one part on a machine of its own has, with "gateway" where it is
    what clients dial; without it everything is looked at.
    """

    def has(name: str) -> bool:
        return of is None or name in of

    databases = [name for name in _DATABASE_URLS if has(name)]
    return [
        *(_embedded(given) if of is None else ()),
        *(_secrets(environment) if has("STONEPINE_SECRET_KEY") else ()),
        *(_gateway(environment) if has("gateway") else ()),
        *(fault for name in databases for fault in _database(name, given)),
        *(_redis(given.get("REDIS_URL", "")) if has("REDIS_URL") else ()),
        *(_objects(given) if has("OBJECT_STORE_URL") else ()),
        *(_mail(environment) if has("REDIS_URL") else ()),
    ]


def refuse_weaknesses(found: list[str]) -> None:
    """Raises SetupError with all of them."""
    if found:
        raise SetupError(
            "\n- ".join(["STONEPINE_PRODUCTION refuses this installation:", *found]),
            hint='See "Production" in docs/tls.md.',
        )


def is_weak(secret: str) -> bool:
    """Whether it is too short, or says the same few characters again and again."""
    return len(secret) < _MIN_SECRET_LENGTH or len(set(secret)) < _MIN_SECRET_LENGTH // 4


def _embedded(given: Mapping[str, str]) -> Iterator[str]:
    if not all(given.get(name) for name in _DATABASE_URLS):
        yield f"PostgreSQL is the embedded one: set {', '.join(_DATABASE_URLS)}."
    if not given.get("REDIS_URL"):
        yield "Valkey is the embedded one: set REDIS_URL."
    if not given.get("OBJECT_STORE_URL"):
        yield "Objects go to a folder in the home: set OBJECT_STORE_URL."


def _secrets(environment: Environment) -> Iterator[str]:
    if is_weak(environment.secret_key.get_secret_value()):
        yield (
            f"STONEPINE_SECRET_KEY is too weak: give it {_MIN_SECRET_LENGTH} or more random "
            "characters, or unset it: one is generated then."
        )
    token = environment.metrics_token.get_secret_value()
    if token and is_weak(token):
        yield (
            f"STONEPINE_METRICS_TOKEN is too weak: give it {_MIN_SECRET_LENGTH} or more random "
            "characters, or unset it."
        )
    if environment.debug:
        yield "STONEPINE_DEBUG is on: unset it."


def _gateway(environment: Environment) -> Iterator[str]:
    if environment.advertised_scheme != "https":
        yield "Clients are told to use plain HTTP: set STONEPINE_ADVERTISED_SCHEME=https."
    if environment.tls_certificate is None:
        yield (
            "The gateway's certificate is of the development authority, whose key lies beside it: "
            "set STONEPINE_TLS_CERTIFICATE and STONEPINE_TLS_KEY."
        )


def _database(name: str, given: Mapping[str, str]) -> Iterator[str]:
    try:
        parts = conninfo_to_dict(given.get(name, ""))
    except psycopg.ProgrammingError:
        yield f"{name} is no libpq URL."
        return
    if not given.get(name):
        return  # told of as embedded
    if _is_over_tcp(parts):
        if (parts.get("sslmode") or given.get("PGSSLMODE")) != "verify-full":
            yield f"{name} does not verify the server by name: add sslmode=verify-full."
        if parts.get("ssl_min_protocol_version") in _OLD_PROTOCOLS:
            yield f"{name} admits TLS before 1.2: remove ssl_min_protocol_version."
    password = str(parts.get("password") or "")
    if password and _is_easy(password, str(parts.get("user") or "")):
        yield f"{name} has a password to guess: give it {_MIN_PASSWORD_LENGTH} characters or more."


def _is_over_tcp(parts: Mapping[str, object]) -> bool:
    hosts = str(parts.get("host") or "").split(",")
    return bool(parts.get("hostaddr")) or any(host and host[0] not in "/@" for host in hosts)


def _redis(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    said = dict(parse_qsl(parts.query))
    if not url or parts.scheme == "unix":
        return
    if parts.scheme != "rediss":
        yield "REDIS_URL is not encrypted: make it rediss://…"
    is_verified = said.get("ssl_cert_reqs", "required") in {"required", "CERT_REQUIRED"}
    if not is_verified or said.get("ssl_check_hostname", "true").lower() != "true":
        yield "REDIS_URL does not verify the server by name: remove what turns that off."
    password = unquote(parts.password or said.get("password", ""))
    if _is_easy(password, "") and "ssl_certfile" not in said:
        yield f"REDIS_URL has no password of {_MIN_PASSWORD_LENGTH} characters or more."


def _objects(given: Mapping[str, str]) -> Iterator[str]:
    for name in _ENDPOINTS:
        if given.get(name, "").startswith("http://"):
            yield f"{name} is not encrypted: make it https://…"
    for name, value in given.items():
        is_on = value.lower() in {"1", "true", "yes", "on"}
        if is_on and name.startswith(_STORES) and name.endswith(_CARELESS):
            yield f"{name} lets the object store be anybody: unset it."


def _mail(environment: Environment) -> Iterator[str]:
    server = urlsplit(environment.smtp_url.get_secret_value())
    if server.scheme == "smtp" and not _is_this_machine(server.hostname or ""):
        yield "STONEPINE_SMTP_URL is not encrypted: make it smtp+starttls://… or smtps://…"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_easy(password: str, user: str) -> bool:
    return len(password) < _MIN_PASSWORD_LENGTH or password == user
