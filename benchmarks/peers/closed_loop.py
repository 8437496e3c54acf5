"""One measuring loop for all contenders: each client asks, waits for the answer, asks again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Ask = Callable[[int], Any]


@dataclass
class Run:
    """`answers` by question, as the contender gave them; latencies in the order of completion."""

    latencies_s: list[float] = field(default_factory=list)
    answers: dict[int, Any] = field(default_factory=dict)
    elapsed_s: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies_s) / self.elapsed_s

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def run(connect: Callable[[], Ask], questions: range, *, clients: int, keep: bool = False) -> Run:
    """Ask every question once over `clients` connections. What a client raises is raised here."""
    done, numbers, lock = Run(), iter(questions), threading.Lock()
    failures: list[BaseException] = []

    def work(ask: Ask) -> None:
        try:
            while not failures:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                begin = time.perf_counter()
                answer = ask(number)
                done.latencies_s.append(time.perf_counter() - begin)
                if keep:
                    done.answers[number] = answer
        except Exception as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(connect(),)) for _ in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.elapsed_s = time.perf_counter() - begin
    if failures:
        raise failures[0]
    return done
