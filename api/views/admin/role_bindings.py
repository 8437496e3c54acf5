"""Role bindings: list, create, describe, delete; they never change."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import PAGING, pages, query
from api.parsing import body_of
from api.schemas.admin.bodies import CreateRoleBinding
from api.schemas.admin.lists import binding_filters_of, paging_of, rendered_page
from api.schemas.admin.replies import render_role_binding
from api.schemas.admin.requests import assignment_of, identifier, parsed, principal_type_of
from api.views.admin.base import AdminView
from audit.actions import Action
from kit.pagination import Page
from orgs.directory import get_role_binding, role_bindings
from orgs.models import RoleBinding
from orgs.role_bindings import create_role_binding, delete_role_binding
from orgs.verbs import denials_recorded

FILTERS = [
    query(name)
    for name in ("principal_type", "principal_id", "resource_type", "resource_id", "role")
]


class RoleBindingsView(AdminView):
    """Those that match and that the token may see, oldest first."""

    @extend_schema(
        operation_id="list_role_bindings",
        parameters=[*FILTERS, *PAGING],
        responses={200: pages("RoleBinding")},
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        paging, filters = paging_of(asked), binding_filters_of(asked, self.organization)
        page: Page[RoleBinding] = Page([], None)
        if filters is not None:
            page = role_bindings(self.actor, self.organization, **filters, **paging)
        return Response(rendered_page(page, render_role_binding))

    @extend_schema(
        operation_id="create_role_binding",
        request=body("CreateRoleBinding"),
        responses={201: reply("RoleBinding")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateRoleBinding, self.api_version)
        assignment = assignment_of(
            wish.resource_type, wish.resource_id, wish.role, organization=self.organization
        )
        binding = create_role_binding(
            self.actor,
            self.organization,
            principal_type=principal_type_of(wish.principal_type),
            principal_id=wish.principal_id,
            role=assignment.role,
            project_id=assignment.project_id,
        )
        return Response(render_role_binding(binding), status=201)


class RoleBindingView(AdminView):
    """One binding, by its id."""

    @extend_schema(operation_id="fetch_role_binding", responses={200: reply("RoleBinding")})
    def get(self, request: Request, role_binding_id: str) -> Response:
        del request
        return Response(render_role_binding(self._found(role_binding_id)))

    @extend_schema(operation_id="delete_role_binding", responses={204: None})
    def delete(self, request: Request, role_binding_id: str) -> Response:
        del request
        with denials_recorded(
            self.actor,
            Action.ROLE_BINDING_DELETED,
            self.organization,
            role_binding=role_binding_id,
        ):
            binding = self._found(role_binding_id)
        delete_role_binding(self.actor, binding)
        return Response(status=204)

    def _found(self, role_binding_id: str) -> RoleBinding:
        wanted = identifier(role_binding_id, noun="Role binding")
        return get_role_binding(self.actor, self.organization, wanted)
