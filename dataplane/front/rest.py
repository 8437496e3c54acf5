"""The REST face: a raw ASGI application over the operations."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog

from access import passes
from dataplane.front import call as calls
from dataplane.front.allowances import Allowances
from dataplane.front.attempts import Attempt
from dataplane.front.call import Call
from dataplane.front.engines import AsyncEngines
from dataplane.front.event_log import EventLog
from dataplane.front.gate import Admission, Gate
from dataplane.front.import_routes import ImportRoutes, Visit, split_import
from dataplane.front.meter import Meter
from dataplane.front.node_routes import NodeRoutes
from dataplane.front.operations import Route
from dataplane.front.rest_input import RestInput, read_query, split_index_prefix
from dataplane.front.routing import MethodNotAllowed, find
from dataplane.front.stopwatch import Stopwatch
from kit.errors import Internal, InvalidArgument, StonepineError
from protocol import to_json
from protocol.status import STATUS

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_log = structlog.get_logger()


class RestFace:
    """One per process. Whatever goes wrong, the answer is an `rpcStatus` with the request's id."""

    def __init__(
        self,
        gate: Gate,
        engines: AsyncEngines,
        node_routes: NodeRoutes,
        *,
        meter: Meter,
        stopwatch: Stopwatch,
        allowances: Allowances,
        events: EventLog,
        imports: ImportRoutes,
    ) -> None:
        self._gate = gate
        self._engines = engines
        self._meter = meter
        self._stopwatch = stopwatch
        self._allowances = allowances
        self._node_routes = node_routes
        self._events = events
        self._imports = imports
        self._large_body = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call()
        try:
            body, reply_headers = await self._answer(call, scope, receive)
            status = 200
            self._stopwatch.note(call)
        except StonepineError as error:
            status, body, reply_headers = self._refuse(call, error)
        except Exception:  # noqa: BLE001 - the client gets an answer, we get the traceback
            _log.exception("request failed", request_id=call.id, method=scope["method"])
            status, body, reply_headers = self._refuse(call, Internal("Internal error"))
        await _send(send, status, body, reply_headers)

    def _refuse(
        self, call: Call, error: StonepineError
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        self._stopwatch.note(call, error.code)
        return _refusal(call, error)

    async def _answer(
        self, call: Call, scope: Scope, receive: Receive
    ) -> tuple[bytes, list[tuple[str, str]]]:
        header = _reader(scope["headers"])
        in_path, path = split_index_prefix(scope["raw_path"])
        index_id = calls.read_index(header, in_path)
        if path.startswith(NodeRoutes.PREFIX):
            return await self._node_routes.answer(path, index_id, header), call.headers()
        admission = await self._admit(header, index_id)
        call.read_options(header)
        if ImportRoutes.has(path):
            return await self._answer_import(call, admission, scope, receive)
        found = find(scope["method"], path)
        attempt = Attempt(call, admission, found.operation)
        attempt.begin()
        rest = RestInput(read_query(scope["query_string"]), found.namespace)
        rest.body = await _read_body(header("content-length"), receive)
        try:
            with attempt.reading():
                form = await self._read(found.route, rest)
            request = attempt.request(form)
            self._allowances.require(admission.index, found.operation.name, request)
            reply = await self._engines.ask(
                admission.index, request, is_write=found.operation.is_write
            )
        except StonepineError as error:
            await self._events.record_async(attempt.refusal(error))
            raise
        self._meter.count(admission.index, found.operation.name, request, reply)
        self._allowances.charge(admission.index, request, reply)
        body = found.operation.to_json(reply, call.reply_context())
        return body, call.headers(reply)

    async def _read(self, route: Route, rest: RestInput) -> Any:
        """The form. One large body at a time, and others are served between its pieces."""
        if route.read_in_pieces is None:
            return route.read(rest)
        async with self._large_body:
            pieces = route.read_in_pieces(rest)
            while True:
                try:
                    next(pieces)
                except StopIteration as end:
                    return end.value
                await asyncio.sleep(0)

    async def _answer_import(
        self, call: Call, admission: Admission, scope: Scope, receive: Receive
    ) -> tuple[bytes, list[tuple[str, str]]]:
        _, path = split_index_prefix(scope["raw_path"])
        rest = RestInput(read_query(scope["query_string"]))
        visit = Visit(call, admission, split_import(path), rest)
        length = _reader(scope["headers"])("content-length")
        body = await self._imports.answer(
            scope["method"], path, visit, lambda: _read_body(length, receive)
        )
        return body, call.headers()

    async def _admit(self, header: calls.Header, index_id: UUID | None) -> Admission:
        carried = header(passes.HEADER)
        if carried is not None:
            return await asyncio.to_thread(self._gate.admit_person, carried, index_id)
        key, caller = calls.read_key(header), calls.read_caller(header)
        admission = self._gate.admit_at_once(key, index_id, caller)
        if admission is not None:
            return admission
        # The control plane's database may have to be asked, over a blocking connection.
        return await asyncio.to_thread(self._gate.admit, key, index_id, caller)


def _reader(headers: list[tuple[bytes, bytes]]) -> calls.Header:
    found = dict(headers)

    def header(name: str) -> str | None:
        value = found.get(name.encode("ascii"))
        return None if value is None else value.decode("latin-1")

    return header


async def _read_body(content_length: str | None, receive: Receive) -> bytes:
    """Refused as soon as it is known to be too large, without keeping what came."""
    if content_length is not None:
        calls.check_size(int(content_length))
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidArgument("The request was cut off before its end.")
        chunk = message.get("body", b"")
        size += len(chunk)
        calls.check_size(size)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _refusal(call: Call, error: StonepineError) -> tuple[int, bytes, list[tuple[str, str]]]:
    status = STATUS[error.code]
    reply_headers = call.headers() + calls.error_headers(error)
    http = status.http
    if isinstance(error, MethodNotAllowed):
        http = 405
        reply_headers.append(("allow", ", ".join(error.allowed)))
    return http, to_json.error(status.grpc, error.message), reply_headers


async def _send(send: Send, status: int, body: bytes, reply_headers: list[tuple[str, str]]) -> None:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply_headers]
    encoded.append((b"content-type", b"application/json"))
    encoded.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
