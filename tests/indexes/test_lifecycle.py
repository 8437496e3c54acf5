"""Wishes for indexes: who may have which, many at once, with the broker down."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from celery import current_app
from django.db import connections

from access.actor import OPERATOR
from audit.context import AuditContext, Source, acting_from
from indexes.lifecycle import create_index, delete_index
from indexes.models import Index
from indexes.queries import get_index, visible_indexes
from kit.errors import AlreadyExists, NotFound, PermissionDenied, StonepineError
from projects.projects import delete_project
from tests.support.world import SPEC, World


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """What each of `count` threads got: a result, or the error it was refused with."""
    barrier = Barrier(count)

    def one(number: int) -> object:
        barrier.wait()
        try:
            with acting_from(AuditContext(request_id=f"thread-{number}", source=Source.API)):
                return act(number)
        except StonepineError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_of_many_who_want_one_name_at_once_exactly_one_gets_it(world: World) -> None:
    results = at_once(8, lambda _number: world.index("wanted"))
    assert sum(isinstance(result, Index) for result in results) == 1
    assert sum(isinstance(result, AlreadyExists) for result in results) == 7
    assert Index.objects.using("system").count() == 1


def test_indexes_made_at_once_get_ports_of_their_own(world: World) -> None:
    results = at_once(12, lambda number: world.index(f"index-{number}"))
    ports = [result.port for result in results if isinstance(result, Index)]
    assert len(set(ports)) == len(ports) == 12


def test_deleting_and_creating_a_name_at_once_never_fails_halfway(world: World) -> None:
    index = world.index("fought-over")
    acts: list[Callable[[], object]] = [
        lambda: delete_index(OPERATOR, index),
        lambda: world.index("fought-over"),
    ] * 4
    results = at_once(8, lambda number: acts[number]())
    for result in results:
        assert result is None or isinstance(result, Index | AlreadyExists | NotFound)
    assert sum(result is None for result in results) == 1
    live = visible_indexes(world.alice, world.project)
    assert len(live) == sum(isinstance(result, Index) for result in results)


def test_a_project_that_is_deleted_takes_no_index_along(world: World) -> None:
    results = at_once(
        2,
        lambda number: world.index("late") if number else delete_project(OPERATOR, world.project),
    )
    made = [result for result in results if isinstance(result, Index)]
    refused = [result for result in results if isinstance(result, StonepineError)]
    assert len(refused) == 1
    assert Index.objects.using("system").count() == len(made)


@pytest.fixture
def dead_broker() -> Iterator[None]:
    """A broker whose socket does not exist."""
    usual = current_app.conf.broker_url
    current_app.conf.broker_url = "redis+socket:///nowhere/broker.sock"
    # The usual pool is let go of, not closed: kombu hands out the same one afterwards.
    current_app.amqp._producer_pool = None
    current_app._pool = None
    try:
        yield
    finally:
        current_app.conf.broker_url = usual
        current_app.amqp._producer_pool = None
        current_app._pool = None


@pytest.mark.usefixtures("dead_broker")
def test_without_a_broker_an_index_is_created_all_the_same(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    index = world.index()
    assert get_index(world.alice, world.project, "movies").pk == index.pk
    # The message was really tried, and its loss is on record.
    assert "No such file or directory" in caplog.text


def test_an_editor_creates_and_a_viewer_only_looks(world: World) -> None:
    create_index(world.bob, world.project, name="bobs", spec=SPEC, dimension=4)
    with pytest.raises(PermissionDenied):
        create_index(world.vera, world.project, name="veras", spec=SPEC, dimension=4)
    assert [one.name for one in visible_indexes(world.vera, world.project)] == ["bobs"]
    with pytest.raises(PermissionDenied):
        delete_index(world.vera, get_index(world.vera, world.project, "bobs"))
    assert get_index(world.vera, world.project, "bobs").state == "Initializing"


def test_a_stranger_sees_no_index(world: World) -> None:
    world.index()
    with pytest.raises(PermissionDenied):
        visible_indexes(world.mallory, world.project)
    with pytest.raises(NotFound):
        get_index(world.mallory, world.their_project, "movies")
