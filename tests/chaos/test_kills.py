"""`kill -9` of every process at random moments under load loses and invents nothing.

STONEPINE_KILLS sets how many (8; 1,000 in `make nightly`, where an interrupted run is gone on
with), STONEPINE_SEED repeats a run's choices.
"""

import json
import logging
import os
import random
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from pinecone import Pinecone

from tests.support.campaign import Campaign, chosen_seed
from tests.support.journal import Counts, Write
from tests.support.load import DIMENSION, Load, send_with_client
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import control, dense_index, ready_index

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
KILLS = int(os.environ.get("STONEPINE_KILLS", "1000" if IS_NIGHTLY else "8"))
ROUND = 10
PATIENCE_S = 6  # until a builder comes; a worker that was killed just now takes half of it
EVERYTHING = "everything"
BUILDER, MERGE = "builder", "merge"
VICTIMS = (
    "node-engine", "node-front", "postgres", "gateway", "worker", "web", "valkey", "scheduler",
    "node-engine", "postgres", BUILDER, BUILDER, MERGE, MERGE, EVERYTHING,
)  # fmt: skip
# So that segments are built, adopted and merged all the time while things die.
SMALL_SEGMENTS = {
    "STONEPINE_SEGMENT_THRESHOLD": "60",
    "STONEPINE_SEGMENT_MAX_RECORDS": "120",
    "STONEPINE_MERGE_MAX_RECORDS": "2000",
}

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(240 + 60 * KILLS)]


@pytest.fixture
def stack() -> Iterator[Stack]:
    with running_stack(**SMALL_SEGMENTS) as started:
        yield started


@dataclass
class Report:
    """What the campaign showed, in numbers; kept beside its progress, a line for each round."""

    campaign: Campaign

    def add(self, recoveries_s: list[tuple[str, float]], load: Load, before: Counts) -> None:
        now = load.journal.counts
        line = {
            "recoveries_s": recoveries_s,
            "acknowledged": now.acknowledged - before.acknowledged,
            "indeterminate": now.indeterminate - before.indeterminate,
        }
        with self.campaign.file(".lines").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def text(self) -> str:
        lines = [json.loads(one) for one in self.campaign.file(".lines").read_text().splitlines()]
        recoveries_s: dict[str, list[float]] = defaultdict(list)
        for line in lines:
            for victim, seconds in line["recoveries_s"]:
                recoveries_s[victim].append(seconds)
        kills = sum(map(len, recoveries_s.values()))
        acknowledged = sum(line["acknowledged"] for line in lines)
        left_open = sum(line["indeterminate"] for line in lines)
        told = [
            f"{self.campaign}; {acknowledged:,} writes acknowledged, {left_open} open",
            f"no loss in {kills} kills: at most {3 / kills:.2%} of kills (95 %)",
            _row("all", [one for seconds in recoveries_s.values() for one in seconds]),
        ]
        return "\n".join(told + [_row(*pair) for pair in sorted(recoveries_s.items())])


def _row(name: str, seconds: list[float]) -> str:
    every = sorted(seconds)
    p95 = every[int(0.95 * (len(every) - 1))]
    return (
        f"  {name:12} {len(every):4} kills, first acknowledged write after "
        f"p50 {statistics.median(every):.2f} s, p95 {p95:.2f} s, max {every[-1]:.2f} s"
    )


class ClientSender:
    """Writes through the official client, as an application would."""

    def __init__(self, stack: Stack, host: str) -> None:
        self._index = Pinecone(api_key=stack.api_key, host=stack.api_url).index(host=host)

    def send(self, namespace: str, write: Write) -> int:
        return send_with_client(self._index, namespace, write)

    def close(self) -> None:
        self._index.close()


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    if IS_NIGHTLY:
        return Campaign.resume("kills", KILLS)
    return Campaign("kills", KILLS, chosen_seed(), folder=tmp_path)


def test_no_kill_loses_or_invents_a_write(
    stack: Stack, campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index("chaos", dimension=DIMENSION))
    logging.getLogger("pinecone").setLevel(logging.ERROR)  # a line for each call otherwise
    load = Load(host, stack.api_key, campaign.seed, extra=[lambda: ClientSender(stack, host)])
    report = Report(campaign)
    for number in campaign.rest(ROUND):
        choose, before = random.Random(f"{campaign.seed} {number}"), replace(load.journal.counts)
        victims = choose.sample(VICTIMS, min(ROUND, KILLS - number))
        recoveries_s = []
        with load.running():
            wait_until(lambda: load.last_started_s, timeout_s=30, what="the first write")
            for wanted in victims:
                pause(choose.uniform(0.1, 0.7))
                victim = kill(stack, wanted, choose)
                recoveries_s.append((victim, recovery_s(stack, load, victim)))
        stack.wait_until_ready()
        told = f"seed {campaign.seed}, round {number}, after {victims}"
        assert load.journal.verify(load.stored()) == [], told
        assert load.stale == [], told
        assert_indexes_can_be_made(stack)
        report.add(recoveries_s, load, before)
    built = [path for path in (stack.home / "objects").rglob("segments/*") if path.is_file()]
    assert built, "no segment was built: the run did not show what it is for"
    with capsys.disabled():
        sys.stdout.write(f"\n{report.text()}\n")


def kill(stack: Stack, wanted: str, choose: random.Random) -> str:
    """Whom it met: the engine where no builder comes to work, any builder where no merge does."""
    for kind in {MERGE: (MERGE, BUILDER), BUILDER: (BUILDER,)}.get(wanted, ()):
        if kill_child(stack, kind, choose):
            return kind
        wanted = "node-engine"
    if wanted == EVERYTHING:
        stack.kill_everything()
    else:
        stack.kill(wanted)
    return wanted


def recovery_s(stack: Stack, load: Load, victim: str) -> float:
    """Seconds until a write that begins from now on is acknowledged."""
    killed = time.monotonic()
    starting = threading.Thread(target=stack.start if victim == EVERYTHING else lambda: None)
    starting.start()
    wait_until(
        lambda: load.last_started_s > killed or load.crashes,
        timeout_s=180, what=f"a write is acknowledged after the kill of {victim}",
    )  # fmt: skip
    recovered_s = time.monotonic() - killed
    starting.join()
    return recovered_s


def kill_child(stack: Stack, kind: str, choose: random.Random) -> bool:
    """One of the worker's builders, at some moment of its work; False where none comes to work."""
    until = time.monotonic() + PATIENCE_S
    while (left_s := until - time.monotonic()) > 0:
        with suppress(AssertionError, psutil.NoSuchProcess):  # none came; it was done in time
            found = wait_until(
                lambda: builder(stack, kind), timeout_s=left_s, what=f"a {kind} is at work"
            )
            # Most of its life goes to imports: the later moments are those that count.
            pause(choose.uniform(0.1, 0.8))
            found.kill()
            return True
    return False


def builder(stack: Stack, kind: str) -> psutil.Process | None:
    for child in stack.children("worker"):
        with suppress(psutil.NoSuchProcess):
            told = child.cmdline()
            if "dataplane.builder" in told and ("--merge" in told) == (kind == MERGE):
                return child
    return None


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
