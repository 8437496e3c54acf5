"""Delivery: in order, at least once, from where the stream began, whatever dies in between."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from access.actor import OPERATOR
from audit import tasks
from audit.models import Delivery, DeliveryStatus, Stream
from audit.streams import delivery
from audit.streams.delivery import deliver, due_streams, forget_old_deliveries
from kit import clock
from kit.environment import environment
from orgs.audit_log import chain_state
from orgs.audit_streams import (
    create_stream,
    deliveries,
    pause_stream,
    redeliver,
    resume_stream,
    stream_states,
    update_stream,
)
from projects.projects import create_project
from tests.support.receivers import HttpReceiver
from tests.support.world import World

_SEND_AND_DIE = """
import os, signal, sys, uuid
import django
django.setup()
from audit.streams import delivery
claimed = delivery._claim(uuid.UUID(sys.argv[1]))
begun = delivery._open(claimed)
delivery.send(delivery.receiver_of(claimed.stream), delivery._batch(begun))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def stream(world: World, receiver: HttpReceiver) -> Stream:
    return create_stream(
        world.alice, world.organization, name="siem", kind="http", config={"url": receiver.url}
    ).stream


def state(stream: Stream) -> Stream:
    return Stream.objects.using("system").get(pk=stream.pk)


def act(world: World, count: int = 1) -> None:
    for number in range(count):
        create_project(OPERATOR, world.organization, name=f"p{number}")


def come_due(stream: Stream, **changes: Any) -> None:
    Stream.objects.using("system").filter(pk=stream.pk).update(
        **({"next_attempt_at": clock.now()} | changes)
    )


