"""Changing, disabling and rolling keys, and what confines them in the control plane."""

from datetime import timedelta

import pytest
from django.db import connections

from access.actor import OPERATOR
from access.permissions import Permission, Role
from access.reach import Reach
from indexes.lifecycle import configure_index, create_index, delete_index
from indexes.queries import get_index, visible_indexes
from kit import clock
from kit.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PaymentRequired,
    PermissionDenied,
    Unauthenticated,
)
from kit.ids import new_id
from orgs.models import Organization
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from projects.api_keys import (
    create_api_key,
    disable_api_key,
    enable_api_key,
    revoke_api_key,
    update_api_key,
)
from projects.key_bounds import UNBOUND, Bounds, bounds_of
from projects.key_rolling import MAX_OVERLAP, roll_api_key
from projects.models import ApiKey
from projects.queries import authenticate_api_key
from tests.support.world import SPEC, World


def test_what_is_left_out_stays_and_roles_replace_the_set(world: World) -> None:
    key, value = world.key(roles=[Role.CONTROL_PLANE_VIEWER, Role.DATA_PLANE_VIEWER])
    update_api_key(world.alice, key, name="renamed")
    found = update_api_key(world.alice, key, roles=[Role.DATA_PLANE_EDITOR])
    assert (found.name, found.roles) == ("renamed", ["DataPlaneEditor"])
    actor, _ = authenticate_api_key(value)
    assert [grant.role for grant in actor.grants] == [Role.DATA_PLANE_EDITOR]


@pytest.mark.parametrize("change", [{"name": ""}, {"roles": []}, {"roles": [Role.ORG_OWNER]}])
def test_a_bad_change_changes_nothing(world: World, change: dict[str, object]) -> None:
    key, _ = world.key()
    with pytest.raises(InvalidArgument):
        update_api_key(world.alice, key, **change)
    stored = ApiKey.objects.using("system").filter(pk=key.pk)[0]
    assert (stored.name, stored.roles) == (key.name, key.roles)


def test_a_plan_without_custom_roles_allows_only_all(world: World) -> None:
    key, _ = world.key()
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    world.project.refresh_from_db(using="system")
    with pytest.raises(PaymentRequired, match="Standard"):
        update_api_key(world.alice, key, roles=[Role.PROJECT_VIEWER])
    with pytest.raises(PaymentRequired):
        world.key(roles=[Role.DATA_PLANE_EDITOR])
    world.key(roles=[Role.PROJECT_EDITOR])


def test_a_disabled_key_is_refused_until_it_is_enabled(world: World) -> None:
    key, value = world.key()
    disable_api_key(world.alice, key)
    disable_api_key(world.alice, key)
    with pytest.raises(Unauthenticated):
        authenticate_api_key(value)
    enable_api_key(world.alice, key)
    enable_api_key(world.alice, key)
    assert authenticate_api_key(value)[0].principal_id == key.pk


def test_a_revoked_key_is_not_there_to_be_changed(world: World) -> None:
    key, _ = world.key()
    revoke_api_key(world.alice, key)
    disable_api_key(world.alice, key)
    for act in (enable_api_key, roll_api_key, update_api_key):
        with pytest.raises(NotFound):
            act(world.alice, key)


def test_both_keys_open_during_the_overlap_and_then_only_the_new_one(world: World) -> None:
    index_id = new_id()
    bounds = Bounds(index_ids=(index_id,), namespaces=("a", "__default__"))
    key, old = create_api_key(OPERATOR, world.project, name="worker", bounds=bounds)
    end = clock.now() + timedelta(hours=1)
    successor, new = roll_api_key(world.alice, key, until=end)
    reach = Reach(frozenset({index_id}), frozenset({"a", ""}))
    for plain in (old, new):
        assert authenticate_api_key(plain.value)[0].reach == reach
    stored = ApiKey.objects.using("system").filter(pk=key.pk)[0]
    assert (stored.expires_at, stored.replaced_by_id) == (end, successor.pk)
    assert (successor.name, successor.expires_at) == ("worker", None)
    with pytest.raises(FailedPrecondition, match="rolled already"):
        roll_api_key(world.alice, key)


def test_a_key_rolled_without_overlap_ends_at_once(world: World) -> None:
    key, old = world.key()
    _, new = roll_api_key(world.alice, key)
    with pytest.raises(Unauthenticated):
        authenticate_api_key(old)
    authenticate_api_key(new.value)


def test_rolling_neither_prolongs_a_key_nor_waits_too_long(world: World) -> None:
    soon = clock.now() + timedelta(hours=1)
    key, _ = create_api_key(OPERATOR, world.project, name="short", expires_at=soon)
    with pytest.raises(InvalidArgument, match="30 days"):
        roll_api_key(world.alice, key, until=clock.now() + MAX_OVERLAP + timedelta(minutes=1))
    successor, _ = roll_api_key(world.alice, key, until=soon + timedelta(days=1))
    stored = ApiKey.objects.using("system").filter(pk=key.pk)[0]
    assert stored.expires_at == successor.expires_at == soon


