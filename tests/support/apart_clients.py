"""Clients of parts on several machines, which write and read whatever becomes of the parts."""

import contextlib
import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from tests.support.apart import BASE_PORT, HOST, Apart, RunningPart, clean
from tests.support.machines import Machine
from tests.support.stack import REPOSITORY
from tests.support.waiting import wait_until

_SCRIPT = REPOSITORY / "tests" / "contract" / "scenarios" / "writes_on.py"
_SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
_PATIENCE_S = 20
# What a client may be told while parts are away.
NOT_NOW = {429, 503, 504}
# What the official gRPC client makes of a connection that broke in the middle of a call.
_BROKEN = "[500 UNKNOWN] transport error"


@dataclass
class Client:
    """One gateway as a client knows it. Every request is a connection's first or a later one."""

    apart: Apart
    gateway: RunningPart
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        trusting = ssl.create_default_context(cafile=str(self.apart.authority))
        headers = {
            "Api-Key": self.apart.facts["api_key"],
            "X-Pinecone-Api-Version": "2025-10",
            "Host": HOST,
        }
        self._http = httpx.Client(verify=trusting, headers=headers, timeout=_PATIENCE_S)

    def close(self) -> None:
        self._http.close()

    def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self._http.request(method, self._url(BASE_PORT, path), json=body)

    def index(self, port: int, path: str, body: object) -> httpx.Response:
        return self._http.post(self._url(port, path), json=body)

    def stored(self, port: int) -> set[str]:
        """Every record's id, page by page."""
        found: set[str] = set()
        token = ""
        while True:
            query = {"limit": "100", **({"paginationToken": token} if token else {})}
            reply = self._http.get(self._url(port, "/vectors/list"), params=query)
            assert reply.status_code == 200, reply.text
            page = reply.json()
            found |= {one["id"] for one in page.get("vectors", [])}
            token = page.get("pagination", {}).get("next", "")
            if not token:
                return found

    def _url(self, port: int, path: str) -> str:
        return f"https://{self.gateway.machine.address}:{port}{path}"


class AnyWriter(Protocol):
    """`refused` counts what it was told instead of an acknowledgement."""

    index: str
    name: str
    acknowledged: set[str]
    refused: Counter[str]
    last_s: float

    def stop(self) -> None: ...


@dataclass
class Writer:
    """Upserts one record after the other through one gateway, in bare HTTP."""

    client: Client
    index: str
    port: int
    acknowledged: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    last_s: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.name = f"{self.index}-{self.client.gateway.name}"
        self._fault = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), f"{self.name} hangs"
        assert not self._fault, f"{self.name} was told {self._fault}"

    def _run(self) -> None:
        number = 0
        while not self._over.is_set() and not self._fault:
            number += 1
            self._write(f"{self.name}-{number}", [1.0, 2.0, 3.0, float(number)])

    def _write(self, record_id: str, values: list[float]) -> None:
        vectors = {"vectors": [{"id": record_id, "values": values}]}
        try:
            reply = self.client.index(self.port, "/vectors/upsert", vectors)
        except httpx.HTTPError as error:
            self.refused[type(error).__name__] += 1
            return
        if reply.status_code == 200:
            self.acknowledged.add(record_id)
            self.last_s = time.monotonic()
            return
        self.refused[str(reply.status_code)] += 1
        if reply.status_code not in NOT_NOW:
            self._fault = f"{reply.status_code} {reply.text}"
        self._over.wait(0.1)


@dataclass
class OfficialWriter:
    """The official client on a machine of its own, which reads back what it wrote."""

    apart: Apart
    machine: Machine
    index: str
    transport: str
    acknowledged: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    last_s: float = 0.0

    def __post_init__(self) -> None:
        self.name = f"{self.index}-official-{self.transport}"
        self._faults: list[str] = []
        own = {
            "PINECONE_API_KEY": self.apart.facts["api_key"],
            "PINECONE_CONTROLLER_HOST": f"https://{HOST}:{BASE_PORT}",
            "SSL_CERT_FILE": str(self.apart.authority),
        }
        script = [sys.executable, "-W", "error", str(_SCRIPT)]
        self._log = self.apart.folder / f"{self.name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self.machine.command(*script, self.index, self.transport, self.name),
                cwd=REPOSITORY, env=clean() | own, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout=90)
        self._thread.join(timeout=10)
        assert code == 0, f"{self.name}: {self._log.read_text()}"
        assert not self._faults, f"{self.name} was told {self._faults[0]}"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._take(json.loads(line))

    def _take(self, told: dict[str, Any]) -> None:
        if "acknowledged" in told:
            self.acknowledged.add(told["acknowledged"])
        elif "read" in told:
            self.last_s = time.monotonic()
        else:
            status, message = told["status"], told["message"]
            self.refused[f"{told['refused']} {status}"] += 1
            if status is not None and status not in NOT_NOW and message != _BROKEN:
                self._faults.append(message)


@contextmanager
def stopped_at_last(writers: Sequence[AnyWriter]) -> Iterator[None]:
    """Each of them is stopped, whatever the block found."""
    try:
        yield
    finally:
        for writer in writers:
            with contextlib.suppress(AssertionError):
                writer.stop()


def create(client: Client, name: str) -> int:
    """The index, ready; its port."""
    body = {"name": name, "dimension": 4, "metric": "cosine", "spec": _SPEC}
    reply = client.control("POST", "/indexes", body)
    assert reply.status_code == 201, reply.text
    return port_once_ready(client, name)


def port_once_ready(client: Client, name: str) -> int:
    def ready() -> dict[str, Any] | None:
        told: dict[str, Any] = client.control("GET", f"/indexes/{name}").json()
        return told if told["status"]["ready"] else None

    told = wait_until(ready, timeout_s=60, every_s=0.3, what=f"{name} is ready")
    return int(told["host"].rpartition(":")[2])


def went_on(writers: Sequence[AnyWriter], *, within_s: float) -> float:
    """How many seconds until each of them was acknowledged something again."""
    began_s = time.monotonic()

    def silent() -> list[str]:
        return [one.name for one in writers if one.last_s <= began_s]

    try:
        wait_until(lambda: not silent(), timeout_s=within_s, what="every writer goes on")
    except AssertionError:
        told = {one.name: dict(one.refused) for one in writers if one.name in silent()}
        raise AssertionError(f"not within {within_s} s went on: {told}") from None
    return time.monotonic() - began_s
