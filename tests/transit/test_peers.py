"""Our own clients speak only to whom a trusted authority vouches for, by name and for now."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache.backends.redis import RedisCache
from django.core.mail.backends.smtp import EmailBackend
from kombu import Connection

from audit.streams import syslog
from config.celery import broker_url
from config.mail import mail_server
from dataplane.importer.remote_source import open_remote as open_bucket
from keyring.outer.wire import Wire
from kit.destinations import Purpose
from kit.environment import Environment, environment
from kit.outbound import Place, exchange
from sso.fetching import fetch
from storage.database import connect
from storage.import_uris import parse_import_uri
from storage.remote_objects import open_remote
from tests.support.certificates import Authority, Shown
from tests.transit.peers import Opening, open_postgres, open_smtp, running_peer
from webhooks.addresses import allowed_places


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"), "trusted")


@pytest.fixture(scope="module")
def shown(trusted: Authority) -> dict[str, Shown]:
    stranger = Authority(trusted.folder, "stranger")
    assert trusted.certificate != stranger.certificate
    return {
        "good": trusted.issue("good", "localhost"),
        "expired": trusted.issue("expired", "localhost", ended_ago=timedelta(hours=1)),
        "wrong name": trusted.issue("elsewhere", "elsewhere.example.com"),
        "wrong authority": stranger.issue("foreign", "localhost"),
    }


@pytest.fixture(autouse=True)
def trust(trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system's trust is our authority alone; customers' places may be on this machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    monkeypatch.setenv("STONEPINE_OUTBOUND_ALLOW", "127.0.0.0/8,::1/128")
    environment.cache_clear()
    yield
    environment.cache_clear()


def postgres(port: int, authority: Path, more: str = "") -> None:
    verified = f"sslmode=verify-full&sslrootcert={authority}"
    connect(f"postgresql://app:secret@localhost:{port}/x?{verified}{more}", name="test")


def broker(port: int, _authority: Path, more: str = "") -> None:
    url = broker_url(f"rediss://:secret@localhost:{port}/0?{more}")
    with Connection(url, connect_timeout=2, transport_options={"max_retries": 0}) as connection:
        connection.channel()


def cache(port: int, authority: Path, more: str = "") -> None:
    url = f"rediss://:secret@localhost:{port}/0?ssl_ca_certs={authority}{more}"
    RedisCache(url, {}).get("anything")


def objects(port: int, _authority: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"https://localhost:{port}", "AWS_ACCESS_KEY_ID": "secret",
            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        open_remote("s3://bucket/prefix").get("manifests/1")


def _mail(url: str) -> None:
    server = mail_server(Environment(smtp_url=url))  # type: ignore[arg-type] # read by pydantic
    EmailBackend(
        host=server.host, port=server.port, username=server.user, password=server.password,
        use_tls=server.has_starttls, use_ssl=server.is_tls, timeout=5,
    ).open()  # fmt: skip


def mail(port: int, _authority: Path) -> None:
    _mail(f"smtps://us:secret@localhost:{port}")


def mail_by_starttls(port: int, _authority: Path) -> None:
    _mail(f"smtp+starttls://us:secret@localhost:{port}")


def audit_stream(port: int, authority: Path) -> None:
    allowed = environment().outbound_allowed(Purpose.AUDIT)
    exchange(
        "POST", f"https://localhost:{port}/", b"secret",
        headers={}, allowed=allowed, ca=authority.read_text(),
    )  # fmt: skip


def audit_syslog(port: int, authority: Path) -> None:
    syslog.send(Place("localhost", port, ca=authority.read_text()), [], timeout_s=5)


def key_provider(port: int, authority: Path) -> None:
    wire = Wire(environment().outbound_allowed(Purpose.KMS), ca=authority.read_text())
    wire.post(f"https://localhost:{port}/v1/transit/encrypt/key", b"secret", {})


def webhook(port: int, _authority: Path) -> None:
    exchange(
        "POST", f"https://localhost:{port}/hook", b"secret", headers={}, allowed=allowed_places()
    )


def imported_bucket(port: int, _authority: Path) -> None:
    """The one client of imports; of its places S3's alone may have an address of somebody's own."""
    place = {"endpoint": f"https://localhost:{port}"}
    credentials = {"access_key_id": "secret", "secret_access_key": "secret"}
    list(open_bucket(parse_import_uri("s3://bucket/folder"), place, credentials).entries())


def identity_provider(port: int, _authority: Path) -> None:
    fetch(f"https://localhost:{port}/metadata")


@dataclass(frozen=True)
class Caller:
    """One of our clients, and how its protocol comes to TLS."""

    call: Callable[..., None]
    opening: Opening | None = None
    greeting: bytes = b""


CALLERS = [
    Caller(postgres, opening=open_postgres),
    Caller(broker),
    Caller(cache),
    Caller(objects),
    Caller(mail, greeting=b"220 peer\r\n"),
    Caller(mail_by_starttls, opening=open_smtp),
    Caller(audit_stream),
    Caller(audit_syslog),
    Caller(key_provider),
    Caller(webhook),
    Caller(imported_bucket),
    Caller(identity_provider),
]


@pytest.mark.parametrize("kind", ["good", "expired", "wrong name", "wrong authority"])
@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.call.__name__)
def test_only_the_right_peer_hears_anything(
    trusted: Authority, shown: dict[str, Shown], caller: Caller, kind: str
) -> None:
    """A peer of the right certificate hears our client and hangs up; any other hears nothing."""
    with (
        running_peer(shown[kind], opening=caller.opening, greeting=caller.greeting) as peer,
        contextlib.suppress(Exception),  # each client has an error of its own
    ):
        caller.call(peer.port, trusted.file)
    assert peer.connections
    assert bool(peer.heard) is (kind == "good"), peer.heard


@pytest.mark.parametrize(
    ("caller", "more"),
    [
        (Caller(postgres, opening=open_postgres), "&sslcert={certificate}&sslkey={key}"),
        (Caller(broker), "&ssl_certfile={certificate}&ssl_keyfile={key}"),
        (Caller(cache), "&ssl_certfile={certificate}&ssl_keyfile={key}"),
    ],
    ids=["postgres", "broker", "cache"],
)
def test_stores_that_ask_for_it_see_our_own_certificate(
    trusted: Authority, shown: dict[str, Shown], caller: Caller, more: str
) -> None:
    ours = trusted.issue("stonepine-app", "app.example.com")
    with (
        running_peer(shown["good"], opening=caller.opening, clients=trusted.file) as peer,
        contextlib.suppress(Exception),
    ):
        said = more.format(certificate=ours.certificate, key=ours.key)
        caller.call(peer.port, trusted.file, said)
    assert peer.heard
    assert peer.client == "stonepine-app"
