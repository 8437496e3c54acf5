"""API keys: shown once, stored as a digest, as strong as their maker, revoked for good."""

from datetime import timedelta

import pytest
from django.db import connections

from access.actor import OPERATOR
from access.permissions import API_KEY_ROLES, Role
from access.row_security import database_roles
from kit import clock
from kit.environment import environment
from kit.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from kit.ids import new_id
from orgs.tenancy import tenant
from projects.api_keys import create_api_key, revoke_api_key
from projects.models import ApiKey
from projects.queries import api_keys, authenticate_api_key, get_api_key
from storage.catalog import load_api_key, load_project_keys, version
from storage.database import Connection, connect
from tests.support.waiting import wait_until
from tests.support.world import World


def node_connection() -> Connection:
    return connect(environment().database_system_url.get_secret_value(), name="test")


def test_a_key_opens_its_project_with_its_roles(world: World) -> None:
    row, value = world.key(roles=[Role.CONTROL_PLANE_VIEWER, Role.DATA_PLANE_EDITOR])
    actor, project = authenticate_api_key(value)
    assert project.pk == world.project.pk
    assert actor.principal_id == row.pk
    assert {grant.role for grant in actor.grants} == {
        Role.CONTROL_PLANE_VIEWER, Role.DATA_PLANE_EDITOR,
    }  # fmt: skip
    assert {grant.project_id for grant in actor.grants} == {world.project.pk}


def test_no_column_of_any_table_holds_the_key(world: World) -> None:
    row, value = world.key()
    secret = value.split("_")[2]
    with connections["system"].cursor() as cursor:
        for table in ("projects_apikey", "audit_event"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - a constant
            text = " ".join(line[0] for line in cursor.fetchall())
            assert secret not in text
            assert secret.encode().hex() not in text
    assert value.endswith(row.last4)
    assert secret not in repr(row)
    assert secret not in row.shown


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_has_1_to_80_characters(world: World, name: str) -> None:
    with pytest.raises(InvalidArgument):
        create_api_key(OPERATOR, world.project, name=name)


@pytest.mark.parametrize("roles", [[], *([role] for role in sorted(set(Role) - API_KEY_ROLES))])
def test_a_key_holds_only_roles_that_keys_may_hold(world: World, roles: list[Role]) -> None:
    with pytest.raises(InvalidArgument):
        create_api_key(OPERATOR, world.project, name="x", roles=roles)


def test_a_key_expires(world: World) -> None:
    with pytest.raises(InvalidArgument):
        create_api_key(OPERATOR, world.project, name="late", expires_at=clock.now())
    row, plain = create_api_key(
        OPERATOR, world.project, name="short", expires_at=clock.now() + timedelta(hours=1)
    )
    assert authenticate_api_key(plain.value)[1].pk == world.project.pk
    _expire(world, row)
    with pytest.raises(Unauthenticated):
        authenticate_api_key(plain.value)


def _expire(world: World, row: ApiKey) -> None:
    with tenant(world.organization.pk):
        past = clock.now() - timedelta(seconds=1)
        assert ApiKey.objects.filter(pk=row.pk).update(expires_at=past) == 1


def test_a_revoked_key_is_refused_at_once_and_leaves_the_list(world: World) -> None:
    row, value = world.key()
    revoke_api_key(world.alice, row, reason="leaked")
    with pytest.raises(Unauthenticated):
        authenticate_api_key(value)
    assert api_keys(world.alice, world.project) == []


def test_revoking_twice_is_the_same_wish(world: World) -> None:
    row, _ = world.key()
    revoke_api_key(world.alice, row)
    with node_connection() as connection:
        before = version(connection)
        revoke_api_key(world.alice, row)
        assert version(connection) == before


def test_nodes_hear_of_a_revocation_in_its_own_transaction(world: World) -> None:
    row, _ = world.key()
    with node_connection() as node:
        node.execute("LISTEN stonepine_access")
        before = version(node)
        revoke_api_key(world.alice, row)
        notices = wait_until(
            lambda: list(node.notifies(timeout=0.05)), timeout_s=5, what="a notice arrives"
        )
        assert notices[0].channel == "stonepine_access"
        assert version(node) == before + 1
        seen = load_api_key(node, row.public_id)
        assert seen is not None
        assert seen.revoked_at is not None


def test_nodes_read_keys_and_data_keys_through_their_views(world: World) -> None:
    row, _ = world.key(roles=[Role.DATA_PLANE_VIEWER])
    with node_connection() as node:
        key = load_api_key(node, row.public_id)
        (data_key,) = load_project_keys(node, world.project.pk)
        assert load_project_keys(node, new_id()) == []
    assert key is not None
    assert (key.project_id, key.roles) == (world.project.pk, ["DataPlaneViewer"])
    assert (key.org_id, bytes(key.digest)) == (world.organization.pk, bytes(row.digest))
    assert (data_key.version, data_key.provider) == (1, "local")


def test_the_application_may_not_read_the_nodes_views(world: World) -> None:
    with connections["default"].cursor() as cursor:
        for view in ("dataplane_api_key", "dataplane_index", "dataplane_project_key"):
            cursor.execute(
                "SELECT has_table_privilege(%s, %s, 'SELECT')",
                [database_roles().application, view],
            )
            assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("name", ["bob", "vera", "mallory"])
def test_only_owners_make_list_and_revoke_keys(world: World, name: str) -> None:
    row, value = world.key()
    actor = world.actor(name)
    with pytest.raises(PermissionDenied):
        create_api_key(actor, world.project, name="x")
    with pytest.raises(PermissionDenied):
        api_keys(actor, world.project)
    with pytest.raises(PermissionDenied):
        revoke_api_key(actor, row)
    assert authenticate_api_key(value)[1].pk == world.project.pk


def test_a_key_of_another_project_is_not_found(world: World) -> None:
    theirs, _ = world.key(project=world.their_project)
    with pytest.raises(NotFound):
        get_api_key(world.alice, world.project, theirs.pk)
    with pytest.raises(NotFound):
        get_api_key(world.alice, world.project, new_id())


def test_a_key_cannot_make_keys(world: World) -> None:
    actor, project = authenticate_api_key(world.key()[1])
    with pytest.raises(PermissionDenied):
        create_api_key(actor, project, name="offspring")


def test_the_use_of_a_key_is_noted_once_a_minute(world: World) -> None:
    row, value = world.key()
    rows = ApiKey.objects.using("system").filter(pk=row.pk)
    assert rows.get().last_used_at is None
    authenticate_api_key(value)
    first = rows.get().last_used_at
    assert first is not None
    authenticate_api_key(value)
    assert rows.get().last_used_at == first
    rows.update(last_used_at=first - timedelta(minutes=2))
    authenticate_api_key(value)
    assert rows.get().last_used_at >= first  # type: ignore[operator] # it was set above


def test_a_wrong_secret_is_no_use_of_the_key(world: World) -> None:
    row, value = world.key()
    with pytest.raises(Unauthenticated):
        authenticate_api_key(value[:-1] + ("0" if value[-1] != "0" else "1"))
    assert ApiKey.objects.using("system").get(pk=row.pk).last_used_at is None
