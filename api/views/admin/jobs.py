"""Jobs of a project: list, describe with what was written down, cancel."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import reply
from api.openapi_lists import PAGING, pages, query
from api.schemas.admin.jobs import render_job, render_job_with_lines
from api.schemas.admin.lists import paging_of, rendered_page
from api.schemas.admin.requests import choice, identifier
from api.views.admin.base import AdminView
from indexes.job_kinds import JobState
from indexes.project_jobs import cancel_project_job, get_job, jobs_of_project
from projects.models import Project
from projects.queries import get_project_by_id


class _OfProject(AdminView):
    def named_project(self, project_id: str) -> Project:
        return get_project_by_id(
            self.actor, self.organization, identifier(project_id, noun="Project")
        )


class JobsView(_OfProject):
    """The newest first; `state` is one of unfinished, done, failed and cancelled."""

    @extend_schema(
        operation_id="list_jobs",
        parameters=[query("state"), *PAGING],
        responses={200: pages("Job")},
    )
    def get(self, request: Request, project_id: str) -> Response:
        asked = request.query_params
        state = choice(JobState, asked["state"], field="state") if "state" in asked else None
        page = jobs_of_project(
            self.actor, self.named_project(project_id), state=state, **paging_of(asked)
        )
        return Response(rendered_page(page, render_job))


class JobView(_OfProject):
    """One job and its log."""

    @extend_schema(operation_id="fetch_job", responses={200: reply("JobWithLog")})
    def get(self, request: Request, project_id: str, job_id: str) -> Response:
        del request
        wanted = identifier(job_id, noun="Job")
        return Response(
            render_job_with_lines(*get_job(self.actor, self.named_project(project_id), wanted))
        )


class CancelJobView(_OfProject):
    """A backup or collection that is not taken yet goes with it; what an import brought stays."""

    @extend_schema(operation_id="cancel_job", request=None, responses={200: reply("Job")})
    def post(self, request: Request, project_id: str, job_id: str) -> Response:
        del request
        wanted = identifier(job_id, noun="Job")
        found = cancel_project_job(self.actor, self.named_project(project_id), wanted)
        return Response(render_job(found))
