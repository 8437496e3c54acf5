"""The verbs of single sign-on, prepared for the tests that walk all verbs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from access.actor import OPERATOR, Actor
from kit import clock
from orgs.models import EmailDomain
from orgs.tenancy import tenant
from sso import (
    certificates,
    connections,
    domains,
    enforcement,
    key_pairs,
    metadata_upkeep,
    sign_on,
    signing_out,
    trials,
)
from sso.logout import LogoutRequest
from sso.models import Arrival, Purpose, SamlConnection, SignOnRequest, Status
from sso.queries import certificates_of, find_connection
from sso.said import Said, read_kept
from tests.sso.factory import signer
from tests.sso.test_connections import PROVIDER, drafted
from tests.support.codes import with_app
from tests.support.world import World

Case = Callable[[World], Callable[[Actor], Any]]


class Proof:
    """A resolver that finds the record of one claim."""

    def __init__(self, claim: EmailDomain) -> None:
        self.claim = claim

    def texts(self, name: str) -> list[str]:
        is_there = name == domains.challenge_name(self.claim)
        return [domains.challenge_text(self.claim)] if is_there else []


def _claim(world: World) -> EmailDomain:
    return domains.claim_domain(OPERATOR, world.organization, domain="pine.example.com")


def _on_claim(act: Callable[[Actor, EmailDomain], Any]) -> Case:
    def prepared(world: World) -> Callable[[Actor], Any]:
        claim = _claim(world)
        return lambda actor: act(actor, claim)

    return prepared


def _lapsing(world: World) -> Callable[[Actor], Any]:
    """Its proof was missing for as long as one may."""
    claim = verified(world)
    since = clock.now() - domains.GRACE
    with tenant(claim.organization_id):
        EmailDomain.objects.filter(pk=claim.pk).update(missing_since=since)
    return lambda actor: domains._lapse(actor, claim)


def verified(world: World) -> EmailDomain:
    claim = _claim(world)
    domains.verify_domain(OPERATOR, claim, resolver=Proof(claim))
    return claim


def ready(world: World, *, status: Status = Status.TESTED) -> SamlConnection:
    """A connection that was tested, of an organization with a domain."""
    verified(world)
    connection = drafted(world)
    with tenant(connection.organization_id):
        SamlConnection.objects.filter(pk=connection.pk).update(status=status, tested_at=clock.now())
    return find_connection(connection.pk)


def _on_connection(act: Callable[[Actor, SamlConnection], Any]) -> Case:
    def prepared(world: World) -> Callable[[Actor], Any]:
        connection = drafted(world)
        return lambda actor: act(actor, connection)

    return prepared


def _retirement(world: World) -> Callable[[Actor], Any]:
    connection = drafted(world)
    (only,) = certificates_of(connection)
    return lambda actor: certificates.retire_certificate(actor, connection, only.pk)


def _finish(world: World) -> Callable[[Actor], Any]:
    connection = drafted(world)
    key_pairs.begin_key_rotation(OPERATOR, connection)
    return lambda actor: key_pairs.finish_key_rotation(actor, connection)


def _activation(world: World) -> Callable[[Actor], Any]:
    connection = ready(world)
    return lambda actor: connections.activate_connection(actor, connection)


def _disabling(world: World) -> Callable[[Actor], Any]:
    connection = ready(world, status=Status.ACTIVE)
    return lambda actor: connections.disable_connection(actor, connection)


def _arrival(world: World) -> Arrival:
    """A proven sign-on of somebody new, as it waits for its browser."""
    connection = ready(world, status=Status.ACTIVE)
    said = Said("nina", "nina@pine.example.com").kept()
    with tenant(connection.organization_id):
        return Arrival.objects.create(
            organization_id=connection.organization_id, connection=connection, digest="d",
            purpose=Purpose.SIGN_IN, said=said, expires_at=clock.now() + timedelta(minutes=2),
        )  # fmt: skip


def _signing_in(world: World) -> Callable[[Actor], Any]:
    arrival = _arrival(world)
    return lambda actor: sign_on._sign_in(actor, arrival.connection, arrival=arrival, begun_here=())


def _taking_roles(world: World) -> Callable[[Actor], Any]:
    arrival = _arrival(world)
    sign_on._sign_in(OPERATOR, arrival.connection, arrival=arrival, begun_here=())
    said = read_kept(arrival.said)
    return lambda actor: sign_on._take_roles(actor, arrival.connection, said=said)


def _trial(world: World) -> Callable[[Actor], Any]:
    connection = ready(world)
    with tenant(connection.organization_id):
        request = SignOnRequest.objects.create(
            organization_id=connection.organization_id, connection=connection, saml_id="_t",
            purpose=Purpose.TEST, started_by=world.people["alice"], expires_at=clock.now(),
        )  # fmt: skip
    user = world.people["alice"]
    return lambda actor: trials._keep(actor, connection, request=request, encoded="", user=user)


def _taking_metadata(actor: Actor, connection: SamlConnection) -> None:
    metadata_upkeep._take(actor, connection, provider=PROVIDER)


def _with_way_around(world: World) -> EmailDomain:
    """Tested, active, and with an owner who has a second factor."""
    ready(world, status=Status.ACTIVE)
    with_app(world.people["alice"])
    with tenant(world.organization.pk):
        return EmailDomain.objects.select_related("organization").get()


def _requiring(world: World) -> Callable[[Actor], Any]:
    domain = _with_way_around(world)
    return lambda actor: enforcement.require_sso(actor, domain)


def _lifting(world: World) -> Callable[[Actor], Any]:
    domain = _with_way_around(world)
    enforcement.require_sso(OPERATOR, domain)
    return lambda actor: enforcement.lift_requirement(actor, domain)


def _signing_out(world: World) -> Callable[[Actor], Any]:
    connection = ready(world, status=Status.ACTIVE)
    wish = LogoutRequest("_out", "nina", (), clock.now())
    return lambda actor: signing_out._end(actor, connection, wish=wish)


SSO_CASES: dict[str, Case] = {
    "sso.domains.claim_domain": lambda world: (
        lambda actor: domains.claim_domain(actor, world.organization, domain="pine.example.com")
    ),
    "sso.domains.verify_domain": _on_claim(
        lambda actor, claim: domains.verify_domain(actor, claim, resolver=Proof(claim))
    ),
    "sso.domains.release_domain": _on_claim(domains.release_domain),
    "sso.domains._lapse": _lapsing,
    "sso.connections.create_connection": lambda world: (
        lambda actor: connections.create_connection(
            actor, world.organization, name="Okta", preset="okta"
        )
    ),
    "sso.connections.set_provider": _on_connection(
        lambda actor, one: connections.set_provider(actor, one, provider=PROVIDER)
    ),
    "sso.connections.set_rules": _on_connection(
        lambda actor, one: connections.set_rules(actor, one, rules=connections.Rules())
    ),
    "sso.connections.activate_connection": _activation,
    "sso.connections.disable_connection": _disabling,
    "sso.connections.delete_connection": _on_connection(connections.delete_connection),
    "sso.certificates.add_certificate": _on_connection(
        lambda actor, one: certificates.add_certificate(actor, one, text=signer("next").certificate)
    ),
    "sso.certificates.retire_certificate": _retirement,
    "sso.key_pairs.begin_key_rotation": _on_connection(key_pairs.begin_key_rotation),
    "sso.key_pairs.finish_key_rotation": _finish,
    "sso.metadata_upkeep.set_metadata_url": _on_connection(
        lambda actor, one: metadata_upkeep.set_metadata_url(
            actor, one, url="https://idp.invalid/metadata"
        )
    ),
    "sso.metadata_upkeep._take": _on_connection(_taking_metadata),
    "sso.enforcement.require_sso": _requiring,
    "sso.enforcement.lift_requirement": _lifting,
    "sso.sign_on._sign_in": _signing_in,
    "sso.sign_on._take_roles": _taking_roles,
    "sso.signing_out._end": _signing_out,
    "sso.trials._keep": _trial,
}
