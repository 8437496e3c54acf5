"""The last step of a sign-on, in the browser that began it: who it is, with which roles."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from access.actor import Actor
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit import clock
from orgs.account_verbs import person
from orgs.locks import locked
from orgs.members import find_membership
from orgs.verbs import verb
from sso.arrivals import find_arrival
from sso.departures import require_usable
from sso.errors import Fault, SignOnRefused
from sso.models import Arrival, Identity, SamlConnection, SsoSession
from sso.provisioning import apply, decide, replace_roles
from sso.queries import locked_connection
from sso.said import Said, read_kept
from sso.seen import digest_of
from sso.sessions import end_sessions

SESSION_LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SignedOn:
    """Who signed in, until when the provider need not be asked again, and when it asked for a
    proof last."""

    user: User
    identity: Identity
    connection: SamlConnection
    saml_id: str
    session_index: str
    until: datetime
    authenticated_at: datetime | None


def finish(token: str, *, begun_here: Collection[str]) -> SignedOn:
    """Let the person in. `begun_here` are the requests that this browser was sent away with; an
    answer to another one is refused, also where it is genuine."""
    arrival = find_arrival(token)
    if arrival is None:
        raise _not_here("This sign-on was finished already, or took too long: begin again.")
    connection = arrival.connection
    actor = person(None)
    try:
        return _sign_in(actor, connection, arrival=arrival, begun_here=begun_here)
    except SignOnRefused as error:
        if error.fault is Fault.NO_ROLES:
            _take_roles(actor, connection, said=read_kept(arrival.said))
        raise


@verb(Action.SSO_SIGNED_IN)
def _sign_in(
    actor: Actor, connection: SamlConnection, *, arrival: Arrival, begun_here: Collection[str]
) -> SignedOn:
    del actor  # nobody yet
    if arrival.saml_id and arrival.saml_id not in begun_here:
        raise _not_here("Another browser began this sign-on: begin again in this one.")
    organization = locked(connection.organization_id)
    found = locked_connection(connection)
    require_usable(found)
    taken, _ = Arrival.objects.filter(pk=arrival.pk).delete()
    if not taken:
        raise _not_here("This sign-on was finished already: begin again.")
    said = read_kept(arrival.said)
    decision = decide(found, organization, said)
    identity = apply(found, organization, said, decision)
    record(
        person(identity.user),
        Action.SSO_SIGNED_IN,
        target=found.audit_target(),
        email=identity.user.email,
        started_at="here" if arrival.saml_id else "the provider",
        joined=decision.joins,
        linked=decision.identity is None and not decision.joins,
        roles=None if decision.roles is None else sorted({str(one.role) for one in decision.roles}),
    )
    return SignedOn(
        user=identity.user,
        identity=identity,
        connection=found,
        saml_id=arrival.saml_id,
        session_index=said.session_index,
        until=_until(said),
        authenticated_at=said.authenticated_at,
    )


@verb(Action.MEMBER_ROLES_CHANGED)
def _take_roles(actor: Actor, connection: SamlConnection, *, said: Said) -> None:
    """The provider names no role any more: those held end, and sessions with them."""
    organization = locked(connection.organization_id)
    known = connection.identities.select_related("user").filter(digest=digest_of(said.name_id))
    identity = known.first()
    if identity is None or find_membership(organization, identity.user) is None:
        return
    replace_roles(organization, identity.user, [])
    end_sessions(SsoSession.objects.filter(identity=identity))
    record(
        actor,
        Action.MEMBER_ROLES_CHANGED,
        target=connection.audit_target(),
        email=identity.user.email,
        roles=[],
    )


def _until(said: Said) -> datetime:
    latest = clock.now() + SESSION_LASTS
    return latest if said.session_until is None else min(latest, said.session_until)


def _not_here(message: str) -> SignOnRefused:
    return SignOnRefused(Fault.BROWSER, message)
