"""A worker that is killed before any step of its work leaves what the sweeps bring to its end
within 30 s.

Only in `make nightly`: each case is killed before its every step, and an interrupted run is gone on
with; STONEPINE_SEED repeats a run's choices.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.schedules.conftest import CASES, Stage
from tests.schedules.play import A_ROUND, converge
from tests.schedules.scene import Case, Message, of_the_scheduler, taken_messages
from tests.support.campaign import Campaign

# A letter that was just sent when its worker died is sent again: its cases count letters.
MORTAL = tuple(
    case
    for case in CASES
    if str(case) not in {"a_letter_is_sent", "a_notice_stands", "sign_on_is_kept_up"}
)
MOST_STEPS = 120
KILLS = len(MORTAL) * MOST_STEPS
WITHIN = timedelta(seconds=30)

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(240 + 30 * KILLS)]


class Mortal:
    """The worker's process, which dies in forks of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def is_killed(self, messages: list[Message], *, before_step: int) -> bool:
        """False where everything was done in fewer steps."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wish = {"messages": [[one.task, one.arguments] for one in messages], "step": before_step}
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.strip() in {"killed", "done"}:  # else it is a line of the log
                return line.strip() == "killed"
        raise AssertionError("the worker is gone")


@contextmanager
def running_mortal() -> Iterator[Mortal]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.schedules.mortal"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    ) as process:  # fmt: skip
        yield Mortal(process)
        assert process.stdin is not None
        process.stdin.close()


def messages_of(case: Case) -> list[Message]:
    """Those that its verbs have sent, then those of the scheduler that it needs."""
    messages = [one for one in taken_messages() if one.task in case.tasks]
    return messages + [one for one in of_the_scheduler() if one.task in case.tasks]


def test_what_a_killed_worker_left_is_brought_to_its_end(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = Campaign.resume("killed-workers", KILLS)
    done: set[str] = set()
    count = 0
    with running_mortal() as mortal:
        for number in kills.rest():
            choose = random.Random(f"{kills.seed} {number}")
            case, step = MORTAL[number % len(MORTAL)], 1 + number // len(MORTAL)
            if str(case) in done:
                continue
            told = f"STONEPINE_SEED={kills.seed}, kill {number}: {case} before step {step}"
            with stage.scene(choose) as scene:
                planted = case.plant(scene)
                if mortal.is_killed(messages_of(case), before_step=step):
                    count += 1
                else:
                    done.add(str(case))
                planted.before_sweeps()
                rounds = WITHIN // A_ROUND
                converge([planted], choose, stage.clock, told, rounds=rounds, lost=0)
    with capsys.disabled():
        sys.stdout.write(f"\n{kills}; {count} kills, {len(done)} cases before every step\n")
