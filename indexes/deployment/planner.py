"""What is left to do for an index, as a pure function of what is wanted and what is there."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Each may be repeated: "already there" and "already gone" are success."""

    PLACE = "place"
    PUBLISH = "publish"
    PROBE = "probe"
    MARK_READY = "mark_ready"
    UNPUBLISH = "unpublish"
    DROP_RECORDS = "drop_records"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Desired:
    """`generation` counts the wishes; the newest one is the only one that matters."""

    is_wanted: bool
    generation: int
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What was found just now. `is_published` is what the gateway is told, not what it does."""

    is_placed: bool
    is_published: bool
    is_ready: bool
    observed_generation: int


def plan(desired: Desired, observed: Observed) -> list[Step]:
    """The steps that lead from what is there to what is wanted; none where they agree."""
    if not desired.is_wanted:
        return [
            *([Step.UNPUBLISH] if observed.is_published else []),
            Step.DROP_RECORDS,
            Step.FORGET,
        ]
    steps = [
        *([] if observed.is_placed else [Step.PLACE]),
        *([] if observed.is_published else [Step.PUBLISH]),
    ]
    is_current = observed.is_ready and observed.observed_generation == desired.generation
    if steps or not is_current:
        # Whatever was changed, an index is ready only when its public door has been tried; one
        # that is paused answers nobody.
        steps += [Step.MARK_READY] if desired.is_paused else [Step.PROBE, Step.MARK_READY]
    return steps
