"""What is written down of a job while it goes: who asked for it, and what workers did since."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import models

from access.actor import Actor
from kit import clock
from kit.ids import first_id_at, new_id
from kit.legible import legible
from orgs.kept import RULES, Kept
from orgs.models import Organization
from orgs.retention import organizations_that_chose

MAX_LINES = 200
_MAX_TEXT = 300


class JobLine(models.Model):
    """One line; `actor_name` is set where somebody asked for something, and empty for workers.

    A job is a row of another table (`indexes/jobs.py`), which may be gone before its lines are.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    job_id = models.UUIDField()
    text = models.CharField(max_length=_MAX_TEXT)
    actor_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["job_id", "id"], name="indexes_jobline_of_job")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M:%S} {self.text}"


def note_asked(actor: Actor, organization_id: UUID, job_id: UUID, text: str) -> None:
    """That somebody asked for it, or for its end; part of a verb."""
    JobLine(
        organization_id=organization_id,
        job_id=job_id,
        text=text,
        actor_name=legible(actor.display_name, limit=200),
    ).save(force_insert=True)


def note_step(organization_id: UUID, job_id: UUID, text: str) -> None:
    """What a worker did, or why it could not: not twice the same in a row, and not without end.

    `text` is ours, and quotes no record.
    """
    rows = JobLine.objects.using("system").filter(job_id=job_id).order_by("-id")
    before = list(rows.values_list("text", flat=True)[:MAX_LINES])
    told = legible(text, limit=_MAX_TEXT)
    if before[:1] == [told] or len(before) >= MAX_LINES:
        return
    line = JobLine(organization_id=organization_id, job_id=job_id, text=told)
    line.save(using="system", force_insert=True)


def owners(job_ids: Iterable[UUID], *, using: str) -> dict[UUID, str]:
    """Who asked for each of them, where that is written down."""
    rows = JobLine.objects.using(using).filter(job_id__in=list(job_ids)).exclude(actor_name="")
    found: dict[UUID, str] = {}
    for job_id, name in rows.order_by("id").values_list("job_id", "actor_name"):
        found.setdefault(job_id, name)
    return found


def lines_of(job_id: UUID, *, using: str) -> list[JobLine]:
    """The oldest first."""
    return list(JobLine.objects.using(using).filter(job_id=job_id).order_by("id"))


def forget_old_lines() -> int:
    """Those of long ago, and how many they were. Crosses tenants."""
    rows, count = JobLine.objects.using("system"), 0
    usual = rows.filter(pk__lt=_first_after(RULES[Kept.FINISHED_JOBS].most))
    count += usual.delete()[0]
    for organization_id, days in organizations_that_chose(Kept.FINISHED_JOBS):
        theirs = rows.filter(organization_id=organization_id, pk__lt=_first_after(days))
        count += theirs.delete()[0]
    return count


def _first_after(days: int) -> UUID:
    return first_id_at(clock.now() - timedelta(days=days))
