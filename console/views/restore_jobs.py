"""Restore jobs: how far each is, when it will be done, stopping it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.navigation import Crumb, project_url
from console.paging import ROWS, after, further
from console.render import render_page_or_fragment
from console.templatetags.console import relative
from console.visit import Visit, guard, project_page
from indexes.backup_models import RestoreJob
from indexes.backup_queries import get_restore_job, visible_restore_jobs
from indexes.restores import cancel_restore_job
from kit import clock


@dataclass(frozen=True, slots=True)
class JobRow:
    job: RestoreJob

    @property
    def as_of(self) -> datetime | None:
        """The moment whose records the new index gets; None where its backup has gone."""
        return self.job.restored_to or getattr(self.job, "backed_up_at", None)

    @property
    def percent(self) -> int:
        return int(self.job.percent_complete)

    @property
    def expected(self) -> str:
        """When it will be done at the speed so far; empty where nobody can tell."""
        job = self.job
        if not job.is_unfinished or job.started_at is None or job.percent_complete < 1:
            return ""
        now = clock.now()
        share = job.percent_complete / 100
        left = (now - job.started_at) * (1 - share) / share
        return f"done {relative(now + max(left, timedelta()), now)}"


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    """While one is under way, the rows ask again for themselves."""
    page = visible_restore_jobs(visit.actor, visit.here, limit=ROWS, after=after(visit.request))
    context = {
        "jobs": [JobRow(job) for job in page.rows],
        "is_settling": any(job.is_unfinished for job in page.rows),
        "next": further(visit.request, "after", page.next_after),
    }
    return render_page_or_fragment(
        visit, "restore_jobs/list.html", "rows", context, trail=(Crumb("Restore jobs"),)
    )


@require_POST
@project_page
def cancel(visit: Visit, job_id: UUID) -> HttpResponse:
    guard(visit, Permission.INDEX_DELETE, Action.RESTORE_CANCELLED, id=str(job_id))
    job = get_restore_job(visit.actor, visit.here, str(job_id))
    cancel_restore_job(visit.actor, job)
    messages.success(visit.request, f"The restore into {job.target_index_name} is cancelled")
    return redirect(project_url(visit.organization, visit.here, "restore_jobs"))
