"""The tree of errors that a caller may see, with Pinecone's own codes.

    StonepineError
    ├── InvalidArgument          the request itself is wrong
    │   └── PayloadTooLarge      … because it is larger than the limit
    ├── Unprocessable            the body cannot be read as what it should be
    ├── Unauthenticated          no credential, or not a valid one
    ├── PermissionDenied         a valid credential that lacks the right
    │   └── Forbidden            … refused by state: deletion protection
    ├── QuotaExceeded            an object limit is reached
    ├── PaymentRequired          the plan lacks the feature
    ├── NotFound                 missing, or not yours
    ├── AlreadyExists
    ├── Aborted                  refused to keep an invariant, such as the last owner
    ├── FailedPrecondition       right request, wrong state
    ├── OutOfRange
    ├── ResourceExhausted        too many requests: try again later
    ├── Unimplemented
    ├── DeadlineExceeded
    ├── Unavailable              a part is down: try again
    │   └── StorageFull          … because no write can be kept
    ├── DataLoss                 what is stored does not authenticate
    └── Internal                 our fault

Each face holds one table from `ErrorCode` to its own status; nothing here knows HTTP or gRPC.
"""

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Pinecone's names, as they stand in `error.code` of a reply."""

    UNKNOWN = "UNKNOWN"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    DATA_LOSS = "DATA_LOSS"
    FORBIDDEN = "FORBIDDEN"
    UNPROCESSABLE_ENTITY = "UNPROCESSABLE_ENTITY"
    PAYMENT_REQUIRED = "PAYMENT_REQUIRED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    INSUFFICIENT_STORAGE = "INSUFFICIENT_STORAGE"


class StonepineError(Exception):
    """Base of every error whose message is meant for the caller.

    `message` is one or two sentences in the caller's vocabulary: what is wrong, then what to do.
    `fields` are structured details (never secrets). `retry_after_s` is set where waiting helps.
    """

    code = ErrorCode.UNKNOWN

    def __init__(self, message: str, *, retry_after_s: int | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s
        self.fields = fields


class InvalidArgument(StonepineError):
    code = ErrorCode.INVALID_ARGUMENT


class PayloadTooLarge(InvalidArgument):
    code = ErrorCode.PAYLOAD_TOO_LARGE


class Unprocessable(StonepineError):
    code = ErrorCode.UNPROCESSABLE_ENTITY


class Unauthenticated(StonepineError):
    code = ErrorCode.UNAUTHENTICATED


class PermissionDenied(StonepineError):
    code = ErrorCode.PERMISSION_DENIED


class Forbidden(PermissionDenied):
    code = ErrorCode.FORBIDDEN


class QuotaExceeded(StonepineError):
    code = ErrorCode.QUOTA_EXCEEDED


class PaymentRequired(StonepineError):
    code = ErrorCode.PAYMENT_REQUIRED


class NotFound(StonepineError):
    code = ErrorCode.NOT_FOUND


class AlreadyExists(StonepineError):
    code = ErrorCode.ALREADY_EXISTS


class Aborted(StonepineError):
    code = ErrorCode.ABORTED


class FailedPrecondition(StonepineError):
    code = ErrorCode.FAILED_PRECONDITION


class OutOfRange(StonepineError):
    code = ErrorCode.OUT_OF_RANGE


class ResourceExhausted(StonepineError):
    code = ErrorCode.RESOURCE_EXHAUSTED


class Unimplemented(StonepineError):
    code = ErrorCode.UNIMPLEMENTED


class DeadlineExceeded(StonepineError):
    code = ErrorCode.DEADLINE_EXCEEDED


class Unavailable(StonepineError):
    code = ErrorCode.UNAVAILABLE


class StorageFull(Unavailable):
    code = ErrorCode.INSUFFICIENT_STORAGE


class DataLoss(StonepineError):
    code = ErrorCode.DATA_LOSS


class Internal(StonepineError):
    code = ErrorCode.INTERNAL
