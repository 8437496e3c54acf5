"""How long an organization keeps what it need not keep."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.admin.bodies import UpdateRetention
from api.schemas.admin.requests import parsed
from api.views.admin.base import AdminView
from compliance.retention import set_retention
from orgs.queries import readable_organization
from orgs.retention import shown_retention


class RetentionView(AdminView):
    """Days by what is kept for them; null: until somebody deletes it."""

    @extend_schema(operation_id="fetch_retention", responses={200: reply("Retention")})
    def get(self, request: Request, organization_id: str) -> Response:
        del request
        found = readable_organization(self.actor, self.own(organization_id))
        return Response(shown_retention(found))

    @extend_schema(
        operation_id="update_retention",
        request=body("UpdateRetention"),
        responses={200: reply("Retention")},
    )
    def patch(self, request: Request, organization_id: str) -> Response:
        del request
        organization = self.own(organization_id)
        wish = parsed(body_of(self.request_as_received), UpdateRetention, self.api_version)
        changed = set_retention(self.actor, organization, days=wish.days, is_forced=wish.force)
        return Response(shown_retention(changed))
