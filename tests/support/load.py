"""Writers and readers that keep an index busy while things are killed, under the oracle's eye."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from tests.support.journal import Journal, Kind, State, Violation, Write
from tests.support.wire import Broken, NotSent, Reply, Wire

DIMENSION = 8
NAMESPACES = ("", "second")
_PAGE = 100


class Sender(Protocol):
    """Sends one write; answers its status. Raises NotSent or Broken."""

    def send(self, namespace: str, write: Write) -> int: ...

    def close(self) -> None: ...


@dataclass
class WireSender:
    """Writes over plain REST."""

    wire: Wire
    dial_after: int | None = None
    sent: int = 0

    def send(self, namespace: str, write: Write) -> int:
        path, body = _as_request(namespace, write)
        self.sent += 1
        if self.dial_after and self.sent % self.dial_after == 0:
            self.wire.close()
        return self.wire.post(path, body).status

    def close(self) -> None:
        self.wire.close()


@dataclass
class Load:
    """`writers` and two readers on the index at `url`, until the block of `running()` ends."""

    url: str
    api_key: str
    seed: int
    senders: int = 4
    records_each: int = 100
    journal: Journal = field(default_factory=Journal)
    stale: list[Violation] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)
    reads: int = 0
    failed_reads: int = 0
    # Every other client comes by TLS where there is one, and dials anew after so many requests.
    authority: Path | None = None
    dial_after: int | None = None
    last_started_s: float = 0.0
    extra: list[Callable[[], Sender]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Load for the block; afterwards nothing is under way. May be entered again."""
        self._stop.clear()
        makers: list[Callable[[], Sender]] = [
            *(partial(self._wire_sender, number) for number in range(self.senders)), *self.extra
        ]  # fmt: skip
        threads = [
            threading.Thread(target=self._guarded, args=(self._write, number, maker))
            for number, maker in enumerate(makers)
        ] + [threading.Thread(target=self._guarded, args=(self._read, n, None)) for n in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(timeout=90)
            assert not any(thread.is_alive() for thread in threads), "a client hangs"
        assert not self.crashes, repr(self.crashes[0])

    def stored(self) -> dict[str, State]:
        """Everything in the index, read back page by page."""
        with Wire(self.url, api_key=self.api_key, timeout_s=30) as wire:
            return {
                key: state
                for namespace in NAMESPACES
                for page in _listed(wire, namespace)
                for key, state in _fetched(wire, namespace, page).items()
            }

    def _wire_sender(self, number: int) -> Sender:
        return WireSender(self._wire(number), dial_after=self.dial_after)

    def _wire(self, number: int) -> Wire:
        authority = self.authority if number % 2 else None
        return Wire(self.url, api_key=self.api_key, timeout_s=20, authority=authority)

    def _guarded(self, work: Callable[..., None], number: int, maker: Any) -> None:
        try:
            work(number, maker)
        except BaseException as error:  # noqa: BLE001 - a thread's failure becomes the test's
            self.crashes.append(error)

    def _write(self, number: int, maker: Callable[[], Sender]) -> None:
        # Not for secrets: the same seed gives the same writes.
        choose = random.Random(self.seed * 1_000 + number + self.journal.counts.acknowledged)
        namespace = NAMESPACES[number % len(NAMESPACES)]
        own = [f"w{number}-{k:03d}" for k in range(self.records_each)]
        with contextlib.closing(maker()) as sender:
            while not self._stop.is_set():
                kind, ids = _next_write(choose, own)
                write = self.journal.begin(kind, [_key(namespace, one) for one in ids])
                if not self._settle(sender, namespace, write):
                    self._stop.wait(0.02)

    def _settle(self, sender: Sender, namespace: str, write: Write) -> bool:
        started = time.monotonic()
        try:
            status = sender.send(namespace, write)
        except NotSent:
            self.journal.refused(write)
            return False
        except Broken:
            self.journal.indeterminate(write)
            return False
        if status < 300:
            self.journal.acknowledged(write)
            self.last_started_s = max(self.last_started_s, started)
            return True
        assert status in {404, 429} or status >= 500, f"{write} was answered {status}"
        if status >= 500:
            self.journal.indeterminate(write)
        else:
            self.journal.refused(write)
        return False

    def _read(self, number: int, _: None) -> None:
        choose = random.Random(self.seed * 2_000 + number)
        with self._wire(number) as wire:
            while not self._stop.is_set():
                if self.dial_after and self.reads % self.dial_after == 0:
                    wire.close()
                writer = choose.randrange(self.senders)
                namespace = NAMESPACES[writer % len(NAMESPACES)]
                ids = [f"w{writer}-{choose.randrange(self.records_each):03d}" for _ in range(8)]
                mark = self.journal.mark([_key(namespace, one) for one in ids])
                try:
                    found = _fetched(wire, namespace, ids)
                except (NotSent, Broken, Refused):
                    self.failed_reads += 1
                    self._stop.wait(0.02)
                    continue
                self.reads += 1
                self.stale += self.journal.check_read(mark, found)


class Refused(Exception):
    """A read was answered with an error."""


def send_with_client(index: Any, namespace: str, write: Write) -> int:
    """The same writes through an official client's index object; errors become statuses."""
    path, body = _as_request(namespace, write)
    try:
        if path.endswith("upsert"):
            index.upsert(vectors=body["vectors"], namespace=namespace)
        elif path.endswith("delete"):
            index.delete(ids=body["ids"], namespace=namespace)
        else:
            index.update(
                id=body["id"], values=body.get("values"), namespace=namespace,
                set_metadata=body.get("setMetadata"),
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - the client's own tree; its status decides
        return int(getattr(error, "status_code", None) or getattr(error, "status", None) or 503)
    return 200


def _next_write(choose: random.Random, own: list[str]) -> tuple[Kind, list[str]]:
    dice = choose.random()
    if dice < 0.45:
        return Kind.UPSERT, [choose.choice(own)]
    if dice < 0.65:
        return Kind.UPSERT, choose.sample(own, choose.randrange(3, 20))
    if dice < 0.75:
        return Kind.SET_METADATA, [choose.choice(own)]
    if dice < 0.85:
        return Kind.SET_VALUES, [choose.choice(own)]
    if dice < 0.95:
        return Kind.DELETE, [choose.choice(own)]
    return Kind.DELETE, choose.sample(own, choose.randrange(3, 20))


def _as_request(namespace: str, write: Write) -> tuple[str, dict[str, Any]]:
    ids = [key.split("/", 1)[1] for key in write.record_ids]
    match write.kind:
        case Kind.UPSERT:
            vectors = [
                {"id": one, "values": _values(write), "metadata": {"token": write.number}}
                for one in ids
            ]
            return "/vectors/upsert", {"namespace": namespace, "vectors": vectors}
        case Kind.DELETE:
            return "/vectors/delete", {"namespace": namespace, "ids": ids}
        case Kind.SET_METADATA:
            change: dict[str, Any] = {"setMetadata": {"token": write.number}}
        case Kind.SET_VALUES:
            change = {"values": _values(write)}
    return "/vectors/update", {"namespace": namespace, "id": ids[0]} | change


def _values(write: Write) -> list[float]:
    # float32 holds integers exactly up to 2**24, far more writes than a run has.
    return [float(write.number)] + [1.0] * (DIMENSION - 1)


def _key(namespace: str, record_id: str) -> str:
    return f"{namespace}/{record_id}"


def _listed(wire: Wire, namespace: str) -> Iterator[list[str]]:
    token = None
    while True:
        query = {"namespace": namespace, "limit": str(_PAGE)} | (
            {"paginationToken": token} if token else {}
        )
        answer = _ok(wire.get(f"/vectors/list?{urlencode(query)}")).json()
        page = [vector["id"] for vector in answer["vectors"]]
        if page:
            yield page
        token = (answer.get("pagination") or {}).get("next")
        if not token:
            return


def _fetched(wire: Wire, namespace: str, ids: list[str]) -> dict[str, State]:
    query = urlencode([("namespace", namespace), *(("ids", one) for one in ids)])
    vectors = _ok(wire.get(f"/vectors/fetch?{query}")).json()["vectors"]
    return {
        _key(namespace, one): (int(vector["values"][0]), int(vector["metadata"]["token"]))
        for one, vector in vectors.items()
    }


def _ok(reply: Reply) -> Reply:
    if reply.status != 200:
        raise Refused(f"{reply.status}: {reply.body[:300]!r}")
    return reply
