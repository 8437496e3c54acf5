"""`kill -9` of every process at random moments under load loses and invents nothing.

STONEPINE_KILLS sets how many (50), STONEPINE_SEED repeats a run's choices.
"""

import logging
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pinecone import Pinecone

from tests.support.journal import Write
from tests.support.load import DIMENSION, Load, send_with_client
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import control, dense_index, ready_index

KILLS = int(os.environ.get("STONEPINE_KILLS", "50"))
SEED = int(os.environ.get("STONEPINE_SEED", str(random.randrange(10**6))))
ROUND = 10
EVERYTHING = "everything"
VICTIMS = (
    "node-engine", "node-front", "postgres", "gateway", "worker", "web", "valkey", "node-engine",
    "postgres", EVERYTHING,
)  # fmt: skip
# So that segments are built, adopted and compacted while things die.
SMALL_SEGMENTS = {"STONEPINE_SEGMENT_THRESHOLD": "150", "STONEPINE_SEGMENT_MAX_RECORDS": "400"}

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(120 + 30 * KILLS)]


@pytest.fixture
def stack() -> Iterator[Stack]:
    with running_stack(**SMALL_SEGMENTS) as started:
        yield started


@dataclass
class Report:
    """What a run showed, in numbers."""

    recoveries_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def kills(self) -> int:
        return sum(map(len, self.recoveries_s.values()))

    def text(self, load: Load) -> str:
        counts = load.journal.counts
        every = sorted(second for seconds in self.recoveries_s.values() for second in seconds)
        lines = [
            f"seed {SEED}: {self.kills} kills, {counts.acknowledged:,} writes acknowledged, "
            f"{counts.indeterminate} open, {counts.refused} refused, {load.reads:,} reads",
            f"time to the first acknowledged write: p50 {statistics.median(every):.2f} s, "
            f"p95 {every[int(0.95 * (len(every) - 1))]:.2f} s, max {every[-1]:.2f} s",
            f"no loss in {self.kills} kills: at most {3 / self.kills:.2%} of kills (95 %)",
        ]
        lines += [
            f"  {name:12} {len(seconds):3} kills, median {statistics.median(seconds):.2f} s"
            for name, seconds in sorted(self.recoveries_s.items())
        ]
        return "\n".join(lines)


class ClientSender:
    """Writes through the official client, as an application would."""

    def __init__(self, stack: Stack, host: str) -> None:
        self._index = Pinecone(api_key=stack.api_key, host=stack.api_url).index(host=host)

    def send(self, namespace: str, write: Write) -> int:
        return send_with_client(self._index, namespace, write)

    def close(self) -> None:
        self._index.close()


def test_no_kill_loses_or_invents_a_write(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index("chaos", dimension=DIMENSION))
    logging.getLogger("pinecone").setLevel(logging.ERROR)  # a line for each call otherwise
    load = Load(host, stack.api_key, SEED, extra=[lambda: ClientSender(stack, host)])
    choose, report = random.Random(SEED), Report()
    while report.kills < KILLS:
        victims = choose.sample(VICTIMS, min(ROUND, KILLS - report.kills))
        with load.running():
            wait_until(lambda: load.last_started_s, timeout_s=30, what="the first write")
            for victim in victims:
                pause(choose.uniform(0.3, 1.5))
                report.recoveries_s[victim].append(recovery_s(stack, load, victim))
        stack.wait_until_ready()
        assert load.journal.verify(load.stored()) == [], f"seed {SEED}, after {victims}"
        assert load.stale == [], f"seed {SEED}, after {victims}"
        assert_indexes_can_be_made(stack)
    built = [path for path in (stack.home / "objects").rglob("segments/*") if path.is_file()]
    assert built, "no segment was built: the run did not show what it is for"
    with capsys.disabled():
        sys.stdout.write(f"\n{report.text(load)}\n")


def recovery_s(stack: Stack, load: Load, victim: str) -> float:
    """Kill it; seconds until a write that began afterwards is acknowledged."""
    if victim == EVERYTHING:
        stack.kill_everything()
    else:
        stack.kill(victim)
    killed = time.monotonic()
    if victim == EVERYTHING:
        stack.start()
    wait_until(
        lambda: load.last_started_s > killed or load.crashes,
        timeout_s=60, what=f"a write is acknowledged after the kill of {victim}, seed {SEED}",
    )  # fmt: skip
    return time.monotonic() - killed


def assert_indexes_can_be_made(stack: Stack) -> None:
    """The control plane came back too: an index is created, becomes ready, and goes."""
    with control(stack.api_url, stack.api_key) as api:
        ready_index(api, dense_index("after", dimension=3))
        assert api.request("DELETE", "/indexes/after").status == 202
        wait_until(lambda: api.get("/indexes/after").status == 404, timeout_s=30, what="it is gone")


def pause(seconds: float) -> None:
    """The random moment is the point here: there is nothing to wait for."""
    moment = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= moment, timeout_s=seconds + 1, what="the moment")
