"""What nodes read of plans and caps: the view says what the tables of plans say."""

from datetime import date

import pytest

from access.actor import OPERATOR
from indexes.models import Index
from kit.ids import new_id
from orgs.organizations import set_plan
from orgs.plans import LIMITS, Plan
from storage.allowances import Standing, load_namespaces_per_index, load_standings
from storage.database import Connection
from tests.support.past import Past
from tests.support.world import World

MONTH = date(2026, 11, 1)


def standing(control: Connection, world: World) -> Standing:
    (found,) = load_standings(control, [world.organization.pk], month=MONTH)
    return found


@pytest.mark.parametrize("plan", Plan)
def test_nodes_read_the_limits_of_the_plan(control: Connection, world: World, plan: Plan) -> None:
    set_plan(OPERATOR, world.organization, plan=plan)
    limits = LIMITS[plan]
    found = load_namespaces_per_index(control, world.organization.pk)
    assert found == limits.namespaces_per_index
    assert standing(control, world).storage_bytes == limits.storage_bytes


def test_of_an_organization_that_is_not_there_nothing_is_known(
    control: Connection, world: World
) -> None:
    assert load_namespaces_per_index(control, new_id()) is None
    assert load_standings(control, [new_id()], month=MONTH) == []


def test_what_is_not_capped_is_not_added_up(control: Connection, world: World, past: Past) -> None:
    past.used(world.index("movies"), MONTH, read_units=5, stored=10)
    found = standing(control, world)
    assert (found.stored_bytes, found.read_units, found.write_units) == (None, None, None)


def test_storage_is_the_last_word_about_every_index_that_is_there(
    control: Connection, world: World, past: Past
) -> None:
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    movies, books = world.index("movies"), world.index("books")
    past.used(movies, date(2026, 10, 3), stored=100)
    past.used(movies, date(2026, 11, 3), stored=70)
    past.used(movies, date(2026, 11, 4), read_units=1)
    past.used(books, date(2026, 9, 1), stored=5)
    assert standing(control, world).stored_bytes == 75
    Index.objects.using("system").filter(pk=movies.pk).update(state="Terminating")
    assert standing(control, world).stored_bytes == 5
