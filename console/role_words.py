"""What a principal holds, in words: on the organization, and on the projects a viewer sees."""

from dataclasses import dataclass
from uuid import UUID

from access.matrix import ROLE_LABELS
from access.permissions import Role
from console.visit import Visit
from orgs.directory import roles_of
from projects.queries import visible_projects

_EVERYWHERE = "every project"


@dataclass(frozen=True, slots=True)
class Held:
    here: list[str]
    projects: list[str]


def held_by(visit: Visit, principals: list[UUID]) -> dict[UUID, Held]:
    """For all principals of a page at once; what the viewer may not see is left out."""
    names = {one.pk: one.name for one in visible_projects(visit.actor, visit.organization)}
    found = {}
    for principal, bindings in roles_of(visit.actor, visit.organization, principals).items():
        here = [ROLE_LABELS[one.typed_role] for one in bindings if one.project_id is None]
        there = [
            f"{names[one.project_id]}: {ROLE_LABELS[one.typed_role].lower()}"
            for one in bindings
            if one.project_id in names
        ]
        is_owner = any(one.typed_role is Role.ORG_OWNER for one in bindings)
        found[principal] = Held(here, [_EVERYWHERE] if is_owner else sorted(there))
    return found
