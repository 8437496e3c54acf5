"""What nodes reported, in rows of a minute, an hour, a day, and of all time.

Written by nodes only (`storage.activity`, where the numbers are explained). No foreign keys: a late
report about a deleted index must not fail; `indexes.metrics.retention` clears such rows away.
"""

from django.db import models


class Activity(models.Model):
    """The requests of one operation at one index in one span of time."""

    pk = models.CompositePrimaryKey("organization_id", "index_id", "span_s", "start", "operation")
    organization_id = models.UUIDField()
    index_id = models.UUIDField()
    span_s = models.IntegerField()
    start = models.DateTimeField()
    operation = models.CharField(max_length=40)
    requests = models.BigIntegerField()
    took_us = models.BigIntegerField()
    histogram = models.JSONField()
    errors = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["span_s", "start"], name="metrics_activity_by_age")]

    def __str__(self) -> str:
        return f"{self.operation} of {self.index_id} at {self.start}"


class Level(models.Model):
    """What one index held at the end of one span, or when it was last measured in it."""

    pk = models.CompositePrimaryKey("organization_id", "index_id", "span_s", "start")
    organization_id = models.UUIDField()
    index_id = models.UUIDField()
    span_s = models.IntegerField()
    start = models.DateTimeField()
    records = models.BigIntegerField()
    size_bytes = models.BigIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["span_s", "start"], name="metrics_level_by_age")]

    def __str__(self) -> str:
        return f"{self.records} records of {self.index_id} at {self.start}"
