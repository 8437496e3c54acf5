"""Acts of the system role on everybody's use: each finds what was planted."""

from datetime import date, timedelta

import pytest
from django.db import connections

from billing.models import Usage, UsageReporter
from billing.upkeep import carry_storage, forget_reporters
from indexes.models import Index
from kit import clock
from kit.ids import new_id
from tests.support.past import Past
from tests.support.world import World


@pytest.fixture
def today() -> date:
    return clock.now().date()


def stored(index: Index, day: date) -> int | None:
    row = Usage.objects.using("system").filter(index_id=index.pk, day=day).first()
    return None if row is None else row.storage_bytes


def test_idle_indexes_of_every_tenant_keep_their_storage(
    world: World, past: Past, today: date
) -> None:
    ours, theirs = world.index("movies"), world.index("songs", project=world.their_project)
    past.used(ours, today - timedelta(9), stored=100)
    past.used(theirs, today - timedelta(1), stored=7)
    assert carry_storage() == 2
    assert (stored(ours, today), stored(theirs, today)) == (100, 7)
    assert carry_storage() == 0


def test_a_day_that_was_only_read_on_gets_its_storage(
    world: World, past: Past, today: date
) -> None:
    index = world.index("movies")
    past.used(index, today - timedelta(1), stored=100)
    past.used(index, today, read_units=3)
    carry_storage()
    row = Usage.objects.using("system").filter(index_id=index.pk, day=today)[0]
    assert (row.storage_bytes, row.last_bytes, row.read_units) == (100, 100, 3)


def test_what_was_reported_today_stands(world: World, past: Past, today: date) -> None:
    index = world.index("movies")
    past.used(index, today - timedelta(1), stored=100)
    past.used(index, today, stored=20)
    assert carry_storage() == 0
    assert stored(index, today) == 20


def test_deleted_and_empty_indexes_are_left_alone(world: World, past: Past, today: date) -> None:
    gone, empty = world.index("gone"), world.index("empty")
    past.used(gone, today - timedelta(1), stored=100)
    past.used(empty, today - timedelta(1), stored=0)
    Index.objects.using("system").filter(pk=gone.pk).update(state="Terminating")
    assert carry_storage() == 0


def test_reporters_that_ended_long_ago_are_forgotten(world: World) -> None:
    now, rows = clock.now(), UsageReporter.objects.using("system")
    old, young = new_id(), new_id()
    rows.create(id=old, last_report=1, reported_at=now - timedelta(days=8))
    rows.create(id=young, last_report=1, reported_at=now - timedelta(days=6))
    forget_reporters()
    assert list(rows.values_list("id", flat=True)) == [young]


@pytest.mark.usefixtures("database")
def test_use_hangs_on_no_other_table() -> None:
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint"
            " WHERE conrelid = 'billing_usage'::regclass AND contype = 'f'"
        )
        assert cursor.fetchall() == []
