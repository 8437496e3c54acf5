"""A report is added exactly once, whoever sends it how often."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing.models import Usage
from indexes.models import Index
from kit.errors import Unavailable
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from orgs.tenancy import tenant
from storage import usage
from storage.activity import Held
from storage.database import Connection
from storage.usage import Place, Report, Tally
from tests.support.world import World

DAY = date(2026, 11, 25)


@pytest.fixture
def index(world: World) -> Index:
    return world.index("movies")


def place(index: Index, day: date = DAY) -> Place:
    return Place(
        OrganizationId(index.organization_id), ProjectId(index.project_id), IndexId(index.pk), day
    )


def report(index: Index, number: int = 1, *, stored: int | None = None, **counts: int) -> Report:
    tally = Tally(index.name)
    tally.counts.update(counts)
    return Report(
        number, {place(index): tally}, DAY, {} if stored is None else {index.pk: Held(stored, 1)}
    )


def row(index: Index) -> Usage:
    with tenant(index.organization_id):
        return Usage.objects.filter(index_id=index.pk, day=DAY)[0]


def test_reports_add_up(control: Connection, index: Index) -> None:
    me = new_id()
    assert usage.apply(control, me, report(index, 1, read_units=3, queries=3))
    assert usage.apply(control, me, report(index, 2, read_units=2, write_units=5, upserts=1))
    assert usage.apply(control, new_id(), report(index, 1, read_units=1, queries=1))
    found = row(index)
    assert (found.read_units, found.write_units) == (6, 5)
    assert (found.queries, found.upserts, found.deletes) == (4, 1, 0)
    assert (found.index_name, found.project_name) == ("movies", "Search")
    assert found.storage_bytes is None


def test_a_report_that_is_sent_again_is_passed_over(control: Connection, index: Index) -> None:
    me = new_id()
    assert usage.apply(control, me, report(index, 1, read_units=3))
    assert not usage.apply(control, me, report(index, 1, read_units=3))
    assert row(index).read_units == 3


def test_a_report_that_fails_on_its_way_leaves_nothing(control: Connection, index: Index) -> None:
    me, broken = new_id(), report(index, 1, read_units=2**70)
    whole = replace(broken, tallies={place(index, DAY - timedelta(1)): Tally("x")} | broken.tallies)
    with pytest.raises(Exception, match="out of range"):
        usage.apply(control, me, whole)
    assert usage.apply(control, me, report(index, 1, read_units=1))
    assert row(index).read_units == 1


def test_storage_keeps_the_most_of_the_day_and_the_last(control: Connection, index: Index) -> None:
    me = new_id()
    for number, stored in enumerate([100, 900, 300], start=1):
        usage.apply(control, me, report(index, number, stored=stored))
    assert (row(index).storage_bytes, row(index).last_bytes) == (900, 300)


def test_a_deleted_index_still_takes_what_it_used_before(control: Connection, world: World) -> None:
    index = world.index("movies")
    usage.apply(control, new_id(), report(index, 1, read_units=1, stored=5))
    Index.objects.using("system").filter(pk=index.pk).delete()
    usage.apply(control, new_id(), report(index, 1, read_units=2, stored=7))
    found = row(index)
    assert (found.read_units, found.last_bytes, found.project_name) == (3, 5, "Search")


def test_a_database_that_is_gone_is_unavailable(control: Connection, index: Index) -> None:
    control.close()
    with pytest.raises(Unavailable):
        usage.apply(control, new_id(), report(index))
