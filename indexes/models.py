"""Indexes as people asked for them, the nodes there are, and which index runs where."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from access.actor import Scope
from audit.record import Target
from indexes.backup_models import Backup, RestoreJob  # noqa: F401 - Django looks for them here
from indexes.backup_schedule_models import BackupSchedule  # noqa: F401 - the same
from indexes.job_lines import JobLine  # noqa: F401 - the same
from indexes.part_models import Part  # noqa: F401 - the same
from indexes.verification_models import BackupVerification  # noqa: F401 - the same
from kit import clock
from kit.ids import IndexId, OrganizationId, ProjectId, new_id, random_base62
from orgs.models import Organization
from projects.models import Project

_SUFFIX_LENGTH = 7


class IndexState(models.TextChoices):
    """Pinecone's names. Scaling states belong to pods and are not reached here."""

    INITIALIZING = "Initializing"
    INITIALIZATION_FAILED = "InitializationFailed"
    READY = "Ready"
    TERMINATING = "Terminating"


class Metric(models.TextChoices):
    COSINE = "cosine"
    DOTPRODUCT = "dotproduct"
    EUCLIDEAN = "euclidean"


class VectorType(models.TextChoices):
    DENSE = "dense"
    SPARSE = "sparse"


def new_host_suffix() -> str:
    return random_base62(_SUFFIX_LENGTH).lower()


def first_engine() -> list[int]:
    return [0]


class Index(models.Model):
    """Desired state. `generation` rises with every wish, `observed_generation` follows it.

    `spec` holds exactly one of `serverless`, `pod`, `byoc`, with its `read_capacity`; `schema` the
    filterable metadata fields that were declared, or null where all metadata is filterable.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.PROTECT, related_name="indexes")
    name = models.CharField(max_length=45)
    dimension = models.PositiveIntegerField(null=True)
    metric = models.CharField(max_length=16, choices=Metric.choices)
    vector_type = models.CharField(max_length=8, choices=VectorType.choices)
    spec = models.JSONField()
    schema = models.JSONField(null=True)
    tags = models.JSONField(default=dict)
    is_protected = models.BooleanField(default=False)
    state = models.CharField(
        max_length=24, choices=IndexState.choices, default=IndexState.INITIALIZING
    )
    failure = models.CharField(max_length=500, blank=True)
    generation = models.PositiveIntegerField(default=1)
    observed_generation = models.PositiveIntegerField(default=0)
    port = models.PositiveIntegerField(null=True)
    host_suffix = models.CharField(max_length=16, default=new_host_suffix)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ready_at = models.DateTimeField(null=True)
    terminating_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A deleted index gives its name back at once, while its remains are still cleared away.
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=~models.Q(state=IndexState.TERMINATING),
                name="indexes_index_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(vector_type=VectorType.DENSE, dimension__gte=1)
                | models.Q(
                    vector_type=VectorType.SPARSE,
                    dimension__isnull=True,
                    metric=Metric.DOTPRODUCT,
                ),
                name="indexes_index_kind_is_sound",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=~models.Q(generation=models.F("observed_generation")),
                name="indexes_index_not_converged",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        return Scope(
            OrganizationId(self.organization_id), ProjectId(self.project_id), IndexId(self.id)
        )

    @property
    def is_ready(self) -> bool:
        return self.state == IndexState.READY

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("index", str(self.id), self.name, owner.id, owner.name, self.project_id)


class Node(models.Model):
    """A machine that hosts deployments, in so many engine processes.

    Its front writes where it runs (`place`), where other machines reach it (`address`, "" on the
    only machine), what it is lost together with (`zone`, "" where nobody told: all those are one),
    what its indexes may take, and every second that it has heard of version `heard_version` and
    serves until `lease_ends_at`, by the database's clock. Past that it answers nobody until it is
    heard again. `overdue_since` is when a worker found it so.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=63, unique=True)
    capacity = models.PositiveIntegerField(default=1000)
    engines = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    place = models.CharField(max_length=512, blank=True, default="")
    address = models.CharField(max_length=255, blank=True, default="")
    zone = models.CharField(max_length=63, blank=True, default="", db_default="")
    memory_bytes = models.PositiveBigIntegerField(default=0)
    heard_at = models.DateTimeField(null=True)
    heard_version = models.BigIntegerField(default=0)
    lease_ends_at = models.DateTimeField(null=True)
    overdue_since = models.DateTimeField(null=True)
    is_draining = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name

    def audit_target(self) -> Target:
        return Target("node", str(self.id), self.name, None, "")


class Deployment(models.Model):
    """Which node serves an index, and which of its engines.

    After a move `former_nodes` may still serve it until they have heard of `moved_version`; before
    that the node does not begin.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    index = models.OneToOneField(Index, models.CASCADE, related_name="deployment")
    node = models.ForeignKey(Node, models.PROTECT, related_name="deployments")
    engines = ArrayField(models.PositiveSmallIntegerField(), default=first_engine)
    former_nodes = ArrayField(models.UUIDField(), default=list)
    moved_version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.index_id} on {self.node_id}"


class Import(models.Model):
    """A bulk import, as nodes write it (`storage/imports.py`); Pinecone's names.

    `key_id` is the public id of the key that started it. Error and cursor may hold customer bytes
    and are sealed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    index = models.ForeignKey(Index, models.CASCADE, related_name="imports")
    key_id = models.CharField(max_length=32, blank=True)
    uri = models.CharField(max_length=1500)
    integration_id = models.UUIDField(null=True)
    on_error = models.CharField(max_length=8)
    status = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=clock.now)
    percent_complete = models.FloatField(default=0)
    records_imported = models.BigIntegerField(default=0)
    records_refused = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    sealed_cursor = models.BinaryField(null=True)
    sealed_error = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["index", "-id"], name="indexes_import_of_index"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=["Pending", "InProgress"]),
                name="indexes_import_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uri} ({self.status})"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        owner, index = self.organization, self.index
        return Target("import", str(self.id), index.name, owner.id, owner.name, index.project_id)


class StorageIntegration(models.Model):
    """How a project's imports read a bucket: `place` has region and endpoint, the credentials are
    sealed under the project's data key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="storage_integrations")
    name = models.CharField(max_length=80)
    provider = models.CharField(max_length=8)
    place = models.JSONField(default=dict)
    sealed_credentials = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="indexes_storageintegration_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        owner = self.organization
        return Target(
            "storage_integration", str(self.id), self.name, owner.id, owner.name, self.project_id
        )


class PortReservation(models.Model):
    """A port given to an index. Belongs to no tenant: the machine has one set of ports.

    A released port rests before it is given again, so that a client with a stale host does not
    reach somebody else's index. `held_by` is the organization it counts against.
    """

    port = models.PositiveIntegerField(primary_key=True)
    index_id = models.UUIDField()
    held_by = models.UUIDField()
    released_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.port} → {self.index_id}"
