"""Connections: who may make them, what they hold, and the way from a draft to one in use."""

from dataclasses import replace
from typing import Any

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from kit import clock
from kit.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PaymentRequired,
    PermissionDenied,
)
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from sso.certificates import add_certificate, retire_certificate
from sso.connections import (
    Rules,
    activate_connection,
    create_connection,
    delete_connection,
    disable_connection,
    set_provider,
    set_rules,
)
from sso.key_pairs import begin_key_rotation, finish_key_rotation
from sso.metadata import ProviderMetadata
from sso.models import SamlConnection, SpKeyPair, Status
from sso.party import party_of
from sso.published import published_metadata
from sso.queries import (
    certificates_of,
    connections_of,
    find_active_connection,
    find_connection,
    find_connection_of_domain,
    find_connection_of_slug,
    get_connection,
    key_pairs_of,
)
from tests.sso.factory import signer
from tests.sso.test_domains import DOMAIN, proven
from tests.support.name_server import NameServer
from tests.support.world import World

PROVIDER = ProviderMetadata(
    entity_id="https://idp.example.org/entity",
    sso_redirect_url="https://idp.example.org/sso",
    sso_post_url=None,
    slo_redirect_url="https://idp.example.org/slo",
    slo_post_url=None,
    certificates=(signer("idp").certificate,),
)


def drafted(world: World, *, is_theirs: bool = False) -> SamlConnection:
    organization = world.elsewhere if is_theirs else world.organization
    connection = create_connection(OPERATOR, organization, name="Okta", preset="okta")
    set_provider(OPERATOR, connection, provider=PROVIDER)
    return now_of(connection)


def now_of(connection: SamlConnection) -> SamlConnection:
    return find_connection(connection.pk)


def after_trial(connection: SamlConnection, **changes: Any) -> SamlConnection:
    """As a test sign-in leaves it."""
    with tenant(connection.organization_id):
        SamlConnection.objects.filter(pk=connection.pk).update(
            status=Status.TESTED, tested_at=clock.now(), **changes
        )
    return now_of(connection)


def active(world: World, names: NameServer) -> SamlConnection:
    proven(world, names)
    connection = after_trial(drafted(world))
    activate_connection(OPERATOR, connection)
    return now_of(connection)


def test_a_connection_begins_as_a_draft_with_a_key_of_its_own(world: World) -> None:
    connection = drafted(world)
    assert connection.status == Status.DRAFT
    party = party_of(connection)
    assert party.entity_id.endswith(f"/sso/saml/{connection.pk}/metadata")
    assert party.certificates == (signer("idp").certificate,)
    assert "BEGIN PRIVATE KEY" in party.key_pairs[0].private_key


def test_our_private_keys_are_sealed_and_bound_to_their_connection(world: World) -> None:
    one, other = drafted(world), drafted(world)
    (pair,), (foreign,) = key_pairs_of(one), key_pairs_of(other)
    assert b"PRIVATE KEY" not in bytes(pair.sealed_key)
    with tenant(one.organization_id):
        SpKeyPair.objects.filter(pk=pair.pk).update(sealed_key=foreign.sealed_key)
    with pytest.raises(Exception, match=r".") as refusal:
        party_of(one)
    assert type(refusal.value).__name__ == "DataLoss"


def test_only_owners_see_and_make_connections(world: World) -> None:
    connection = drafted(world)
    for act in (
        lambda: create_connection(world.bob, world.organization, name="mine"),
        lambda: connections_of(world.bob, world.organization),
        lambda: get_connection(world.bob, world.organization, connection.pk),
    ):
        with pytest.raises(PermissionDenied):
            act()
    with pytest.raises(NotFound):
        get_connection(world.mallory, world.elsewhere, connection.pk)


@pytest.mark.parametrize("plan", [Plan.STARTER, Plan.STANDARD])
def test_other_plans_are_told_which_one_it_takes(world: World, plan: Plan) -> None:
    organization = set_plan(OPERATOR, world.organization, plan=plan)
    with pytest.raises(PaymentRequired, match="single sign-on: it needs Enterprise or Dedicated"):
        create_connection(world.alice, organization, name="Okta")


def test_a_connection_is_used_only_after_a_test_and_with_a_domain(
    world: World, names: NameServer
) -> None:
    connection = drafted(world)
    with pytest.raises(FailedPrecondition, match="test"):
        activate_connection(world.alice, connection)
    connection = after_trial(connection)
    with pytest.raises(FailedPrecondition, match="domain"):
        activate_connection(world.alice, connection)
    proven(world, names)
    activate_connection(world.alice, connection)
    assert now_of(connection).is_active
    disable_connection(world.alice, connection)
    assert now_of(connection).status == Status.DISABLED
    activate_connection(world.alice, connection)
    assert now_of(connection).is_active


