"""A response arrives at the assertion consumer service: proven, burnt, and kept for two minutes.

The provider's form comes from another site, so the browser's session cannot be seen there. What was
proven waits under a random token, and the page that the browser is sent to sees both.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from audit.actions import Action
from kit import clock
from orgs.tenancy import tenant
from sso.departures import find_request, require_usable
from sso.markup import decoded, parsed
from sso.models import Arrival, Purpose, SamlConnection, SignOnRequest
from sso.parties import PendingRequest
from sso.party import party_of
from sso.refusals import refusals_kept
from sso.response import verify_response
from sso.said import said_by
from sso.seen import burn, digest_of
from sso.trials import keep_trial

_WAITS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Received:
    """Where the browser goes next: on with the token, or to what a test has shown."""

    token: str = ""
    trial_id: UUID | None = None


def receive(connection: SamlConnection, encoded: str) -> Received:
    """Take the form's `SAMLResponse`. Raises `SignOnRefused`, recorded, for whatever is wrong."""
    with refusals_kept(connection, Action.SSO_SIGNED_IN):
        request = _request_of(connection, encoded)
        if request is not None and request.purpose == Purpose.TEST:
            return Received(trial_id=keep_trial(connection, request, encoded))
        require_usable(connection)
        party = party_of(connection)
        expected = None if request is None else PendingRequest(request.saml_id)
        proven = verify_response(encoded, party, expected=expected, now=clock.now())
        token = secrets.token_urlsafe(32)
        with tenant(connection.organization_id):
            burn(connection, proven.id, until=proven.remember_until)
            if request is not None:
                request.delete()
            Arrival.objects.create(
                organization_id=connection.organization_id,
                connection=connection,
                digest=digest_of(token),
                saml_id=proven.in_response_to or "",
                purpose=Purpose.SIGN_IN,
                said=said_by(proven).kept(),
                expires_at=clock.now() + _WAITS,
            )
        return Received(token=token)


def find_arrival(token: str) -> Arrival | None:
    """Whose organization it is stands in the row. Crosses tenants."""
    rows = Arrival.objects.using("system").select_related("connection__organization")
    return rows.filter(digest=digest_of(token), expires_at__gt=clock.now()).first()


def _request_of(connection: SamlConnection, encoded: str) -> SignOnRequest | None:
    """The request that the response claims to answer, if it is one of ours under way."""
    answers = parsed(decoded(encoded)).get("InResponseTo")
    if not answers:
        return None
    with tenant(connection.organization_id):
        return find_request(connection, answers)
