"""A Hypothesis state machine: random programs of all operations, on a subject and on the model.

Hypothesis counts programs and steps, and leaves steps out of a failing one until it is short. What
a step is, a generator says that each step's number seeds: of many rules Hypothesis switches some
off, and of strategies it likes the least values, so updates seldom met a record and queries hardly
ever anything.
"""

import itertools
import random
from collections.abc import Callable
from typing import Any, Protocol

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.property import steps
from tests.property.index_model import IndexModel
from tests.property.random_filters import random_filter, random_metadata
from tests.property.steps import Item, Step

DIMENSION = 3
KINDS = {
    "cosine": ("cosine", False),
    "euclidean": ("euclidean", False),
    "hybrid": ("dotproduct", False),
    "sparse": ("dotproduct", True),
}
_IDS = ("a", "b", "c", "a/1", "a/2", "B", "z" * 40)
_NAMESPACES = ("", "", "", "", "", "second", "third")
_LIMITS = (1, 2, 3, 100)
_COORDINATES = (0.0, 1.0, -1.0, 2.0, 0.1, -0.7)
_SCALES = (1.0, 1.0, 1.0, 2.0**-70, 2.0**70, 2.0**110)
_INDICES = ([0], [7], [0, 7], [1, 7], [0, 1, 2**32 - 1])


class Subject(Protocol):
    """Carries out the steps of one program on an index of its own; answers as the model does."""

    def do(self, step: Step) -> Any: ...

    def build(self, namespace: str, *, is_adopted: bool) -> None: ...

    def merge(self, namespace: str) -> None: ...

    def restart(self) -> None: ...

    def close(self) -> None: ...


class Draw:
    """What steps are made of, from a generator; ids are mostly those of records that are there."""

    def __init__(self, choose: random.Random, model: IndexModel, kind: str) -> None:
        self.choose, self._model, self._kind = choose, model, kind
        self.namespace = choose.choice(_NAMESPACES)

    def id(self) -> str:
        held = list(self._model.spaces.get(self.namespace, ()))
        return self.choose.choice(held if held and self.choose.random() < 0.7 else _IDS)

    def ids(self) -> list[str]:
        return list(dict.fromkeys(self.id() for _ in range(self.choose.randint(1, 4))))

    def item(self, name: str) -> Item:
        """One that the index takes."""
        metadata = random_metadata(self.choose)
        # Whether an empty list is a missing field, filters and wire say differently.
        metadata = {key: value for key, value in metadata.items() if value != []}
        if self._kind == "sparse":
            return Item(name, sparse=self._sparse(), metadata=metadata)
        is_hybrid = self._kind == "hybrid" and self.choose.random() < 0.5
        return Item(name, self._vector(), self._sparse() if is_hybrid else None, metadata)

    def filter(self) -> steps.Metadata:
        return random_filter(self.choose, self.choose.choice((1, 1, 2, 3)))

    def limit(self) -> int:
        return self.choose.choice(_LIMITS)

    def _vector(self) -> tuple[float, ...]:
        scale = self.choose.choice(_SCALES)
        vectors = itertools.product(_COORDINATES, repeat=DIMENSION)
        return tuple(scale * one for one in self.choose.choice(list(vectors)[1:]))

    def _sparse(self) -> steps.Sparse:
        return {at: self.choose.choice((1.0, -1.5, 0.25)) for at in self.choose.choice(_INDICES)}


def _update(draw: Draw) -> Step:
    """Of one thing or of several."""
    item = draw.item(draw.id())
    parts = {
        name: getattr(item, name)
        for name in ("values", "sparse", "metadata")
        if getattr(item, name) and draw.choose.random() < 0.5
    }
    return steps.Update(draw.namespace, Item(item.id, **(parts or {"metadata": {"year": 3}})))


