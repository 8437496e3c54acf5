"""What surrounds every request: its id, its audit context, and the end of unexpected errors."""

from collections.abc import Callable
from ipaddress import ip_address

import structlog
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException

from audit.context import AuditContext, Source, acting_from
from config import failures
from config.outages import outage_behind
from kit.ids import new_id

REQUEST_ID_HEADER = "x-pinecone-request-id"
_PIECE_BYTES = 64 * 1024
# Django answers these itself, through the handlers that config.urls names.
_ANSWERED = (Http404, PermissionDenied, SuspiciousOperation, BadRequest)
_log = structlog.get_logger(__name__)


class RequestContextMiddleware:
    """Outermost: whatever happens inside is answered with a request id and without a traceback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = new_id().hex
        request.META["stonepine.request_id"] = request_id
        context = AuditContext(
            request_id=request_id,
            source=Source.API if failures.is_api_call(request) else Source.CONSOLE,
            ip=_client_ip(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        structlog.contextvars.clear_contextvars()
        with acting_from(context), structlog.contextvars.bound_contextvars(request_id=request_id):
            # No row is named with NUL, and PostgreSQL takes none.
            is_sound = "\0" not in request.path_info
            response = self.get_response(request) if is_sound else failures.not_found(request)
        _read_to_the_end(request)
        response[REQUEST_ID_HEADER] = request_id
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Unexpected errors are ours: logged whole, answered without detail."""
        if isinstance(error, RequestDataTooBig):
            return failures.too_large(request)
        if isinstance(error, _ANSWERED):
            return None
        outage = outage_behind(error)
        if outage is not None:
            _log.error("part_is_down", route=_route(request), error=type(error).__name__)
            return failures.refusal(request, outage)
        _log.exception("request_failed", method=request.method, route=_route(request))
        return failures.server_error(request)


def _route(request: HttpRequest) -> str:
    """What the logs may hold of an address: some carry a token that opens something."""
    return request.resolver_match.route if request.resolver_match else "unknown"


def _read_to_the_end(request: HttpRequest) -> None:
    """Take in what nobody wanted of the body; the gateway limits how much that can be.

    A server that answers and hangs up while the body still comes has its answer thrown away: the
    gateway sees a broken connection and tells the client that we are down.
    """
    try:
        while request.read(_PIECE_BYTES):
            pass
    except (OSError, RawPostDataException):
        return  # the client went away, or all was read


def _client_ip(request: HttpRequest) -> str | None:
    """The address the gateway saw: the last one, because what stands before it is hearsay."""
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    try:
        return str(ip_address(forwarded or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None  # a unix socket has no address
