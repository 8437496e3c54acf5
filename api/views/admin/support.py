"""The operator's access to an organization for support, as the organization decides it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.admin.bodies import GrantSupportAccess
from api.schemas.admin.replies import render_support_access
from api.schemas.admin.requests import parsed
from api.views.admin.base import AdminView
from orgs.support import end_support, grant_support, support_accesses


class SupportAccessView(AdminView):
    """One at a time; the newest first."""

    @extend_schema(
        operation_id="list_support_accesses", responses={200: reply("SupportAccessList")}
    )
    def get(self, request: Request, organization_id: str) -> Response:
        del request
        found = support_accesses(self.actor, self.own(organization_id))
        return Response({"data": [render_support_access(one) for one in found]})

    @extend_schema(
        operation_id="grant_support_access",
        request=body("GrantSupportAccess"),
        responses={201: reply("SupportAccess")},
    )
    def post(self, request: Request, organization_id: str) -> Response:
        del request
        organization = self.own(organization_id)
        wish = parsed(body_of(self.request_as_received), GrantSupportAccess, self.api_version)
        granted = grant_support(self.actor, organization, reason=wish.reason, hours=wish.hours)
        return Response(render_support_access(granted), status=201)

    @extend_schema(operation_id="end_support_access", responses={204: None})
    def delete(self, request: Request, organization_id: str) -> Response:
        del request
        end_support(self.actor, self.own(organization_id))
        return Response(status=204)
