"""Plain HTTP to a running stack: no client library between the test and the bytes."""

import contextlib
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.waiting import wait_until

CONTROL_VERSION = "2026-07"


class NotSent(Exception):
    """No connection came about: the request cannot have had an effect."""


class Broken(Exception):
    """The request was sent, its reply never came whole: it may have had its effect or not."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        return self.headers.get("x-pinecone-request-id", "")

    def without_request_id(self) -> tuple[int, bytes]:
        """Status and body as a caller could compare them between two requests."""
        body = self.body
        if self.request_id:
            body = body.replace(self.request_id.encode(), b"<request id>")
        return self.status, body


class Wire:
    """One keep-alive connection to one authority; for one thread."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = 10,
        authority: Path | None = None,
    ) -> None:
        """`authority`: a file with who vouches for the other side, which is then asked by TLS."""
        parts = urlsplit(url)
        self._path = parts.path.rstrip("/")
        self._headers = {} if api_key is None else {"Api-Key": api_key}
        host, port = str(parts.hostname), parts.port or 80
        if authority is None:
            self._connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
        else:
            trusting = ssl.create_default_context(cafile=authority)
            self._connection = http.client.HTTPSConnection(
                host, port, timeout=timeout_s, context=trusting
            )

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """`body` is sent as it is when bytes, else as JSON. Raises NotSent or Broken."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | self._headers | (headers or {})
        try:
            self._connection.connect() if self._connection.sock is None else None
        except OSError as error:
            self.close()
            raise NotSent(str(error)) from error
        try:
            # An early refusal of a large body closes our sending side; its reply is still there.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._connection.request(method, self._path + path, body=content, headers=sent)
            reply = self._connection.getresponse()
            return Reply(
                reply.status, {name.lower(): value for name, value in reply.getheaders()},
                reply.read(),
            )  # fmt: skip
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Broken(f"{type(error).__name__}: {error}") from error

    def get(self, path: str, **options: Any) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.request("POST", path, body, **options)


def control(url: str, api_key: str | None, *, version: str = CONTROL_VERSION) -> Wire:
    """A connection to the control plane that names its API version."""
    wire = Wire(url, api_key=api_key, timeout_s=30)
    wire._headers["X-Pinecone-Api-Version"] = version
    return wire


def dense_index(name: str, *, dimension: int = 8, metric: str = "cosine") -> dict[str, Any]:
    """The body that creates an index with API version 2026-07."""
    vector = {"type": "dense_vector", "dimension": dimension, "metric": metric}
    return {
        "name": name,
        "schema": {"fields": {"_values": vector}},
        "deployment": {"deployment_type": "managed", "cloud": "aws", "region": "us-east-1"},
    }


def ready_index(api: Wire, body: dict[str, Any], *, timeout_s: float = 60) -> str:
    """Create the index, wait until it is ready; its host."""
    created = api.post("/indexes", body)
    assert created.status == 201, created

    def host() -> str | None:
        described = api.get(f"/indexes/{body['name']}").json()
        return str(described["host"]) if described["status"]["ready"] else None

    return str(wait_until(host, timeout_s=timeout_s, what=f"{body['name']} is ready"))
