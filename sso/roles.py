"""Roles as identity providers write them: `pinecone:<OrgRole>`, `pinecone:project:<id>:<Role>`."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from access.permissions import ORGANIZATION_ROLES, PROJECT_ROLES, Role
from orgs.role_bindings import Assignment

_ORGANIZATION_PARTS, _PROJECT_PARTS = 2, 4


def parse_role(text: str) -> Assignment | None:
    """None for whatever is not such a role: providers send other things in the same attribute."""
    parts = text.strip().split(":")
    if parts[0] != "pinecone":
        return None
    if len(parts) == _ORGANIZATION_PARTS:
        return _assignment(parts[1], None)
    if len(parts) == _PROJECT_PARTS and parts[1] == "project":
        try:
            return _assignment(parts[3], UUID(parts[2]))
        except ValueError:
            return None
    return None


def assignments_of(
    roles: Iterable[str], groups: Iterable[str], group_roles: Mapping[str, str]
) -> list[Assignment]:
    """Those named by the attribute and those that the person's groups stand for, each once."""
    named = [*roles, *(group_roles[group] for group in groups if group in group_roles)]
    parsed = (parse_role(text) for text in named)
    return list(dict.fromkeys(one for one in parsed if one is not None))


def _assignment(name: str, project_id: UUID | None) -> Assignment | None:
    if name not in {str(role) for role in Role}:
        return None
    role = Role(name)
    is_fitting = role in (ORGANIZATION_ROLES if project_id is None else PROJECT_ROLES)
    return Assignment(role, project_id) if is_fitting else None
