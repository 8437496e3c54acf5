"""Waiting for readiness: soon told, never for long, few at a time, holding nothing."""

import threading
from contextlib import ExitStack

import psycopg
from django.db import connections

from cli.embedded.postgres import EmbeddedPostgres
from indexes import readiness
from indexes.deployment.reconcile import reconcile
from indexes.models import Index, IndexState
from indexes.readiness import MAX_WAITING, wait_until_ready
from kit import clock
from tests.support.gatehouse import open_gatehouse
from tests.support.waiting import wait_until
from tests.support.world import World


def reconcile_elsewhere(index: Index) -> threading.Thread:
    def run() -> None:
        reconcile(index.pk)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_whoever_waits_is_told_when_the_index_is_ready(world: World) -> None:
    index = world.index()
    with open_gatehouse(index):
        thread = reconcile_elsewhere(index)
        waited = wait_until_ready(index, timeout_s=20)
        thread.join()
    assert waited.state == IndexState.READY
    assert waited.project.organization.name == "Pine"


def test_a_notice_wakes_sooner_than_the_next_look(world: World) -> None:
    index = world.index()
    event = readiness._notices.watch(index.pk)
    try:
        # Once the thread listens, notices are not missed.
        wait_until(lambda: _listeners() > 0, timeout_s=10, what="the thread listens")
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_notify('stonepine_index_state', %s)", [str(index.pk)])
        assert event.wait(5)
    finally:
        readiness._notices.unwatch(index.pk, event)


def _listeners() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'")
        return int(cursor.fetchone()[0])


def test_waiting_ends_with_its_time(world: World) -> None:
    index = world.index()
    started = clock.monotonic_s()
    assert wait_until_ready(index, timeout_s=0.2).state == IndexState.INITIALIZING
    assert 0.2 <= clock.monotonic_s() - started < 5


def test_beyond_the_limit_nobody_waits(world: World) -> None:
    index = world.index()
    with ExitStack() as taken:
        for _ in range(MAX_WAITING):
            readiness._places.acquire()
            taken.callback(readiness._places.release)
        started = clock.monotonic_s()
        assert wait_until_ready(index, timeout_s=60).state == IndexState.INITIALIZING
        assert clock.monotonic_s() - started < 30
    assert wait_until_ready(index, timeout_s=0.05).state == IndexState.INITIALIZING


def test_while_waiting_no_connection_is_held(
    world: World, postgres_server: EmbeddedPostgres
) -> None:
    index = world.index()
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        wait_until_ready(index, timeout_s=60)
        connections.close_all()

    connections.close_all()
    thread = threading.Thread(target=wait)
    superuser = postgres_server.url("postgres", "postgres")
    with psycopg.connect(superuser, autocommit=True) as watcher:
        others = _application_connections(watcher)  # of tests before this one
        thread.start()
        begun.wait()
        try:
            wait_until(
                lambda: _application_connections(watcher) <= others,
                timeout_s=30,
                what="no connection is held",
            )
            assert thread.is_alive()
        finally:
            _terminate(index)
            thread.join()


def _terminate(index: Index) -> None:
    Index.objects.using("system").filter(pk=index.pk).update(state=IndexState.TERMINATING)


def _application_connections(watcher: psycopg.Connection) -> set[int]:
    rows = watcher.execute(
        "SELECT pid FROM pg_stat_activity WHERE usename IN ('stonepine_app', 'stonepine_system') "
        "AND query NOT LIKE 'LISTEN%'"
    ).fetchall()
    return {int(row[0]) for row in rows}


def test_an_index_that_is_deleted_meanwhile_ends_the_wait(world: World) -> None:
    index = world.index()
    _terminate(index)
    assert wait_until_ready(index, timeout_s=20).state == IndexState.TERMINATING
