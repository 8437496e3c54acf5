"""The gRPC face: the package-less VectorService over the operations, on a pool of threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import structlog

from dataplane.front import call as calls
from dataplane.front.allowances import Allowances
from dataplane.front.attempts import Attempt
from dataplane.front.call import Call
from dataplane.front.engines import ThreadEngines
from dataplane.front.event_log import EventLog
from dataplane.front.gate import Gate
from dataplane.front.link import MAX_IN_FLIGHT
from dataplane.front.meter import Meter
from dataplane.front.operations import OPERATIONS, Operation
from dataplane.front.stopwatch import Stopwatch
from kit.errors import Internal, StonepineError
from protocol.status import STATUS

_SERVICE = "VectorService"
# More than one index may take beside others, working and waiting.
_THREADS = 40
# Over our own limit, so that what is a little too large gets our own answer.
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_CODES = {code.value[0]: code for code in grpc.StatusCode}

_log = structlog.get_logger()


class GrpcFace:
    """Authentication comes before the message is parsed: handlers take and give raw bytes."""

    def __init__(
        self,
        gate: Gate,
        engines: ThreadEngines,
        *,
        meter: Meter,
        stopwatch: Stopwatch,
        allowances: Allowances,
        events: EventLog,
    ) -> None:
        self._gate = gate
        self._engines = engines
        self._meter = meter
        self._stopwatch = stopwatch
        self._allowances = allowances
        self._events = events

    def server(self, socket_path: Path) -> grpc.Server:
        """A server that listens there once it is started."""
        server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="grpc"),
            maximum_concurrent_rpcs=MAX_IN_FLIGHT,
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ],
        )
        handlers = {
            operation.name: grpc.unary_unary_rpc_method_handler(self._handler(operation))
            for operation in OPERATIONS
        }
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, handlers)])
        server.add_insecure_port(f"unix:{socket_path}")
        return server

    def _handler(self, operation: Operation) -> Callable[[bytes, Any], bytes]:
        def handle(data: bytes, context: Any) -> bytes:
            call = Call()
            try:
                body, headers = self._answer(operation, call, data, context)
            except StonepineError as error:
                return self._refuse(context, call, error)
            except Exception:  # noqa: BLE001 - the client gets an answer, we get the traceback
                _log.exception("request failed", request_id=call.id, method=operation.name)
                return self._refuse(context, call, Internal("Internal error"))
            self._stopwatch.note(call)
            context.send_initial_metadata(headers)
            return body

        return handle

    def _refuse(self, context: Any, call: Call, error: StonepineError) -> bytes:
        self._stopwatch.note(call, error.code)
        return _abort(context, call, error)

    def _answer(
        self, operation: Operation, call: Call, data: bytes, context: Any
    ) -> tuple[bytes, list[tuple[str, str]]]:
        header = _reader(context.invocation_metadata())
        key, index_id = calls.read_key(header), calls.read_index(header, None)
        admission = self._gate.admit(key, index_id, calls.read_caller(header))
        call.read_options(header)
        attempt = Attempt(call, admission, operation)
        attempt.begin()
        calls.check_size(len(data))
        try:
            with attempt.reading():
                form = operation.from_proto(data)
            request = attempt.request(form)
            self._allowances.require(admission.index, operation.name, request)
            reply = self._engines.ask(admission.index, request, is_write=operation.is_write)
        except StonepineError as error:
            self._events.record(attempt.refusal(error))
            raise
        self._meter.count(admission.index, operation.name, request, reply)
        self._allowances.charge(admission.index, request, reply)
        body = operation.to_proto(reply, call.reply_context())
        return body, call.headers(reply)


def _reader(metadata: Any) -> calls.Header:
    found = {item.key: item.value for item in metadata}

    def header(name: str) -> str | None:
        value = found.get(name)
        return value if isinstance(value, str) else None

    return header


def _abort(context: Any, call: Call, error: StonepineError) -> bytes:
    """Never returns: gRPC ends the call by an exception of its own."""
    trailing = call.headers() + calls.error_headers(error)
    if error.retry_after_s is not None:
        trailing.append(("grpc-retry-pushback-ms", str(error.retry_after_s * 1000)))
    context.set_trailing_metadata(trailing)
    context.abort(_CODES[STATUS[error.code].grpc], error.message)
    raise AssertionError("abort returned")
