"""Sending a browser to its identity provider: the request, and remembering that it is under way."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from accounts.models import User
from accounts.throttle import require_attempts_left, site_of
from audit import context
from kit import clock
from orgs.plans import FEATURES, Feature, Plan
from orgs.tenancy import tenant
from sso.errors import Fault, SignOnRefused
from sso.models import Binding, Purpose, SamlConnection, SignOnRequest
from sso.party import party_of, signing_pair
from sso.request import PostForm, authn_request, post_to_provider, redirect_to_provider

_TAKES = timedelta(minutes=15)
# An office behind one address starts its day at the same time.
_STARTS_PER_PLACE = 600


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to: an address, or a form to post. The browser's session must keep `saml_id`."""

    saml_id: str
    to: str | PostForm


def require_usable(connection: SamlConnection) -> None:
    """Raise `SignOnRefused` where nobody gets in through the connection at the moment."""
    require_included(connection)
    if not connection.is_active:
        raise SignOnRefused(
            Fault.CONNECTION_INACTIVE,
            f"The connection {connection.name} is not active: an owner activates it.",
        )


def require_included(connection: SamlConnection) -> None:
    owner = connection.organization
    if Feature.SSO not in FEATURES[Plan(owner.plan)]:
        raise SignOnRefused(
            Fault.PLAN, f"The plan of {owner.name} does not include single sign-on any more."
        )
    if owner.is_suspended:
        raise SignOnRefused(Fault.ORGANIZATION_CLOSED, f"{owner.name} is suspended.")


def depart(connection: SamlConnection, *, must_ask_again: bool = False) -> Departure:
    """To sign in."""
    require_usable(connection)
    return _begun(connection, Purpose.SIGN_IN, must_ask_again=must_ask_again)


def depart_for_test(connection: SamlConnection, user: User) -> Departure:
    """To see what would arrive, whatever the connection's state; the face has checked the right."""
    require_included(connection)
    if not connection.sso_url:
        raise SignOnRefused(
            Fault.CONNECTION_INACTIVE, "The connection has no identity provider yet."
        )
    return _begun(connection, Purpose.TEST, user=user)


def find_request(connection: SamlConnection, saml_id: str) -> SignOnRequest | None:
    """One that is under way. Within the tenant's transaction."""
    rows = SignOnRequest.objects.filter(connection=connection, expires_at__gt=clock.now())
    return rows.filter(saml_id=saml_id[:64]).first()


def _begun(
    connection: SamlConnection,
    purpose: Purpose,
    *,
    user: User | None = None,
    must_ask_again: bool = False,
) -> Departure:
    place = site_of(context.current().ip)
    require_attempts_left("sso-start", place, limit=_STARTS_PER_PLACE)
    party = party_of(connection)
    pending, xml = authn_request(party, now=clock.now(), must_ask_again=must_ask_again)
    _keep(connection, purpose, pending.id, user_id=user.pk if user else None)
    key = signing_pair(party) if connection.signs_requests else None
    send = post_to_provider if connection.binding == Binding.POST else redirect_to_provider
    # The state is in the browser's session, under the request's id: nothing of it travels.
    return Departure(pending.id, send(party, xml, relay_state="", key=key))


def _keep(
    connection: SamlConnection, purpose: Purpose, saml_id: str, *, user_id: UUID | None
) -> None:
    with tenant(connection.organization_id):
        SignOnRequest.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            saml_id=saml_id,
            purpose=purpose,
            started_by_id=user_id,
            expires_at=clock.now() + _TAKES,
        )
