"""What a plan allows and what is taken of it."""

from datetime import date

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from billing.caps import MonthlyUnits, set_caps
from billing.overview import Quota, plan_overview, project_quotas
from indexes.backup_models import Backup
from indexes.backups import create_backup
from indexes.collections import create_collection
from indexes.models import Index
from kit import clock
from kit.errors import PermissionDenied
from orgs.invitations import create_invitation
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from projects.api_keys import revoke_api_key
from projects.projects import create_project
from tests.support.past import Past
from tests.support.world import World


def test_the_overview_counts_what_the_plan_counts(world: World, past: Past) -> None:
    archive = create_project(OPERATOR, world.organization, name="Archive")
    movies, books, gone = world.index("movies"), world.index("books"), world.index("gone")
    world.index("songs", project=archive)
    Index.objects.using("system").filter(pk=gone.pk).update(state="Terminating")
    past.used(movies, date(2020, 10, 1), stored=100)
    past.used(movies, date(2020, 10, 2), stored=70)
    past.used(books, date(2020, 10, 1), stored=5)
    past.used(gone, date(2020, 10, 1), stored=1000)
    past.used(movies, clock.now().date(), read_units=3)
    set_caps(OPERATOR, world.organization, units=MonthlyUnits(write=20))
    roles = [Assignment(Role.ORG_MEMBER)]
    create_invitation(OPERATOR, world.organization, email="nina@example.com", assignments=roles)
    assert plan_overview(world.alice, world.organization) == [
        Quota("Projects", 2, 100),
        Quota("Users and open invitations", 4, None),
        Quota("Indexes in the fullest project", 2, 200),
        Quota("Read units this month", 3, None),
        Quota("Write units this month", 0, 20),
        Quota("Storage", 75, None, is_bytes=True),
    ]


def test_each_project_is_counted_by_itself(world: World) -> None:
    archive = create_project(OPERATOR, world.organization, name="Archive")
    movies, gone = world.index("movies"), world.index("gone")
    world.index("filme", project=world.their_project)
    Index.objects.using("system").filter(pk=gone.pk).update(state="Terminating")
    for name in ("one", "two", "failed"):
        create_backup(OPERATOR, movies, name=name)
    Backup.objects.using("system").filter(name="failed").update(status="Failed")
    create_collection(OPERATOR, movies, name="kept")
    key, _ = world.key()
    world.key()
    revoke_api_key(OPERATOR, key, reason="for the count")
    first, second = project_quotas(world.alice, world.organization)
    assert (first.project, first.nearest) == (archive, 0)
    assert second.quotas == [
        Quota("Indexes", 1, 200),
        Quota("Collections", 1, None),
        Quota("Backups", 2, 1000),
        Quota("API keys", 1, None),
    ]


@pytest.mark.parametrize(
    ("used", "limit", "percent"),
    [(5, None, None), (0, 0, 100), (1, 3, 33), (2, 3, 66), (9, 3, 100)],
)
def test_a_share_is_told_where_there_is_a_limit(
    used: int, limit: int | None, percent: int | None
) -> None:
    assert Quota("Things", used, limit).percent == percent


def test_it_follows_the_plan(world: World) -> None:
    organization = set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    limits = [quota.limit for quota in plan_overview(world.alice, organization)]
    assert limits == [1, 2, 5, None, None, 2 * 1024**3]


def test_only_those_who_see_billing_see_it(world: World) -> None:
    for actor in (world.bob, world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            plan_overview(actor, world.organization)
        with pytest.raises(PermissionDenied):
            project_quotas(actor, world.organization)
