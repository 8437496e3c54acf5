"""What may become of an index of pods, and what may not."""

from typing import Any

import pytest

from indexes.specification import checked_pods, resized, with_capacity
from kit.errors import InvalidArgument

PODS = {"environment": "here", "pod_type": "p1.x2", "replicas": 2, "shards": 3, "pods": 6}


def change(**wanted: Any) -> dict[str, Any]:
    nothing = {"replicas": None, "pod_type": None, "shards": None}
    return resized({"pod": PODS}, **{**nothing, **wanted})["pod"]


def test_replicas_are_free_and_the_number_of_pods_follows() -> None:
    assert change(replicas=4) == {**PODS, "replicas": 4, "pods": 12}
    assert change(replicas=1)["pods"] == 3
    assert change() == PODS


def test_pods_grow() -> None:
    for wanted in ("p1.x2", "p1.x4", "p1.x8"):
        assert change(pod_type=wanted) == {**PODS, "pod_type": wanted}
    assert change(pod_type="p1.x4", replicas=1, shards=3)["pods"] == 3


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"pod_type": "p1.x1"}, "only grow"),
        ({"pod_type": "p2.x4"}, "type p1"),
        ({"pod_type": "s1.x2"}, "type p1"),
        ({"pod_type": "p1"}, "not one of"),
        ({"pod_type": "p1.x3"}, "not one of"),
        ({"shards": 4}, "shards cannot be changed"),
        ({"shards": 0}, "shards cannot be changed"),
        ({"replicas": 0}, "at least 1 replica"),
    ],
)
def test_nothing_else_may_be_changed(wanted: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        change(**wanted)


def test_what_is_no_index_of_pods_has_none_and_the_other_way_round() -> None:
    serverless = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    with pytest.raises(InvalidArgument, match="Only an index of pods"):
        resized(serverless, replicas=2, pod_type=None, shards=None)
    with pytest.raises(InvalidArgument, match="no read_capacity"):
        with_capacity({"pod": PODS}, {"mode": "OnDemand"})


@pytest.mark.parametrize("pod_type", ["", "p3.x1", "p1.x16", "p1.x1 ", "P1.X1"])
def test_pods_that_do_not_exist_are_refused(pod_type: str) -> None:
    with pytest.raises(InvalidArgument):
        checked_pods({**PODS, "pod_type": pod_type})
