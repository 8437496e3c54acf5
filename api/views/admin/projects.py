"""Projects: list, create, describe, update, delete."""

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import listing
from api.parsing import body_of
from api.schemas.admin.bodies import CreateProject, UpdateProject
from api.schemas.admin.replies import render_project
from api.schemas.admin.requests import identifier, parsed
from api.views.admin.base import AdminView
from projects.models import Project
from projects.projects import create_project, delete_project, update_project
from projects.queries import get_project_by_id, visible_projects


class ProjectsView(AdminView):
    """The projects that the token reaches."""

    @extend_schema(operation_id="list_projects", responses={200: listing("Project")})
    def get(self, request: Request) -> Response:
        del request
        found = visible_projects(self.actor, self.organization)
        return Response({"data": [render_project(one) for one in found]})

    @extend_schema(
        operation_id="create_project",
        request=body("CreateProject"),
        responses={200: reply("Project")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateProject, self.api_version)
        project = create_project(self.actor, self.organization, **msgspec.structs.asdict(wish))
        return Response(render_project(project))


class ProjectView(AdminView):
    """One project, by its id."""

    @extend_schema(operation_id="fetch_project", responses={200: reply("Project")})
    def get(self, request: Request, project_id: str) -> Response:
        del request
        return Response(render_project(self._found(project_id)))

    @extend_schema(
        operation_id="update_project",
        request=body("UpdateProject"),
        responses={200: reply("Project")},
    )
    def patch(self, request: Request, project_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateProject, self.api_version)
        project = self._found(project_id)
        changed = update_project(self.actor, project, **msgspec.structs.asdict(wish))
        return Response(render_project(changed))

    @extend_schema(operation_id="delete_project", responses={202: None})
    def delete(self, request: Request, project_id: str) -> Response:
        del request
        delete_project(self.actor, self._found(project_id))
        return Response(status=202)

    def _found(self, project_id: str) -> Project:
        wanted = identifier(project_id, noun="Project")
        return get_project_by_id(self.actor, self.organization, wanted)
