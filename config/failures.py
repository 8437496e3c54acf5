"""Answers to requests that reach no view: JSON for clients of the API, pages for people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from api import errors as api_errors
from kit.errors import Forbidden, Internal, InvalidArgument, NotFound, PayloadTooLarge

_API_PATHS = (
    "/indexes", "/collections", "/backups", "/restore-jobs", "/admin", "/assistant", "/models",
    "/embed", "/rerank", "/oauth", "/docs/openapi", "/healthz", "/readyz",
)  # fmt: skip
_API_HEADERS = ("Api-Key", "X-Pinecone-Api-Version")


def is_api_call(request: HttpRequest) -> bool:
    """Whether a client asks rather than a person's browser."""
    if any(header in request.headers for header in _API_HEADERS):
        return True
    if any(
        request.path_info == path or request.path_info.startswith(path + "/") for path in _API_PATHS
    ):
        return True
    return "text/html" not in request.headers.get(
        "Accept", ""
    ) and not request.path_info.startswith("/static/")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    if is_api_call(request):
        return api_errors.answer(request, NotFound(f"There is no {request.path_info} here."))
    return render(request, "errors/404.html", status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    if is_api_call(request):
        return api_errors.answer(request, InvalidArgument("The request cannot be understood."))
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    if is_api_call(request):
        return api_errors.answer(request, Forbidden("This is not allowed."))
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    del reason
    return forbidden(request)


def too_large(request: HttpRequest) -> HttpResponse:
    if is_api_call(request):
        return api_errors.answer(request, PayloadTooLarge("The request body is over 1 MiB."))
    return render(request, "errors/413.html", status=413)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api_call(request):
        return api_errors.answer(request, Internal("Internal error."))
    return render(request, "errors/500.html", status=500)
