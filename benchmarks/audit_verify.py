"""The audit chain: what verifying costs, and what the chain adds to each act.

Run with `python -m benchmarks.audit_verify --events 1000000`. It starts a PostgreSQL of its own.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psycopg

from cli.embedded.postgres import SYSTEM, EmbeddedPostgres
from keyring.local import LocalKeyring
from kit.ids import new_id
from tests.support.postgres import running_postgres

_INSERT = """
    INSERT INTO audit_event (id, created_at, organization_id, organization_name, project_id, action,
        outcome, reason, error_code, actor_kind, actor_id, actor_name, target_type, target_id,
        target_name, parameters, request_id, ip, user_agent, source)
    SELECT uuidv7(), clock_timestamp(), %(organization)s, 'Pine', gen_random_uuid(),
        'api_key.created', 'success', '', '', 'session', gen_random_uuid(), 'Alice',
        'api_key', gen_random_uuid()::text, 'key ' || n,
        jsonb_build_object('roles', jsonb_build_array('ProjectEditor'), 'number', n),
        md5(n::text), '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0)', 'console'
    FROM generate_series(1, %(count)s) n
"""


# A chain as the triggers would have made it, without a million commits.
_LINK = """
    DO $$
    DECLARE
        head bytea := decode(repeat('00', 32), 'hex');
        place bigint := 0;
        event audit_event;
    BEGIN
        FOR event IN SELECT * FROM audit_event WHERE organization_id = '{organization}' LOOP
            place := place + 1;
            INSERT INTO audit_link VALUES (event.id, event.organization_id, place, head,
                audit_hash(event, place, head)) RETURNING hash INTO head;
        END LOOP;
        INSERT INTO audit_chain VALUES ('{organization}', place, head, 0);
    END $$
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--acts", type=int, default=2_000)
    options = parser.parse_args()
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        _prepare(server, Path(folder))
        measure_acts(server, options.acts)
        measure_parallel_acts(server, options.acts)
        measure_verifying(server, options.events)


def measure_acts(server: EmbeddedPostgres, acts: int) -> None:
    """One event a transaction, with the chain and without; fsync is off, so only work counts."""
    chained = _microseconds_an_act(server, acts)
    with psycopg.connect(server.url("postgres", "audit"), autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER takes_turn")
        bare = _microseconds_an_act(server, acts)
        connection.execute("ALTER TABLE audit_event ENABLE TRIGGER takes_turn")
    print(f"an event's transaction: {chained:.0f} µs, without the chain {bare:.0f} µs")


def measure_parallel_acts(server: EmbeddedPostgres, acts: int) -> None:
    for organizations in (1, 16):
        names = [new_id() for _ in range(organizations)]
        started = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            shares = [names[worker % organizations] for worker in range(16)]
            list(pool.map(lambda name: _act(server, name, acts // 16), shares))
        rate = acts / (time.perf_counter() - started)
        print(f"16 at once in {organizations} organizations: {rate:.0f} events/s")


def measure_verifying(server: EmbeddedPostgres, events: int) -> None:
    from audit.verification import snapshot, verify
    from storage.database import connect

    organization = new_id()
    with psycopg.connect(server.url("postgres", "audit"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_INSERT, {"organization": organization, "count": events})
        connection.execute(_LINK.format(organization=organization))
        connection.execute("VACUUM ANALYZE audit_event, audit_link")
    started, worked = time.perf_counter(), time.process_time()
    with connect(server.url(SYSTEM, "audit"), name="bench") as connection, snapshot(connection):
        (report,) = verify(connection, [], {}, only=organization)
    seconds, own = time.perf_counter() - started, time.process_time() - worked
    assert report.problem is None
    assert report.events == events
    print(f"verifying {report.events} events: {seconds:.1f} s, {own:.1f} s of them our own work")


def _microseconds_an_act(server: EmbeddedPostgres, acts: int) -> float:
    organization = new_id()
    _act(server, organization, 100)
    started = time.perf_counter()
    _act(server, organization, acts)
    return 1e6 * (time.perf_counter() - started) / acts


def _act(server: EmbeddedPostgres, organization: UUID, count: int) -> None:
    with psycopg.connect(server.url(SYSTEM, "audit"), autocommit=True) as connection:
        for _ in range(count):
            connection.execute(_INSERT, {"organization": organization, "count": 1})


def _prepare(server: EmbeddedPostgres, home: Path) -> None:
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
    from tests.support.database import migrated_database

    migrated_database(server, "audit")


if __name__ == "__main__":
    main()
