"""Messages lost, doubled, reordered, late, and carried out at the same time end in the same state.

A schedule plants some cases, delivers each of their messages none to five times in any order, four
at once, keeps some back, and lets the sweeps make up for the rest.

STONEPINE_SCHEDULES sets how many (7, which play each case once; 500 in `make nightly`, where an
interrupted run is gone on with), STONEPINE_SEED repeats a run's choices.
"""

import os
import random
import sys
from pathlib import Path

import pytest

from tests.schedules.conftest import CASES, Stage
from tests.schedules.play import play
from tests.schedules.scene import registered_tasks
from tests.support.campaign import Campaign, chosen_seed

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
SCHEDULES = int(os.environ.get("STONEPINE_SCHEDULES", "500" if IS_NIGHTLY else "7"))
CASES_A_SCHEDULE = 3

pytestmark = pytest.mark.timeout(240 + 30 * SCHEDULES)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    if IS_NIGHTLY:
        return Campaign.resume("schedules", SCHEDULES)
    return Campaign("schedules", SCHEDULES, chosen_seed(), folder=tmp_path)


def test_every_task_has_a_case() -> None:
    covered = frozenset[str]().union(*(case.tasks for case in CASES))
    assert registered_tasks() == covered, "add a case for each new task"


def test_schedules_end_in_the_same_state(
    stage: Stage, campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    delivered = 0
    for number in campaign.rest():
        choose = random.Random(f"{campaign.seed} {number}")
        deck = random.Random(f"{campaign.seed} {number // len(CASES)}").sample(CASES, len(CASES))
        chosen = [deck[(number + step * 7) % len(CASES)] for step in range(CASES_A_SCHEDULE)]
        told = f"STONEPINE_SEED={campaign.seed}, schedule {number}: {', '.join(map(str, chosen))}"
        with stage.scene(choose) as scene:
            planted = [case.plant(scene) for case in chosen]
            delivered += play(chosen, planted, choose, stage.clock, told)
    if IS_NIGHTLY:
        with capsys.disabled():
            sys.stdout.write(f"\n{campaign}; {delivered:,} messages delivered in this run\n")
