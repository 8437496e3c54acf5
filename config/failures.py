"""Answers to requests that reach no view: JSON for clients of the API, pages for people."""

from django.http import HttpRequest, HttpResponse

from api.errors import answer
from console.errors import error_page
from kit.errors import (
    Forbidden,
    Internal,
    InvalidArgument,
    NotFound,
    PayloadTooLarge,
    StonepineError,
)

_API_PATHS = (
    "/indexes", "/collections", "/backups", "/backup-schedules", "/restore-jobs", "/admin",
    "/assistant", "/models", "/embed", "/rerank", "/oauth", "/scim", "/docs/openapi.json",
    "/healthz", "/readyz", "/metrics", "/prometheus", "/projects",
)  # fmt: skip
_API_HEADERS = ("Api-Key", "X-Pinecone-Api-Version")


def is_api_call(request: HttpRequest) -> bool:
    """Whether a client asks, rather than a person's browser."""
    if any(header in request.headers for header in _API_HEADERS):
        return True
    path = request.path_info
    if any(path == known or path.startswith(known + "/") for known in _API_PATHS):
        return True
    return "text/html" not in request.headers.get("Accept", "") and not request.COOKIES


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return refusal(request, NotFound(f"There is nothing at {request.path_info[:200]!r}."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return refusal(request, InvalidArgument("The request cannot be understood."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return refusal(request, Forbidden("This is not allowed."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    del reason
    return refusal(request, Forbidden("This form is too old: reload the page and try again."))


def too_large(request: HttpRequest) -> HttpResponse:
    return refusal(request, PayloadTooLarge("The request body is over 1 MiB."))


def server_error(request: HttpRequest) -> HttpResponse:
    return refusal(request, Internal("Internal error."))


def refusal(request: HttpRequest, error: StonepineError) -> HttpResponse:
    return answer(request, error) if is_api_call(request) else error_page(request, error)
