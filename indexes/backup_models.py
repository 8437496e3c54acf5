"""Backups of indexes, and the jobs that make an index of one."""

from uuid import UUID

from django.db import models

from access.actor import Scope
from audit.record import Target
from kit import clock
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from orgs.models import Organization
from projects.models import Project


class BackupStatus(models.TextChoices):
    """Pinecone's names."""

    INITIALIZING = "Initializing"
    READY = "Ready"
    FAILED = "Failed"


class RestoreStatus(models.TextChoices):
    """Pinecone's names."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


UNFINISHED = (RestoreStatus.PENDING, RestoreStatus.IN_PROGRESS)


class Backup(models.Model):
    """A backup outlives its index: what it needs of that one to make another is written here.

    The records are in the object store (`storage/backups/form.py`). `attempts` counts tries that
    ended with an error. What a schedule had taken says which one, for which of its runs, and until
    when it is kept; it outlives the schedule too. `verification` is the last answer to whether it
    is sound (`indexes/verification_models.py`). One with a `collection_name` is a collection.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.PROTECT, related_name="backups")
    name = models.CharField(max_length=80, blank=True)
    collection_name = models.CharField(max_length=45, blank=True)
    description = models.CharField(max_length=256, blank=True)
    status = models.CharField(
        max_length=16, choices=BackupStatus.choices, default=BackupStatus.INITIALIZING
    )
    failure = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    source_index_id = models.UUIDField()
    source_deleted_at = models.DateTimeField(null=True)
    source_index_name = models.CharField(max_length=45)
    dimension = models.PositiveIntegerField(null=True)
    metric = models.CharField(max_length=16)
    vector_type = models.CharField(max_length=8)
    spec = models.JSONField()
    schema = models.JSONField(null=True)
    tags = models.JSONField(default=dict)
    record_count = models.BigIntegerField(default=0)
    namespace_count = models.PositiveIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    schedule_id = models.UUIDField(null=True)
    scheduled_for = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    verification = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "scheduled_for"], name="indexes_backup_run_once"
            ),
            models.UniqueConstraint(
                fields=["project", "collection_name"],
                condition=~models.Q(collection_name=""),
                name="indexes_backup_collection_once",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="indexes_backup_of_project"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="indexes_backup_expiring",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(status=BackupStatus.INITIALIZING),
                name="indexes_backup_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.collection_name or self.name or str(self.id)

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        """That of its index, also when the index has gone: keys may be bound to some indexes."""
        return Scope(
            OrganizationId(self.organization_id),
            ProjectId(self.project_id),
            IndexId(self.source_index_id),
        )

    def audit_target(self) -> Target:
        owner = self.organization
        kind = "collection" if self.collection_name else "backup"
        return Target(kind, str(self.id), str(self), owner.id, owner.name, self.project_id)


class RestoreJob(models.Model):
    """An index is being made of a backup, or of what another index was at `restored_to`; the index
    stays `Initializing` until it is complete.

    `prepared` is what is copied already, for the worker that goes on (`storage/backups/fill.py`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="restore_jobs")
    # No foreign keys: a job is remembered when backup and index have gone.
    backup_id = models.UUIDField(null=True)
    restored_to = models.DateTimeField(null=True)
    source_index_id = models.UUIDField()
    target_index_id = models.UUIDField(unique=True)
    target_index_name = models.CharField(max_length=45)
    status = models.CharField(
        max_length=12, choices=RestoreStatus.choices, default=RestoreStatus.PENDING
    )
    percent_complete = models.FloatField(default=0)
    prepared = models.JSONField(default=dict)
    failure = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-id"], name="indexes_restorejob_of_project"),
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=UNFINISHED),
                name="indexes_restorejob_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_index_name} ({self.status})"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        return Scope(
            OrganizationId(self.organization_id),
            ProjectId(self.project_id),
            IndexId(self.target_index_id),
        )

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    def audit_target(self) -> Target:
        owner = self.organization
        name = self.target_index_name
        return Target("restore_job", str(self.id), name, owner.id, owner.name, self.project_id)
