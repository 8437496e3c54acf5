"""What the viewer may do here, for templates: `may.index_create.is_allowed`, and why not."""

from dataclasses import dataclass

from access.actor import Actor, Scope
from access.decide import Decision, decide
from access.matrix import ROLE_LABELS
from access.permissions import ORGANIZATION_ROLES, ROLE_PERMISSIONS, Permission, Role

_OF_PEOPLE = (
    *(role for role in Role if role in ORGANIZATION_ROLES),
    Role.PROJECT_OWNER,
    Role.PROJECT_MANAGER,
    Role.PROJECT_EDITOR,
)


@dataclass(frozen=True, slots=True)
class Rights:
    """Decisions about one scope, looked up by the permission's name in lower case."""

    actor: Actor
    scope: Scope

    def __getitem__(self, name: str) -> Decision:
        permission = Permission[name.upper()]
        decision = decide(self.actor, permission, self.scope)
        if decision.is_allowed:
            return decision
        return Decision(is_allowed=False, reason=_who_may(permission))


def _who_may(permission: Permission) -> str:
    labels = [
        ROLE_LABELS[role].lower() for role in _OF_PEOPLE if permission in ROLE_PERMISSIONS[role]
    ]
    *others, last = labels
    names = f"{', '.join(others)} and {last}" if others else last
    return f"Your role does not allow this. Roles that do: {names}."
