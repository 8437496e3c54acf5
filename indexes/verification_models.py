"""Verifications of backups: jobs that restore one into a scratch place and compare digests."""

from django.db import models

from indexes.backup_models import Backup
from kit import clock
from kit.ids import new_id
from orgs.models import Organization


class VerificationStatus(models.TextChoices):
    """`Damaged` is an answer; `Failed` says that there is none."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    PASSED = "Passed"
    DAMAGED = "Damaged"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


UNANSWERED = (VerificationStatus.PENDING, VerificationStatus.IN_PROGRESS)


class BackupVerification(models.Model):
    """One look at a backup. `digest` is of all records at its LSNs; `finding` says what is wrong.

    Its id is also that of the scratch place.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    backup = models.ForeignKey(Backup, models.CASCADE, related_name="verifications")
    status = models.CharField(
        max_length=12, choices=VerificationStatus.choices, default=VerificationStatus.PENDING
    )
    percent_complete = models.FloatField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["backup"],
                condition=models.Q(status__in=UNANSWERED),
                name="indexes_verification_one_unanswered",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=UNANSWERED),
                name="indexes_verification_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.backup_id} ({self.status})"
