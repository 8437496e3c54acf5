"""What ages by itself: metadata is read again, ends are told of, what is over is forgotten."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from access.actor import OPERATOR
from audit.models import Event
from kit import clock
from kit.environment import environment
from kit.errors import InvalidArgument
from orgs.models import EmailDomain
from orgs.tenancy import tenant
from sso.domains import domains_due
from sso.metadata_upkeep import connections_due, read_metadata, set_metadata_url
from sso.models import Arrival, IdpCertificate, SamlConnection, SignOnRequest, SpKeyPair
from sso.queries import certificates_of, find_connection
from sso.tasks import keep_up
from sso.upkeep import each_apart, forget_what_is_over, notice_ends
from tests.console.conftest import Letters
from tests.sso.factory import signer
from tests.sso.provider import Provider, browser
from tests.sso.test_connections import drafted
from tests.support.metadata_host import MetadataHost, running_metadata_host
from tests.support.together import together
from tests.support.world import World


def described(*names: str, entity: str = "https://idp.example.org/entity") -> bytes:
    """The metadata of a provider that signs with these keys."""
    bodies = [
        "".join(line for line in signer(name).certificate.split("\n") if "-----" not in line)
        for name in names
    ]
    keys = "".join(
        '<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
        for body in bodies
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}" '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><IDPSSODescriptor '
        f'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        f'<SingleSignOnService Binding="{binding}" Location="https://idp.example.org/sso"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    ).encode()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MetadataHost]:
    """The operator trusts its authority, and lets this machine be reached."""
    with running_metadata_host(tmp_path) as (running, authority):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("STONEPINE_OUTBOUND_ALLOW", "sso=127.0.0.0/8")
        environment.cache_clear()
        yield running
    monkeypatch.undo()
    environment.cache_clear()


def read(connection: SamlConnection, url: str) -> SamlConnection:
    set_metadata_url(OPERATOR, connection, url=url)
    read_metadata(connection.pk)
    return find_connection(connection.pk)


def test_metadata_is_read_from_its_address(world: World, host: MetadataHost) -> None:
    host.answers["/good"] = (200, described("idp", "next"))
    connection = read(drafted(world), f"{host.base}/good")
    assert connection.metadata_error == ""
    assert connection.metadata_read_at is not None
    pems = {one.pem for one in certificates_of(connection)}
    assert pems == {signer("idp").certificate, signer("next").certificate}


def test_a_redirect_is_followed_to_where_it_leads(world: World, host: MetadataHost) -> None:
    host.answers |= {"/moved": (302, b""), "/good": (200, described("idp"))}
    assert read(drafted(world), f"{host.base}/moved").metadata_error == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, b""), "answered 404"),
        ((304, b""), "answered 304"),
        ((200, b"<a/>"), "one identity provider"),
        ((200, b"<!DOCTYPE a><a/>"), "document type"),
        ((200, b"x" * (1024 * 1024 + 1)), "larger than 1 MiB"),
    ],
)
def test_what_cannot_be_taken_is_told_and_the_last_good_one_stays(
    world: World, host: MetadataHost, answer: tuple[int, bytes], why: str
) -> None:
    host.answers["/bad"] = answer
    connection = read(drafted(world), f"{host.base}/bad")
    assert why in connection.metadata_error
    assert connection.idp_entity_id == "https://idp.example.org/entity"


def test_private_addresses_are_refused(
    world: World, host: MetadataHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STONEPINE_OUTBOUND_ALLOW", "audit=127.0.0.0/8")
    environment.cache_clear()
    host.answers["/good"] = (200, described("idp"))
    assert "may not be reached" in read(drafted(world), f"{host.base}/good").metadata_error
    for url in ("http://idp.example.org/", "file:///etc/passwd", "https://u:p@x.example/", "x"):
        with pytest.raises(InvalidArgument):
            set_metadata_url(OPERATOR, drafted(world), url=url)


def test_an_address_outside_ascii_is_refused(world: World) -> None:
    """Also one that was kept before."""
    connection = drafted(world)
    for url in ("https://idp.example.org/metadatä", "https://bücher.example/metadata"):
        with pytest.raises(InvalidArgument, match="ASCII"):
            set_metadata_url(OPERATOR, connection, url=url)
        with tenant(connection.organization_id):
            SamlConnection.objects.filter(pk=connection.pk).update(metadata_url=url)
        read_metadata(connection.pk)
        assert "ASCII" in find_connection(connection.pk).metadata_error


def test_a_connection_in_use_takes_the_next_certificate_from_its_metadata(
    provider: Provider, host: MetadataHost
) -> None:
    host.answers["/good"] = (200, described("next"))
    connection = read(provider.connection, f"{host.base}/good")
    states = {one.pem: one.state for one in certificates_of(connection)}
    assert states == {signer("idp").certificate: "active", signer("next").certificate: "next"}
    for key in ("idp", "next"):
        answer = provider.sign_in(browser(), by=signer(key))
        assert answer.status_code == 302, key
    host.answers["/good"] = (200, described("idp", entity="https://evil.example"))
    assert "another provider" in read(connection, f"{host.base}/good").metadata_error


def test_metadata_is_read_daily(world: World, host: MetadataHost) -> None:
    """Crosses tenants: connections_due finds those of every organization."""
    host.answers["/good"] = (200, described("idp"))
    both = [drafted(world), drafted(world, is_theirs=True)]
    assert connections_due() == []
    for one in both:
        set_metadata_url(OPERATOR, one, url=f"{host.base}/good")
    assert connections_due() == [one.pk for one in both]
    for one in both:
        read_metadata(one.pk)
    assert connections_due() == []
    acts = Event.objects.using("system").filter(action="sso.metadata_read")
    assert {act.actor_kind for act in acts} == {"system"}


def test_metadata_is_taken_once_however_often_it_is_asked_for(
    world: World, host: MetadataHost
) -> None:
    host.answers |= {"/good": (200, described("idp")), "/other": (200, described("next"))}
    connection = drafted(world)
    set_metadata_url(OPERATOR, connection, url=f"{host.base}/good")
    together([lambda: read_metadata(connection.pk)] * 4)
    read_metadata(connection.pk)
    acts = Event.objects.using("system").filter(action="sso.metadata_read")
    assert acts.count() == 1
    read(connection, f"{host.base}/other")
    assert acts.count() == 2


def test_owners_are_told_30_7_and_1_days_before_a_certificate_ends(
    world: World, letters: Letters
) -> None:
    """Crosses tenants: notice_ends finds those of every organization."""
    ours, theirs = drafted(world), drafted(world, is_theirs=True)

    def ends_in(connection: SamlConnection, **left: int) -> None:
        with tenant(connection.organization_id):
            for kind in (IdpCertificate, SpKeyPair):
                kind.objects.filter(connection=connection).update(
                    not_after=clock.now() + timedelta(**left)
                )

    def told(name: str) -> int:
        notice_ends()
        return len(letters.to(f"{name}@example.com"))

    for one in (ours, theirs):
        ends_in(one, days=31)
    before = told("alice")
    assert before == 0
    for count, left in ((2, 29), (2, 20), (4, 6), (4, 3), (6, 0), (6, 0)):
        ends_in(ours, days=left, hours=12)
        assert told("alice") == before + count, left
    ends_in(theirs, days=2)
    assert told("mallory") >= 2
    text = letters.to("alice@example.com")[-1]
    assert "of the connection Okta ends" in text


def test_what_is_over_is_forgotten(provider: Provider) -> None:
    """Crosses tenants: forget_what_is_over."""
    provider.begin(browser())
    provider.rule(may_start_at_idp=True)
    browser().post(provider.acs, {"SAMLResponse": provider.response()})
    forget_what_is_over()
    assert SignOnRequest.objects.using("system").count() == 1
    assert Arrival.objects.using("system").count() == 1
    with tenant(provider.connection.organization_id):
        SignOnRequest.objects.update(expires_at=clock.now())
        Arrival.objects.update(expires_at=clock.now())
    forget_what_is_over()
    assert not SignOnRequest.objects.using("system").exists()
    assert not Arrival.objects.using("system").exists()


def test_what_breaks_in_one_tenant_stops_nobody_elses_upkeep(world: World) -> None:
    ours, theirs = drafted(world), drafted(world, is_theirs=True)
    reached = []

    def act(connection: SamlConnection) -> None:
        reached.append(connection.pk)
        if connection == ours:
            raise UnicodeError

    each_apart([ours, theirs], act)
    assert reached == [ours.pk, theirs.pk]


def test_a_proof_that_breaks_holds_up_nothing_else(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.begin(browser())
    with tenant(provider.connection.organization_id):
        SignOnRequest.objects.update(expires_at=clock.now())
        EmailDomain.objects.update(checked_at=clock.now() - timedelta(days=2))
    monkeypatch.setenv("STONEPINE_DNS_SERVERS", "127.0.0.1:no-port")
    environment.cache_clear()
    assert len(domains_due()) == 1
    keep_up()
    assert not SignOnRequest.objects.using("system").exists()
