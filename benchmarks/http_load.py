"""A small closed-loop HTTP client: keep-alive connections, pre-encoded bodies, latencies kept."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Answers:
    """`latencies_s` in the order of completion; `bodies` and `paths` by request number."""

    latencies_s: list[float] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    elapsed_s: float = 0.0

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def post_all(
    host: str, path: str, bodies: list[bytes], *, api_key: str, clients: int, keep: bool = False
) -> Answers:
    """Post every body once over `clients` connections; any answer but 200 raises RuntimeError."""
    answers, lock, numbers = Answers(), threading.Lock(), iter(range(len(bodies)))
    failures: list[str] = []
    headers = {"Api-Key": api_key, "Content-Type": "application/json"}

    def work() -> None:
        connection = http.client.HTTPConnection(urlsplit(host).netloc, timeout=60)
        while not failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            begin = time.perf_counter()
            connection.request("POST", path, bodies[number], headers)
            reply = connection.getresponse()
            content = reply.read()
            took_s = time.perf_counter() - begin
            if reply.status != 200:
                failures.append(f"{reply.status} {content[:300]!r}")
                return
            answers.latencies_s.append(took_s)
            if keep:
                answers.bodies[number] = content
                answers.paths[number] = reply.headers.get("x-stonepine-path", "")

    threads = [threading.Thread(target=work) for _ in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.elapsed_s = time.perf_counter() - begin
    if failures:
        raise RuntimeError(f"{path} answered {failures[0]}")
    return answers
