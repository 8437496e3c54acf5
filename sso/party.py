"""From a connection's rows to the values that the sans-IO modules work on."""

from kit import clock
from kit.environment import environment
from orgs.models import EmailDomain
from orgs.tenancy import tenant
from sso.key_pairs import opened
from sso.logout import LogoutUrls
from sso.models import CertificateState, KeyPairState, SamlConnection
from sso.parties import Connection, KeyPair


def place_of(connection: SamlConnection) -> str:
    """What all of a connection's addresses begin with."""
    return f"{environment().base_url}/sso/saml/{connection.pk}"


def entity_id_of(connection: SamlConnection) -> str:
    return f"{place_of(connection)}/metadata"


def acs_url_of(connection: SamlConnection) -> str:
    return f"{place_of(connection)}/acs"


def logout_urls_of(connection: SamlConnection) -> LogoutUrls:
    return LogoutUrls(own=f"{place_of(connection)}/slo", theirs=connection.slo_url)


def party_of(connection: SamlConnection) -> Connection:
    """The connection as it stands now, with the organization's domains and all living keys."""
    with tenant(connection.organization_id):
        certificates = connection.certificates.exclude(state=CertificateState.RETIRED).filter(
            not_after__gt=clock.now()
        )
        domains = EmailDomain.objects.filter(
            organization_id=connection.organization_id, verified_at__isnull=False
        )
        return Connection(
            entity_id=entity_id_of(connection),
            acs_url=acs_url_of(connection),
            idp_entity_id=connection.idp_entity_id,
            idp_sso_url=connection.sso_url,
            certificates=tuple(one.pem for one in certificates.order_by("state", "id")),
            domains=frozenset(domains.values_list("domain", flat=True)),
            key_pairs=_living_pairs(connection),
            email_attribute=connection.email_attribute,
            may_start_at_idp=connection.may_start_at_idp,
            must_encrypt=connection.must_encrypt,
        )


def signing_pair(party: Connection) -> KeyPair:
    """The current pair: the first one."""
    return party.key_pairs[0]


def _living_pairs(connection: SamlConnection) -> tuple[KeyPair, ...]:
    pairs = connection.key_pairs.exclude(state=KeyPairState.RETIRED).order_by("state")
    return tuple(opened(pair) for pair in pairs)
