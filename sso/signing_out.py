"""Single logout: the provider ends sessions here, and people who sign out here end them there."""

from dataclasses import dataclass

from access.actor import Actor
from audit.actions import Action
from audit.record import record
from kit import clock
from orgs.account_verbs import person
from orgs.tenancy import tenant
from orgs.verbs import verb
from sso.bindings import signed_query
from sso.errors import Fault, SignOnRefused
from sso.logout import (
    LogoutRequest,
    logout_request,
    logout_response,
    read_posted_request,
    read_redirected_request,
    read_redirected_response,
)
from sso.models import SamlConnection, SsoSession
from sso.party import logout_urls_of, party_of, signing_pair
from sso.queries import locked_connection
from sso.refusals import refusals_kept
from sso.seen import burn, digest_of
from sso.sessions import end_sessions

_MAX_STATE = 1024


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Where to send the browser, and the id that the provider's answer must name."""

    saml_id: str
    url: str


def take_redirected(connection: SamlConnection, raw_query: str, *, state: str) -> str:
    """A LogoutRequest by HTTP-Redirect; the address of our answer, "" where there is none."""
    with refusals_kept(connection, Action.SSO_SIGNED_OUT):
        wish = read_redirected_request(
            raw_query, party_of(connection), logout_urls_of(connection), now=clock.now()
        )
        return _taken(connection, wish, state)


def take_posted(connection: SamlConnection, encoded: str, *, state: str) -> str:
    """The same by HTTP-POST."""
    with refusals_kept(connection, Action.SSO_SIGNED_OUT):
        wish = read_posted_request(
            encoded, party_of(connection), logout_urls_of(connection), now=clock.now()
        )
        return _taken(connection, wish, state)


def say_goodbye(session: SsoSession) -> Goodbye | None:
    """Forget the session, which ends, and ask the provider to end its own; None where it takes
    no such request."""
    connection = session.identity.connection
    with tenant(session.organization_id):
        SsoSession.objects.filter(pk=session.pk).delete()
    if not connection.slo_url:
        return None
    party, urls = party_of(connection), logout_urls_of(connection)
    saml_id, xml = logout_request(
        party, urls, name_id=session.identity.name_id, session_index=session.session_index,
        now=clock.now(),
    )  # fmt: skip
    query = signed_query("SAMLRequest", xml, relay_state="", key=signing_pair(party))
    return Goodbye(saml_id, _joined(urls.theirs, query))


def take_answer(connection: SamlConnection, raw_query: str, *, expected_id: str) -> None:
    """The provider's answer to our request of this browser. Raises `SignOnRefused`."""
    with refusals_kept(connection, Action.SSO_SIGNED_OUT):
        if not expected_id:
            raise SignOnRefused(Fault.REQUEST_MISMATCH, "This browser has asked for no logout.")
        read_redirected_response(
            raw_query, party_of(connection), logout_urls_of(connection),
            expected_id=expected_id, now=clock.now(),
        )  # fmt: skip


def _taken(connection: SamlConnection, wish: LogoutRequest, state: str) -> str:
    with tenant(connection.organization_id):
        burn(connection, wish.id, until=wish.remember_until)
    _end(person(None), connection, wish=wish)
    if not connection.slo_url:
        return ""
    party, urls = party_of(connection), logout_urls_of(connection)
    xml = logout_response(party, urls, answers=wish.id, now=clock.now())
    query = signed_query(
        "SAMLResponse", xml, relay_state=state[:_MAX_STATE], key=signing_pair(party)
    )
    return _joined(urls.theirs, query)


@verb(Action.SSO_SIGNED_OUT)
def _end(actor: Actor, connection: SamlConnection, *, wish: LogoutRequest) -> int:
    """Only the sessions of that NameID at this connection, and of those the named ones."""
    del actor  # the provider: it has no account
    found = locked_connection(connection)
    rows = SsoSession.objects.filter(
        identity__connection=found, identity__digest=digest_of(wish.name_id)
    )
    if wish.session_indexes:
        rows = rows.filter(session_index__in=wish.session_indexes)
    count = end_sessions(rows)
    provider = Actor(person(None).kind, None, found.name)
    record(
        provider, Action.SSO_SIGNED_OUT, target=found.audit_target(),
        name_id=wish.name_id, ended_sessions=count,
    )  # fmt: skip
    return count


def _joined(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"
