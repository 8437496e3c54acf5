"""`stonepine jobs …`: what workers do for all organizations, as the operator."""

import json
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from cli.entry import HomeOption, JsonOption, operating

if TYPE_CHECKING:
    from indexes.job_rows import Job

jobs = typer.Typer(help="Backups, restores, imports and the like.", no_args_is_help=True)
_Job = Annotated[UUID, typer.Argument(help="The job's id.")]


@jobs.command("list")
def list_all(
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Those of the last week.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What waits or is under way, the newest first; at most a hundred."""
    with operating(home) as operator:
        from indexes.jobs import failed_jobs, unfinished_jobs

        found = failed_jobs(operator) if failed else unfinished_jobs(operator)
    rows = [_told(job) for job in found]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo("  ".join(str(row[name]) for name in _SHOWN))


@jobs.command()
def show(job: _Job, *, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """How far it has come, whose it is, and what was written down of it."""
    with operating(home) as operator:
        from indexes.jobs import job_by_id

        found, lines = job_by_id(operator, job)
    log = [
        {"at": one.created_at.isoformat(), "text": one.text, "actor": one.actor_name}
        for one in lines
    ]
    told = _told(found)
    if as_json:
        typer.echo(json.dumps({**told, "log": log}, indent=1))
        return
    for name, value in told.items():
        typer.echo(f"{name}: {value}")
    for line in log:
        actor = f" ({line['actor']})" if line["actor"] else ""
        typer.echo(f"{line['at']}  {line['text']}{actor}")


@jobs.command()
def cancel(job: _Job, *, home: HomeOption = None) -> None:
    """Stop it. A backup that is not taken yet goes with it; what an import brought stays."""
    with operating(home) as operator:
        from indexes.jobs import cancel_job

        found = cancel_job(operator, job)
    typer.echo(f"The {found.kind} of {found.name} is cancelled.")


_SHOWN = ("id", "kind", "status", "percent_complete", "organization", "project", "name", "owner")


def _told(job: "Job") -> dict[str, Any]:
    return {
        "id": str(job.id),
        "kind": str(job.kind),
        "state": str(job.state),
        "status": str(job.status),
        "percent_complete": None if job.percent is None else round(job.percent, 1),
        "organization": job.organization.slug,
        "project": job.project.slug,
        "name": job.name,
        "owner": job.owner,
        "failure": job.failure,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }
