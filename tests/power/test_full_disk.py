"""A full disk, of bytes or of files: writes are refused quickly, reads go on, all heals itself."""

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.power import small_disk
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import Reply, Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

DISK_MB, INODES = 700, 12_000
DIMENSION = 768
BATCH = 100
QUICK_S = 1.0
HEALED_S = 15.0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with small_disk(size_mb=DISK_MB, inodes=INODES) as folder, running_stack(folder) as started:
        yield started


@pytest.fixture
def index(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Wire]:
    name = f"full-{request.node.callspec.id}"
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index(name, dimension=DIMENSION))
        with Wire(host, api_key=stack.api_key) as wire:
            yield wire
        api.request("DELETE", f"/indexes/{name}")


def fill_bytes(folder: Path) -> None:
    """Leave not one block."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12):
            while True:
                try:
                    ballast.write(b"\0" * size)
                except OSError:
                    break


def fill_inodes(folder: Path) -> None:
    """Leave not one file."""
    (folder / "ballast").mkdir()
    for number in itertools.count():
        try:
            (folder / "ballast" / str(number)).touch()
        except OSError:
            return


def empty(folder: Path) -> None:
    ballast = folder / "ballast"
    shutil.rmtree(ballast) if ballast.is_dir() else ballast.unlink()


@pytest.mark.parametrize("fill", [fill_bytes, fill_inodes], ids=["bytes", "inodes"])
def test_a_full_disk_refuses_writes_quickly_and_heals_by_itself(
    stack: Stack, index: Wire, fill: Callable[[Path], None]
) -> None:
    assert upsert(index, 0).status == 200
    fill(stack.home.parent)
    try:
        acknowledged, refusal = written_until_refused(index)
        assert refusal.status in {503, 507}, refusal
        assert int(refusal.headers["retry-after"]) >= 1
        for number in range(20):
            assert_reads_go_on(index)
            started = time.monotonic()
            first = 1_000_000 + number * BATCH
            status = upsert(index, first).status
            # PostgreSQL may win back room of its own by a checkpoint; what it takes has to last.
            assert status in {200, 503, 507}
            assert time.monotonic() - started < QUICK_S
            if status == 200:
                acknowledged.append(first)
    finally:
        empty(stack.home.parent)

    wait_until(
        lambda: upsert(index, 2_000_000).status == 200,
        timeout_s=HEALED_S, every_s=0.2, what="writes resume after space is free again",
    )  # fmt: skip
    assert_all_are_there(index, acknowledged)


def upsert(index: Wire, first: int) -> Reply:
    vectors = [
        {"id": f"r{first + n}", "values": [float(first + n + 1)] * DIMENSION} for n in range(BATCH)
    ]
    return index.post("/vectors/upsert", {"vectors": vectors})


def written_until_refused(index: Wire) -> tuple[list[int], Reply]:
    """The first numbers of the batches that were acknowledged, and the first refusal."""
    acknowledged = [0]
    for batch in range(1, 400):
        started = time.monotonic()
        reply = upsert(index, batch * BATCH)
        if reply.status != 200:
            assert time.monotonic() - started < QUICK_S, "the refusal took too long"
            return acknowledged, reply
        acknowledged.append(batch * BATCH)
    raise AssertionError("the disk is full, yet writes are still acknowledged")


def assert_reads_go_on(index: Wire) -> None:
    query = {"vector": [1.0] * DIMENSION, "topK": 3}
    assert index.post("/query", query).status == 200
    assert set(index.get("/vectors/fetch?ids=r0").json()["vectors"]) == {"r0"}


def assert_all_are_there(index: Wire, batches: list[int]) -> None:
    for first in batches:
        asked = "&".join(f"ids=r{first + n}" for n in range(BATCH))
        vectors = index.get(f"/vectors/fetch?{asked}").json()["vectors"]
        assert len(vectors) == BATCH, f"batch {first} was acknowledged and is not whole"
