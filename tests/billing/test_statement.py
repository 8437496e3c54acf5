"""The monthly statement: every row, the totals, and nothing a spreadsheet would calculate."""

import csv
from datetime import date
from typing import Any

import pytest

from access.actor import OPERATOR
from billing.months import Month
from billing.statement import file_name, statement
from indexes.models import Index
from kit.errors import InvalidArgument, PermissionDenied
from orgs.tenancy import tenant
from projects.models import Project
from projects.projects import create_project
from tests.support.past import Past
from tests.support.world import World

OCTOBER = Month(2020, 10)


def lines(world: World, month: Month = OCTOBER) -> list[dict[str, Any]]:
    return list(csv.DictReader(statement(world.alice, world.organization, month)))


def test_a_line_for_each_project_index_and_day_and_the_totals(world: World, past: Past) -> None:
    movies, books = world.index("movies"), world.index("books")
    past.used(movies, date(2020, 10, 31), read_units=3, queries=2, lists=1, stored=3100)
    past.used(movies, date(2020, 10, 1), read_units=4, queries=4)
    past.used(books, date(2020, 10, 15), write_units=5, upserts=1)
    past.used(movies, date(2020, 9, 30), read_units=100)
    past.used(movies, date(2020, 11, 1), read_units=100)
    past.used(world.index(project=world.their_project), date(2020, 10, 1), read_units=100)
    found = lines(world)
    assert [(line["index"], line["day"]) for line in found] == [
        ("books", "2020-10-15"), ("movies", "2020-10-01"), ("movies", "2020-10-31"),
        ("", "2020-10"),
    ]  # fmt: skip
    assert {line["project"] for line in found[:-1]} == {"Search"}
    last = found[2]
    assert (last["index_id"], last["read_units"], last["queries"]) == (str(movies.pk), "3", "2")
    total = found[-1]
    assert (total["project_id"], total["read_units"], total["write_units"]) == ("total", "7", "5")
    assert (total["queries"], total["upserts"], total["lists"]) == ("6", "1", "1")
    assert total["storage_bytes"] == str(3100 // 31)


def test_a_month_without_use_has_its_totals_only(world: World) -> None:
    (total,) = lines(world)
    assert (total["day"], total["read_units"], total["storage_bytes"]) == ("2020-10", "0", "0")


def test_what_was_deleted_is_still_on_it(world: World, past: Past) -> None:
    other = create_project(OPERATOR, world.organization, name="Gone")
    index = world.index("gone", project=other)
    past.used(index, date(2020, 10, 1), read_units=1)
    Index.objects.using("system").filter(pk=index.pk).delete()
    with tenant(world.organization.pk):
        Project.objects.filter(pk=other.pk).delete()
    assert [line["project"] for line in lines(world)] == ["Gone", ""]


def test_a_name_that_is_a_formula_is_only_a_name(world: World, past: Past) -> None:
    name = '=HYPERLINK("http://evil","x"),\n+1'
    project = create_project(OPERATOR, world.organization, name=name)
    past.used(world.index("movies", project=project), date(2020, 10, 1), read_units=1)
    assert lines(world)[0]["project"] == "'" + name


def test_only_those_who_see_billing_get_one_and_before_the_first_line(world: World) -> None:
    for actor in (world.bob, world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            statement(actor, world.organization, OCTOBER)


def test_lines_are_read_while_they_are_taken(world: World, past: Past) -> None:
    past.used(world.index("movies"), date(2020, 10, 1), read_units=1)
    taken = statement(world.alice, world.organization, OCTOBER)
    assert next(taken).startswith("project_id,")
    assert ",movies,2020-10-01," in next(taken)
    taken.close()
    assert Project.objects.count() == 0, "the tenant ended with the statement"


def test_months_are_read_and_named(world: World) -> None:
    assert Month.parse(" 2020-10 ") == OCTOBER
    assert (str(OCTOBER), OCTOBER.first, OCTOBER.last) == (
        "2020-10", date(2020, 10, 1), date(2020, 10, 31)
    )  # fmt: skip
    assert (str(Month(2020, 1).previous), str(Month(2020, 12).next)) == ("2019-12", "2021-01")
    assert file_name(world.organization, OCTOBER) == "stonepine-pine-2020-10.csv"


@pytest.mark.parametrize(
    "text", ["", "2020", "2020-13", "2020-0", "20-01", "2020-1", "٢٠٢٠-10", "0000-01", "2020-10-01"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="2026-11"):
        Month.parse(text)
