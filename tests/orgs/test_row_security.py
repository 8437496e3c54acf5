"""The second lock between tenants: PostgreSQL's own, read from its catalogue and tried."""

from collections.abc import Iterator

import pytest
from django.db import ProgrammingError, connections, transaction

from access.row_security import database_roles
from cli.embedded.postgres import OWNER
from orgs.models import Organization, RoleBinding
from orgs.queries import grants_of, organizations_of
from orgs.tenancy import tenant
from projects.models import Project
from projects.queries import authenticate_api_key
from storage.schema import TABLES
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("database")

_TENANT_TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
           (SELECT array_agg(r.rolname::text) FROM pg_policy p
            JOIN pg_roles r ON r.oid = ANY(p.polroles) WHERE p.polrelid = c.oid)
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND (c.relname = 'orgs_organization' OR EXISTS (
           SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id'
             AND NOT a.attisdropped))
"""


def tenant_tables() -> Iterator[tuple[str, bool, bool, list[str]]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(_TENANT_TABLES)
        yield from cursor.fetchall()


_HEARD = {"webhooks_webhook", "webhooks_delivery", "indexes_index", "indexes_backup"}


def test_every_table_of_a_tenant_forces_row_security_on_both_roles() -> None:
    roles = database_roles()
    tables = list(tenant_tables())
    assert len(tables) >= 12
    for name, is_enabled, is_forced, policies in tables:
        assert is_enabled, name
        assert is_forced, name
        # Triggers of the audit chain and of webhooks run as the owner, who is under policies, too.
        owner = {OWNER} if name.startswith("audit_") or name in _HEARD else set()
        assert set(policies or []) - owner == {roles.application, roles.system}, name


def test_neither_role_owns_a_table_or_passes_by_row_security() -> None:
    roles = database_roles()
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls)",
            [[roles.application, roles.system]],
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = ANY(%s)",
            [[roles.application, roles.system]],
        )
        assert cursor.fetchall() == []


def test_without_a_tenant_the_application_sees_nothing(world: World) -> None:
    world.key()
    world.index()
    with connections["default"].cursor() as cursor:
        for name, *_ in tenant_tables():
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 - from the catalogue
            assert cursor.fetchone() == (0,), name


def test_within_a_tenant_only_its_own_rows_are_seen(world: World) -> None:
    with tenant(world.organization.pk):
        assert [one.name for one in Organization.objects.all()] == ["Pine"]
        assert [one.name for one in Project.objects.all()] == ["Search"]
    with tenant(world.elsewhere.pk):
        assert [one.name for one in Project.objects.all()] == ["Theirs"]


def test_a_row_cannot_be_written_into_another_tenant(world: World) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenant(world.organization.pk),
    ):
        Project.objects.create(organization=world.elsewhere, name="planted", slug="planted")


def test_a_row_of_another_tenant_cannot_be_changed_or_deleted(world: World) -> None:
    with tenant(world.organization.pk):
        assert Project.objects.filter(pk=world.their_project.pk).update(name="mine") == 0
        assert Project.objects.filter(pk=world.their_project.pk).delete()[0] == 0
    with tenant(world.elsewhere.pk):
        assert Project.objects.filter(name="Theirs").exists()


def test_the_tenant_ends_with_its_transaction(world: World) -> None:
    with tenant(world.organization.pk):
        assert Project.objects.exists()
    assert not Project.objects.exists()
    with transaction.atomic():
        assert not Project.objects.exists()


def test_a_tenant_within_a_tenant_must_be_the_same(world: World) -> None:
    with tenant(world.organization.pk):
        with tenant(world.organization.pk):
            assert Project.objects.count() == 1
        with pytest.raises(RuntimeError), tenant(world.elsewhere.pk):
            pass


def test_acts_that_cross_tenants_find_what_lies_in_each(world: World) -> None:
    _, value = world.key()
    _, theirs = world.key(project=world.their_project)
    assert authenticate_api_key(value)[1].pk == world.project.pk
    assert authenticate_api_key(theirs)[1].pk == world.their_project.pk
    assert [one.name for one in organizations_of(world.people["mallory"])] == ["Oak"]
    assert grants_of(world.people["bob"].pk)


def test_the_system_role_may_only_do_what_it_was_granted(world: World) -> None:
    bindings = RoleBinding.objects.using("system")
    assert bindings.exists()
    with pytest.raises(ProgrammingError, match="permission denied"):
        bindings.all().delete()
    with pytest.raises(ProgrammingError, match="permission denied"):
        Project.objects.using("system").update(name="changed")


@pytest.mark.parametrize("table", TABLES)
def test_the_application_cannot_reach_the_write_log(table: str) -> None:
    with (
        connections["default"].cursor() as cursor,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - a constant
