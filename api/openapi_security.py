"""How the generated description of the API names its credentials."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the library is untyped
    """The project's key; drf-spectacular finds the class by its mere definition."""

    target_class = "api.auth.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        del auto_schema
        return {"type": "apiKey", "in": "header", "name": "Api-Key"}


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the same
    """A service account's token."""

    target_class = "api.auth.AccessTokenAuthentication"
    name = "AccessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        del auto_schema
        return {"type": "http", "scheme": "bearer"}
