"""Quotas of plans hold when everybody wants the last place at the same moment."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from indexes.lifecycle import create_index
from indexes.models import Index
from kit.errors import QuotaExceeded
from kit.ids import random_base62
from orgs.invitations import create_invitation
from orgs.members import add_member
from orgs.models import Invitation, Membership, Organization
from orgs.organizations import create_organization, set_plan
from orgs.plans import LIMITS, Plan
from orgs.role_bindings import Assignment
from orgs.tenancy import tenant
from projects.api_keys import create_api_key
from projects.models import ApiKey, Project
from projects.projects import create_project
from tests.support.together import together
from tests.support.world import SPEC, World

PARALLEL = 100


def fill(rows: list[Any], organization: Organization) -> None:
    with tenant(organization.pk):
        type(rows[0]).objects.bulk_create(rows)


def everybody_wants_the_last_place(acts: list[Callable[[], Any]], *, says: str) -> None:
    results = together(acts, threads=40)
    kinds = Counter(type(one) for one in results)
    assert kinds[QuotaExceeded] == PARALLEL - 1, kinds
    refusal = next(one for one in results if isinstance(one, QuotaExceeded))
    assert says in refusal.message


def test_projects(world: World) -> None:
    ours, limit = world.organization, LIMITS[Plan.STANDARD].projects
    assert limit is not None
    set_plan(OPERATOR, ours, plan=Plan.STANDARD)
    names = [f"p{number}" for number in range(limit - 2)]
    fill([Project(organization=ours, name=name, slug=name) for name in names], ours)
    everybody_wants_the_last_place(
        [partial(create_project, world.alice, ours, name=f"new {n}") for n in range(PARALLEL)],
        says=f"The plan Standard allows {limit} projects",
    )
    assert Project.objects.using("system").filter(organization=ours).count() == limit


def test_users_of_whom_some_are_added_and_some_are_invited(world: World) -> None:
    ours = create_organization(OPERATOR, name="Small", plan=Plan.STARTER)
    add_member(OPERATOR, ours, user=world.people["alice"], role=Role.ORG_OWNER)
    people = User.objects.bulk_create(
        User(email=f"user{number}@example.com") for number in range(PARALLEL // 2)
    )
    joining = [
        partial(add_member, world.alice, ours, user=one, role=Role.ORG_MEMBER) for one in people
    ]
    inviting = [
        partial(
            create_invitation, world.alice, ours,
            email=f"guest{number}@example.com", assignments=[Assignment(Role.ORG_MEMBER)],
        )
        for number in range(PARALLEL // 2)
    ]  # fmt: skip
    mixed = [act for pair in zip(joining, inviting, strict=True) for act in pair]
    everybody_wants_the_last_place(mixed, says="The plan Starter allows 2 users")
    members = Membership.objects.using("system").filter(organization=ours).count()
    invited = Invitation.objects.using("system").filter(organization=ours).count()
    assert members + invited == LIMITS[Plan.STARTER].users


def test_indexes_of_a_project(world: World) -> None:
    limit = LIMITS[Plan.STARTER].indexes_per_project
    assert limit is not None
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    for number in range(limit - 1):
        world.index(f"old-{number}")
    everybody_wants_the_last_place(
        [
            partial(
                create_index, world.alice, world.project,
                name=f"new-{number}", spec=SPEC, dimension=4,
            )
            for number in range(PARALLEL)
        ],
        says=f"The plan Starter allows {limit} indexes per project",
    )  # fmt: skip
    assert Index.objects.using("system").filter(project=world.project).count() == limit


def test_api_keys_of_a_project(world: World) -> None:
    limit = LIMITS[Plan.STARTER].api_keys_per_project
    assert limit is not None
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    fill([planted_key(world) for _ in range(limit - 1)], world.organization)
    everybody_wants_the_last_place(
        [
            partial(create_api_key, world.alice, world.project, name=f"new {number}")
            for number in range(PARALLEL)
        ],
        says=f"The plan Starter allows {limit} API keys per project",
    )
    assert ApiKey.objects.using("system").filter(project=world.project).count() == limit


def planted_key(world: World) -> ApiKey:
    return ApiKey(
        organization=world.organization,
        project=world.project,
        name="old",
        public_id=random_base62(8),
        digest=b"",
        pepper_id=1,
        roles=[Role.PROJECT_EDITOR],
    )


def test_what_exists_beyond_a_smaller_plan_stays_and_no_more_is_made(world: World) -> None:
    create_project(OPERATOR, world.organization, name="Second")
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    with pytest.raises(QuotaExceeded, match="allows 1 projects, and 2 exist") as caught:
        create_project(OPERATOR, world.organization, name="Third")
    assert caught.value.fields == {"limit": 1, "existing": 2}
    assert Project.objects.using("system").filter(organization=world.organization).count() == 2
