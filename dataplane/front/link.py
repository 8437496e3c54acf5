"""What both ways to the engine share: what a broken connection means for a read and for a write."""

from dataplane.engine import messages
from kit import errors
from kit.errors import ErrorCode, StonepineError, Unavailable

RECONNECT_S = 5.0
REPLY_S = 30.0
MAX_IN_FLIGHT = 512
# For a read that another engine can answer as well.
TRY_S = 3.0

_ERRORS: dict[str, type[StonepineError]] = {
    str(kind.code): kind
    for kind in (
        errors.InvalidArgument, errors.PermissionDenied, errors.QuotaExceeded, errors.NotFound,
        errors.AlreadyExists, errors.Aborted, errors.FailedPrecondition, errors.OutOfRange,
        errors.ResourceExhausted, errors.Unimplemented, errors.DeadlineExceeded,
        errors.Unavailable, errors.StorageFull, errors.DataLoss, errors.Internal,
    )
}  # fmt: skip


class ConnectionLost(Exception):
    """The engine went away after the request was sent and before its reply came."""


def may_be_applied() -> Unavailable:
    return Unavailable(
        "The write may or may not have been applied: send it again.", retry_after_s=1
    )


def not_reached() -> Unavailable:
    return Unavailable("The index is not being served at the moment. Try again.", retry_after_s=1)


def too_many() -> errors.ResourceExhausted:
    return errors.ResourceExhausted("Too many requests at once. Try again.", retry_after_s=1)


def no_answer(*, is_write: bool) -> StonepineError:
    if is_write:
        return may_be_applied()
    return errors.DeadlineExceeded(f"The index did not answer within {REPLY_S:.0f} s. Try again.")


def raise_failure(reply: messages.AnyReply) -> messages.AnyReply:
    """The reply, unless it is a failure: that is raised as the error it stands for."""
    if not isinstance(reply, messages.Failure):
        return reply
    kind = _ERRORS.get(reply.code, errors.Internal)
    if kind.code is ErrorCode.INTERNAL:
        raise errors.Internal("Internal error")
    raise kind(reply.message, retry_after_s=reply.retry_after_s)