def _query(draw: Draw) -> Step:
    filter_ = draw.filter() if draw.choose.random() < 0.5 else None
    top_k, is_by_id = draw.choose.choice((1, 2, 5, 100)), draw.choose.random() < 0.3
    return steps.Query(draw.namespace, draw.item(draw.id()), is_by_id, top_k, filter_)


def _some_metadata(draw: Draw) -> steps.Metadata:
    return draw.item("").metadata or {"year": 3}


# How often each comes, and what it is.
_STEPS: tuple[tuple[float, Callable[[Draw], Step]], ...] = (
    (6, lambda draw: steps.Upsert(draw.namespace, [draw.item(one) for one in draw.ids()])),
    (4, _update),
    (2, lambda draw: steps.UpdateWhere(
        draw.namespace, draw.filter(), _some_metadata(draw), draw.choose.random() < 0.3
    )),
    (2, lambda draw: steps.Delete(draw.namespace, draw.ids())),
    (0.5, lambda draw: steps.DeleteWhere(draw.namespace, draw.filter())),
    (1, lambda draw: steps.DeleteAll(draw.namespace)),
    (6, _query),
    (1, lambda draw: steps.Fetch(draw.namespace, draw.ids())),
    (2, lambda draw: steps.FetchWhere(draw.namespace, draw.filter(), draw.limit())),
    (1, lambda draw: steps.ListIds(
        draw.namespace, draw.choose.choice(("", "a", "a/", "Z")), draw.limit()
    )),
    (0.5, lambda draw: steps.CreateNamespace(draw.namespace)),
    (0.5, lambda draw: steps.DescribeNamespace(draw.namespace)),
    (0.5, lambda draw: steps.DeleteNamespace(draw.namespace)),
    (0.5, lambda draw: steps.ListNamespaces(
        draw.choose.choice(("", "s", "_", "x")), draw.limit()
    )),
    (0.5, lambda _draw: steps.Stats("")),
)  # fmt: skip
# What the index does by itself: nobody's answer changes.
_EVENTS: tuple[tuple[float, Callable[[Subject, Draw], None]], ...] = (
    (6, lambda one, draw: one.build(draw.namespace, is_adopted=draw.choose.random() < 0.7)),
    (2, lambda one, draw: one.merge(draw.namespace)),
    (4, lambda one, _draw: one.restart()),
)
_ALL = (*_STEPS, *_EVENTS)


class IndexMachine(RuleBasedStateMachine):
    """`subject_of(kind)` gives the subject of a program; every step is checked by its answer."""

    subject_of: Callable[[str], Subject]

    @initialize(kind=st.sampled_from(sorted(KINDS)))
    def begin(self, kind: str) -> None:
        self.kind, (metric, is_sparse) = kind, KINDS[kind]
        self.model = IndexModel(metric, is_sparse=is_sparse)
        self.subject = self.subject_of(kind)
        self.taken = 0

    def teardown(self) -> None:
        if hasattr(self, "subject"):
            self.subject.close()

    @rule(number=st.integers(0, 2**32 - 1))
    def take(self, number: int) -> None:
        """Equal numbers are not the same step again."""
        self.taken += 1
        draw = Draw(random.Random(f"{number} {self.taken}"), self.model, self.kind)
        (chosen,) = draw.choose.choices(range(len(_ALL)), [weight for weight, _ in _ALL])
        if chosen < len(_STEPS):
            self.both(_STEPS[chosen][1](draw))
        else:
            _EVENTS[chosen - len(_STEPS)][1](self.subject, draw)

    def both(self, step: Step) -> None:
        expected = self.model.do(step)
        answer = self.subject.do(step)
        assert answer == expected, f"{step}\n{answer}\n{expected}"

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "subject"):
            return
        for name, held in self.model.spaces.items():
            self.both(steps.ListIds(name, "", 100))
            if held:
                self.both(steps.Fetch(name, list(held)))


def profile(programs: int, length: int) -> settings:
    return settings(
        max_examples=programs, stateful_step_count=length, deadline=None, database=None,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet, print_blob=False,
    )  # fmt: skip
