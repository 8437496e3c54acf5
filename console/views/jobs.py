"""What workers do for a project: how far each job is, what was written down of it, stopping one."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from console.navigation import Crumb, Tab, project_url
from console.paging import ROWS, after, further
from console.render import render_page_or_fragment
from console.visit import Visit, project_page
from indexes.job_kinds import JobKind, JobState
from indexes.job_rows import Job
from indexes.project_jobs import cancel_project_job, get_job, jobs_of_project, needed_to_cancel
from kit.errors import InvalidArgument

_TITLE = "Jobs"
_TABS = {
    None: "All",
    JobState.UNFINISHED: "Under way",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
    JobState.DONE: "Done",
}
# Where what a job works on stands.
_PLACES = {
    JobKind.BACKUP: ("backups", "Backups"),
    JobKind.COLLECTION: ("collections", "Collections"),
    JobKind.IMPORT: ("index_imports", "Imports"),
    JobKind.INDEX: ("index", "Index"),
    JobKind.RESTORE: ("restore_jobs", "Restore jobs"),
    JobKind.VERIFICATION: ("backups", "Backups"),
}
_OF_AN_INDEX = {JobKind.IMPORT, JobKind.INDEX}


@dataclass(frozen=True, slots=True)
class JobRow:
    """`may_be_cancelled` by whoever looks."""

    job: Job
    may_be_cancelled: bool

    @property
    def is_unfinished(self) -> bool:
        return self.job.state is JobState.UNFINISHED


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    """While one is under way, the rows ask again for themselves; `?state=…` narrows."""
    state = _wanted_state(visit)
    page = jobs_of_project(
        visit.actor, visit.here, limit=ROWS, after=after(visit.request), state=state
    )
    context = {
        "rows": [_row(visit, job) for job in page.rows],
        "is_under_way": any(job.state is JobState.UNFINISHED for job in page.rows),
        "tabs": _tabs(visit, state),
        "is_narrowed": state is not None,
        "next": further(visit.request, "after", page.next_after),
    }
    return render_page_or_fragment(visit, "jobs/list.html", "rows", context, trail=(Crumb(_TITLE),))


@require_GET
@project_page
def detail(visit: Visit, job_id: UUID) -> HttpResponse:
    """While it is under way, what is told of it asks again for itself."""
    job, lines = get_job(visit.actor, visit.here, job_id)
    page, label = _PLACES[job.kind]
    place = [visit.organization.slug, visit.here.slug]
    if job.kind in _OF_AN_INDEX:
        place.append(job.name)
    context = {
        "row": _row(visit, job),
        "lines": lines,
        "place": {"url": reverse(f"console:{page}", args=place), "label": label},
    }
    trail = (Crumb(_TITLE, _here(visit)), Crumb(f"{job.kind.capitalize()} of {job.name}"))
    return render_page_or_fragment(visit, "jobs/detail.html", "told", context, trail=trail)


@require_POST
@project_page
def cancel(visit: Visit, job_id: UUID) -> HttpResponse:
    job = cancel_project_job(visit.actor, visit.here, job_id)
    messages.success(visit.request, f"The {job.kind} of {job.name} is cancelled")
    return redirect(_here(visit))


def _row(visit: Visit, job: Job) -> JobRow:
    may = visit.may[needed_to_cancel(job.kind).name.lower()]
    return JobRow(job, job.may_be_cancelled and may.is_allowed)


def _wanted_state(visit: Visit) -> JobState | None:
    asked = visit.request.GET.get("state")
    try:
        return JobState(asked) if asked else None
    except ValueError:
        states = ", ".join(JobState)
        raise InvalidArgument(f"The state is none of {states}.") from None


def _tabs(visit: Visit, current: JobState | None) -> list[Tab]:
    here = _here(visit)
    return [
        Tab(label, here if state is None else f"{here}?state={state}", state is current)
        for state, label in _TABS.items()
    ]


def _here(visit: Visit) -> str:
    return project_url(visit.organization, visit.here, "jobs")
