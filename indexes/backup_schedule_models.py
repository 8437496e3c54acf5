"""Schedules by which indexes are backed up."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models

from access.actor import Scope
from audit.record import Target
from indexes.recurrence import Frequency
from kit import clock
from kit.ids import IndexId, OrganizationId, ProjectId, new_id
from orgs.models import Organization
from projects.models import Project


class BackupSchedule(models.Model):
    """Back an index up again and again. `next_run_at` is null while the schedule is disabled.

    All runs are counted from `first_run_at`. Each backup is kept for `keep_days`, and of those that
    are Ready the newest `keep_count`; 0 keeps any number.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="backup_schedules")
    index = models.ForeignKey("indexes.Index", models.CASCADE, related_name="backup_schedules")
    name = models.CharField(max_length=45)
    frequency = models.CharField(max_length=7, choices=[(one, one) for one in Frequency])
    hour = models.PositiveSmallIntegerField()
    keep_days = models.PositiveIntegerField()
    keep_count = models.PositiveIntegerField(default=0)
    is_enabled = models.BooleanField(default=True)
    first_run_at = models.DateTimeField()
    next_run_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["index"],
                condition=models.Q(is_enabled=True),
                name="indexes_backupschedule_one_enabled",
            ),
        ]
        indexes = [models.Index(fields=["next_run_at"], name="indexes_backupschedule_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        """That of its index: keys may be bound to some indexes."""
        return Scope(
            OrganizationId(self.organization_id),
            ProjectId(self.project_id),
            IndexId(self.index_id),
        )

    def run_name(self, moment: datetime) -> str:
        """What the backup of that run is called."""
        return f"{self.name}-{moment:%Y%m%dT%H%M%SZ}"

    def expiry(self, taken_at: datetime) -> datetime:
        return taken_at + timedelta(days=self.keep_days)

    def audit_target(self) -> Target:
        owner = self.organization
        return Target(
            "backup_schedule", str(self.id), self.name, owner.id, owner.name, self.project_id
        )
