"""What the gateway itself answers when no process behind it does, in the shape of each face."""

from dataclasses import dataclass

from gateway.rendering import Json
from gateway.settings import GatewaySettings
from gateway.tls import strict_transport
from kit.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    code: ErrorCode
    grpc_code: int
    message: str
    retry_after_s: int | None = None


_UNREACHABLE = "This part of Stonepine does not answer at the moment. Send the request again."
_REPLIES = (
    _Reply(400, ErrorCode.INVALID_ARGUMENT, 3, "The request is not well-formed HTTP."),
    _Reply(403, ErrorCode.PERMISSION_DENIED, 7, "The gateway refuses this request."),
    _Reply(404, ErrorCode.NOT_FOUND, 5, "There is nothing at this address."),
    _Reply(408, ErrorCode.DEADLINE_EXCEEDED, 4, "The request did not arrive in time.", 1),
    _Reply(429, ErrorCode.RESOURCE_EXHAUSTED, 8, "Too many requests. Send it again later.", 1),
    _Reply(431, ErrorCode.INVALID_ARGUMENT, 3, "The request headers are larger than the limit."),
    _Reply(500, ErrorCode.INTERNAL, 13, "The gateway failed. Send the request again.", 1),
    _Reply(502, ErrorCode.UNAVAILABLE, 14, _UNREACHABLE, 1),
    _Reply(503, ErrorCode.UNAVAILABLE, 14, _UNREACHABLE, 1),
    _Reply(504, ErrorCode.DEADLINE_EXCEEDED, 4, "The request took longer than allowed.", 1),
)


def local_replies(settings: GatewaySettings, *, is_data_plane: bool) -> Json:
    """Envoy's `local_reply_config`: gRPC gets plain sentences, REST the face's own JSON."""
    node = _replies(settings.max_node_body_bytes)
    web = _replies(settings.max_web_body_bytes)
    mappers = [_grpc_mapper(reply) for reply in node]
    if is_data_plane:
        mappers += [_mapper(reply, [], _as_status(reply)) for reply in node]
    else:
        mappers += [_mapper(reply, [_is_index_path()], _as_status(reply)) for reply in node]
        mappers += [_mapper(reply, [], _as_envelope(reply)) for reply in web]
    for mapper in mappers:
        mapper["headers_to_add"] += strict_transport(settings)
    return {"mappers": mappers}


def _replies(max_body_bytes: int) -> list[_Reply]:
    too_large = f"The request body is over {max_body_bytes} bytes."
    return [*_REPLIES, _Reply(413, ErrorCode.PAYLOAD_TOO_LARGE, 11, too_large)]


def _mapper(reply: _Reply, conditions: list[Json], body_format: Json) -> Json:
    filters = [_has_status(reply.status), *conditions]
    mapper: Json = {
        "filter": filters[0] if len(filters) == 1 else {"and_filter": {"filters": filters}},
        "body_format_override": body_format,
        "headers_to_add": [_overwrite("x-pinecone-request-id", "%REQ(X-REQUEST-ID)%")],
    }
    if reply.retry_after_s is not None:
        mapper["headers_to_add"].append(_overwrite("retry-after", str(reply.retry_after_s)))
    return mapper


def _grpc_mapper(reply: _Reply) -> Json:
    mapper = _mapper(reply, [_is_grpc()], _as_text(reply))
    if reply.code is ErrorCode.PAYLOAD_TOO_LARGE:
        # Envoy would call it unknown; servers of gRPC call it exhausted.
        mapper["headers_to_add"].append(_overwrite("grpc-status", "8"))
    return mapper


def _overwrite(name: str, value: str) -> Json:
    header = {"key": name, "value": value}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _has_status(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"stonepine.reply.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _is_grpc() -> Json:
    match = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    return {"header_filter": {"header": match}}


def _is_index_path() -> Json:
    return {"header_filter": {"header": {"name": ":path", "string_match": {"prefix": "/i/"}}}}


def _as_text(reply: _Reply) -> Json:
    return {"text_format_source": {"inline_string": reply.message}}


def _as_envelope(reply: _Reply) -> Json:
    error = {"code": str(reply.code), "message": reply.message}
    return {"json_format": {"status": reply.status, "error": error}}


def _as_status(reply: _Reply) -> Json:
    return {"json_format": {"code": reply.grpc_code, "message": reply.message, "details": []}}
