"""What all views of the Admin API share: a token's actor and organization, the known errors."""

from typing import Any, cast

from rest_framework.response import Response

from api.auth import AccessTokenAuthentication
from api.views.base import ControlPlaneView
from kit.errors import Forbidden, NotFound, PaymentRequired
from orgs.models import Organization


class AdminView(ControlPlaneView):
    """API keys open nothing here."""

    authentication_classes = [AccessTokenAuthentication]

    @property
    def organization(self) -> Organization:
        return cast("Organization", self.request.auth)

    def own(self, organization_id: str) -> Organization:
        """The caller's organization, where it is the one named."""
        if organization_id != self.organization.public_id:
            raise NotFound(f"Organization {organization_id[:80]} not found.")
        return self.organization

    def handle_exception(self, exc: Exception) -> Response:
        # This API has no code for payment: what a plan lacks is forbidden.
        known = Forbidden(exc.message, **exc.fields) if isinstance(exc, PaymentRequired) else exc
        response: Any = super().handle_exception(known)
        if response.status_code == 401:
            response["WWW-Authenticate"] = 'Bearer realm="stonepine"'
        return cast("Response", response)
