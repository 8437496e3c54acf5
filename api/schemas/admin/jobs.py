"""What the Admin API shows of jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from indexes.job_lines import JobLine
from indexes.job_rows import Job


def render_job(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "kind": str(job.kind),
        "name": job.name,
        "project_id": str(job.project.pk),
        "index_id": str(job.index_id),
        "state": str(job.state),
        "status": str(job.status),
        "percent_complete": None if job.percent is None else round(job.percent, 1),
        "failure": job.failure or None,
        "owner": job.owner or None,
        "may_be_cancelled": job.may_be_cancelled,
        "created_at": _moment(job.created_at),
        "finished_at": _moment(job.finished_at),
    }


def render_job_with_lines(job: Job, lines: Sequence[JobLine]) -> dict[str, Any]:
    told = [
        {"at": _moment(one.created_at), "text": one.text, "actor": one.actor_name or None}
        for one in lines
    ]
    return {**render_job(job), "log": told}


def _moment(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat().replace("+00:00", "Z")
