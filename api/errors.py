"""The API's one table from error codes to statuses, and the shape of every error reply."""

from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.request import Request

from api.oauth import is_token_request, oauth_answer
from api.scim import is_scim_request, scim_answer
from api.versions import Version, requested_version
from kit.errors import (
    ErrorCode,
    Internal,
    InvalidArgument,
    NotFound,
    StonepineError,
    Unimplemented,
)

STATUS: dict[ErrorCode, int] = {
    ErrorCode.UNKNOWN: 500,
    ErrorCode.INVALID_ARGUMENT: 400,
    ErrorCode.DEADLINE_EXCEEDED: 504,
    ErrorCode.QUOTA_EXCEEDED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.ALREADY_EXISTS: 409,
    ErrorCode.PERMISSION_DENIED: 403,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.RESOURCE_EXHAUSTED: 429,
    ErrorCode.FAILED_PRECONDITION: 412,
    ErrorCode.ABORTED: 409,
    ErrorCode.OUT_OF_RANGE: 400,
    # Deterministic refusals are never 5xx: clients would retry them.
    ErrorCode.UNIMPLEMENTED: 405,
    ErrorCode.INTERNAL: 500,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DATA_LOSS: 500,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.UNPROCESSABLE_ENTITY: 422,
    ErrorCode.PAYMENT_REQUIRED: 402,
    ErrorCode.PAYLOAD_TOO_LARGE: 413,
    ErrorCode.INSUFFICIENT_STORAGE: 507,
}

_log = structlog.get_logger(__name__)


def answer(request: HttpRequest, error: StonepineError) -> HttpResponse:
    """The reply to an error, as the requested version spells it."""
    status = STATUS[error.code]
    if is_token_request(request):
        response: HttpResponse = oauth_answer(error)
    elif is_scim_request(request):
        response = scim_answer(error, status=status)
    elif error.code is ErrorCode.UNAUTHENTICATED and _speaks_plain_401(request):
        response = HttpResponse("Invalid API key", status=401, content_type="text/plain")
    else:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.fields:
            body["details"] = error.fields
        response = JsonResponse({"status": status, "error": body}, status=status)
    if error.retry_after_s is not None:
        response["Retry-After"] = str(error.retry_after_s)
    return response


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's hook: one envelope for each error; what is unknown goes on to the middleware."""
    request: Request = context["request"]
    known = _translated(error)
    if known is None:
        return None
    if STATUS[known.code] >= 500:
        _log.error("request_refused", path=request.path, code=known.code, exc_info=error)
    response = answer(context["view"].request_as_received, known)
    if isinstance(error, exceptions.MethodNotAllowed):
        view = context["view"]
        response["Allow"] = ", ".join(view.allowed_methods)
    return response


def _translated(error: Exception) -> StonepineError | None:
    if isinstance(error, StonepineError):
        return error
    if isinstance(error, exceptions.MethodNotAllowed):
        return Unimplemented(
            f"This path does not answer {error.args[0] if error.args else 'that'}."
        )
    if isinstance(error, Http404 | exceptions.NotFound):
        return NotFound("There is nothing here.")
    if isinstance(error, exceptions.APIException):
        return Internal("Internal error.")
    return None


def _speaks_plain_401(request: HttpRequest) -> bool:
    if request.path_info.startswith("/admin"):
        return False
    try:
        return requested_version(request) >= Version.V2026_07
    except InvalidArgument:
        return False
