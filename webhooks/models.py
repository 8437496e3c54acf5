"""Webhooks, what each is to be told, and how telling it went."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from access.actor import Scope
from audit.record import Target
from kit import clock
from kit.ids import OrganizationId, ProjectId, new_id
from orgs.models import Organization
from projects.models import Project


class Webhook(models.Model):
    """Of one project, or of a whole organization where `project` is null.

    Its address is sealed, as its path may be a secret (`webhooks.secret_store`); `url` is empty but
    in rows from before that, until the sweep has sealed them.

    `failing_since` is when the first of the failures happened that no success has followed.
    `disabled_because` is empty where a person turned it off. `claimed_until` is until when a worker
    alone delivers.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="webhooks")
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="webhooks")
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=2000, default="", blank=True)
    sealed_url = models.BinaryField(null=True)
    events = ArrayField(models.CharField(max_length=64))
    sealed_secret = models.BinaryField()
    sealed_previous_secret = models.BinaryField(null=True)
    previous_secret_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    disabled_at = models.DateTimeField(null=True)
    disabled_because = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True)
    last_delivered_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "-id"], name="webhooks_of_organization")]

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def scope(self) -> Scope:
        project = ProjectId(self.project_id) if self.project_id is not None else None
        return Scope(OrganizationId(self.organization_id), project)

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    def has_two_secrets(self, now: datetime) -> bool:
        until = self.previous_secret_until
        return until is not None and until > now

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("webhook", str(self.id), self.name, owner.id, owner.name, self.project_id)


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """One event for one webhook. Webhooks that hear the same event share its `message_id`.

    Written by the database in the transaction of what happened (`webhooks/occurrences.sql`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=new_id)
    type = models.CharField(max_length=64)
    occurred_at = models.DateTimeField(default=clock.now)
    content = models.JSONField(default=dict)
    status = models.CharField(
        max_length=12, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["webhook", "-id"], name="webhooks_delivery_newest"),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(status=DeliveryStatus.PENDING),
                name="webhooks_delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} ({self.status})"


class Attempt(models.Model):
    """One try. `response_status` is null where there was no answer: `error` says why."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    started_at = models.DateTimeField(default=clock.now)
    duration_ms = models.PositiveIntegerField()
    response_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["delivery", "-id"], name="webhooks_attempt_newest")]

    def __str__(self) -> str:
        return f"{self.response_status or self.error} after {self.duration_ms} ms"
