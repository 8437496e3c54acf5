"""The plan is a pure function: from any state there are steps, and they lead to what is wanted."""

from dataclasses import replace
from itertools import product

import pytest

from indexes.deployment.planner import Desired, Observed, Step, plan

NEW = Observed(is_placed=False, is_published=False, is_ready=False, observed_generation=0)
UP = Observed(is_placed=True, is_published=True, is_ready=True, observed_generation=1)
WANTED, UNWANTED = Desired(True, 1), Desired(False, 2)
EVERY_STATE = [Observed(*flags, generation) for *flags, generation in product(
    (False, True), (False, True), (False, True), (0, 1)
)]  # fmt: skip


def after(observed: Observed, step: Step, desired: Desired) -> Observed | None:
    """What the step makes of the state; None once nothing is left."""
    match step:
        case Step.PLACE:
            return replace(observed, is_placed=True)
        case Step.PUBLISH:
            return replace(observed, is_published=True)
        case Step.UNPUBLISH:
            return replace(observed, is_published=False)
        case Step.MARK_READY:
            return replace(observed, is_ready=True, observed_generation=desired.generation)
        case Step.FORGET:
            return None
        case _:
            return observed


def test_a_new_index_is_placed_published_probed_and_only_then_ready() -> None:
    assert plan(WANTED, NEW) == [Step.PLACE, Step.PUBLISH, Step.PROBE, Step.MARK_READY]


def test_an_index_that_is_up_needs_nothing() -> None:
    assert plan(WANTED, UP) == []


def test_a_newer_wish_is_probed_again() -> None:
    assert plan(Desired(True, 2), UP) == [Step.PROBE, Step.MARK_READY]


def test_a_listener_that_got_lost_comes_back() -> None:
    lost = replace(UP, is_published=False)
    assert plan(WANTED, lost) == [Step.PUBLISH, Step.PROBE, Step.MARK_READY]


def test_a_deleted_index_loses_its_door_before_its_records() -> None:
    assert plan(UNWANTED, UP) == [Step.UNPUBLISH, Step.DROP_RECORDS, Step.FORGET]


def test_an_index_deleted_before_it_was_up_is_cleared_as_well() -> None:
    assert plan(UNWANTED, NEW) == [Step.DROP_RECORDS, Step.FORGET]


@pytest.mark.parametrize("observed", EVERY_STATE)
def test_from_every_state_the_plan_reaches_what_is_wanted(observed: Observed) -> None:
    state: Observed | None = observed
    for step in plan(WANTED, observed):
        assert state is not None
        state = after(state, step, WANTED)
    assert state is not None
    assert plan(WANTED, state) == []


@pytest.mark.parametrize("observed", EVERY_STATE)
def test_a_deletion_interrupted_anywhere_goes_on(observed: Observed) -> None:
    steps = plan(UNWANTED, observed)
    for done in range(len(steps)):
        state: Observed | None = observed
        for step in steps[:done]:
            assert state is not None
            state = after(state, step, UNWANTED)
        assert state is not None
        assert plan(UNWANTED, state)[-1] is Step.FORGET


def test_nothing_is_marked_ready_without_a_probe_before() -> None:
    for observed in EVERY_STATE:
        steps = plan(WANTED, observed)
        if Step.MARK_READY in steps:
            assert steps[-2:] == [Step.PROBE, Step.MARK_READY]
