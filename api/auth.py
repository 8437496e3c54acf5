"""Who calls: the API key of a request, turned into an actor once."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.actor import Actor
from kit.errors import Unauthenticated
from projects.models import Project
from projects.queries import authenticate_api_key


class ApiKeyAuthentication(BaseAuthentication):
    """`Api-Key: <key>`, or `Authorization: Bearer <key>`. `request.user` is the actor,
    `request.auth` the key's project."""

    def authenticate(self, request: Request) -> tuple[Actor, Project]:
        value = request.headers.get("Api-Key", "").strip()
        if not value:
            scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
            value = rest.strip() if scheme.lower() == "bearer" else ""
        if not value:
            raise Unauthenticated("Invalid API key.")
        return authenticate_api_key(value)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the library is untyped
    """How the generated description names it; found by its mere definition."""

    target_class = "api.auth.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        del auto_schema
        return {"type": "apiKey", "in": "header", "name": "Api-Key"}
