"""Our metadata document as it is handed to whoever asks: signed once a minute, not each time."""

from hashlib import sha256

from django.core.cache import cache

from kit import clock
from sso.metadata import own_metadata
from sso.models import SamlConnection
from sso.parties import Connection
from sso.party import logout_urls_of, party_of, signing_pair

_KEPT_S = 60


def published_metadata(connection: SamlConnection) -> bytes:
    """As the connection stands now: another key makes another document at once."""
    party = party_of(connection)
    name = _name(connection, party)
    kept: bytes | None = cache.get(name)
    if kept is None:
        kept = own_metadata(
            party, slo_url=logout_urls_of(connection).own, signs_with=signing_pair(party),
            now=clock.now(),
        )  # fmt: skip
        cache.set(name, kept, _KEPT_S)
    return kept


def _name(connection: SamlConnection, party: Connection) -> str:
    """Of everything that the document says; the private keys are no part of it."""
    said = [party.entity_id, party.acs_url, logout_urls_of(connection).own]
    said += [pair.certificate for pair in party.key_pairs]
    return f"sso-metadata:{connection.pk}:{sha256(chr(0).join(said).encode()).hexdigest()}"
