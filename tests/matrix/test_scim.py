"""SCIM against tokens of identity providers here and elsewhere, ended ones, and other secrets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.test import Client

from access import keys
from access.actor import OPERATOR
from cli.embedded.postgres import EmbeddedPostgres
from kit import clock
from orgs.organizations import suspend_organization
from orgs.tenancy import tenant
from sso.scim.models import ScimToken
from sso.scim.queries import scim_tokens
from sso.scim.tokens import create_scim_token, revoke_scim_token
from tests.matrix import state
from tests.matrix.cast import Person, key_of, with_wrong_checksum, with_wrong_secret
from tests.matrix.conftest import Stage
from tests.matrix.grid import Cell, told
from tests.matrix.robots import token_of as robot_token_of
from tests.matrix.scim_rows import ROWS
from tests.matrix.walk import filled
from tests.support.directory import token_of
from tests.support.world import World


@dataclass(frozen=True)
class Provider:
    label: str
    token: str
    is_good: bool = False
    client: Client | None = None


def providers(world: World) -> Iterator[Provider]:
    good = token_of(world.organization)
    yield Provider("our provider", good, is_good=True)
    values = {
        "the provider of another organization": token_of(world.elsewhere),
        "an expired token": _expired(world),
        "a revoked token": _revoked(world),
        "a token with a wrong secret": with_wrong_secret(good, keys.SecretKind.SCIM),
        "a token with a wrong checksum": with_wrong_checksum(good),
        "an API key": key_of(world),
        "an owner's service account": robot_token_of(world, frozenset({"OrgOwner"})),
        "garbage": "garbage",
        "nothing": "",
    }
    yield from (Provider(label, value) for label, value in values.items())
    owner = Person("owner", world.people["alice"]).browser()
    yield Provider("the owner's session", "", client=owner)


def _expired(world: World) -> str:
    token, plain = create_scim_token(OPERATOR, world.organization, name="expired")
    with tenant(world.organization.pk):
        rows = ScimToken.objects.filter(pk=token.pk)
        rows.update(expires_at=clock.now() - timedelta(seconds=1))
    return plain.value


def _revoked(world: World) -> str:
    token, plain = create_scim_token(OPERATOR, world.organization, name="revoked")
    revoke_scim_token(OPERATOR, token)
    return plain.value


def _cells(stage: Stage, provider: Provider) -> Iterator[Cell]:
    client = provider.client or Client(raise_request_exception=False)
    values = {**stage.ours, "organization_id": stage.world.organization.public_id}
    for key, row in ROWS.items():
        method, _, route = key.partition(" ")
        reply = client.generic(
            method, filled(route, values), json.dumps(row.body) if row.body else "",
            "application/scim+json", headers={"Authorization": f"Bearer {provider.token}"},
        )  # fmt: skip
        expected = str(row.allowed) if provider.is_good else "401"
        yield Cell(provider.label, method, route, expected, str(reply.status_code))


def test_every_route_answers_our_provider_and_nobody_else(
    stage: Stage, postgres_server: EmbeddedPostgres
) -> None:
    callers = list(providers(stage.world))
    before = state.tables(postgres_server)
    found = [cell for provider in callers for cell in _cells(stage, provider)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) == len(callers) * len(ROWS)
    assert state.tables(postgres_server) == before


def test_no_provider_of_a_suspended_organization_is_let_in(stage: Stage) -> None:
    provider = Provider("of the suspended one", token_of(stage.world.organization))
    suspend_organization(OPERATOR, stage.world.organization, reason="for the matrix")
    surprising = [cell for cell in _cells(stage, provider) if cell.is_surprising]
    assert not surprising, told(surprising)
    (token,) = scim_tokens(OPERATOR, stage.world.organization)
    assert token.last_used_at is None
