"""Notices that stand, who has put which away, and who wants them by mail."""

from uuid import UUID

from django.db import models

from access.actor import Scope
from accounts.models import User
from audit.record import Target
from kit import clock
from kit.ids import OrganizationId, ProjectId, new_id
from notices.kinds import MEANINGS, Kind
from orgs.models import Organization


class Notice(models.Model):
    """Something that is so since `created_at`, and was so until `resolved_at`.

    `subject_id` says what of, and is text because not everything has a row. No foreign key to the
    project: a deleted one takes what its notices are about along, and the next look resolves them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=24, choices=[(str(one), str(one)) for one in Kind])
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=120)
    detail = models.CharField(max_length=500, blank=True)
    ends_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "subject_id"],
                condition=models.Q(resolved_at__isnull=True),
                name="notices_notice_stands_once",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return MEANINGS[Kind(self.kind)].title.format(subject=self.subject_name)

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        project = ProjectId(self.project_id) if self.project_id is not None else None
        return Scope(OrganizationId(self.organization_id), project)

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("notice", str(self.id), self.title, owner.id, owner.name, self.project_id)


class Dismissal(models.Model):
    """A person has put a notice away; others see it still."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="dismissals")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "user"], name="notices_dismissal_once")
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} by {self.user_id}"


class MailWish(models.Model):
    """A person wants the organization's notices by mail too."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="notices_mail_once")
        ]

    def __str__(self) -> str:
        return f"mail to {self.user_id}"
