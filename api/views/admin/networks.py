"""Where organizations and projects may be reached from."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.admin.bodies import UpdateOrganizationNetworks, UpdateProjectNetworks
from api.schemas.admin.requests import identifier, parsed
from api.views.admin.base import AdminView
from orgs.networks import set_sign_in_networks, shown_networks
from orgs.queries import readable_organization
from projects.models import Project
from projects.networks import set_network_policy, shown
from projects.queries import get_project_by_id


class OrganizationNetworksView(AdminView):
    """Where people and service accounts of the organization have to come from."""

    @extend_schema(
        operation_id="fetch_organization_networks", responses={200: reply("OrganizationNetworks")}
    )
    def get(self, request: Request, organization_id: str) -> Response:
        del request
        found = readable_organization(self.actor, self.own(organization_id))
        return Response(shown_networks(found))

    @extend_schema(
        operation_id="update_organization_networks",
        request=body("UpdateOrganizationNetworks"),
        responses={200: reply("OrganizationNetworks")},
    )
    def patch(self, request: Request, organization_id: str) -> Response:
        del request
        organization = self.own(organization_id)
        raw = body_of(self.request_as_received)
        wish = parsed(raw, UpdateOrganizationNetworks, self.api_version)
        changed = set_sign_in_networks(
            self.actor,
            organization,
            people=wish.people,
            service_accounts=wish.service_accounts,
            is_forced=wish.force,
        )
        return Response(shown_networks(changed))


class ProjectNetworksView(AdminView):
    """The network policy of one project."""

    @extend_schema(operation_id="fetch_project_networks", responses={200: reply("ProjectNetworks")})
    def get(self, request: Request, project_id: str) -> Response:
        del request
        return Response(shown(self._found(project_id).network_policy))

    @extend_schema(
        operation_id="update_project_networks",
        request=body("UpdateProjectNetworks"),
        responses={200: reply("ProjectNetworks")},
    )
    def patch(self, request: Request, project_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateProjectNetworks, self.api_version)
        changed = set_network_policy(
            self.actor,
            self._found(project_id),
            data_plane=wish.data_plane,
            control_plane=wish.control_plane,
            private_endpoint=wish.private_endpoint,
            is_forced=wish.force,
        )
        return Response(shown(changed.network_policy))

    def _found(self, project_id: str) -> Project:
        wanted = identifier(project_id, noun="Project")
        return get_project_by_id(self.actor, self.organization, wanted)