def test_events_arrive_in_order_from_when_the_stream_was_made(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    act(world, 3)
    create_project(world.mallory, world.elsewhere, name="Theirs")
    assert due_streams() == [stream.pk]
    assert deliver(stream.pk) == 1
    start = stream.starts_after
    assert receiver.sequences() == [start + 1, start + 2, start + 3, start + 4]
    events = receiver.requests[0].document["events"]
    assert events[0]["name"] == "audit_stream.created"
    assert {event["organization_name"] for event in events} == {"Pine"}
    assert due_streams() == []
    assert deliver(stream.pk) == 0
    assert stream_states(world.alice, world.organization)[0].lag == 0


def test_a_failed_batch_waits_and_is_sent_again_under_its_id(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    receiver.statuses = [503, 200]
    act(world)
    assert deliver(stream.pk) == 0
    waiting = state(stream)
    assert (waiting.attempts, waiting.last_error) == (1, "The receiver answered 503.")
    assert waiting.next_attempt_at > clock.now()
    assert due_streams() == []
    assert deliver(stream.pk) == 0
    (found,) = stream_states(world.alice, world.organization)
    assert (found.lag, found.waiting_since is not None) == (2, True)
    act(world)
    come_due(stream)
    assert deliver(stream.pk) == 2
    first, second, third = receiver.requests
    assert first.document == second.document
    assert receiver.sequences()[2:] == sorted(set(receiver.sequences()))
    assert len(third.document["events"]) == 1
    assert (state(stream).attempts, state(stream).last_error) == (0, "")
    ledger = deliveries(world.alice, world.organization, stream.pk)
    assert [(one.status, one.attempts) for one in ledger] == [("delivered", 1), ("delivered", 2)]


def test_pauses_grow_up_to_an_hour(world: World, stream: Stream, receiver: HttpReceiver) -> None:
    receiver.statuses = [500]
    pauses = []
    for attempts in (0, 1, 5, 40):
        come_due(stream, attempts=attempts)
        deliver(stream.pk)
        pauses.append((state(stream).next_attempt_at - clock.now()).total_seconds())
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(5, abs=2)
    assert pauses[-1] == pytest.approx(3_600, abs=5)


def test_two_workers_send_nothing_twice(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    act(world, 5)
    threads = [threading.Thread(target=_deliver_in_thread, args=[stream]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.sequences()) == len(set(receiver.sequences())) == 6


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    """The child dies after the receiver took the batch and before that is written down."""
    act(world, 3)
    result = subprocess.run(
        [sys.executable, "-c", _SEND_AND_DIE, str(stream.pk)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == -signal.SIGKILL
    assert len(receiver.requests) == 1
    assert deliver(stream.pk) == 0  # the dead worker's claim still stands
    come_due(stream, claimed_until=clock.now() - timedelta(seconds=1))
    act(world)
    assert deliver(stream.pk) == 2
    first, again, _ = receiver.requests
    assert first.document["batch_id"] == again.document["batch_id"]
    assert sorted(set(receiver.sequences())) == list(
        range(stream.starts_after + 1, stream.starts_after + 6)
    )


def test_a_paused_stream_sends_later_what_it_missed(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    pause_stream(world.alice, world.organization, stream.pk)
    act(world)
    assert due_streams() == []
    assert deliver(stream.pk) == 0
    resume_stream(world.alice, world.organization, stream.pk)
    assert deliver(stream.pk) == 1
    assert len(receiver.sequences()) == 4


def test_what_went_over_can_be_sent_again(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    act(world, 2)
    deliver(stream.pk)
    redeliver(world.alice, world.organization, stream.pk, from_sequence=stream.starts_after + 2)
    deliver(stream.pk)
    first, second = receiver.requests
    assert second.document["events"][:2] == first.document["events"][1:]
    assert first.document["batch_id"] != second.document["batch_id"]


def test_a_rewind_during_a_delivery_wins(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    act(world, 2)
    claimed = delivery._claim(stream.pk)
    assert claimed is not None
    begun = delivery._open(claimed)
    assert begun is not None
    redeliver(world.alice, world.organization, stream.pk, from_sequence=stream.starts_after + 1)
    assert not delivery._finish(claimed, begun)
    assert state(stream).cursor == stream.starts_after
    deliver(stream.pk)
    assert receiver.sequences()[0] == stream.starts_after + 1


def test_new_settings_are_tried_at_once(
    world: World, stream: Stream, receiver: HttpReceiver
) -> None:
    receiver.statuses = [500, 200]
    deliver(stream.pk)
    new = {"url": receiver.url + "/new"}
    update_stream(world.alice, world.organization, stream.pk, config=new)
    deliver(stream.pk)
    assert receiver.requests[-1].path == "/new"


def test_many_events_go_in_batches(world: World, stream: Stream, receiver: HttpReceiver) -> None:
    act(world)
    _multiply_events(world, 1_100)
    assert deliver(stream.pk) == 3
    assert [len(request.document["events"]) for request in receiver.requests] == [500, 500, 102]
    assert receiver.sequences() == sorted(receiver.sequences())


def test_the_ledger_forgets_what_is_long_delivered(world: World, stream: Stream) -> None:
    deliver(stream.pk)
    forget_old_deliveries()
    assert len(deliveries(world.alice, world.organization, stream.pk)) == 1
    Delivery.objects.using("system").filter(status=DeliveryStatus.DELIVERED).update(
        delivered_at=clock.now() - timedelta(days=31)
    )
    forget_old_deliveries()
    assert deliveries(world.alice, world.organization, stream.pk) == []


def test_the_tasks_do_the_same(world: World, stream: Stream, receiver: HttpReceiver) -> None:
    tasks.sweep_streams()
    tasks.deliver(str(stream.pk))
    assert len(receiver.requests) == 1
    tasks.sign_heads()
    assert chain_state(world.alice, world.organization).signed_sequence > 0


def _deliver_in_thread(stream: Stream) -> None:
    from django.db import connections

    try:
        deliver(stream.pk)
    finally:
        connections.close_all()


def _multiply_events(world: World, count: int) -> None:
    """Many events in one transaction, by the system role."""
    url = environment().database_system_url.get_secret_value()
    with psycopg.connect(url) as connection:
        connection.execute(
            """INSERT INTO audit_event SELECT (jsonb_populate_record(e,
                   jsonb_build_object('id', gen_random_uuid()))).*
               FROM audit_event e, generate_series(1, %s)
               WHERE e.id = (SELECT id FROM audit_event WHERE organization_id = %s LIMIT 1)""",
            [count, world.organization.pk],
        )
