"""One measuring loop for all contenders: each client asks, waits for the answer, asks again.

One thread serves all clients of a run over plain sockets; what is sent was encoded beforehand, and
of an answer only its end is looked for. So the client costs the same few microseconds a question
whoever is asked, which leaves the processors to the servers.
"""

import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_RECEIVE_BYTES = 256 * 1024
_TIMEOUT_S = 120


class Dialogue(NamedTuple):
    """How one contender is asked. `length` gives the length of the answer that a buffer starts
    with, None where more is to come; it raises RuntimeError for an answer that is a failure."""

    open: Callable[[], socket.socket]
    requests: Sequence[bytes]
    length: Callable[[bytes], int | None]


@dataclass
class Run:
    """`answers` by question, as they came; latencies in the order of completion."""

    latencies_s: list[float] = field(default_factory=list)
    answers: dict[int, bytes] = field(default_factory=dict)
    elapsed_s: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies_s) / self.elapsed_s

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


@dataclass
class _Client:
    """One connection with a question under way."""

    socket: socket.socket
    number: int = -1
    asked_at: float = 0.0
    buffer: bytes = b""
    unsent: bytes | memoryview = b""

    def ask(self, number: int, request: bytes) -> None:
        self.number, self.buffer, self.unsent = number, b"", memoryview(request)
        self.asked_at = time.perf_counter()
        self.send()

    def send(self) -> None:
        try:
            sent = self.socket.send(self.unsent)
        except BlockingIOError:
            return
        self.unsent = self.unsent[sent:]


class _Loop:
    """One run: its clients, and the questions that are left."""

    def __init__(self, dialogue: Dialogue, questions: range, *, keep: bool) -> None:
        self.done = Run()
        self._dialogue = dialogue
        self._numbers = iter(questions)
        self._keep = keep
        self._selector = selectors.DefaultSelector()
        self._asking = 0

    def run(self, clients: int) -> None:
        opened = [_Client(self._dialogue.open()) for _ in range(clients)]
        for client in opened:
            client.socket.settimeout(0)
            self._selector.register(client.socket, selectors.EVENT_READ, client)
        begin = time.perf_counter()
        for client in opened:
            self._ask(client)
        while self._asking:
            ready = self._selector.select(_TIMEOUT_S)
            if not ready:
                raise RuntimeError(f"no answer within {_TIMEOUT_S} s")
            for key, events in ready:
                self._go_on(key.data, events)
        self.done.elapsed_s = time.perf_counter() - begin
        for client in opened:
            client.socket.close()
        self._selector.close()

    def _ask(self, client: _Client) -> None:
        number = next(self._numbers, None)
        if number is None:
            return
        self._asking += 1
        requests = self._dialogue.requests
        client.ask(number, requests[number % len(requests)])
        if client.unsent:
            self._listen(client, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _go_on(self, client: _Client, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            client.send()
            if not client.unsent:
                self._listen(client, selectors.EVENT_READ)
        if not events & selectors.EVENT_READ:
            return
        received = client.socket.recv(_RECEIVE_BYTES)
        if not received:
            raise RuntimeError(f"the connection was closed after {client.buffer[:300]!r}")
        client.buffer = client.buffer + received if client.buffer else received
        if self._dialogue.length(client.buffer) is not None:
            self._note(client)
            self._ask(client)

    def _note(self, client: _Client) -> None:
        self.done.latencies_s.append(time.perf_counter() - client.asked_at)
        self._asking -= 1
        if self._keep:
            self.done.answers[client.number] = client.buffer

    def _listen(self, client: _Client, events: int) -> None:
        self._selector.modify(client.socket, events, client)


def run(dialogue: Dialogue, questions: range, *, clients: int, keep: bool = False) -> Run:
    """Ask every question once over `clients` connections; question i is request i, and they are
    gone through again where there are more questions than requests."""
    loop = _Loop(dialogue, questions, keep=keep)
    loop.run(clients)
    return loop.done
