"""Many tenants: what lists, switcher and authorization cost beside 10 and beside 10,000 others.

Run with `python -m benchmarks.tenancy --organizations 10000`. It starts a PostgreSQL of its own.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.crowd import crowd, prepared_world
from cli.embedded.postgres import EmbeddedPostgres
from tests.support.postgres import running_postgres

_TRIES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=10_000)
    options = parser.parse_args()
    with running_postgres() as server, tempfile.TemporaryDirectory() as folder:
        acts = _acts(*prepared_world(server, Path(folder)))
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
    crowd(server, first, last)
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
