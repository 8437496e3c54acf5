"""Evidence of an organization for auditors, as it is now."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import reply
from api.views.admin.base import AdminView
from compliance.evidence import export_evidence


class EvidenceView(AdminView):
    """Handing it out is an act of its own, so it is asked for by POST."""

    @extend_schema(operation_id="export_evidence", request=None, responses={200: reply("Evidence")})
    def post(self, request: Request, organization_id: str) -> Response:
        del request
        return Response(export_evidence(self.actor, self.own(organization_id)))
