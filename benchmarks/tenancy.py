"""Many tenants: what lists, switcher and authorization cost beside 10 and beside 10,000 others.

Run with `python -m benchmarks.tenancy --organizations 10000`. It starts a PostgreSQL of its own.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from cli.embedded.postgres import EmbeddedPostgres
from keyring.local import LocalKeyring
from tests.support.postgres import running_postgres

_DATABASE = "tenancy"
_TRIES = 200
_PROJECTS = 10
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=10_000)
    options = parser.parse_args()
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        acts = _prepare(server, Path(folder))
        few = _beside(server, acts, 1, 10)
        many = _beside(server, acts, 11, options.organizations)
    print(f"{'act':28} {'queries':>9} {'beside 10':>11} {'beside many':>12} {'ratio':>6}")
    for name, (queries, seconds) in few.items():
        later_queries, later = many[name]
        counts = f"{queries} → {later_queries}"
        times = f"{1e3 * seconds:8.2f} ms {1e3 * later:9.2f} ms"
        print(f"{name:28} {counts:>9} {times} {later / seconds:6.2f}")


def _beside(
    server: EmbeddedPostgres, acts: dict[str, Callable[[], object]], first: int, last: int
) -> dict[str, tuple[int, float]]:
    """Add organizations of those numbers, then queries and time of each act."""
    with psycopg.connect(server.url("postgres", _DATABASE), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_OTHERS.format(first=first, last=last, projects=_PROJECTS))
        connection.execute("VACUUM ANALYZE")
    return {name: (_queries(act), _usual_s(act)) for name, act in acts.items()}


def _queries(act: Callable[[], object]) -> int:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    with ExitStack() as stack:
        captured = [
            stack.enter_context(CaptureQueriesContext(connections[alias]))
            for alias in ("default", "system")
        ]
        act()
    return sum(len(one) for one in captured)


def _usual_s(act: Callable[[], object]) -> float:
    """The first decile: what it takes while the machine does nothing else."""
    times = []
    for _ in range(_TRIES):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return statistics.quantiles(times, n=10)[0]


def _prepare(server: EmbeddedPostgres, home: Path) -> dict[str, Callable[[], object]]:
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

    migrated_database(server, _DATABASE)
    with acting_from(AuditContext(request_id="benchmark", source=Source.COMMAND_LINE)):
        world = build_world()
        value = world.key()[1]
    return _acts(world, value)


def _acts(world: object, value: str) -> dict[str, Callable[[], object]]:
    from django.test import Client

    from indexes.queries import visible_indexes
    from orgs.queries import get_organization, members, organizations_of, session_actor
    from projects.queries import api_keys, authenticate_api_key, visible_projects
    from tests.support.world import World

    assert isinstance(world, World)
    alice, ours = world.alice, world.organization
    browser = Client(HTTP_ACCEPT="text/html")
    browser.force_login(world.people["alice"])
    assert browser.get("/o/pine").status_code == 200
    authenticate_api_key(value)
    return {
        "session_actor": lambda: session_actor(world.people["alice"]),
        "authenticate_api_key": lambda: authenticate_api_key(value),
        "organizations_of (switcher)": lambda: organizations_of(world.people["alice"]),
        "get_organization": lambda: get_organization(alice, ours.slug),
        "visible_projects": lambda: visible_projects(alice, ours),
        "members": lambda: members(alice, ours),
        "api_keys": lambda: api_keys(alice, world.project),
        "visible_indexes": lambda: visible_indexes(alice, world.project),
        "page of the organization": lambda: browser.get("/o/pine"),
    }


if __name__ == "__main__":
    main()
