"""How an error code is told on the data plane's wire: HTTP status and gRPC status, in one table."""

from typing import NamedTuple

from kit.errors import ErrorCode


class WireStatus(NamedTuple):
    """`grpc` is the number of the gRPC status; REST bodies carry it as `code`."""

    http: int
    grpc: int


STATUS: dict[ErrorCode, WireStatus] = {
    ErrorCode.UNKNOWN: WireStatus(500, 2),
    ErrorCode.INVALID_ARGUMENT: WireStatus(400, 3),
    ErrorCode.UNPROCESSABLE_ENTITY: WireStatus(400, 3),
    ErrorCode.DEADLINE_EXCEEDED: WireStatus(504, 4),
    ErrorCode.NOT_FOUND: WireStatus(404, 5),
    ErrorCode.ALREADY_EXISTS: WireStatus(409, 6),
    ErrorCode.PERMISSION_DENIED: WireStatus(403, 7),
    ErrorCode.FORBIDDEN: WireStatus(403, 7),
    ErrorCode.PAYMENT_REQUIRED: WireStatus(402, 7),
    ErrorCode.QUOTA_EXCEEDED: WireStatus(403, 8),
    ErrorCode.RESOURCE_EXHAUSTED: WireStatus(429, 8),
    ErrorCode.FAILED_PRECONDITION: WireStatus(412, 9),
    ErrorCode.ABORTED: WireStatus(409, 10),
    ErrorCode.OUT_OF_RANGE: WireStatus(400, 11),
    ErrorCode.PAYLOAD_TOO_LARGE: WireStatus(413, 11),
    ErrorCode.UNIMPLEMENTED: WireStatus(501, 12),
    ErrorCode.INTERNAL: WireStatus(500, 13),
    ErrorCode.UNAVAILABLE: WireStatus(503, 14),
    # gRPC has no word of its own for a full disk; what a client should do is wait and try again.
    ErrorCode.INSUFFICIENT_STORAGE: WireStatus(507, 14),
    ErrorCode.DATA_LOSS: WireStatus(500, 15),
    ErrorCode.UNAUTHENTICATED: WireStatus(401, 16),
}
