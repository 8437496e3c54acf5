"""Projects, the API keys that open them and the data keys that seal what is in them."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from access.actor import Scope
from access.network_policy import NetworkPolicy, PrivateEndpoint
from access.permissions import Role
from audit.record import Target
from kit import clock
from kit.ids import OrganizationId, ProjectId, new_id
from orgs.models import Organization


class Project(models.Model):
    """Indexes and keys live in projects. Its wrapping key lives at the key provider."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=512)
    slug = models.SlugField(max_length=64)
    force_encryption_with_cmek = models.BooleanField(default=False)
    max_pods = models.PositiveIntegerField(default=0)
    data_plane_networks = ArrayField(models.CharField(max_length=49), default=list)
    control_plane_networks = ArrayField(models.CharField(max_length=49), default=list)
    private_endpoint = models.CharField(
        max_length=8,
        choices=[(one, one) for one in PrivateEndpoint],
        default=str(PrivateEndpoint.OFF),
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "slug"], name="projects_project_slug_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        return Scope(OrganizationId(self.organization_id), ProjectId(self.id))

    @property
    def network_policy(self) -> NetworkPolicy:
        return NetworkPolicy.of(
            self.data_plane_networks, self.control_plane_networks, self.private_endpoint
        )

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("project", str(self.id), self.name, owner.id, owner.name, self.id)


class ApiKey(models.Model):
    """A key of one project. Of its secret only a keyed digest and the last letters are kept.

    `index_ids`, `sealed_namespaces` and `networks` confine it where they are not empty
    (`projects.key_bounds`). Indexes are named by id: a namesake of a deleted one is out of reach.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    public_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    pepper_id = models.SmallIntegerField()
    last4 = models.CharField(max_length=4)
    roles = ArrayField(models.CharField(max_length=32))
    created_by_kind = models.CharField(max_length=16)
    created_by_id = models.UUIDField(null=True)
    created_by_name = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.GenericIPAddressField(null=True)
    replaced_by_id = models.UUIDField(null=True)
    index_ids = ArrayField(models.UUIDField(), default=list)
    sealed_namespaces = models.BinaryField(null=True)
    networks = ArrayField(models.CharField(max_length=49), default=list)

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        return Scope(OrganizationId(self.organization_id), ProjectId(self.project_id))

    @property
    def shown(self) -> str:
        """How lists show the key: enough to tell it from others, nothing to open with."""
        return f"pcsk_{self.public_id}_…{self.last4}"

    @property
    def typed_roles(self) -> list[Role]:
        return [Role(role) for role in self.roles]

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("api_key", str(self.id), self.name, owner.id, owner.name, self.project_id)


class DataKey(models.Model):
    """A data key of a project, wrapped by the key provider; older versions still open old bytes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="data_keys")
    version = models.PositiveIntegerField()
    wrapped = models.BinaryField()
    provider = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="projects_datakey_once")
        ]

    def __str__(self) -> str:
        return f"data key {self.version} of {self.project_id}"


class EncryptionKey(models.Model):
    """A key of the customer's own, around the project's data keys (`keyring.layered`).

    `settings` and `sealed_secret` are what `keyring.outer.kinds` knows of its kind; the last five
    columns say how its provider answered, most lately and when it last agreed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.OneToOneField(Project, models.CASCADE, related_name="encryption_key")
    kind = models.CharField(max_length=16)
    settings = models.JSONField()
    sealed_secret = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    disabled_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    failure = models.CharField(max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return str(self.settings.get("key", ""))

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        return Scope(OrganizationId(self.organization_id), ProjectId(self.project_id))

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def shown_settings(self) -> dict[str, str]:
        """What is set, without certificates, which are long."""
        return {name: text for name, text in self.settings.items() if text and name != "ca"}

    def audit_target(self) -> Target:
        owner = self.organization
        return Target(
            "encryption_key", str(self.id), str(self), owner.id, owner.name, self.project_id
        )


class KeyDestruction(models.Model):
    """A project is gone and its wrapping key must follow; the row stays until it has."""

    project_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField()
    requested_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"destroy the key of {self.project_id}"
