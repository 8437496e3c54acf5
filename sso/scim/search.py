"""Finding resources: one by its id, pages of all, pages of what a filter matches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from scim2_models import Resource, SearchRequest
from scim2_models.path import CompareOperator, Comparison

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from kit.errors import NotFound
from orgs.models import Organization
from orgs.plans import Feature
from orgs.tenancy import tenant
from sso.scim.access import require_provider
from sso.scim.models import DirectoryGroup, DirectoryUser
from sso.scim.queries import groups_of, people_of
from sso.scim.rendering import group_resource, user_resource
from sso.scim.resources import MAX_RESULTS, POLICY, Group, User

R = TypeVar("R", bound=Resource[Any])


@dataclass(frozen=True, slots=True)
class Matches(Generic[R]):
    """One page of what was found; `total` counts all pages, `start` is 1 for the first."""

    total: int
    start: int
    items: list[R]


def get_user(actor: Actor, organization: Organization, user_id: UUID) -> User:
    """The record as a resource."""
    return _one(_users(actor, organization), user_id, "User")


def get_group(actor: Actor, organization: Organization, group_id: UUID) -> Group:
    """The group as a resource."""
    return _one(_groups(actor, organization), group_id, "Group")


def search_users(
    actor: Actor, organization: Organization, wanted: SearchRequest[Any]
) -> Matches[User]:
    """Oldest first."""
    return _search(_users(actor, organization), wanted, *_bounds(wanted))


def search_groups(
    actor: Actor, organization: Organization, wanted: SearchRequest[Any]
) -> Matches[Group]:
    """Oldest first."""
    return _search(_groups(actor, organization), wanted, *_bounds(wanted))


def search_everything(
    actor: Actor, organization: Organization, wanted: SearchRequest[Any]
) -> Matches[User | Group]:
    """Users first, then groups, in one row of pages."""
    start, count = _bounds(wanted)
    users = _search(_users(actor, organization), wanted, start, count)
    start_of_groups, left = max(1, start - users.total), count - len(users.items)
    groups = _search(_groups(actor, organization), wanted, start_of_groups, left)
    return Matches(users.total + groups.total, start, [*users.items, *groups.items])


def _bounds(wanted: SearchRequest[Any]) -> tuple[int, int]:
    """Which is the first, and how many: what is out of bounds means the nearest that is not."""
    count = MAX_RESULTS if wanted.count is None else min(max(0, wanted.count), MAX_RESULTS)
    return max(1, wanted.start_index or 1), count


@dataclass(frozen=True, slots=True)
class _Shelf(Generic[R]):
    """Rows of one kind, how they become resources, and which attributes a column answers for."""

    organization: Organization
    rows: QuerySet[Any]
    render: Callable[[Sequence[Any]], list[R]]
    columns: dict[str, str]


def _users(actor: Actor, organization: Organization) -> _Shelf[User]:
    _require_reader(actor, organization)

    def render(rows: Sequence[DirectoryUser]) -> list[User]:
        groups = groups_of(rows)
        return [user_resource(organization, row, groups[row.pk]) for row in rows]

    rows = DirectoryUser.objects.filter(organization=organization)
    return _Shelf(organization, rows, render, {"username": "user_key"})


def _groups(actor: Actor, organization: Organization) -> _Shelf[Group]:
    _require_reader(actor, organization)

    def render(rows: Sequence[DirectoryGroup]) -> list[Group]:
        people = people_of(rows)
        return [group_resource(organization, row, people[row.pk]) for row in rows]

    rows = DirectoryGroup.objects.filter(organization=organization)
    return _Shelf(organization, rows, render, {"displayname": "display_key"})


def _require_reader(actor: Actor, organization: Organization) -> None:
    require(actor, Permission.MEMBER_READ, organization.scope)
    require_provider(actor)
    with tenant(organization.pk):
        current = Organization.objects.filter(pk=organization.pk).first()
    if current is None:
        raise NotFound("Organization not found.")
    current.require_feature(Feature.SCIM)


def _one(shelf: _Shelf[R], row_id: UUID, noun: str) -> R:
    with tenant(shelf.organization.pk):
        found = shelf.render(list(shelf.rows.filter(pk=row_id)))
    if not found:
        raise NotFound(f"{noun} {row_id} not found.")
    return found[0]


def _search(shelf: _Shelf[R], wanted: SearchRequest[Any], start: int, count: int) -> Matches[R]:
    with tenant(shelf.organization.pk):
        narrowed = _narrowed(shelf, wanted)
        rows = shelf.rows if narrowed is None else shelf.rows.filter(narrowed)
        rows = rows.order_by("pk")
        if wanted.filter is None or narrowed is not None:
            page = list(rows[start - 1 : start - 1 + count]) if count else []
            return Matches(rows.count(), start, shelf.render(page))
        found = _matching(shelf, rows, wanted)
    return Matches(len(found), start, found[start - 1 : start - 1 + count])


def _narrowed(shelf: _Shelf[R], wanted: SearchRequest[Any]) -> Q | None:
    """The condition of the filters that providers send for each person; None for all others, which
    are matched one record at a time."""
    node = None if wanted.filter is None else wanted.filter.ast
    if not isinstance(node, Comparison) or node.op is not CompareOperator.eq:
        return None
    if node.attr_path.sub_attr is not None or not isinstance(node.value, str):
        return None
    name = node.attr_path.attr.lower()
    if name == "externalid":
        # Absent ones are stored as "", and equal nothing.
        return Q(external_id=node.value) & ~Q(external_id="")
    if name in shelf.columns:
        return Q(**{shelf.columns[name]: node.value.casefold()})
    return None


def _matching(shelf: _Shelf[R], rows: QuerySet[Any], wanted: SearchRequest[Any]) -> list[R]:
    with POLICY:
        found = shelf.render(list(rows))
        return [one for one in found if wanted.filter is None or wanted.filter.match(one)]
