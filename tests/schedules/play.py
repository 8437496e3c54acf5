"""Playing a schedule: messages as a broker at its worst delivers them, then sweeps that make up."""

import random
from datetime import timedelta
from functools import partial

from kit.errors import Aborted, NotFound, Unavailable
from tests.schedules.conftest import Clock
from tests.schedules.scene import Case, Message, Planted, of_the_scheduler, taken_messages
from tests.support.together import together

MOST_DELIVERIES = 5
AT_ONCE = 4
MAX_ROUNDS, LOST = 8, 1 / 3
A_TURN_S = 300  # children of workers are in no hurry
A_ROUND = timedelta(seconds=10)  # longer than sweeps wait for messages
HANDED_BACK = (Unavailable, Aborted, NotFound)  # what the next delivery tries again


def play(
    cases: list[Case], planted: list[Planted], choose: random.Random, moved: Clock, told: str
) -> int:
    """How many messages were delivered."""
    for one in planted:
        assert one.state() != one.ending, f"{told}: nothing is left to do"
    doubled = [
        message
        for message in [*taken_messages(), *_concerned(cases, choose)]
        for _ in range(choose.randint(0, MOST_DELIVERIES))
    ]
    choose.shuffle(doubled)
    late = [doubled.pop() for _ in range(len(doubled) // 5)]
    deliver(doubled, told)
    for one in planted:
        one.before_sweeps()
    count = len(doubled) + converge(planted, choose, moved, told)
    deliver(late, told)
    count += len(late) + converge(planted, choose, moved, told)
    return count


def _concerned(cases: list[Case], choose: random.Random) -> list[Message]:
    """The scheduler's messages that these cases need, and some that disturb them."""
    needed = frozenset[str]().union(*(case.tasks for case in cases))
    others = [one for one in of_the_scheduler() if one.task not in needed]
    return [one for one in of_the_scheduler() if one.task in needed] + choose.sample(others, 4)


def converge(
    planted: list[Planted],
    choose: random.Random,
    moved: Clock,
    told: str,
    *,
    rounds: int = MAX_ROUNDS,
    lost: float = LOST,
) -> int:
    """Let the scheduler go on, and lose that share of messages, until everything has ended."""
    count = 0
    for _ in range(rounds):
        moved.ahead += A_ROUND
        messages = of_the_scheduler()
        choose.shuffle(messages)
        deliver(messages, told, at_once=1)
        sent = [one for one in taken_messages() if choose.random() >= lost]
        deliver(sent, told, at_once=1)
        count += len(messages) + len(sent)
        found = [one.state() for one in planted]
        if found == [one.ending for one in planted]:
            return count
    raise AssertionError(f"{told}\nended in {found},\nnot in {[one.ending for one in planted]}")


def deliver(messages: list[Message], told: str, *, at_once: int = AT_ONCE) -> None:
    def carry_out(share: list[Message]) -> None:
        for message in share:
            failure = message.deliver()
            if failure is not None and not isinstance(failure, HANDED_BACK):
                raise AssertionError(f"{told}\n{message} failed") from failure

    workers = [partial(carry_out, messages[first::at_once]) for first in range(at_once)]
    for came in together(workers, threads=at_once, timeout_s=A_TURN_S):
        if came is not None:
            raise came
