"""The actor of a request or job, and the scope that a decision is asked for."""

from dataclasses import dataclass, field
from uuid import UUID

from access.permissions import CredentialKind, Role
from access.reach import EVERYWHERE, Reach
from kit.ids import OrganizationId, ProjectId


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a permission is asked for: an organization, one project of it, or further in.

    `namespace` is "" for the default one; None asks for the index as a whole.
    """

    organization_id: OrganizationId
    project_id: ProjectId | None = None
    index_id: UUID | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One role on one resource; `project_id` is None for roles held on the organization.

    `binding_id` is the role binding that gives it; None for roles that a key carries itself.
    """

    role: Role
    organization_id: OrganizationId
    project_id: ProjectId | None = None
    binding_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, how it proved it, and the roles it holds; built once per request by a face.

    `principal_id` and `display_name` are snapshotted into the audit log. The operator (the person
    at the machine's command line) and the system (sweeps, workers) hold no grants: they may act
    in every scope, and their acts are recorded under their kind. `reach` confines a key further
    than its roles do.
    """

    kind: CredentialKind
    principal_id: UUID | None
    display_name: str
    grants: tuple[RoleGrant, ...] = field(default=())
    reach: Reach = EVERYWHERE

    @property
    def is_unbounded(self) -> bool:
        return self.kind in {CredentialKind.OPERATOR, CredentialKind.SYSTEM}


OPERATOR = Actor(kind=CredentialKind.OPERATOR, principal_id=None, display_name="operator")
SYSTEM = Actor(kind=CredentialKind.SYSTEM, principal_id=None, display_name="stonepine")
