"""The tests' world in a database of its own, and thousands of other organizations beside it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from cli.embedded.postgres import EmbeddedPostgres
from keyring.local import LocalKeyring

if TYPE_CHECKING:
    from tests.support.world import World

DATABASE = "crowd"
PROJECTS = 10
# Others' rows as their verbs would have left them, without 100,000 keys for their projects.
_OTHERS = """
    INSERT INTO orgs_organization SELECT r.*
    FROM orgs_organization o, generate_series({first}, {last}) n,
        jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(),
            'name', 'Other ' || n, 'slug', 'other-' || n, 'public_id', 'other' || n)) r
    WHERE o.slug = 'oak';
    INSERT INTO projects_project SELECT r.*
    FROM projects_project p, orgs_organization o, generate_series(1, {projects}) n,
        jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),
            'organization_id', o.id, 'name', 'Project ' || n, 'slug', 'project-' || n)) r
    WHERE p.slug = 'theirs' AND substr(o.public_id, 6) IN
        (SELECT n::text FROM generate_series({first}, {last}) n) AND o.slug LIKE 'other-%';
    INSERT INTO projects_apikey SELECT r.*
    FROM projects_apikey k, projects_project p,
        jsonb_populate_record(k, jsonb_build_object('id', gen_random_uuid(),
            'organization_id', p.organization_id, 'project_id', p.id,
            'public_id', substr(md5(p.id::text), 1, 16))) r
    WHERE k.project_id = (SELECT id FROM projects_project WHERE slug = 'search')
        AND p.slug LIKE 'project-%'
        AND NOT EXISTS (SELECT 1 FROM projects_apikey one WHERE one.project_id = p.id);
    INSERT INTO orgs_rolebinding SELECT r.*
    FROM orgs_rolebinding b, orgs_organization o,
        jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(),
            'organization_id', o.id, 'resource_id', o.id, 'principal_id', gen_random_uuid())) r
    WHERE b.principal_id = (SELECT id FROM accounts_user WHERE email = 'alice@example.com')
        AND o.slug LIKE 'other-%'
        AND NOT EXISTS (SELECT 1 FROM orgs_rolebinding one WHERE one.organization_id = o.id);
"""


def crowd(server: EmbeddedPostgres, first: int, last: int) -> None:
    """Add organizations of those numbers, each with its projects, their keys and an owner."""
    with psycopg.connect(server.url("postgres", DATABASE), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_OTHERS.format(first=first, last=last, projects=PROJECTS))
        connection.execute("VACUUM ANALYZE")


def prepared_world(server: EmbeddedPostgres, home: Path) -> "tuple[World, str]":
    """Django on that server, with the world of the tests and a key of it."""
    LocalKeyring.create(home / "keyring")
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STONEPINE_HOME": str(home),
            "STONEPINE_KEYRING_DIR": str(home / "keyring"),
            "OBJECT_STORE_URL": f"file://{home}/objects",
        }
    )
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()
    from audit.context import AuditContext, Source, acting_from
    from tests.support.database import migrated_database
    from tests.support.world import build_world

    migrated_database(server, DATABASE)
    with acting_from(AuditContext(request_id="benchmark", source=Source.COMMAND_LINE)):
        world = build_world()
        return world, world.key()[1]
