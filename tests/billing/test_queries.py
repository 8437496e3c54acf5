"""Use by project, index and day, for owners and billing admins only."""

from datetime import date, timedelta

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from billing.queries import Grouping, billing_contact, days_begun, usage
from indexes.models import Index
from kit import clock
from kit.errors import InvalidArgument, PermissionDenied
from orgs.members import create_member
from orgs.queries import session_actor
from orgs.tenancy import tenant
from projects.models import Project
from projects.projects import create_project
from tests.support.past import Past
from tests.support.world import PASSWORD, World

NOVEMBER = {"first": date(2020, 11, 1), "last": date(2020, 11, 30)}
THIRD, FOURTH = date(2020, 11, 3), date(2020, 11, 4)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def two_projects(world: World, past: Past) -> tuple[Index, Index, Index]:
    """Movies and books in one project, songs in another; something of October, of somebody else."""
    other = create_project(OPERATOR, world.organization, name="Archive")
    movies, books, songs = (
        world.index("movies"), world.index("books"), world.index("songs", project=other)
    )  # fmt: skip
    past.used(movies, THIRD, read_units=10, queries=9, fetches=1, stored=3000)
    past.used(movies, FOURTH, read_units=1, lists=1, stored=6000)
    past.used(books, THIRD, write_units=5, upserts=1)
    past.used(songs, FOURTH, read_units=4, queries=4, stored=90)
    past.used(movies, date(2020, 10, 31), read_units=1000)
    past.used(world.index(project=world.their_project), THIRD, read_units=500)
    return movies, books, songs


def test_use_by_project(world: World, two_projects: tuple[Index, Index, Index]) -> None:
    found = usage(world.alice, world.organization, **NOVEMBER, by=Grouping.PROJECT)
    assert [(one.project_name, one.read_units, one.write_units, one.requests) for one in found] == [
        ("Archive", 4, 0, 4),
        ("Search", 11, 5, 12),
    ]
    assert found[1].project_id == world.project.pk
    assert {one.index_name for one in found} == {""}


def test_use_by_index(world: World, two_projects: tuple[Index, Index, Index]) -> None:
    movies, books, songs = two_projects
    found = usage(world.alice, world.organization, **NOVEMBER, by=Grouping.INDEX)
    assert [(one.index_id, one.index_name, one.read_units, one.write_units) for one in found] == [
        (songs.pk, "songs", 4, 0),
        (books.pk, "books", 0, 5),
        (movies.pk, "movies", 11, 0),
    ]


def test_use_by_day(world: World, two_projects: tuple[Index, Index, Index]) -> None:
    found = usage(world.alice, world.organization, **NOVEMBER, by=Grouping.DAY)
    assert [(one.day, one.read_units, one.storage_bytes) for one in found] == [
        (THIRD, 10, 3000),
        (FOURTH, 5, 6090),
    ]


def test_storage_of_many_days_is_their_average(
    world: World, two_projects: tuple[Index, Index, Index]
) -> None:
    found = usage(world.alice, world.organization, **NOVEMBER, by=Grouping.INDEX)
    assert found[-1].storage_bytes == 9000 / 30


def test_days_to_come_are_not_counted() -> None:
    today, week = clock.now().date(), timedelta(days=7)
    assert days_begun(today - week, today + week) == 8
    assert days_begun(today - week, today - week) == 1
    assert days_begun(today + week, today + 2 * week) == 1


def test_the_last_name_counts_and_deleted_things_keep_their_rows(world: World, past: Past) -> None:
    other = create_project(OPERATOR, world.organization, name="Before")
    index = world.index("movies", project=other)
    past.used(index, THIRD, read_units=1)
    with tenant(world.organization.pk):
        Project.objects.filter(pk=other.pk).update(name="After")
    past.used(index, FOURTH, read_units=1)
    Index.objects.using("system").filter(pk=index.pk).delete()
    (found,) = usage(world.alice, world.organization, **NOVEMBER, by=Grouping.PROJECT)
    assert (found.project_name, found.read_units) == ("After", 2)


def test_nothing_used_is_nothing(world: World) -> None:
    for by in Grouping:
        assert usage(world.alice, world.organization, **NOVEMBER, by=by) == []


def test_periods_are_bounded(world: World) -> None:
    for last in (date(2020, 10, 31), date(2022, 1, 1)):
        with pytest.raises(InvalidArgument):
            usage(
                world.alice, world.organization, first=NOVEMBER["first"], last=last,
                by=Grouping.DAY,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "may_see"),
    [
        (Role.ORG_OWNER, True),
        (Role.ORG_BILLING_ADMIN, True),
        (Role.ORG_MANAGER, False),
        (Role.ORG_MEMBER, False),
    ],
)
def test_owners_and_billing_admins_see_use_and_others_do_not(
    world: World, role: Role, *, may_see: bool
) -> None:
    user = create_member(
        OPERATOR, world.organization,
        email="somebody@example.com", name="Somebody", password=PASSWORD, role=role,
    )  # fmt: skip
    actor = session_actor(user)
    questions = (
        lambda: usage(actor, world.organization, **NOVEMBER, by=Grouping.DAY),
        lambda: billing_contact(actor, world.organization),
    )
    for question in questions:
        if may_see:
            question()
        else:
            with pytest.raises(PermissionDenied):
                question()


def test_project_roles_and_strangers_see_nothing(world: World) -> None:
    for actor in (world.bob, world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            usage(actor, world.organization, **NOVEMBER, by=Grouping.DAY)
