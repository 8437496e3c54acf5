"""What nodes read of plans and caps: the view says what the tables of plans say."""

from datetime import date

import pytest

from access.actor import OPERATOR
from billing.caps import PRESET, UNBOUNDED, MonthlyUnits, set_caps
from indexes.models import Index
from kit.errors import InvalidArgument, PermissionDenied
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


def test_caps_and_what_is_used_of_them_this_month(
    control: Connection, world: World, past: Past
) -> None:
    set_caps(OPERATOR, world.organization, units=MonthlyUnits(read=10))
    past.used(world.index("movies"), date(2026, 10, 31), read_units=1000)
    past.used(world.index("books"), date(2026, 11, 1), read_units=5, write_units=7)
    past.used(world.index(project=world.their_project), MONTH, read_units=1000)
    found = standing(control, world)
    assert (found.read_units_per_month, found.write_units_per_month) == (10, None)
    assert (found.read_units, found.write_units) == (5, 7)
    assert found.rates == {}
    set_caps(OPERATOR, world.organization, units=UNBOUNDED, rates={"queries": 100})
    found = standing(control, world)
    assert (found.read_units, found.rates) == (None, {"queries": 100})


@pytest.mark.parametrize("cap", [-1, 2**63])
def test_a_cap_is_a_number_of_units(world: World, cap: int) -> None:
    with pytest.raises(InvalidArgument):
        set_caps(OPERATOR, world.organization, units=MonthlyUnits(read=cap))


@pytest.mark.parametrize("rates", [{"querys": 1}, {"queries": 0}, {"queries": 2**60}])
def test_a_rate_has_a_known_name_and_is_a_number(world: World, rates: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument):
        set_caps(OPERATOR, world.organization, units=UNBOUNDED, rates=rates)


def test_only_the_operator_sets_caps(world: World) -> None:
    with pytest.raises(PermissionDenied):
        set_caps(world.alice, world.organization, units=PRESET[Plan.STARTER])


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
