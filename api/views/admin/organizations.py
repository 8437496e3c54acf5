"""Organizations: list, describe, rename, delete. A service account belongs to exactly one."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import listing
from api.parsing import body_of
from api.schemas.admin.bodies import UpdateOrganization
from api.schemas.admin.replies import render_organization
from api.schemas.admin.requests import parsed
from api.views.admin.base import AdminView
from orgs.organizations import delete_organization, rename_organization
from orgs.queries import readable_organization


class OrganizationsView(AdminView):
    """The organization of the token."""

    @extend_schema(operation_id="list_organizations", responses={200: listing("Organization")})
    def get(self, request: Request) -> Response:
        del request
        found = readable_organization(self.actor, self.organization)
        return Response({"data": [render_organization(found)]})


class OrganizationView(AdminView):
    """One organization, by its id."""

    @extend_schema(operation_id="fetch_organization", responses={200: reply("Organization")})
    def get(self, request: Request, organization_id: str) -> Response:
        del request
        found = readable_organization(self.actor, self.own(organization_id))
        return Response(render_organization(found))

    @extend_schema(
        operation_id="update_organization",
        request=body("UpdateOrganization"),
        responses={200: reply("Organization")},
    )
    def patch(self, request: Request, organization_id: str) -> Response:
        del request
        organization = self.own(organization_id)
        asked = parsed(body_of(self.request_as_received), UpdateOrganization, self.api_version)
        name = organization.name if asked.name is None else asked.name
        renamed = rename_organization(self.actor, organization, name=name)
        return Response(render_organization(renamed))

    @extend_schema(operation_id="delete_organization", responses={202: None})
    def delete(self, request: Request, organization_id: str) -> Response:
        del request
        delete_organization(self.actor, self.own(organization_id))
        return Response(status=202)
