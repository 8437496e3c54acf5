"""Metered use and its reporters, caps on it, and whom an organization names for its bills."""

from uuid import UUID

from django.db import models

from audit.record import Target
from kit import clock
from kit.ids import new_id
from orgs.models import Organization


class Usage(models.Model):
    """One index on one day of UTC, written by nodes only (`storage.usage`); names are snapshots.

    No foreign keys: an index or project that is deleted keeps its rows. `storage_bytes` is the most
    that the records held on the day, `last_bytes` what they held at last; null while the day has
    not been measured.
    """

    pk = models.CompositePrimaryKey("organization_id", "project_id", "index_id", "day")
    organization_id = models.UUIDField()
    project_id = models.UUIDField()
    index_id = models.UUIDField()
    day = models.DateField()
    project_name = models.CharField(max_length=512)
    index_name = models.CharField(max_length=45)
    read_units = models.BigIntegerField(db_default=0)
    write_units = models.BigIntegerField(db_default=0)
    upserts = models.BigIntegerField(db_default=0)
    queries = models.BigIntegerField(db_default=0)
    fetches = models.BigIntegerField(db_default=0)
    lists = models.BigIntegerField(db_default=0)
    updates = models.BigIntegerField(db_default=0)
    deletes = models.BigIntegerField(db_default=0)
    others = models.BigIntegerField(db_default=0)
    storage_bytes = models.BigIntegerField(null=True)
    last_bytes = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization_id", "day"], name="billing_usage_by_day")]

    def __str__(self) -> str:
        return f"{self.index_name} on {self.day}"


class UsageReporter(models.Model):
    """A front process and the number of its last report that was added. Belongs to no tenant."""

    id = models.UUIDField(primary_key=True)
    last_report = models.BigIntegerField()
    reported_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"report {self.last_report} of {self.id}"


class Caps(models.Model):
    """How many units an organization may use in a month; null: only capacity bounds them.

    `rates`: what nodes limit a second, by the names of `storage.rate_limits`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.OneToOneField(Organization, models.CASCADE, related_name="+")
    read_units_per_month = models.BigIntegerField(null=True)
    write_units_per_month = models.BigIntegerField(null=True)
    rates = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"caps of {self.organization_id}"


class BillingContact(models.Model):
    """Whom to send statements to, and what has to stand on them; all of it is optional but two."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.OneToOneField(Organization, models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    company = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=1000, blank=True)
    tax_id = models.CharField(max_length=64, blank=True)
    purchase_order = models.CharField(max_length=64, blank=True)
    updated_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        return self.organization.audit_target()