def test_another_provider_needs_another_test(world: World) -> None:
    connection = after_trial(drafted(world))
    set_provider(world.alice, connection, provider=replace(PROVIDER, entity_id="urn:else"))
    assert now_of(connection).status == Status.DRAFT
    assert now_of(connection).tested_at is None


def test_a_connection_in_use_keeps_its_provider_and_takes_its_next_certificate(
    world: World, names: NameServer
) -> None:
    connection = active(world, names)
    with pytest.raises(FailedPrecondition, match="another"):
        set_provider(world.alice, connection, provider=replace(PROVIDER, entity_id="urn:else"))
    following = replace(PROVIDER, certificates=(signer("next").certificate,))
    set_provider(world.alice, connection, provider=following)
    states = {one.pem: one.state for one in certificates_of(connection)}
    assert states == {signer("idp").certificate: "active", signer("next").certificate: "next"}
    assert len(party_of(connection).certificates) == 2


def test_the_last_certificate_of_a_connection_in_use_stays(world: World, names: NameServer) -> None:
    connection = active(world, names)
    (old,) = certificates_of(connection)
    with pytest.raises(FailedPrecondition, match="last certificate"):
        retire_certificate(world.alice, connection, old.pk)
    add_certificate(world.alice, connection, text=signer("next").certificate)
    retire_certificate(world.alice, connection, old.pk)
    assert party_of(connection).certificates == (signer("next").certificate,)
    assert [one.state for one in certificates_of(connection)] == ["retired", "active"]


def test_our_keys_are_rotated_in_two_steps(world: World) -> None:
    connection = drafted(world)
    first = party_of(connection).key_pairs
    begin_key_rotation(world.alice, connection)
    both = party_of(connection).key_pairs
    assert both[0] == first[0]
    assert len(both) == 2
    with pytest.raises(FailedPrecondition):
        begin_key_rotation(world.alice, connection)
    finish_key_rotation(world.alice, connection)
    assert party_of(connection).key_pairs == (both[1],)


def test_our_metadata_is_signed_anew_only_where_it_says_something_else(world: World) -> None:
    """Anybody may ask for it, and a signature costs."""
    ours, theirs = drafted(world), drafted(world, is_theirs=True)
    first = published_metadata(ours)
    assert published_metadata(ours) == first  # each signing makes another ID
    assert published_metadata(theirs) != first
    begin_key_rotation(world.alice, ours)
    both = published_metadata(ours)
    finish_key_rotation(world.alice, ours)
    assert len({first, both, published_metadata(ours)}) == 3
    assert published_metadata(ours).count(b"SignatureValue>") == 2


def test_one_connection_is_active_at_a_time(world: World, names: NameServer) -> None:
    first = active(world, names)
    second = after_trial(drafted(world))
    activate_connection(world.alice, second)
    assert now_of(first).status == Status.DISABLED
    assert now_of(second).is_active


def test_a_connection_in_use_is_not_deleted(world: World, names: NameServer) -> None:
    connection = active(world, names)
    with pytest.raises(FailedPrecondition):
        delete_connection(world.alice, connection)
    disable_connection(world.alice, connection)
    delete_connection(world.alice, connection)
    with pytest.raises(NotFound):
        find_connection(connection.pk)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(default_role=Role.ORG_OWNER),
        Rules(default_role=Role.PROJECT_EDITOR),
        Rules(group_roles={"admins": "pinecone:OrgOwner"}),
        Rules(group_roles={"admins": "root"}),
        Rules(group_roles={" ": "pinecone:OrgMember"}),
        Rules(email_attribute="x" * 300),
    ],
)
def test_rules_that_give_too_much_or_mean_nothing_are_refused(world: World, rules: Rules) -> None:
    with pytest.raises(InvalidArgument):
        set_rules(world.alice, drafted(world), rules=rules)


def test_a_connection_is_found_by_domain_and_by_the_organizations_name(
    world: World, names: NameServer
) -> None:
    """Crosses tenants: another organization's connection is planted and not found."""
    theirs = after_trial(drafted(world, is_theirs=True))
    assert find_connection_of_domain(DOMAIN) is None
    ours = active(world, names)
    assert find_connection_of_domain(DOMAIN) == ours
    assert find_connection_of_slug(world.organization.slug) == ours
    assert find_connection_of_slug(world.elsewhere.slug) is None
    assert find_active_connection(world.elsewhere.pk) is None
    assert find_connection(theirs.pk).organization_id == world.elsewhere.pk
