"""Role bindings: one role of one principal on one resource, made and deleted, never changed."""

from dataclasses import dataclass
from uuid import UUID

from access.actor import Actor, Scope
from access.decide import may_grant, require
from access.permissions import ORGANIZATION_ROLES, PROJECT_ROLES, Permission, Role
from accounts.models import User
from accounts.second_factors import holders_of_second_factors
from audit.actions import Action
from audit.record import Target, record
from kit.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from kit.ids import OrganizationId, ProjectId
from orgs.locks import locked
from orgs.models import (
    EmailDomain,
    Invitation,
    Membership,
    Organization,
    PrincipalType,
    ResourceType,
    RoleBinding,
    ServiceAccount,
)
from orgs.plans import FEATURES, Feature, Plan
from orgs.user_management import require_decided_here
from orgs.verbs import verb


@dataclass(frozen=True, slots=True)
class Principal:
    """Who holds a role: a member, a service account, or an invitation until it is accepted."""

    type: PrincipalType
    id: UUID

    @classmethod
    def of(cls, user: User) -> "Principal":
        return cls(PrincipalType.USER, user.pk)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role on the organization, or on one project of it."""

    role: Role
    project_id: UUID | None = None

    def scope(self, organization: Organization) -> Scope:
        project = ProjectId(self.project_id) if self.project_id else None
        return Scope(OrganizationId(organization.pk), project)


@verb(Action.ROLE_BINDING_CREATED)
def create_role_binding(
    actor: Actor,
    organization: Organization,
    *,
    principal_type: PrincipalType,
    principal_id: UUID,
    role: Role,
    project_id: UUID | None = None,
) -> RoleBinding:
    """Give a principal of the organization one more role, on it or on one of its projects.

    Whoever owns a project may give its roles to members; all else is the organization owners'.
    """
    principal = Principal(principal_type, principal_id)
    assignment = Assignment(role, project_id)
    require(actor, _right(principal.type, project_id), assignment.scope(organization))
    organization = locked(organization.pk)
    _require_open(actor, organization, principal.type)
    require_assignable(actor, organization, assignment)
    name = _name_of(organization, principal)
    if principal.type == PrincipalType.SERVICE_ACCOUNT:
        organization.require_feature(Feature.SERVICE_ACCOUNTS)
    binding, is_new = bind(organization, principal, assignment)
    if not is_new:
        raise AlreadyExists(f"{name} holds the role {role} here already.", id=str(binding.pk))
    _record(actor, Action.ROLE_BINDING_CREATED, binding, name)
    return binding


@verb(Action.ROLE_BINDING_DELETED)
def delete_role_binding(actor: Actor, binding: RoleBinding) -> None:
    """Take one role away. Refused where it is what keeps the organization owned or a member in."""
    principal_type = PrincipalType(binding.principal_type)
    require(actor, _right(principal_type, binding.project_id), binding.scope)
    organization = locked(binding.organization_id)
    found = RoleBinding.objects.filter(pk=binding.pk).first()
    if found is None:
        raise NotFound("Role binding not found.")
    _require_open(actor, organization, principal_type)
    if found.role == Role.ORG_OWNER and principal_type == PrincipalType.USER:
        require_other_owner(organization, found.principal_id)
    _require_other_membership_role(found)
    name = _name_of(organization, Principal(principal_type, found.principal_id))
    _record(actor, Action.ROLE_BINDING_DELETED, found, name)
    found.delete()


def bind(
    organization: Organization, principal: Principal, assignment: Assignment
) -> tuple[RoleBinding, bool]:
    """The row of a role, and whether it is new; part of a verb's transaction, already checked."""
    on_project = assignment.project_id is not None
    return RoleBinding.objects.get_or_create(
        organization=organization,
        principal_type=principal.type,
        principal_id=principal.id,
        role=assignment.role,
        resource_type=ResourceType.PROJECT if on_project else ResourceType.ORGANIZATION,
        resource_id=assignment.project_id or organization.pk,
    )


def require_assignable(actor: Actor, organization: Organization, assignment: Assignment) -> None:
    """Raise unless the role belongs on that resource, which exists, and the actor may give it."""
    role, project_id = assignment.role, assignment.project_id
    if role not in (ORGANIZATION_ROLES if project_id is None else PROJECT_ROLES):
        resource = "an organization" if project_id is None else "a project"
        raise InvalidArgument(f"{role} is not a role that is held on {resource}.", field="role")
    # The reverse relation, because the package of projects stands above this one.
    if project_id is not None and not organization.projects.filter(pk=project_id).exists():
        raise NotFound(f"Project {project_id} not found.")
    if not may_grant(actor, role, assignment.scope(organization)):
        raise PermissionDenied(f"The role {role} carries rights that you do not hold yourself.")


