"""The operator's access to an organization for support: asked for, granted, over."""

from datetime import datetime
from uuid import UUID

from django.db import models

from audit.record import Target
from kit import clock
from kit.ids import new_id
from orgs.support_status import SupportStatus


class SupportAccess(models.Model):
    """One time that the operator may look at an organization, or asks to.

    `requested_by` is the operator who asked, empty where the organization let them in unasked;
    `granted_by` is whose word let them in. Names are snapshots, as in the audit log.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("orgs.Organization", models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300)
    requested_by = models.CharField(max_length=254, blank=True)
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    granted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(ended_at__isnull=True),
                name="orgs_supportaccess_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"support until {self.expires_at:%Y-%m-%d %H:%M}"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def status(self) -> SupportStatus:
        if self.ended_at is not None or self.expires_at <= clock.now():
            return SupportStatus.OVER
        return SupportStatus.REQUESTED if self.granted_at is None else SupportStatus.OPEN

    @property
    def is_open(self) -> bool:
        return self.status is SupportStatus.OPEN

    @property
    def over_at(self) -> datetime:
        """When it ended, or ends."""
        return self.ended_at or self.expires_at

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("support_access", str(self.id), "support access", owner.id, owner.name)
