"""What workers are busy with, what failed, and stopping what can be stopped."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from console.confirm import freshly_confirmed
from console.navigation import Tab
from console.operator_page import Operating, go_on, only, operator_page, render_operator
from indexes.jobs import cancel_job, failed_jobs, unfinished_jobs

_FAILED = "failed"


@operator_page
@only("GET")
def listing(own: Operating) -> HttpResponse:
    """`?state=failed` shows those of the last week that went wrong."""
    is_failed = own.request.GET.get("state") == _FAILED
    unfinished, failed = unfinished_jobs(own.actor), failed_jobs(own.actor)
    url = reverse("console:operator_jobs")
    context = {
        "jobs": failed if is_failed else unfinished,
        "is_failed": is_failed,
        "tabs": [
            Tab("Under way", url, not is_failed, len(unfinished)),
            Tab("Failed in 7 days", f"{url}?state={_FAILED}", is_failed, len(failed)),
        ],
    }
    return render_operator(own, "operator/jobs.html", context)


@operator_page
@only("POST")
@freshly_confirmed
def cancel(own: Operating, kind: str, job_id: UUID) -> HttpResponse:
    del kind  # in the address for who reads it; the id says which job it is
    job = cancel_job(own.actor, job_id)
    return go_on(own, "operator_jobs", saying=f"The {job.kind} of {job.name} is cancelled")
