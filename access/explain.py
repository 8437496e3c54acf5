"""The explanation: may this principal do that there, by which role, and if not, why not.

Everything is asked of the decision itself, with the principal's own grants, with each alone and
with one more, so that the explanation cannot disagree with what happens.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from access.actor import Actor, RoleGrant, Scope
from access.decide import Decision, reaches
from access.permissions import (
    API_KEY_ROLES,
    ORGANIZATION_ROLES,
    PROJECT_ROLES,
    ROLE_PERMISSIONS,
    CredentialKind,
    Permission,
)
from access.pods import decide_at_index
from kit.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal as it acts once it has proven who it is.

    `obstacles` are the reasons why it cannot prove it at the moment: whatever its roles are, it can
    do nothing. `conditions` hold for every use of its credential: "from 192.0.2.0/24".
    """

    actor: Actor
    obstacles: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is asked for. `name` is what people call it: "the project Search"."""

    scope: Scope
    name: str
    is_pod: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """`decision` looks at the roles alone. `held` reach the place, `allowing` each suffice,
    `missing` would each suffice if it were held besides, from the least right to the most."""

    identity: Identity
    permission: Permission
    place: Place
    decision: Decision
    held: tuple[RoleGrant, ...]
    allowing: tuple[RoleGrant, ...]
    missing: tuple[RoleGrant, ...]

    @property
    def is_allowed(self) -> bool:
        return self.decision.is_allowed and not self.identity.obstacles

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not; why, where it is allowed."""
        obstacles = self.identity.obstacles
        if obstacles and (self.decision.is_allowed or not self.held):
            return obstacles
        return (*obstacles, self.decision.reason)

    def sentence(self) -> str:
        """For people: the verdict, its reason, and what would change it."""
        asked = f"{self.identity.actor.display_name}: {self.permission} in {self.place.name}"
        if not self.is_allowed:
            return f"No. {asked} is denied: {'; '.join(self.reasons)}.{self._remedy()}"
        by = " or ".join(map(_in_words, self.allowing)) or self.decision.reason
        only = "".join(f" Only {condition}." for condition in self.identity.conditions)
        return f"Yes. {asked} is allowed by {by}.{only}"

    def to_json(self) -> dict[str, Any]:
        actor, scope = self.identity.actor, self.place.scope
        return {
            "allowed": self.is_allowed,
            "sentence": self.sentence(),
            "reasons": list(self.reasons),
            "conditions": list(self.identity.conditions),
            "permission": str(self.permission),
            "principal": {
                "type": "user" if actor.kind is CredentialKind.SESSION else str(actor.kind),
                "id": _id(actor.principal_id),
                "name": actor.display_name,
            },
            "place": {
                "organization_id": _id(scope.organization_id),
                "project_id": _id(scope.project_id),
                "index_id": _id(scope.index_id),
                "namespace": scope.namespace,
            },
            "roles_here": [_grant_json(grant) for grant in self.held],
            "allowing": [_grant_json(grant) for grant in self.allowing],
            "would_allow": [_grant_json(grant) for grant in self.missing],
        }

    def _remedy(self) -> str:
        if self.allowing:
            return f" Otherwise {' or '.join(map(_in_words, self.allowing))} would allow it."
        if self.identity.obstacles:
            return ""
        if not self.missing:
            return " No role that it can hold would allow it."
        return f" What would allow it: {', or '.join(map(_in_words, self.missing))}."


def explain(identity: Identity, permission: Permission, place: Place) -> Explanation:
    actor = identity.actor
    decision = _decide(actor, actor.grants, permission, place)
    allowing = tuple(g for g in actor.grants if _decide(actor, (g,), permission, place).is_allowed)
    missing = () if decision.is_allowed else tuple(_missing(actor, permission, place))
    held = tuple(grant for grant in actor.grants if reaches(grant, place.scope))
    return Explanation(identity, permission, place, decision, held, allowing, missing)


def parse_permission(name: str) -> Permission:
    """Raises `InvalidArgument`, naming the choices."""
    try:
        return Permission(name)
    except ValueError:
        choices = ", ".join(Permission)
        raise InvalidArgument(
            f"There is no permission {name[:80]!r}. Choose one of: {choices}.", field="permission"
        ) from None


def _decide(
    actor: Actor, grants: tuple[RoleGrant, ...], permission: Permission, place: Place
) -> Decision:
    asked = replace(actor, grants=grants)
    return decide_at_index(asked, permission, place.scope, is_pod=place.is_pod)


def _missing(actor: Actor, permission: Permission, place: Place) -> Iterator[RoleGrant]:
    found = [
        one
        for one in _possible_grants(actor, place.scope)
        if _decide(actor, (*actor.grants, one), permission, place).is_allowed
    ]
    yield from sorted(found, key=lambda one: (len(ROLE_PERMISSIONS[one.role]), one.role))


def _possible_grants(actor: Actor, scope: Scope) -> Iterator[RoleGrant]:
    """What could be given. A key carries roles on its own project, and on no other resource."""
    if actor.kind is CredentialKind.API_KEY:
        for home in {(grant.organization_id, grant.project_id) for grant in actor.grants}:
            yield from (RoleGrant(role, *home) for role in API_KEY_ROLES)
        return
    yield from (RoleGrant(role, scope.organization_id) for role in ORGANIZATION_ROLES)
    if scope.project_id is not None:
        for role in PROJECT_ROLES:
            yield RoleGrant(role, scope.organization_id, scope.project_id)


def _in_words(grant: RoleGrant) -> str:
    resource = "organization" if grant.project_id is None else "project"
    binding = f" (binding {grant.binding_id})" if grant.binding_id else ""
    return f"{grant.role} on the {resource}{binding}"


def _grant_json(grant: RoleGrant) -> dict[str, Any]:
    return {
        "role": str(grant.role),
        "organization_id": _id(grant.organization_id),
        "project_id": _id(grant.project_id),
        "binding_id": _id(grant.binding_id),
    }


def _id(value: object) -> str | None:
    return None if value is None else str(value)
