"""Children in the background: at the lowest priority, until they starve."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from indexes.deployment.fairness import NICENESS, Share, attended, first_step, share_of
from tests.support.waiting import wait_until

_SPIN = "while True: pass"
_WORK = "import sys, time\nend = time.process_time() + 1.0\n"
_WORK += "while time.process_time() < end: pass\nprint('done')"
_CPU = min(os.sched_getaffinity(0))


def pinned(program: str) -> "subprocess.Popen[bytes]":
    """All on one processor, where there is not enough for everybody."""
    child = subprocess.Popen([sys.executable, "-S", "-c", program], stdout=subprocess.PIPE)
    os.sched_setaffinity(child.pid, {_CPU})
    return child


@pytest.fixture
def crowd() -> Iterator[None]:
    crowd = [pinned(_SPIN) for _ in range(2)]
    yield
    for one in crowd:
        one.kill()
        one.communicate()


def test_what_waits_decides_where_a_child_begins() -> None:
    steps = [first_step(backlog, 1_000) for backlog in (0, 1_000, 1_999, 2_000, 4_000, 8_000)]
    assert steps == [0, 0, 0, 1, 2, 3]
    assert first_step(10**9, 1) == len(NICENESS) - 1


def test_who_is_not_let_run_starves_and_who_waits_for_others_does_not() -> None:
    assert Share(0.1, 4.0).is_starving
    assert not Share(4.0, 4.0).is_starving
    assert not Share(0.0, 0.0).is_starving


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may raise a priority")
@pytest.mark.usefixtures("crowd")
def test_a_child_that_starves_is_let_run() -> None:
    """At the lowest priority this second of work takes about two minutes."""
    with pinned(_WORK) as child:
        output, step = attended(child, 0, timeout_s=60, look_every_s=0.3)
    assert output == b"done\n"
    assert step == len(NICENESS) - 1


@pytest.mark.usefixtures("crowd")
def test_a_child_that_does_not_end_is_killed_and_the_next_one_begins_higher() -> None:
    with pinned(_SPIN) as child:
        output, step = attended(child, 1, timeout_s=0.5, look_every_s=30)
    assert (output, step, child.returncode) == (b"", 2, -9)


def test_what_the_kernel_tells_of_a_process_grows() -> None:
    with pinned(_SPIN) as child:
        wait_until(lambda: share_of(child.pid).ran_s > 0.05, timeout_s=30, what="it ran")
        child.kill()
    assert share_of(child.pid) == Share(0, 0)
