"""Gateways and webs on machines of their own, as they make themselves known."""

from django.db import models

from kit import clock
from kit.ids import new_id


class Part(models.Model):
    """One of them. A gateway leads where version `heard_version` of the control plane says; until
    `lease_ends_at` it is taken for alive."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=63)
    address = models.CharField(max_length=255, blank=True)
    heard_at = models.DateTimeField(default=clock.now)
    heard_version = models.BigIntegerField(default=0)
    lease_ends_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="indexes_part_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
