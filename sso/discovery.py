"""Which connection somebody signs in through: by their address, or by their organization."""

from kit.errors import NotFound
from sso.addresses import domain_of
from sso.errors import SignOnRefused
from sso.models import SamlConnection
from sso.queries import find_connection_of_domain, find_connection_of_slug


def connection_of_address(email: str) -> SamlConnection:
    """Raises `NotFound` where the domain is nobody's who has single sign-on."""
    try:
        found = find_connection_of_domain(domain_of(email))
    except SignOnRefused:
        found = None
    if found is None:
        raise NotFound(
            "There is no single sign-on for this address: sign in with a password or a passkey.",
            field="email",
        )
    return found


def connection_of_organization(slug: str) -> SamlConnection:
    found = find_connection_of_slug(slug)
    if found is None:
        raise NotFound("There is no single sign-on at this address.")
    return found
