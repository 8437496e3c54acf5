"""Work is done in order for each index, and indexes take turns."""

from functools import partial

from dataplane.engine.turns import Turns


def test_a_long_queue_does_not_stand_before_a_short_one() -> None:
    turns, done = Turns(), list[str]()
    for number in range(4):
        turns.add("flood", partial(done.append, f"flood {number}"))
    turns.add("victim", partial(done.append, "victim 0"))
    turns.take()()
    turns.add("victim", partial(done.append, "victim 1"))
    while turns:
        turns.take()()
    assert done == ["flood 0", "victim 0", "flood 1", "victim 1", "flood 2", "flood 3"]
