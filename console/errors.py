"""The console's one table from error codes to statuses, and the page that explains an error."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kit.errors import ErrorCode, StonepineError
from orgs.errors import OrganizationSuspended, OutsideNetworks

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
    ErrorCode.FAILED_PRECONDITION: 409,
    ErrorCode.ABORTED: 409,
    ErrorCode.OUT_OF_RANGE: 400,
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


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    next_step: str


_WORDS: dict[int, Words] = {
    402: Words("Your plan does not include this", "Ask your operator to change the plan."),
    403: Words(
        "You may not do this", "Ask an organization owner for a role that allows it, then reload."
    ),
    404: Words(
        "Nothing to see here",
        "Check the address. It may have been deleted, or you may not have access to it.",
    ),
    409: Words("That does not fit the current state", "Go back, reload the page and look again."),
    413: Words("That is too large", "Send less than 1 MiB at once."),
    429: Words("Too many requests", "Wait a moment, then try again."),
    503: Words(
        "Stonepine is not ready", "A part of it is starting or down. Try again in a moment."
    ),
    507: Words("The disk is full", "Ask your operator to make room, then try again."),
}
# No role opens it: the cause tells who can resume it.
_CLOSED: dict[type[StonepineError], Words] = {
    OrganizationSuspended: Words(
        "This organization is closed", "Once it is resumed, reload this page."
    ),
    OutsideNetworks: Words(
        "Not from here", "Come from one of its networks, for example through your VPN, and reload."
    ),
}
_OURS = Words("Something went wrong", "Try again. If it stays, give your operator the request id.")
_THEIRS = Words("That request was not understood", "Go back and try again.")
_SERVER_ERROR = 500
# A form that was understood, and whose fields are wrong.
INVALID = 422


def error_page(request: HttpRequest, error: StonepineError) -> HttpResponse:
    """What went wrong, what to do next, and the request id to quote."""
    status = STATUS[error.code]
    words = _CLOSED.get(type(error)) or words_of(status)
    context = {"status": status, "words": words, "cause": error.message}
    response = render(request, "errors/page.html", context, status=status)
    if error.retry_after_s is not None:
        response["Retry-After"] = str(error.retry_after_s)
    return response


def form_status(error: StonepineError) -> int:
    """Of a form that is shown again with the refusal in it."""
    return INVALID if error.code is ErrorCode.INVALID_ARGUMENT else STATUS[error.code]


def words_of(status: int) -> Words:
    """Title and next step of a status; also for refusals that never reached a view."""
    return _WORDS.get(status) or (_OURS if status >= _SERVER_ERROR else _THEIRS)