def test_a_disabled_key_cannot_be_rolled(world: World) -> None:
    key, _ = world.key()
    disable_api_key(world.alice, key)
    with pytest.raises(FailedPrecondition, match="disabled"):
        roll_api_key(world.alice, key)


def test_a_key_of_chosen_indexes_sees_and_changes_only_those(world: World) -> None:
    seen, hidden = world.index("seen"), world.index("hidden")
    bounds = Bounds(index_ids=(seen.pk,))
    _, plain = create_api_key(OPERATOR, world.project, name="narrow", bounds=bounds)
    actor, project = authenticate_api_key(plain.value)
    assert [index.pk for index in visible_indexes(actor, project)] == [seen.pk]
    with pytest.raises(NotFound, match="Resource hidden not found"):
        get_index(actor, project, "hidden")
    configure_index(actor, seen, tags={"a": "b"})
    with pytest.raises(PermissionDenied):
        delete_index(actor, hidden)
    with pytest.raises(PermissionDenied, match="chosen indexes"):
        create_index(actor, project, name="hidden", spec=SPEC, dimension=4)
    delete_index(actor, seen)


def test_a_key_of_chosen_namespaces_leaves_indexes_alone(world: World) -> None:
    index = world.index()
    bounds = Bounds(namespaces=("a",))
    _, plain = create_api_key(OPERATOR, world.project, name="narrow", bounds=bounds)
    actor, project = authenticate_api_key(plain.value)
    assert get_index(actor, project, index.name).pk == index.pk
    for act in (configure_index, delete_index):
        with pytest.raises(PermissionDenied, match="chosen namespaces"):
            act(actor, index)


def test_a_key_opens_only_from_its_networks(world: World) -> None:
    bounds = Bounds(networks=("10.0.0.0/8", "2001:db8::/32"))
    _, plain = create_api_key(OPERATOR, world.project, name="inside", bounds=bounds)
    for address in ("192.0.2.1", None):
        with pytest.raises(Unauthenticated, match="Invalid API key"):
            authenticate_api_key(plain.value, address=address)
    authenticate_api_key(plain.value, address="10.9.9.9")


def test_the_keys_of_a_suspended_organization_open_nothing(world: World) -> None:
    _, value = world.key()
    rows = Organization.objects.filter(pk=world.organization.pk)
    with tenant(world.organization.pk):
        assert rows.update(suspended_at=clock.now()) == 1
    with pytest.raises(Unauthenticated, match="Invalid API key"):
        authenticate_api_key(value)
    with tenant(world.organization.pk):
        rows.update(suspended_at=None)
    authenticate_api_key(value)


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds(networks=("everywhere",)),
        Bounds(namespaces=("ü",)),
        Bounds(index_ids=tuple(new_id() for _ in range(101))),
    ],
)
def test_bounds_that_cannot_be_are_refused(world: World, bounds: Bounds) -> None:
    with pytest.raises(InvalidArgument):
        create_api_key(OPERATOR, world.project, name="x", bounds=bounds)


def test_bounds_are_replaced_and_taken_away_as_one(world: World) -> None:
    key, value = world.key()
    update_api_key(world.alice, key, bounds=Bounds(namespaces=("b", "a", "b")))
    assert authenticate_api_key(value)[0].reach.namespaces == {"a", "b"}
    found = update_api_key(world.alice, key, bounds=UNBOUND)
    with tenant(world.organization.pk):
        assert bounds_of(found) == UNBOUND


def test_no_table_and_no_event_holds_a_namespace_in_the_clear(world: World) -> None:
    bounds = Bounds(namespaces=("quiet-canary",))
    create_api_key(OPERATOR, world.project, name="x", bounds=bounds)
    with connections["system"].cursor() as cursor:
        for table in ("projects_apikey", "audit_event"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - a constant
            text = " ".join(line[0] for line in cursor.fetchall())
            assert "quiet-canary" not in text
            assert b"quiet-canary".hex() not in text


def test_a_use_is_noted_with_its_address(world: World) -> None:
    key, value = world.key()
    authenticate_api_key(value, address="2001:db8::7")
    stored = ApiKey.objects.using("system").filter(pk=key.pk)[0]
    assert stored.last_used_from == "2001:db8::7"


def test_only_owners_change_disable_and_roll_keys(world: World) -> None:
    key, _ = world.key()
    for act in (disable_api_key, enable_api_key, roll_api_key, update_api_key):
        with pytest.raises(PermissionDenied, match=str(Permission.API_KEY_UPDATE)):
            act(world.bob, key)
