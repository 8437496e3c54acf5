"""The audit log's rows: snapshots, so that an event still reads after its subject is gone."""

from uuid import UUID

from django.db import models

from audit.actions import Action, sentence
from audit.heads import Head
from kit import clock
from kit.ids import new_id

NO_ORGANIZATION = UUID(int=0)


class Outcome(models.TextChoices):
    SUCCESS = "success"
    DENIED = "denied"
    FAILURE = "failure"


class Event(models.Model):
    """Append-only: the database refuses UPDATE, DELETE and TRUNCATE to every role.

    No foreign keys: what an event names may be deleted, the event stays. `organization_id` is null
    for acts outside any organization, such as a sign-in with an unknown address.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    organization_id = models.UUIDField(null=True)
    organization_name = models.CharField(max_length=512, blank=True)
    project_id = models.UUIDField(null=True)
    action = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.CharField(max_length=1000, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=254)
    target_type = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=512, blank=True)
    parameters = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    source = models.CharField(max_length=16)

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-id"], name="audit_event_recent"),
            models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
            models.Index(
                fields=["target_id", "-id"],
                condition=models.Q(target_type="user"),
                name="audit_event_account",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(target_type="installation"),
                name="audit_event_installation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M:%S} {self.sentence}"

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        return sentence(Action(self.action), actor=self.actor_name, target=self.target_name)


class Chain(models.Model):
    """The head of one organization's chain: its last sequence and hash. Written by a trigger.

    Events outside any organization form a chain of their own, under `NO_ORGANIZATION`.
    `signed_sequence` is the last head that was signed and stored outside the table, `epoch` how
    often the chain went on from a copy of the database (see audit.epochs).
    """

    organization_id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    hash = models.BinaryField()
    signed_sequence = models.BigIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"chain of {self.organization_id} at {self.sequence}"

    def head(self) -> Head:
        """What it is now, unsigned."""
        return Head(self.organization_id, self.sequence, bytes(self.hash), "", epoch=self.epoch)


class Link(models.Model):
    """An event's place in its organization's chain; written by a trigger when the act commits."""

    event = models.OneToOneField(
        Event, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="link"
    )
    organization_id = models.UUIDField()
    sequence = models.BigIntegerField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "sequence"], name="audit_link_sequence_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.sequence}"


class StreamKind(models.TextChoices):
    HTTP = "http"
    SYSLOG = "syslog"
    S3 = "s3"


class Stream(models.Model):
    """Where an organization's events are sent on to, and how far that has come.

    `cursor` is the last sequence that was taken, `starts_after` the last one before the stream was
    made. `claim` is whoever delivers now; it is void after `claimed_until`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=StreamKind.choices)
    config = models.JSONField(default=dict)
    sealed_secret = models.BinaryField(null=True)
    is_paused = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    starts_after = models.BigIntegerField()
    cursor = models.BigIntegerField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    last_delivered_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(default=clock.now)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "name"], name="audit_stream_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"


class Delivery(models.Model):
    """One batch of a stream. Its id goes along, and stays when the batch is sent again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="deliveries")
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    status = models.CharField(
        max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stream"],
                condition=models.Q(status="pending"),
                name="audit_delivery_one_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_sequence} to {self.last_sequence}, {self.status}"
