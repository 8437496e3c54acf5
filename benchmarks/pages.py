"""What the console's pages take on the server beside many tenants and above a long audit log.

Run with `python -m benchmarks.pages`. It starts a PostgreSQL of its own and asks every page of an
owner of one organization, who runs the installation too, in this process: middleware, view,
database and template, no network.

Besides the time that passed it tells the processor's: of this process and of the database's
processes that serve it. That is what the page would take on a machine with nothing else to do, as
all of the data is in memory; where others have the processors it is what can be compared.
"""

import argparse
import os
import statistics
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from benchmarks.crowd import DATABASE, crowd, prepared_world
from cli.embedded.postgres import EmbeddedPostgres
from tests.support.postgres import running_postgres

if TYPE_CHECKING:
    from tests.support.world import World

_LIMIT_MS = 80
# Half of them are the organization's own, as its chain would have them.
_EVENTS = """
    INSERT INTO audit_event (id, created_at, organization_id, organization_name, project_id, action,
        outcome, reason, error_code, actor_kind, actor_id, actor_name, target_type, target_id,
        target_name, parameters, request_id, ip, user_agent, source)
    SELECT uuidv7(), clock_timestamp(), o.id, o.name, NULL, 'api_key.created', 'success', '', '',
        'session', gen_random_uuid(), 'Alice', 'api_key', n::text, 'key ' || n, '{}', md5(n::text),
        '192.0.2.1', 'Mozilla/5.0', 'console'
    FROM orgs_organization o, generate_series(1, %(each)s) n WHERE o.slug LIKE %(slug)s;
"""
_LINKS = """
    WITH head AS (SELECT coalesce(max(sequence), 0) AS last FROM audit_link
        WHERE organization_id = %(organization)s)
    INSERT INTO audit_link SELECT e.id, e.organization_id,
        head.last + row_number() OVER (ORDER BY e.id), '\\x00', '\\x00'
    FROM audit_event e, head WHERE e.organization_id = %(organization)s
        AND NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.event_id = e.id);
    UPDATE audit_chain SET sequence = (SELECT max(sequence) FROM audit_link
        WHERE organization_id = %(organization)s) WHERE organization_id = %(organization)s
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tries", type=int, default=40)
    parser.add_argument("--only", nargs="*", help="names of pages; all of them if not given")
    options = parser.parse_args()
    # The key provider of the furnished project is on this machine.
    os.environ["STONEPINE_OUTBOUND_ALLOW"] = "kms=127.0.0.0/8"
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        world, _ = prepared_world(server, Path(folder))
        crowd(server, 1, options.organizations)
        addresses = _furnished(world)
        _keep_long(server, world, options.events, options.organizations)
        measured = _measured(world, addresses, options.tries, options.only)
    for name, (usual, slow, busy) in sorted(measured.items(), key=lambda one: -one[1].busy_ms):
        print(
            f"{name:60} p50 {usual:7.1f} ms   p95 {slow:7.1f} ms   of the processor {busy:6.1f} ms"
        )
    for what, over in (
        ("", [name for name, found in measured.items() if found.p95_ms > _LIMIT_MS]),
        (
            " of the processor",
            [name for name, found in measured.items() if found.busy_ms > _LIMIT_MS],
        ),
    ):
        print(
            f"{len(measured)} pages, {len(over)} with a p95{what} over {_LIMIT_MS} ms {over or ''}"
        )


def _furnished(world: "World") -> dict[str, str]:
    from audit.context import AuditContext, Source, acting_from
    from tests.console.furnished import furnish

    with acting_from(AuditContext(request_id="benchmark", source=Source.COMMAND_LINE)):
        return furnish(world)


def _keep_long(server: EmbeddedPostgres, world: "World", events: int, organizations: int) -> None:
    """Fill the audit log: one half here, the other spread over the others."""
    own = world.organization
    with psycopg.connect(server.url("postgres", DATABASE), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_EVENTS, {"slug": own.slug, "each": events // 2})
        each = max(1, events // 2 // organizations)
        connection.execute(_EVENTS, {"slug": "other-%", "each": each})
        for statement in _LINKS.split(";"):
            connection.execute(statement, {"organization": own.pk})
        connection.execute("VACUUM ANALYZE")


class Measured(NamedTuple):
    """`busy_ms` is the p95 of what the processors spent."""

    p50_ms: float
    p95_ms: float
    busy_ms: float


def _measured(
    world: "World", addresses: dict[str, str], tries: int, only: list[str] | None
) -> dict[str, Measured]:
    from tests.matrix.cast import Person
    from tests.tour.pages import OWNER, pages

    found = {}
    import_module("config.wsgi")  # sets up what the web process does before its first request
    for page in pages(addresses, {}):
        if page.who != OWNER or (only and page.name not in only):
            continue
        # Proofs last a quarter of an hour.
        browser = Person("owner", world.people["mara"]).browser()
        browser.get(page.path)
        times, spent = [], []
        backends = _backends()
        for _ in range(tries):
            started, before = time.perf_counter(), _spent_s(backends)
            answer = browser.get(page.path)
            times.append(1e3 * (time.perf_counter() - started))
            spent.append(1e3 * (_spent_s(backends) - before))
            assert answer.status_code in {200, 404}, page
        found[page.name] = Measured(statistics.median(times), _p95(times), _p95(spent))
    return found


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def _backends() -> list[int]:
    """The database's processes that serve this one."""
    from django.db import connections

    found = []
    for alias in ("default", "system"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            found.append(cursor.fetchone()[0])
    return found


def _spent_s(backends: list[int]) -> float:
    """On the processors, by this process and by those."""
    theirs = (Path(f"/proc/{pid}/schedstat").read_text().split()[0] for pid in backends)
    return time.process_time() + sum(map(int, theirs)) / 1e9


if __name__ == "__main__":
    main()
