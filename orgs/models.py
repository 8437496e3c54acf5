"""Organizations (the tenants), members, invitations, roles held in them, service accounts."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from access.actor import Scope
from access.network_policy import admits
from access.networks import parse_networks
from access.permissions import ORGANIZATION_ROLES, PROJECT_ROLES, Role
from accounts.models import User
from audit.record import Target
from kit import clock
from kit.ids import OrganizationId, ProjectId, new_id, random_base62
from orgs.plans import LIMITS, Feature, Limits, Plan, require_feature, require_room
from orgs.support_models import SupportAccess  # noqa: F401 - Django looks for it here

_PUBLIC_ID_LENGTH = 20


class UserManagement(models.TextChoices):
    """Where people's roles are decided; one place at a time."""

    CONSOLE = "console"
    SAML = "saml"
    SCIM = "scim"


def new_public_id() -> str:
    return random_base62(_PUBLIC_ID_LENGTH)


class Organization(models.Model):
    """`public_id` is what APIs call it; `slug` is what URLs of the console call it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    name = models.CharField(max_length=512)
    slug = models.SlugField(max_length=64, unique=True)
    plan = models.CharField(max_length=16, choices=[(plan, plan) for plan in Plan])
    suspended_at = models.DateTimeField(null=True)
    # Of who signed up and made it; null where the operator did.
    founder_email = models.CharField(max_length=254, unique=True, null=True)  # noqa: DJ001
    user_management = models.CharField(
        max_length=8, choices=UserManagement.choices, default=UserManagement.CONSOLE
    )
    # Where people and service accounts have to come from; empty: from anywhere.
    people_networks = ArrayField(models.CharField(max_length=49), default=list)
    service_account_networks = ArrayField(models.CharField(max_length=49), default=list)
    # Days by what is kept for them (`orgs/retention.py`); before the other moment nothing can be
    # restored, however far the window reaches by now.
    retention_days = models.JSONField(default=dict)
    restorable_from = models.DateTimeField(null=True)
    # Until when the operator may look at it (`orgs/support.py`).
    support_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.id

    @property
    def scope(self) -> Scope:
        return Scope(OrganizationId(self.id))

    @property
    def is_open_to_support(self) -> bool:
        return self.support_until is not None and self.support_until > clock.now()

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    def admits_people_from(self, address: str | None) -> bool:
        return admits(parse_networks(self.people_networks), address)

    def admits_service_accounts_from(self, address: str | None) -> bool:
        return admits(parse_networks(self.service_account_networks), address)

    @property
    def limits(self) -> Limits:
        return LIMITS[Plan(self.plan)]

    def require_room(self, quota: str, existing: int) -> None:
        """Raise `QuotaExceeded` where the plan allows no more; `quota` is a field of `Limits`."""
        limit = getattr(self.limits, quota)
        require_room(
            limit,
            existing,
            what=quota.replace("_", " ").replace("api", "API"),
            plan=Plan(self.plan),
        )

    def require_feature(self, feature: Feature) -> None:
        """Raise `PaymentRequired` where the plan does not include it."""
        require_feature(Plan(self.plan), feature)

    def audit_target(self) -> Target:
        return Target("organization", self.public_id, self.name, self.id, self.name)


class Membership(models.Model):
    """A person belongs to an organization; what they may do is in role bindings."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="orgs_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id}"


class PrincipalType(models.TextChoices):
    """API keys are principals too, but carry their roles themselves."""

    USER = "user"
    SERVICE_ACCOUNT = "service_account"
    INVITE = "invite"


class ResourceType(models.TextChoices):
    ORGANIZATION = "organization"
    PROJECT = "project"


