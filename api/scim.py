"""The face of SCIM: who calls, and errors as RFC 7644 shapes them."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.actor import Actor
from kit.errors import ErrorCode, StonepineError, Unimplemented
from orgs.models import Organization
from sso.scim.tokens import authenticate_scim_token

PREFIX = "/scim/"
CONTENT_TYPE = "application/scim+json"
# Where the protocol, or what providers make of a status, asks for another than the API's table.
_STATUS = {ErrorCode.PAYMENT_REQUIRED: 403}


class NotSupported(Unimplemented):
    """A part of the protocol that this service does not have, such as bulk requests."""


class ScimTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`, at the organization that the URL names. `request.auth` is
    that organization."""

    def authenticate(self, request: Request) -> tuple[Actor, Organization]:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        presented = value.strip() if scheme.lower() == "bearer" else ""
        named = request.parser_context["kwargs"]["organization_id"]
        return authenticate_scim_token(presented, named)


def is_scim_request(request: HttpRequest) -> bool:
    return request.path_info.startswith(PREFIX)


def scim_answer(error: StonepineError, *, status: int) -> HttpResponse:
    """The reply to an error of a SCIM endpoint."""
    from scim2_models import Error  # half a second that most processes do without

    status = 501 if isinstance(error, NotSupported) else _STATUS.get(error.code, status)
    body = Error(status=status, scim_type=error.fields.get("scim_type"), detail=error.message)
    response = JsonResponse(body.model_dump(), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="scim"'
    return response
