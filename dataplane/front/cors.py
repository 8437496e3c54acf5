"""What lets pages of allowed origins call an index from a browser."""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_METHODS = b"GET, POST, DELETE"
_EXPOSED = (
    b"x-pinecone-request-id, x-pinecone-request-latency-ms, x-pinecone-api-version, "
    b"x-pinecone-request-lsn, x-pinecone-lsn-committed, x-pinecone-max-indexed-lsn, "
    b"x-pinecone-lsn-reconciled, retry-after"
)
_MAX_AGE_S = b"7200"
_Headers = list[tuple[bytes, bytes]]


class Cors:
    """An ASGI application around another. Without an allowed origin it changes nothing.

    No credentials that a browser adds by itself are ever used here, so what a page may do is what
    the key that it holds may do.
    """

    def __init__(self, app: App, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = {origin.encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        if origin is None or not self._origins & {b"*", origin}:
            await self._app(scope, receive, send)
            return
        told: _Headers = [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await _answer_preflight(send, told, headers)
            return

        async def send_told(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                exposed = (b"access-control-expose-headers", _EXPOSED)
                message = message | {"headers": [*message["headers"], *told, exposed]}
            await send(message)

        await self._app(scope, receive, send_told)


async def _answer_preflight(send: Send, told: _Headers, headers: dict[bytes, bytes]) -> None:
    # Browsers ask without a key, and are told nothing about the index.
    answer: _Headers = [
        *told,
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"")),
        (b"access-control-max-age", _MAX_AGE_S),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    await send({"type": "http.response.body", "body": b""})
