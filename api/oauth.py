"""Errors of the token endpoint: RFC 6749's names, statuses and shape, from one table."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from kit.errors import (
    InvalidArgument,
    PaymentRequired,
    PermissionDenied,
    ResourceExhausted,
    StonepineError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)

PATH = "/oauth/token"


class UnsupportedGrantType(InvalidArgument):
    """Only client credentials are known here."""


class InvalidScope(InvalidArgument):
    """Scopes are not known here."""


# The nearest class in an error's ancestry decides.
_NAMES: dict[type[Exception], tuple[str, int]] = {
    UnsupportedGrantType: ("unsupported_grant_type", 400),
    InvalidScope: ("invalid_scope", 400),
    InvalidArgument: ("invalid_request", 400),
    Unimplemented: ("invalid_request", 405),
    Unauthenticated: ("invalid_client", 401),
    PermissionDenied: ("unauthorized_client", 400),
    PaymentRequired: ("unauthorized_client", 400),
    ResourceExhausted: ("temporarily_unavailable", 429),
    Unavailable: ("temporarily_unavailable", 503),
    StonepineError: ("server_error", 500),
}


def is_token_request(request: HttpRequest) -> bool:
    return request.path_info == PATH


def oauth_answer(error: StonepineError) -> HttpResponse:
    """The reply to an error of the token endpoint."""
    name, status = next(_NAMES[kind] for kind in type(error).__mro__ if kind in _NAMES)
    response = JsonResponse({"error": name, "error_description": error.message}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="stonepine", charset="UTF-8"'
    return unstored(response)


def unstored(response: HttpResponse) -> HttpResponse:
    """No cache may keep what this endpoint says."""
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response
