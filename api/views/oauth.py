"""The token endpoint: a service account's client id and secret for an access token."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.oauth import unstored
from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.token_request import parse_token_request
from orgs.access_tokens import issue_access_token


class TokenView(APIView):
    """Any version: general OAuth clients name none."""

    http_method_names = ["post"]
    authentication_classes = []
    permission_classes = []
    request_as_received: HttpRequest

    def setup(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        self.request_as_received = request
        super().setup(request, *args, **kwargs)

    @extend_schema(
        operation_id="get_token",
        request=body("TokenRequest"),
        responses={200: reply("TokenResponse")},
        auth=[],
    )
    def post(self, request: Request) -> HttpResponse:
        asked = parse_token_request(
            body_of(self.request_as_received),
            content_type=request.content_type or "",
            authorization=request.headers.get("Authorization", ""),
        )
        token = issue_access_token(asked.client_id, asked.client_secret)
        shown = {"access_token": token.plain.value, "token_type": "Bearer"}
        return unstored(Response({**shown, "expires_in": token.expires_in_s}))
