"""Test sign-ons: what arrived, whether or not it would be let in, and what that proves."""

from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.legible import legible
from orgs.locks import locked
from orgs.queries import session_actor
from orgs.verbs import verb
from sso.errors import SignOnRefused
from sso.models import SamlConnection, SignOnRequest, Status, TestSignOn
from sso.parties import PendingRequest
from sso.party import party_of
from sso.provisioning import decide
from sso.queries import locked_connection
from sso.response import verify_response
from sso.said import Said, said_by
from sso.seen import burn
from sso.shown import shown

_MAX_MESSAGE = 500


def keep_trial(connection: SamlConnection, request: SignOnRequest, encoded: str) -> UUID:
    """What came of it, in a row for whoever began the test. Nobody is signed in."""
    user = request.started_by
    if user is None:
        raise LookupError("a test is begun by somebody")
    actor = session_actor(user)
    return _keep(actor, connection, request=request, encoded=encoded, user=user)


@verb(Action.SSO_TESTED)
def _keep(
    actor: Actor, connection: SamlConnection, *, request: SignOnRequest, encoded: str, user: User
) -> UUID:
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    organization = locked(connection.organization_id)
    found = locked_connection(connection)
    request.delete()
    fault = message = address = ""
    try:
        said = _proven(found, request, encoded)
        address = said.email
        decide(found, organization, said)
    except SignOnRefused as error:
        fault, message = str(error.fault), error.message
    trial = TestSignOn.objects.create(
        organization_id=organization.pk,
        connection=found,
        user_id=user.pk,
        fault=fault,
        message=legible(message, limit=_MAX_MESSAGE),
        arrived=shown(encoded, party_of(found)),
    )
    if not fault:
        _note_success(found, user, address)
    _forget_old(found)
    record(
        actor, Action.SSO_TESTED, target=found.audit_target(), fault=fault or None, email=address
    )
    return trial.pk


def _proven(connection: SamlConnection, request: SignOnRequest, encoded: str) -> Said:
    pending = PendingRequest(request.saml_id)
    proven = verify_response(encoded, party_of(connection), expected=pending, now=clock.now())
    burn(connection, proven.id, until=proven.remember_until)
    return said_by(proven)


def _note_success(connection: SamlConnection, user: User, address: str) -> None:
    """The test of an owner's own address is what requiring single sign-on asks for."""
    connection.tested_at = clock.now()
    if address == user.email:
        connection.tested_by = user.pk
    if connection.status == Status.DRAFT:
        connection.status = Status.TESTED
    connection.save(update_fields=["tested_at", "tested_by", "status"])


def _forget_old(connection: SamlConnection, *, kept: int = 20) -> None:
    newest = connection.tests.order_by("-id").values("pk")[:kept]
    connection.tests.exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