class RoleBinding(models.Model):
    """One role of one principal on one resource; never changed, only made and deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="role_bindings")
    principal_type = models.CharField(max_length=16, choices=PrincipalType.choices)
    principal_id = models.UUIDField()
    role = models.CharField(max_length=32, choices=[(role, role) for role in Role])
    resource_type = models.CharField(max_length=16, choices=ResourceType.choices)
    resource_id = models.UUIDField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["principal_id"], name="orgs_binding_principal")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "principal_id", "role", "resource_id"],
                name="orgs_binding_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    resource_type=ResourceType.ORGANIZATION,
                    resource_id=models.F("organization_id"),
                    role__in=sorted(ORGANIZATION_ROLES),
                )
                | models.Q(resource_type=ResourceType.PROJECT, role__in=sorted(PROJECT_ROLES)),
                name="orgs_binding_role_fits_resource",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.principal_type} {self.principal_id}"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def typed_role(self) -> Role:
        return Role(self.role)

    @property
    def project_id(self) -> UUID | None:
        """The project it is held on; None for the organization itself."""
        return self.resource_id if self.resource_type == ResourceType.PROJECT else None

    @property
    def scope(self) -> Scope:
        project = self.project_id
        return Scope(OrganizationId(self.organization_id), ProjectId(project) if project else None)

    def audit_target(self) -> Target:
        owner = self.organization
        return Target(
            "role_binding", str(self.id), str(self), owner.id, owner.name, self.project_id
        )


class InvitationStatus(models.TextChoices):
    PENDING = "pending"
    EXPIRED = "expired"
    PROCESSED = "processed"


class Invitation(models.Model):
    """An address that was asked to join; of its token only a keyed digest is kept.

    Its roles are role bindings of the principal type `invite`, until the invited person takes them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.CharField(max_length=254)
    public_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    pepper_id = models.SmallIntegerField()
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(processed_at=None),
                name="orgs_invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def status(self) -> InvitationStatus:
        if self.processed_at is not None:
            return InvitationStatus.PROCESSED
        is_over = self.expires_at <= clock.now()
        return InvitationStatus.EXPIRED if is_over else InvitationStatus.PENDING

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("invitation", str(self.id), self.email, owner.id, owner.name)


class InvitationMail(models.Model):
    """One mail of the last hour: an organization sends so many and no more."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"mail of {self.sent_at}"


class ServiceAccount(models.Model):
    """A machine's identity in an organization; signs in with client id and secret."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="service_accounts")
    name = models.CharField(max_length=80)
    client_id = models.CharField(max_length=40, unique=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("service_account", str(self.id), self.name, owner.id, owner.name)


class ServiceAccountSecret(models.Model):
    """The keyed digest of one of a service account's secrets; what was revoked has no row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    service_account = models.ForeignKey(ServiceAccount, models.CASCADE, related_name="secrets")
    public_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    pepper_id = models.SmallIntegerField()
    last4 = models.CharField(max_length=4, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"secret {self.shown}"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def shown(self) -> str:
        """How lists show the secret: enough to tell it from others, nothing to open with."""
        return f"spsa_{self.public_id}_…{self.last4}"

    def audit_target(self) -> Target:
        return self.service_account.audit_target()


class AccessToken(models.Model):
    """What a service account got for a secret; it ends with its time, the secret or the account."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    service_account = models.ForeignKey(ServiceAccount, models.CASCADE, related_name="tokens")
    secret = models.ForeignKey(ServiceAccountSecret, models.CASCADE, related_name="tokens")
    public_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    pepper_id = models.SmallIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token {self.public_id}"


class SetupLink(models.Model):
    """A one-time link that makes the first owner; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    public_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    pepper_id = models.SmallIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"setup link {self.public_id}"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("setup_link", self.public_id, "setup link", owner.id, owner.name)


class EmailDomain(models.Model):
    """A mail domain that an organization has proven to own, or is about to; one owner at a time.

    `domain` is the ASCII form in lower case. A proof that is not found any more is `missing_since`;
    after the grace the domain is pending again, and requires nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="email_domains")
    domain = models.CharField(max_length=253)
    token = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    sso_required_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "domain"], name="orgs_email_domain_claimed_once"
            ),
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(verified_at__isnull=False),
                name="orgs_email_domain_verified_once",
            ),
            models.CheckConstraint(
                condition=models.Q(sso_required_at=None) | models.Q(verified_at__isnull=False),
                name="orgs_email_domain_requires_when_verified",
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("email_domain", str(self.id), self.domain, owner.id, owner.name)
