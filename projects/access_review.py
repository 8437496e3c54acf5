"""Who may do what in an organization, since when, and when they last did: for reviews of access."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from accounts.models import User
from accounts.second_factors import holders_of_second_factors
from orgs.models import (
    Organization,
    PrincipalType,
    ResourceType,
    RoleBinding,
    ServiceAccount,
)
from orgs.tenancy import tenant
from projects.key_actors import key_obstacles
from projects.models import ApiKey, Project

API_KEY = "api_key"


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One role of one principal. `is_living`: neither deactivated, revoked, disabled nor expired.

    `place`: "" for the organization itself, else the project's slug. `has_second_factor` is None
    for machines.
    """

    principal_type: str
    principal_id: UUID
    name: str
    known_as: str
    role: str
    place: str
    granted_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    is_living: bool
    has_second_factor: bool | None = None


def access_review(actor: Actor, organization: Organization) -> list[HeldRole]:
    """People, service accounts and API keys, by kind and name; invited people have no role yet."""
    for permission in (Permission.MEMBER_READ, Permission.SERVICE_ACCOUNT_READ):
        require(actor, permission, organization.scope)
    with tenant(organization.pk):
        projects = {one.pk: one for one in Project.objects.filter(organization=organization)}
        for project in projects.values():
            require(actor, Permission.API_KEY_READ, project.scope)
        found = [*_bound(organization, projects), *_keyed(organization, projects)]
    return sorted(found, key=lambda one: (one.principal_type, one.name, one.place, one.role))


def _bound(organization: Organization, projects: dict[UUID, Project]) -> Iterator[HeldRole]:
    rows = list(RoleBinding.objects.filter(organization=organization))
    holders = {row.principal_id for row in rows}
    people = {one.pk: one for one in User.objects.filter(pk__in=holders)}
    proving = holders_of_second_factors(people)
    machines = {one.pk: one for one in ServiceAccount.objects.filter(pk__in=holders)}
    for row in rows:
        is_project = row.resource_type == ResourceType.PROJECT
        place = projects[row.resource_id].slug if is_project else ""
        if row.principal_type == PrincipalType.USER:
            user = people[row.principal_id]
            yield _of_person(user, row, place, has_second_factor=user.pk in proving)
        elif row.principal_type == PrincipalType.SERVICE_ACCOUNT:
            yield _of_machine(machines[row.principal_id], row, place)


def _of_person(
    user: User, binding: RoleBinding, place: str, *, has_second_factor: bool
) -> HeldRole:
    return HeldRole(
        PrincipalType.USER, user.pk, user.display_name, user.email, binding.role, place,
        binding.created_at, user.last_login, None, user.is_active, has_second_factor,
    )  # fmt: skip


def _of_machine(account: ServiceAccount, binding: RoleBinding, place: str) -> HeldRole:
    return HeldRole(
        PrincipalType.SERVICE_ACCOUNT, account.pk, account.name, account.client_id, binding.role,
        place, binding.created_at, account.last_used_at, None, is_living=True,
    )  # fmt: skip


def _keyed(organization: Organization, projects: dict[UUID, Project]) -> Iterator[HeldRole]:
    rows = ApiKey.objects.filter(organization=organization)
    for key in rows.select_related("project__organization"):
        for role in key.typed_roles:
            yield HeldRole(
                API_KEY, key.pk, key.name, key.public_id, role, projects[key.project_id].slug,
                key.created_at, key.last_used_at, key.expires_at, not key_obstacles(key),
            )  # fmt: skip