def is_owner(organization: Organization, user: User) -> bool:
    return RoleBinding.objects.filter(
        organization=organization,
        principal_type=PrincipalType.USER,
        principal_id=user.pk,
        role=Role.ORG_OWNER,
    ).exists()


def require_other_owner(organization: Organization, user_id: UUID) -> None:
    """Raise `Aborted` where nobody but that person could act as an owner; needs the lock."""
    able = User.objects.filter(is_active=True).exclude(pk=user_id).values("pk")
    owners = RoleBinding.objects.filter(
        organization=organization,
        principal_type=PrincipalType.USER,
        role=Role.ORG_OWNER,
        principal_id__in=able,
    )
    if not owners.exists():
        raise Aborted("An organization needs an owner. Make somebody else an owner first.")
    require_way_around(organization, user_id, set(owners.values_list("principal_id", flat=True)))


def require_way_around(organization: Organization, user_id: UUID, others: set[UUID]) -> None:
    """Raise `Aborted` where single sign-on is required and that person is the only owner who gets
    in beside it, by a second factor; `others` are the owners that stay."""
    if Feature.SSO not in FEATURES[Plan(organization.plan)]:
        return
    domains = EmailDomain.objects.filter(organization=organization, verified_at__isnull=False)
    if not domains.filter(sso_required_at__isnull=False).exists():
        return
    if holders_of_second_factors({user_id}) and not holders_of_second_factors(others):
        raise Aborted(
            "Nobody else could repair single sign-on, which is required here: they are the last "
            "owner with a second factor. Let another owner add one first."
        )


def _require_other_membership_role(binding: RoleBinding) -> None:
    if binding.project_id is not None or binding.principal_type == PrincipalType.SERVICE_ACCOUNT:
        return
    others = RoleBinding.objects.filter(
        organization=binding.organization_id,
        principal_id=binding.principal_id,
        resource_type=ResourceType.ORGANIZATION,
    ).exclude(pk=binding.pk)
    if not others.exists():
        instead = (
            "Remove the member instead."
            if binding.principal_type == PrincipalType.USER
            else "Delete the invitation instead."
        )
        raise Aborted(f"This is the last role that keeps them in the organization. {instead}")


def _right(principal_type: PrincipalType, project_id: UUID | None) -> Permission:
    """What it takes to give or take a role. Only owners of the organization invite strangers."""
    if principal_type == PrincipalType.INVITE:
        return Permission.MEMBER_WRITE
    if project_id is not None:
        return Permission.PROJECT_MEMBER_WRITE
    if principal_type == PrincipalType.SERVICE_ACCOUNT:
        return Permission.SERVICE_ACCOUNT_WRITE
    return Permission.MEMBER_WRITE


def _require_open(actor: Actor, organization: Organization, principal: PrincipalType) -> None:
    """People's roles may be an identity provider's to decide; those of machines never are."""
    if principal != PrincipalType.SERVICE_ACCOUNT:
        require_decided_here(actor, organization)


def _name_of(organization: Organization, principal: Principal) -> str:
    """How people call the principal; raises `NotFound` where the organization has none such."""
    name: str | None
    match principal.type:
        case PrincipalType.USER:
            members = Membership.objects.filter(organization=organization, user=principal.id)
            name = members.values_list("user__email", flat=True).first()
        case PrincipalType.SERVICE_ACCOUNT:
            accounts = ServiceAccount.objects.filter(organization=organization, pk=principal.id)
            name = accounts.values_list("name", flat=True).first()
        case PrincipalType.INVITE:
            invitations = Invitation.objects.filter(organization=organization, processed_at=None)
            name = invitations.filter(pk=principal.id).values_list("email", flat=True).first()
    if name is None:
        noun = principal.type.value.replace("_", " ").capitalize()
        raise NotFound(f"{noun} {principal.id} not found.")
    return name


def _record(actor: Actor, action: Action, binding: RoleBinding, name: str) -> None:
    owner, project_id = binding.organization, binding.project_id
    target = Target(
        "role_binding",
        str(binding.pk),
        f"{binding.role} of {name}",
        owner.pk,
        owner.name,
        project_id,
    )
    record(
        actor,
        action,
        target=target,
        role=str(binding.role),
        principal_type=str(binding.principal_type),
        principal_id=str(binding.principal_id),
        resource_type=str(binding.resource_type),
        resource_id=str(binding.resource_id),
    )
